"""Which identifiers look at which photo, with the real engines on drawn boxes and cards."""

import numpy as np
import pytest

from ml.catalogue import MemoryCatalogue
from ml.engines import default_pipeline
from ml.generate.boxes import BoxFacts, draw, photograph, restricted
from ml.hashing import HashEmbedder
from ml.identify.by_barcode import BarcodeIdentifier
from ml.identify.by_picture import PictureIdentifier
from ml.identify.by_text import TextIdentifier
from ml.identify.catalogue import MemoryBoxes
from ml.identify.outline import box_outline
from ml.identify.page import PageOcr
from ml.identify.strategies import Strategies
from ml.identify.types import BARCODE, TEXT, VISION, BoxEntry, Plan
from ml.index import MemoryIndex
from ml.types import CardEntry
from tests.ml.drawing import DrawnCard, drawn, jpeg, placed, rectangle, table

FORT = BoxEntry("fort", "lego", "76999", "Harbour Fort", lines=("Forts",), pieces=812, barcodes=(restricted(73501),))
MILL = BoxEntry("mill", "lego", "76412", "Water Mill", lines=("Forts",), pieces=455, barcodes=(restricted(88888),))
HERO = BoxEntry("hero", "figures", "25", "Captain Reef", lines=("Deep Crew",))
FOX = DrawnCard(art=201, name="Ember Fox", number="002/159")


def face(entry, *, barcode="", seed=4, **blank):
    facts = {"line": entry.lines[0], "number": entry.number, "name": entry.name, "pieces": entry.pieces} | blank
    return draw(BoxFacts(**facts, barcode=barcode), np.random.default_rng(seed))


def photo(picture, **options):
    return photograph(picture, np.random.default_rng(9), **({"width": 1200, "fill": 0.85} | options))


@pytest.fixture(scope="module")
def strategies():
    hero = face(HERO, seed=21, number="", name="Captain Reef")
    pictures = {"fox": drawn(FOX), "hero": hero}
    index = MemoryIndex(
        list(pictures),
        HashEmbedder().embed(list(pictures.values())),
        ["pokemon", "figures"],
        lambda keys: {key: pictures[key] for key in keys if key in pictures},
    )
    cards = MemoryCatalogue([CardEntry("fox", "pokemon", "Ember Fox", "002", total="159", language="en")])
    pipeline = default_pipeline(index, cards)
    boxes = MemoryBoxes([FORT, MILL, HERO])
    identifiers = {
        BARCODE: BarcodeIdentifier(boxes),
        TEXT: TextIdentifier(boxes, PageOcr(pipeline.reader)),
        VISION: PictureIdentifier(boxes, pipeline.embedder, index, pipeline.verifier),
    }
    plans = {
        "lego": Plan("lego", (BARCODE, TEXT), cards=False),
        "figures": Plan("figures", (BARCODE, TEXT, VISION), cards=False),
        "pokemon": Plan("pokemon", (VISION, TEXT, BARCODE), cards=True),
    }
    return Strategies(pipeline, boxes, identifiers, plans)


def only(result):
    (card,) = result.cards
    return card


def test_a_known_barcode_names_the_box_without_looking_for_cards(strategies):
    result = strategies.identify(photo(face(FORT, barcode=FORT.barcodes[0])).picture)
    box = only(result)
    assert (box.kind, box.best.key, box.decided) == ("box", "fort", True)
    assert box.reading.barcode == FORT.barcodes[0]
    assert "the barcode is this product's" in box.best.reasons
    assert "detect" not in result.seconds
    assert result.versions["barcode"].startswith("zxing")


def test_a_box_is_named_by_its_text_alone_where_nobody_says_what_it_is(strategies):
    box = only(strategies.identify(photo(face(MILL), turn=90).picture))
    assert (box.kind, box.best.key, box.decided) == ("box", "mill", True)
    assert box.reading.number == "76412"


def test_the_outline_is_the_box_s(strategies):
    taken = photo(face(FORT), turn=8)
    outline = box_outline(taken.picture)
    apart = np.linalg.norm(outline.corners[:, None] - taken.corners[None], axis=2).min(axis=1)
    assert apart.max() < 25


def test_barcode_and_text_of_different_products_leave_it_undecided(strategies):
    swapped = face(MILL, barcode=FORT.barcodes[0])
    box = only(strategies.identify(photo(swapped).picture, "lego"))
    assert not box.decided
    assert {candidate.key for candidate in box.candidates[:2]} == {"fort", "mill"}


def test_an_unknown_barcode_says_so_and_what_to_do(strategies):
    stranger = face(FORT, barcode=restricted(555), number="", name="", pieces=None)
    box = only(strategies.identify(photo(stranger).picture, "lego"))
    assert not box.decided
    assert f"{restricted(555)} is not in the catalogue yet. Search for the product" in box.warnings[0]


def test_a_figure_is_named_by_its_reference_picture(strategies):
    picture = face(HERO, seed=21, number="", name="Captain Reef")
    box = only(strategies.identify(photo(picture).picture, "figures"))
    assert box.best.key == "hero"
    assert any("details" in reason for reason in box.best.reasons)


def test_a_card_is_still_a_card_and_no_text_of_boxes_is_read(strategies):
    lying = table(900, 1100, (60, 62, 66))
    placed(lying, drawn(FOX), rectangle(450, 550, 520, 6))
    result = strategies.identify(jpeg(lying, 88))
    card = only(result)
    assert (card.kind, card.best.key, card.decided) == ("card", "fox", True)
    assert "box text" not in result.seconds
    assert result.seconds["barcode"] < 0.5 * sum(result.seconds.values())


def test_several_photos_at_once_are_answered_as_if_alone(strategies):
    lying = table(900, 1100, (60, 62, 66))
    placed(lying, drawn(FOX), rectangle(450, 550, 520, 6))
    boxed = photo(face(FORT, barcode=FORT.barcodes[0])).picture
    kinds = [only(result).kind for result in strategies.identify_many([boxed, jpeg(lying, 88), boxed])]
    assert kinds == ["box", "card", "box"]
