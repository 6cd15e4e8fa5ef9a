"""eBay: what sellers ask (Browse) and what buyers paid (Marketplace Insights), searched for printing by printing.

A search finds more than was meant. Only titles that hold the card's whole name and its number count, and none that speak
of lots, copies or another printing; see `is_about`.
"""

from __future__ import annotations

import datetime as dt
import re
import statistics
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.core.conditions import grade_from
from apps.core.rejects import Reject
from apps.valuations.feeds.client import Client, results_of
from apps.valuations.feeds.errors import FeedError
from apps.valuations.feeds.protocol import Adapter, Cursor, Page, Row, without
from apps.valuations.feeds.tokens import Bearer
from apps.valuations.feeds.wanted import Wanted, worth_asking
from apps.valuations.importers.rows import Lookup, QuoteRow, SaleRow, currency_of, instant_from, person, price_from

SCOPE = "https://api.ebay.com/oauth/api_scope"
SALES_SCOPE = "https://api.ebay.com/oauth/api_scope/buy.marketplace.insights"
LIMIT = 200
FURTHEST = 10_000
"""Listings of one search that eBay shows at most."""
UNGRADED, GRADED = "4000", "2750"
"""eBay's conditions of single trading cards."""
_CARDS = "183454"  # CCG Individual Cards
_AT_ONCE = 100
_OTHERS = {
    "lot", "lots", "bundle", "proxy", "proxies", "replica", "custom", "orica", "reprint", "digital", "code", "repack",
    "mystery", "playset", "choose", "pick", "jumbo", "metal", "gold plated", "fan art", "read description",
}  # fmt: skip
_OTHER_PRINTINGS = {"japanese", "korean", "chinese", "german", "french", "italian", "spanish", "portuguese"}
_GRADED = re.compile(r"\b(?:PSA|BGS|CGC|SGC|TAG)\s*(?:10|[1-9](?:\.5)?)(?:\.0)?\b", re.IGNORECASE)


def is_about(title: str, wanted: Wanted) -> bool:
    """Whether a title means this printing: every word of the name, the number as one of its own, nothing of another."""
    words = " ".join(re.findall(r"[a-z0-9]+", title.lower()))
    held = set(words.split())
    if not set(re.findall(r"[a-z0-9]+", wanted.name.lower())) <= held:
        return False
    if any(f" {other} " in f" {words} " for other in _OTHERS | _OTHER_PRINTINGS):
        return False
    if ("reverse" in held) != ("reverse" in wanted.finish):
        return False
    if ("1st" in held or "first edition" in words) != ("first-edition" in wanted.finish):
        return False
    number = re.escape(wanted.number.lower().lstrip("0") or wanted.number.lower())
    return re.search(rf"(?<![a-z0-9])0*{number}(?![a-z0-9])", title.lower()) is not None


class _Searches(Adapter):
    """What both feeds of eBay have in common: the round through the catalogue, a number of printings a run."""

    rates = ("5/second", "4800/day")
    pace = dt.timedelta(days=1)
    needs_keys = True
    host = "api.ebay.com"
    scope = SCOPE
    path = ""
    found_in = ""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.base = settings.FEED_ADDRESSES["ebay"]
        self.marketplace = str(options.get("marketplace", "EBAY_US"))
        self.category = str(options.get("category", "trading-cards/"))
        self.most = options.get("printings_per_run", 2000)
        self.listings = options.get("listings_per_printing", 1000)
        for name, number in (("printings_per_run", self.most), ("listings_per_printing", self.listings)):
            if type(number) is not int or number < 1:
                raise FeedError(f"The option {name} is a number above zero.")
        self.least = price_from(options.get("least_value", 5)) or Decimal(0)

    def why_off(self) -> str:
        """It needs both keys."""
        return without(EBAY_CLIENT_ID=settings.EBAY_CLIENT_ID, EBAY_CLIENT_SECRET=settings.EBAY_CLIENT_SECRET)

    def begin(self, last: Cursor, now: dt.datetime) -> Cursor:
        """The round goes on where the last run ended it."""
        return {"at": now.replace(microsecond=0).isoformat(), "after": last.get("after", ""), "asked": 0}

    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """One page a printing."""
        bearer = Bearer(
            client,
            url=f"{self.base}/identity/v1/oauth2/token",
            key=settings.EBAY_CLIENT_ID,
            secret=settings.EBAY_CLIENT_SECRET,
            auth="client_secret_basic",
            scope=self.scope,
        )
        after, asked = cursor["after"], cursor["asked"]
        while asked < self.most:
            limit = min(_AT_ONCE, self.most - asked)
            printings = worth_asking(self.category, after=after, limit=limit, least=self.least)
            for wanted in printings:
                rows = self.rows(self._found(client, bearer, wanted), wanted, instant_from(cursor["at"]))
                after, asked = wanted.variant_id, asked + 1
                yield Page(rows, {**cursor, "after": after, "asked": asked})
            if len(printings) < limit:
                yield Page([], {**cursor, "after": "", "asked": asked})  # once round
                return

    def _found(self, client: Client, bearer: Bearer, wanted: Wanted) -> list[Any]:
        """All that the search finds, page by page, up to `listings_per_printing` and to how far eBay leafs."""
        most = min(self.listings, FURTHEST)
        found: list[Any] = []
        while True:
            query = {
                "q": f"{wanted.name} {wanted.number}",
                "limit": min(LIMIT, most - len(found)),
                "offset": len(found),
                **self.narrowed(),
            }
            answer = client.json(
                f"{self.base}{self.path}",
                query=query,
                headers={"X-EBAY-C-MARKETPLACE-ID": self.marketplace},
                signer=bearer,
            )
            total = answer.get("total") if isinstance(answer, dict) else None
            # Where nothing is found, or nothing more, the list is left out altogether.
            if total == 0 or (found and isinstance(answer, dict) and self.found_in not in answer):
                return found
            page = results_of(answer, self.found_in)
            found += page
            if not page or type(total) is not int or len(found) >= min(total, most):
                return found

    def narrowed(self) -> dict[str, str]:
        """What the search is narrowed to."""
        return {"category_ids": _CARDS} if self.category.startswith("trading-cards") else {}

    @abstractmethod
    def rows(self, found: list[Any], wanted: Wanted, at: dt.datetime) -> list[Row]:
        """What was found, as rows."""


