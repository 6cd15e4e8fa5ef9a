"""What alerts do when prices change. Offers come from a room that alerts does not know: config/offers.py hands them in."""

from apps.alerts import evaluation
from apps.alerts.evaluation import PriceChange
from apps.core.outbox import subscribe_to_sets
from apps.valuations.events import PriceChanged


@subscribe_to_sets(PriceChanged)
def hold_against_rules(events: list[PriceChanged]) -> None:
    """Find the rules that these prices fire."""
    evaluation.prices_changed(
        [PriceChange(each.variant_id, each.condition, each.old, each.new, each.currency, each.at) for each in events]
    )
