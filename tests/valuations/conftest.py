"""A card with two printings that TCGplayer knows, to have prices, and the two files that prices and sales come in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from apps.catalog.models import ExternalId, Product, Variant
from apps.valuations.models import Quote, Sale, Source
from tests.catalog import files
from tests.factories import make_product, make_variant


@pytest.fixture
def product(db: None) -> Product:
    """Number 004 of set emb1, printed normal and holofoil; TCGplayer's id is 90001."""
    product = make_product("Ember Drake", number="004", code="emb1")
    make_variant(product, finish="normal")
    make_variant(product, finish="holofoil")
    ExternalId.objects.create(source="tcgplayer", value="90001", product=product)
    return product


@pytest.fixture
def variant(product: Product) -> Variant:
    """Its ordinary printing."""
    return product.variants.get(finish="normal")


@pytest.fixture
def sold(variant: Variant) -> Callable[..., Sale]:
    """Makes a sale of the ordinary printing, `days` ago."""

    def make(price: str, *, days: float = 0, source: str = "cardvault", **fields: object) -> Sale:
        at = timezone.now() - dt.timedelta(days=days, minutes=5)
        known = {"variant": variant, "condition": "NM", "reference": f"sale-{Sale.objects.count()}", "sold_at": at}
        return Sale.objects.create(price=Decimal(price), source=Source.objects.get(slug=source), **known | fields)

    return make


@pytest.fixture
def quoted(variant: Variant) -> Callable[..., Quote]:
    """Makes a quote of the ordinary printing, `days` ago."""

    def make(market: str | None, *, days: float = 0, source: str = "tcgplayer", **fields: object) -> Quote:
        at = timezone.now() - dt.timedelta(days=days, minutes=5)
        price = Decimal(market) if market else None
        known = {"variant": variant, "condition": "NM", "observed_at": at, "market": price}
        return Quote.objects.create(source=Source.objects.get(slug=source), **known | fields)

    return make


@pytest.fixture
def prices_csv(tmp_path: Path) -> Callable[..., Path]:
    """Writes our own CSV of prices: the heading and these lines."""

    def make(
        *lines: str, heading: str = "release_code,number,finish,condition,date,low,mid,high,market,currency"
    ) -> Path:
        return files.write(tmp_path / "prices.csv", "\n".join([heading, *lines, ""]))

    return make


@pytest.fixture
def sales_csv(tmp_path: Path) -> Callable[..., Path]:
    """Writes our own CSV of sales: the heading and these lines."""

    def make(
        *lines: str,
        heading: str = "reference,release_code,number,condition,grade,price,currency,quantity,seller,buyer,sold_at",
    ) -> Path:
        return files.write(tmp_path / "sales.csv", "\n".join([heading, *lines, ""]))

    return make
