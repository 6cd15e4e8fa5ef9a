"""What market data does when prices change: what is kept about them is worked out anew."""

from apps.core.outbox import subscribe_to_sets
from apps.valuations.api import kept
from apps.valuations.events import PriceChanged


@subscribe_to_sets(PriceChanged)
def forget_answers(events: list[PriceChanged]) -> None:
    """Answers about these prices are of before."""
    kept.prices_changed(each.variant_id for each in events)