class Asks(_Searches):
    """What sellers ask, ungraded, at a fixed price, without shipping: one quote a printing and run."""

    kind, title = "ebay-asks", "eBay, asking prices"
    writes = "quotes"
    path = "/buy/browse/v1/item_summary/search"
    found_in = "itemSummaries"

    def narrowed(self) -> dict[str, str]:
        """Fixed prices of ungraded copies."""
        return super().narrowed() | {"filter": f"buyingOptions:{{FIXED_PRICE}},conditionIds:{{{UNGRADED}}}"}

    def rows(self, found: list[Any], wanted: Wanted, at: dt.datetime) -> list[Row]:
        """The lowest and the middle of the asks in the marketplace's first currency; `market` stays empty."""
        asks: dict[str, dict[str, Decimal]] = {}
        rows: list[Row] = []
        for item in found:
            try:
                if not is_about(item["title"], wanted) or _GRADED.search(item["title"]):
                    continue
                price = price_from(item["price"]["value"])
                if price is not None:
                    asks.setdefault(currency_of(item["price"]["currency"], "USD"), {})[item["itemId"]] = price
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                rows.append(Reject(None, _facts(item), f"it is not a listing of this format: {error}"))
        if asks:
            currency, prices = max(asks.items(), key=lambda each: len(each[1]))
            told = {"itemIds": sorted(prices), "prices": sorted(map(str, prices.values()))}
            low, mid = min(prices.values()), Decimal(statistics.median(prices.values())).quantize(Decimal("0.01"))
            lookup = Lookup(variant_id=wanted.variant_id)
            rows.append(
                QuoteRow(None, told, lookup, "ebay", "NM", at, low, mid, None, None, currency, sample_size=len(prices))
            )
        return rows


class Sales(_Searches):
    """What buyers paid in the last ninety days, ungraded and graded; limited release, and eBay's terms must allow it."""

    kind, title = "ebay-sales", "eBay, sales"
    writes = "sales"
    scope = SALES_SCOPE
    path = "/buy/marketplace_insights/v1_beta/item_sales/search"
    found_in = "itemSales"

    def why_off(self) -> str:
        """Both keys, and the operator's word."""
        if missing := super().why_off():
            return missing
        if settings.EBAY_SALES_ALLOWED:
            return ""
        return (
            "EBAY_SALES_ALLOWED is not true: eBay's terms restrict price statistics, so say so only where your "
            "agreement with eBay allows them."
        )

    def rows(self, found: list[Any], wanted: Wanted, at: dt.datetime) -> list[Row]:
        """One sale an item; eBay tells of the last price alone, at which all its copies are counted."""
        return [
            _sale(item, wanted)
            for item in found
            if not isinstance(item, dict) or not isinstance(item.get("title"), str) or is_about(item["title"], wanted)
        ]


def _facts(item: Any) -> Any:
    """What may be kept of an item: who sells it is nobody's business."""
    if not isinstance(item, dict):
        return item
    kept = ("itemId", "title", "price", "lastSoldPrice", "lastSoldDate", "totalSoldQuantity", "conditionId")
    return {name: item[name] for name in kept if name in item}


def _sale(item: Any, wanted: Wanted) -> Row:
    try:
        told = item["lastSoldPrice"]
        price = price_from(told["value"])
        if price is None:
            raise ValueError("a sale has a price above zero")
        slab = _GRADED.search(item["title"])
        graded = grade_from(slab[0]) if slab else None
        if item.get("conditionId") == GRADED and graded is None:
            raise ValueError("it is graded, and its title does not say by whom and how")
        copies = item.get("totalSoldQuantity", 1)
        if type(copies) is not int or copies < 1:
            raise ValueError("a sale is of at least one copy")
        reference = str(item["itemId"])
        if not 0 < len(reference) <= 80:
            raise ValueError("it has no id of at most 80 characters")
        seller = item.get("seller") or {}
        return SaleRow(
            line=None,
            content=_facts(item),
            lookup=Lookup(variant_id=wanted.variant_id),
            source="ebay",
            reference=reference,
            condition="" if graded else "NM",
            grade_company=graded[0].value if graded else "",
            grade=graded[1] if graded else None,
            price=price,
            currency=currency_of(told["currency"], "USD"),
            quantity=copies,
            seller=person("ebay", str(seller.get("username", ""))),
            buyer="",
            sold_at=instant_from(item["lastSoldDate"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return Reject(None, _facts(item), f"it is not a sale of this format: {error}")
