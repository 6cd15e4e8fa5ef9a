"""TCGdex's catalogue as three tables: tcgdex_sets.csv, tcgdex_cards.csv, tcgdex_variant_ids.csv in one folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from apps.catalog.importers import pokemon
from apps.catalog.importers.rows import Printing, ReleaseFacts, VariantFacts, count_from, date_from
from apps.catalog.models import Finish
from apps.core.errors import InvalidInput
from apps.core.rejects import Reject
from apps.core.tabular import rows_of

# Cards of this series exist on phones only.
_DIGITAL = "Pocket"
_FINISHES = {
    "normal": Finish.NORMAL,
    "holo": Finish.HOLOFOIL,
    "reverse": Finish.REVERSE_HOLOFOIL,
    "lenticular": Finish.HOLOFOIL,
    "metal": Finish.HOLOFOIL,
}
_FIRST_EDITION = {
    Finish.NORMAL: Finish.FIRST_EDITION,
    Finish.HOLOFOIL: Finish.FIRST_EDITION_HOLOFOIL,
    Finish.REVERSE_HOLOFOIL: Finish.REVERSE_HOLOFOIL,
}
_NO_TREATMENT = {"", "unlimited", "standard", "1st-edition"}


def read(path: Path) -> Iterator[Printing | Reject]:
    """Every printed card with its finishes and treatments and their TCGplayer and Cardmarket ids."""
    for name in ("tcgdex_sets.csv", "tcgdex_cards.csv"):
        if not (path / name).is_file():
            raise InvalidInput(f"{path} lacks {name}.")
    sets = {row["set_id"]: row for _, row in rows_of(path / "tcgdex_sets.csv", required=("set_id", "name", "serie"))}
    variants: dict[str, list[dict[str, str]]] = defaultdict(list)
    if (path / "tcgdex_variant_ids.csv").is_file():
        for _, row in rows_of(path / "tcgdex_variant_ids.csv", required=("card_id", "variant")):
            variants[row["card_id"]].append(row)
    for line, row in rows_of(path / "tcgdex_cards.csv", required=("card_id", "set_id", "number", "name")):
        release = sets.get(row["set_id"])
        if release is None:
            yield Reject(line, row, f"there is no set {row['set_id']!r} in tcgdex_sets.csv")
            continue
        if _DIGITAL in release["serie"]:
            continue
        try:
            yield _printing(line, row, release, variants[row["card_id"]])
        except ValueError as error:
            yield Reject(line, row, str(error))


def _printing(line: int, row: dict[str, str], release: dict[str, str], told: list[dict[str, str]]) -> Printing:
    rarity = "" if row["rarity"] == "None" else row["rarity"]
    # A few sets are catalogued before their cards have English names: the number stands in, so that they can be found.
    name = row["name"] or f"{release['name']} {row['number']}".strip()
    attributes: dict[str, object] = {"supertype": row.get("category", "")}
    if row.get("types"):
        attributes["types"] = row["types"].split("|")
    if row.get("hp"):
        attributes["hp"] = int(float(row["hp"]))
    if row.get("regulation_mark"):
        attributes["regulation_mark"] = row["regulation_mark"]
    return Printing(
        line=line,
        content=row,
        category=pokemon.CATEGORY,
        release=ReleaseFacts(
            code=row["set_id"],
            name=release["name"],
            series=release["serie"],
            abbreviation=release.get("abbr", ""),
            released_on=date_from(release.get("release_date")),
            total_cards=count_from(release.get("cards_official")),
        ),
        number=row["number"],
        name=name,
        rarity=rarity,
        artist=row.get("artist", ""),
        attributes=attributes,
        ids={"tcgdex": [row["card_id"]]},
        variants=tuple(_variants(rarity, told)),
    )


def _variants(rarity: str, told: list[dict[str, str]]) -> Iterator[VariantFacts]:
    merged: dict[tuple[Finish, str], dict[str, list[str]]] = {}
    for row in told:
        kind = row["variant"]
        finish = _FINISHES.get(kind) or pokemon.finish_of_rarity(rarity)
        if "1st-edition" in row.get("stamp", ""):
            finish = _FIRST_EDITION[finish]
        words = [kind] if kind in ("lenticular", "metal") else []
        words += [row.get("subtype", ""), _foil(row), *_stamps(row), row.get("size", "")]
        treatment = ", ".join(word.replace("-", " ").title() for word in words if word not in _NO_TREATMENT)
        ids = merged.setdefault((finish, treatment), {})
        for source in ("tcgplayer", "cardmarket"):
            value = row.get(f"{source}_product_id", "")
            if value and value not in ids.setdefault(source, []):
                ids[source].append(value)
    for (finish, treatment), ids in merged.items():
        yield VariantFacts(finish, "en", treatment, {source: values for source, values in ids.items() if values})
    if not merged:
        yield VariantFacts(pokemon.finish_of_rarity(rarity))


def _foil(row: dict[str, str]) -> str:
    return f"{row['foil']} foil" if row.get("foil") else ""


def _stamps(row: dict[str, str]) -> list[str]:
    stamps = [stamp.strip(" ,") for stamp in row.get("stamp", "").split("|")]
    return [f"{stamp} stamp" for stamp in stamps if stamp and stamp not in _NO_TREATMENT]
