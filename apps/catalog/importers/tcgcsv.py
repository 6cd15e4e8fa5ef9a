"""TCGCSV: a group's products as JSON (with `groups` and `prices` beside it, where present) or ProductsAndPrices.csv.

A product that the catalogue knows by its TCGplayer id keeps its own set and number: only blanks are filled, and finishes
that TCGplayer prices are added. Products without a number are sealed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.catalog.importers.rows import Printing, ReleaseFacts, VariantFacts, date_from, finish_from
from apps.catalog.importers.streams import document
from apps.catalog.models import Finish
from apps.core.errors import InvalidInput
from apps.core.rejects import Reject
from apps.core.tabular import rows_of
from ml import gtin

# TCGplayer's category: (ours, language of its cards)
CATEGORIES = {
    1: ("trading-cards/magic", "en"),
    2: ("trading-cards/yugioh", "en"),
    3: ("trading-cards/pokemon", "en"),
    68: ("trading-cards/onepiece", "en"),
    85: ("trading-cards/pokemon", "ja"),
}
_PRODUCTS = ("products", "products.json")


def read(path: Path) -> Iterator[Printing | Reject]:
    """A ProductsAndPrices.csv, a products file, or a folder of groups as TCGCSV serves them."""
    if path.is_dir():
        files = sorted(file for name in _PRODUCTS for file in path.rglob(name))
        tables = sorted(path.rglob("ProductsAndPrices.csv"))
        if not files and not tables:
            raise InvalidInput(f"{path} holds neither products files nor ProductsAndPrices.csv.")
    else:
        files, tables = ([], [path]) if path.suffix.lower() == ".csv" else ([path], [])
    groups = _groups(path if path.is_dir() else path.parent)
    for file in files:
        yield from _of_json(file, groups)
    for file in tables:
        yield from _of_table(file, groups)


def _groups(folder: Path) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    nearby = [folder, *folder.parents[:2]]
    files = [where / name for where in nearby for name in ("groups", "groups.json") if (where / name).is_file()]
    files += [file for name in ("groups", "groups.json") for file in sorted(folder.rglob(name))]
    for file in files:
        found.update({group["groupId"]: group for group in results(file)})
    return found


def results(path: Path) -> list[dict[str, Any]]:
    """The `results` of an answer of TCGplayer's shape. Raises InvalidInput when it is not one."""
    answer = document(path)
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
        raise InvalidInput(f"{path.name} has no list of results.")
    return answer["results"]


def _of_json(path: Path, groups: dict[int, dict[str, Any]]) -> Iterator[Printing | Reject]:
    finishes: dict[int, list[str]] = defaultdict(list)
    for name in ("prices", "prices.json"):
        if (path.parent / name).is_file():
            for price in results(path.parent / name):
                finishes[price["productId"]].append(price.get("subTypeName") or "")
    for position, product in enumerate(results(path), 1):
        try:
            extended = {each["name"]: each["value"] for each in product.get("extendedData") or []}
            yield _printing(position, product, extended, finishes[product["productId"]], groups)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            yield Reject(position, product, f"it is not a product of this format: {error!r}")


def _of_table(path: Path, groups: dict[int, dict[str, Any]]) -> Iterator[Printing | Reject]:
    """A line per product and printing; lines of one product are joined."""
    products: dict[str, tuple[int, dict[str, str]]] = {}
    finishes: dict[str, list[str]] = defaultdict(list)
    for line, row in rows_of(path, required=("productid", "name", "categoryid", "groupid")):
        products.setdefault(row["productid"], (line, row))
        finishes[row["productid"]].append(row.get("subtypename", ""))
    for key, (line, row) in products.items():
        try:
            product = {
                "productId": int(row["productid"]),
                "name": row["name"],
                "categoryId": int(row["categoryid"]),
                "groupId": int(row["groupid"]),
                "imageUrl": row.get("imageurl", ""),
            }
            extended = {
                "Number": row.get("extnumber", ""),
                "Rarity": row.get("extrarity", ""),
                "UPC": row.get("extupc", ""),
            }
            yield _printing(line, product, extended, finishes[key], groups)
        except ValueError as error:
            yield Reject(line, row, f"it cannot be read: {error}")


def _printing(
    line: int,
    product: dict[str, Any],
    extended: dict[str, str],
    printings: list[str],
    groups: dict[int, dict[str, Any]],
) -> Printing:
    if product["categoryId"] not in CATEGORIES:
        raise ValueError(f"category {product['categoryId']} of TCGplayer has no counterpart here")
    category, language = CATEGORIES[product["categoryId"]]
    group = groups.get(product["groupId"], {})
    key = str(product["productId"])
    number, _, total = (extended.get("Number") or "").partition("/")
    is_sealed = not number
    return Printing(
        line=line,
        content=product,
        category=category,
        release=ReleaseFacts(
            code=group.get("abbreviation") or f"tcgplayer-{product['groupId']}",
            name=group.get("name", ""),
            abbreviation=group.get("abbreviation") or "",
            released_on=date_from(group.get("publishedOn")),
            total_cards=int(total) if total.isdigit() else None,
        ),
        number=number.strip() or f"sealed-{key}",
        name=_plain_name(product["name"]),
        rarity=extended.get("Rarity") or ("Sealed" if is_sealed else ""),
        barcodes=tuple(filter(None, [gtin.normal(extended.get("UPC") or "")])),
        ids={"tcgplayer": [key]},
        image_url=product.get("imageUrl") or "",
        image_credit="TCGplayer",
        known_as=("tcgplayer", key),
        variants=tuple(_variants(key, language, is_sealed, printings)),
    )


def _variants(key: str, language: str, is_sealed: bool, printings: list[str]) -> Iterator[VariantFacts]:
    if is_sealed:
        yield VariantFacts(Finish.SEALED, language, "", {"tcgplayer": [key]})
        return
    for word in dict.fromkeys(printings or [""]):
        finish = finish_from(word)
        if finish is None:
            raise ValueError(f"{word!r} is not a finish")
        yield VariantFacts(finish, language, "", {"tcgplayer": [key]})


def _plain_name(name: str) -> str:
    """TCGplayer puts the number behind the name: "Charizard - 4/102" is Charizard."""
    return re.sub(r"\s+-\s+[A-Z]{0,4}\d+[a-z]?(/[A-Z]{0,4}\d+)?$", "", name).strip() or name
