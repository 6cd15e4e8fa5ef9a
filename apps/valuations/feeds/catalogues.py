"""What TCGplayer calls our cards: its categories, groups and products, from its API or from TCGCSV's copy of them."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from apps.catalog.importers.tcgcsv import CATEGORIES
from apps.core.rejects import Reject
from apps.valuations.feeds.client import Client, results_of
from apps.valuations.feeds.errors import AnswerUnusable
from apps.valuations.feeds.links import known_sets
from apps.valuations.feeds.protocol import Adapter, Cursor, LinkRow, Page, Row
from apps.valuations.feeds.tcgcsv import Daily, chosen_categories
from apps.valuations.feeds.tcgplayer import VERSION, TCGplayer
from apps.valuations.feeds.tokens import Bearer

LIMIT = 100
NOTHING: dict[str, Any] = {"totalItems": 0, "success": True, "results": []}
"""What a 404 means: a group is empty."""


class _Catalogue(Adapter):
    """Group by group of the sets that our catalogue has."""

    writes = "links"
    pace = dt.timedelta(days=7)

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.categories = chosen_categories(options)

    def begin(self, last: Cursor, now: dt.datetime) -> Cursor:
        """Every set anew: new products come into old sets as well."""
        return {"category": 0, "group": 0}

    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """One page a group."""
        ask = self.asking(client)
        there = {_number(each, "categoryId") for each in ask("categories", {})}
        for category in self.categories:
            if category < cursor["category"] or category not in CATEGORIES:
                continue
            path = CATEGORIES[category][0]
            if category not in there:
                lacking = Reject(None, {"category": category}, "TCGplayer lists no such category")
                yield Page([lacking], {"category": category, "group": 0})
                continue
            groups = sorted(ask("groups", {"categoryId": category}), key=lambda each: _number(each, "groupId"))
            names = [_names(group) for group in groups]
            for group, its_names, is_known in zip(groups, names, known_sets(path, names), strict=True):
                number = _number(group, "groupId")
                if not is_known or (category, number) <= (cursor["category"], cursor["group"]):
                    continue
                products = ask("products", {"categoryId": category, "groupId": number})
                rows = [_row(product, path, its_names) for product in products]
                yield Page(rows, {"category": category, "group": number})

    @abstractmethod
    def asking(self, client: Client) -> Any:
        """A function of what ("categories", "groups", "products") and of what it is narrowed to; answers with all of them."""


class TCGplayerCatalogue(_Catalogue):
    """TCGplayer's own API, a hundred at a time."""

    kind, title = "tcgplayer-catalogue", "TCGplayer API, catalogue"
    host, rates, needs_keys = TCGplayer.host, TCGplayer.rates, True

    def why_off(self) -> str:
        """It needs the same keys as the prices."""
        return TCGplayer({}).why_off()

    def asking(self, client: Client) -> Any:
        """By offset, until as many have come as there are."""
        base = settings.FEED_ADDRESSES["tcgplayer"]
        bearer = Bearer(
            client,
            url=f"{base}/token",
            key=settings.TCGPLAYER_CLIENT_ID,
            secret=settings.TCGPLAYER_CLIENT_SECRET,
            auth="client_secret_post",
        )

        def ask(what: str, narrowed: Mapping[str, int]) -> list[Any]:
            found: list[Any] = []
            while True:
                query: dict[str, object] = {**narrowed, "limit": LIMIT, "offset": len(found)}
                if what == "products":
                    query["getExtendedFields"] = "true"
                answer = client.json(f"{base}/{VERSION}/catalog/{what}", query=query, signer=bearer, missing=NOTHING)
                page = results_of(answer)
                found += page
                total = answer.get("totalItems")
                if not page or type(total) is not int or len(found) >= total:
                    return found

        return ask


class TCGCSVCatalogue(_Catalogue):
    """TCGCSV's copy of it: no key, one file a group."""

    kind, title = "tcgcsv-catalogue", "TCGCSV, catalogue"
    host, rates, needs_keys = Daily.host, Daily.rates, False

    def why_off(self) -> str:
        """Nothing is needed."""
        return ""

    def asking(self, client: Client) -> Any:
        """Each whole."""
        base = f"{settings.FEED_ADDRESSES['tcgcsv']}/tcgplayer"

        def ask(what: str, narrowed: Mapping[str, int]) -> list[Any]:
            url = "/".join([base, *map(str, narrowed.values()), what])
            return results_of(client.json(url, missing=NOTHING))

        return ask


def _number(each: Any, name: str) -> int:
    number = each.get(name) if isinstance(each, dict) else None
    if type(number) is not int:
        raise AnswerUnusable(f"Its list holds one without a {name}.")
    return number


def _names(group: dict[str, Any]) -> tuple[str, ...]:
    """Name, abbreviation, and the name without the code that TCGplayer puts before it: "SV01: Scarlet & Violet"."""
    name, abbreviation = (str(group.get(each) or "").strip() for each in ("name", "abbreviation"))
    return tuple(dict.fromkeys([name, name.partition(": ")[2] or name, abbreviation]))


def _row(product: Any, category: str, releases: tuple[str, ...]) -> Row:
    try:
        number = {each["name"]: str(each["value"]) for each in product.get("extendedData") or []}.get("Number", "")
        if type(product["productId"]) is not int or not isinstance(product["name"], str):
            raise ValueError("productId is a number and name a text")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return Reject(None, product, f"it is not a product of this format: {error!r}")
    plain = number.partition("/")[0].strip()
    return LinkRow("tcgplayer", str(product["productId"]), category, releases, plain, product["name"])
