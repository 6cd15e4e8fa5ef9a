"""A source that is played on this machine, feeds that ask it, and waits that are noted and not waited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import tenacity.nap

from apps.catalog.models import ExternalId
from apps.valuations.feeds import runs
from apps.valuations.feeds.registry import ADAPTERS
from apps.valuations.models import Feed, FeedRun, Quote, Sale
from tests.factories import make_product, make_variant
from tests.valuations.feeds.playing import Source


@pytest.fixture
def source(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """Plays every source, at any pace; each has its own folder there."""
    played = Source()
    for adapter in ADAPTERS.values():
        monkeypatch.setattr(adapter, "rates", ("10000/second",))
    settings.FEED_ADDRESSES = {name: f"{played.address}/{name}" for name in settings.FEED_ADDRESSES}
    settings.FEEDS_ALLOW_PRIVATE = True
    settings.FEED_TIMEOUT_SECONDS = 10.0
    yield played
    played.close()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited before another try."""
    noted: list[float] = []
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=noted.append))
    return noted


@pytest.fixture
def run(db: None) -> Callable[..., FeedRun]:
    """Runs a feed by its name."""

    def run(slug: str, **how: object) -> FeedRun:
        return runs.run(feed=Feed.objects.get(slug=slug), trigger=FeedRun.Trigger.COMMAND, **how)

    return run


@pytest.fixture
def cards(db: None) -> SimpleNamespace:
    """Cards 1, 2, 3 of a set, printed normal and holofoil, that TCGplayer calls 101, 102, 103 and Cardmarket 201, 202, 203."""
    made = []
    for number, name in enumerate(("Ember Drake", "Tide Otter", "Moss Golem"), 1):
        product = make_product(name, number=f"{number:03}", code="emb1")
        for finish in ("normal", "holofoil", "reverse-holofoil"):
            make_variant(product, finish=finish)
        ExternalId.objects.create(source="tcgplayer", value=f"{100 + number}", product=product)
        ExternalId.objects.create(source="cardmarket", value=f"{200 + number}", product=product)
        made.append(product)
    return SimpleNamespace(products=made, first=made[0].variants.get(finish="normal"))


def quoted() -> list[tuple[object, ...]]:
    """Every quote: number, finish, day, low, market."""
    rows = Quote.objects.select_related("variant__product").order_by(
        "variant__product__number", "variant__finish", "observed_at"
    )
    return [
        (row.variant.product.number, row.variant.finish, f"{row.observed_at:%Y-%m-%d}", row.low, row.market)
        for row in rows
    ]


def sold() -> list[tuple[object, ...]]:
    """Every sale: reference, grade, price, quantity."""
    return list(Sale.objects.order_by("reference").values_list("reference", "grade", "price", "quantity"))


def price(product: int, finish: str = "Normal", **prices: object) -> dict[str, object]:
    """A price as TCGplayer writes it."""
    known = {"lowPrice": 1.0, "midPrice": 2.5, "highPrice": 25.51, "marketPrice": 2.05, "directLowPrice": None}
    return {"productId": product, "subTypeName": finish, **known, **prices}


def results(*rows: object) -> dict[str, object]:
    """TCGplayer's envelope."""
    return {"success": True, "errors": [], "results": list(rows)}
