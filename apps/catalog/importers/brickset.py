"""LEGO sets as Brickset exports them: one line a set, with its number and variant ("75192-1"), theme, pieces, packaging."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from apps.catalog.importers.rows import Printing, ReleaseFacts, VariantFacts, count_from
from apps.catalog.models import Finish
from apps.core.rejects import Reject, each_read
from apps.core.tabular import rows_of
from ml import gtin

CATEGORY = "toys/lego"
REQUIRED = ("number", "numbervariant", "name", "theme")
_UNTOLD = "{Not specified}"
_SEALED, _USED = VariantFacts(Finish.SEALED), VariantFacts(Finish.NORMAL)


def read(path: Path) -> Iterator[Printing | Reject]:
    """One set a line. A release is a theme; barcodes come from the columns `EAN` and `UPC`, where the export has them."""
    return each_read(rows_of(path, required=REQUIRED), _printing)


def set_number(number: str, variant: str) -> str:
    """As the box has it: what is first of its number carries no variant, the others keep theirs behind a dash."""
    return number if variant in ("", "1") else f"{number}-{variant}"


def _printing(line: int, row: dict[str, str]) -> Printing:
    year = count_from(row.get("year"))
    attributes = {
        "theme": row["theme"],
        "subtheme": row.get("subtheme", ""),
        "year": year or None,
        "pieces": count_from(row.get("pieces")),
        "minifigures": count_from(row.get("minifigs")),
        "retail_price": float(row["us_retailprice"]) if row.get("us_retailprice") else None,
        "packaging": row.get("packagingtype", "").replace(_UNTOLD, ""),
    }
    codes = (gtin.normal(row.get(column, "")) for column in ("ean", "upc"))
    return Printing(
        line=line,
        content=row,
        category=CATEGORY,
        release=ReleaseFacts(
            code=re.sub(r"[^a-z0-9]+", "-", row["theme"].lower()).strip("-")[:40],
            name=row["theme"],
            series=row.get("themegroup", ""),
        ),
        number=set_number(row["number"], row["numbervariant"]),
        name=row["name"],
        attributes={name: value for name, value in attributes.items() if value not in (None, "")},
        barcodes=tuple(dict.fromkeys(filter(None, codes))),
        ids={"brickset": [f"{row['number']}-{row['numbervariant'] or 1}"]},
        image_url=row.get("thumbnailurl", ""),
        image_credit="Brickset",
        variants=(_SEALED, _USED),
    )
