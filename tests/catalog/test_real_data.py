"""The catalogues that collectors really have: every Pokémon and One Piece card, twice, within a minute.

The files lie in the folder that CARDVAULT_SAMPLE_DATA names. They are not ours to pass on; where they are absent, the small
files of the other tests cover the same paths.
"""

import os
import time
from pathlib import Path

import pytest
from django.urls import reverse

from apps.catalog.actions import import_catalog
from apps.catalog.models import Product, Release, Variant
from apps.catalog.search.results import search_products

SAMPLE = Path(os.environ.get("CARDVAULT_SAMPLE_DATA", Path(__file__).resolve().parents[3] / "shared/data")) / "catalog"
FILES = {"tcgdex-csv": SAMPLE, "punk-records-csv": SAMPLE / "onepiece_cards.csv"}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (SAMPLE / "tcgdex_cards.csv").is_file() or not (SAMPLE / "onepiece_cards.csv").is_file(),
        reason="set CARDVAULT_SAMPLE_DATA to a folder with catalog/tcgdex_cards.csv and catalog/onepiece_cards.csv",
    ),
]


def lines(name):
    return sum(1 for _ in (SAMPLE / name).open(encoding="utf-8")) - 1


def test_every_pokemon_and_one_piece_card_comes_in_and_is_found(client):
    started = time.monotonic()
    first = {kind: import_catalog(kind=kind, path=path) for kind, path in FILES.items()}
    seconds = time.monotonic() - started
    again = {kind: import_catalog(kind=kind, path=path) for kind, path in FILES.items()}
    for kind in FILES:
        assert first[kind].rejected == 0, first[kind].rejects
        assert (again[kind].changed, again[kind].rejected) == (0, 0)
    assert seconds < 60

    # All but the cards of digital sets, which nobody can hold in their hands.
    assert lines("tcgdex_cards.csv") == 23_639
    digital = {
        row.split(",")[0]
        for row in (SAMPLE / "tcgdex_sets.csv").open(encoding="utf-8")
        if ",Pokémon TCG Pocket," in row
    }
    kept = (
        sum(1 for row in (SAMPLE / "tcgdex_cards.csv").open(encoding="utf-8") if row.split(",")[1] not in digital) - 1
    )
    assert Product.objects.filter(category__game="pokemon").count() == kept
    assert not Release.objects.filter(code__in=digital).exists()
    assert Product.objects.filter(category__game="onepiece").count() > 5_000
    assert not Product.objects.exclude(variants__isnull=False).exists()
    assert Variant.objects.filter(is_default=True).count() == Product.objects.count()

    for text, name, number in (
        ("charizard 4/102", "Charizard", "4"),
        ("charzard base set", "Charizard", "4"),
        ("pikachu 58/102", "Pikachu", "58"),
        ("OP01-016", "Nami", "OP01-016"),
        ("monkey d lufy ST01-001", "Monkey.D.Luffy", "ST01-001"),
        ("umbreon vmax 215/203", "Umbreon VMAX", "215"),
    ):
        row = search_products(text=text).page.rows[0]
        assert (row.name, row.number) == (name, number), text
    for text in ("", "pikachu", "charzard", "rare", "e", "4/102"):
        started = time.monotonic()
        assert client.get(reverse("search"), {"q": text}).status_code == 200
        assert time.monotonic() - started < 3, text
