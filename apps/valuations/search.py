"""What prices add to the search of the catalogue: two ways to sort, and the price of each result. Plugged in at start."""

from apps.catalog.search.results import ENRICHERS
from apps.catalog.search.sorting import SORTS, Sort
from apps.valuations.queries import attach_prices

_JOIN = """left join catalog_variant fair_variant on fair_variant.product_id = p.id and fair_variant.is_default
left join valuations_currentprice fair_price on fair_price.variant_id = fair_variant.id and fair_price.condition = 'NM'"""


def plug_in() -> None:
    """Add the sorts and the column; safe to call twice."""
    SORTS["price"] = Sort("Price, highest first", "fair_price.value desc nulls last, p.id", _JOIN)
    SORTS["price-low"] = Sort("Price, lowest first", "fair_price.value nulls last, p.id", _JOIN)
    if attach_prices not in ENRICHERS:
        ENRICHERS.append(attach_prices)
