"""A toy's box goes the way of a card: photo, review, inventory; found by barcode, or by what is printed on it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.catalog.categories import CATEGORIES
from apps.catalog.models import Barcode, Category
from apps.inventory.models import InventoryItem
from apps.scans import actions, boxes
from apps.scans.models import DetectedCard
from ml.generate.boxes import BoxFacts, draw, photograph, restricted
from ml.identify.types import STRATEGIES
from tests.factories import make_category, make_product, make_variant
from tests.odd_pictures import of_pixels

pytestmark = pytest.mark.django_db

CODE, OTHER_CODE = restricted(73_501), restricted(88_888)


@pytest.fixture
def lego():
    return make_category("toys/lego", "lego")


@pytest.fixture
def fort(lego):
    product = make_product(
        "Harbour Fort", number="76999", code="forts", category=lego, attributes={"pieces": 812, "theme": "Forts"}
    )
    Barcode.objects.create(product=product, value=CODE)
    return make_variant(product, finish="sealed").product


def photo_of(**facts):
    rng = np.random.default_rng(9)
    box = draw(BoxFacts(**({"line": "Forts", "number": "76999", "name": "Harbour Fort", "pieces": 812} | facts)), rng)
    return of_pixels(photograph(box, rng, width=1200, fill=0.85).picture)


def looked_at(member, content, category=None):
    upload = SimpleUploadedFile("box.jpg", content, "image/jpeg")
    scan = actions.start_scan(uploads=[upload], owner=member, category=category)
    actions.process_photo(photo_id=scan.photos.get().pk)
    scan.refresh_from_db()
    return scan


def test_a_photographed_barcode_ends_in_the_inventory(member, fort, client, queued):
    scan = looked_at(member, photo_of(barcode=CODE))
    card = DetectedCard.objects.get()
    assert (card.decided, card.variant.product, card.reading["kind"]) == (True, fort, "box")
    assert card.reading["barcode"] == CODE
    client.force_login(member)
    page = client.get(reverse("scan", args=[scan.pk])).content.decode()
    assert "Box 1: Harbour Fort" in page
    assert "the barcode is this product&#x27;s" in page
    client.post(reverse("scan-confirm", args=[scan.pk]), {})
    item = InventoryItem.objects.get(owner=member)
    assert item.variant.product == fort
    assert item.photos.count() == 1


def test_a_box_without_barcode_in_sight_is_named_by_its_number(member, fort, lego, queued):
    make_variant(make_product("Water Mill", number="76412", code="forts", category=lego))
    looked_at(member, photo_of(name=""), lego)
    card = DetectedCard.objects.get()
    assert (card.variant.product, card.reading["number"]) == (fort, "76999")


def test_an_unknown_barcode_is_said_with_what_to_do(member, fort, lego, client, api, queued):
    scan = looked_at(member, photo_of(barcode=OTHER_CODE, number="", name="", pieces=None), lego)
    client.force_login(member)
    page = client.get(reverse("scan", args=[scan.pk])).content.decode()
    assert f"The barcode {OTHER_CODE} is not in the catalogue yet." in page
    api.force_authenticate(member)
    (photo,) = api.get(reverse("api-scan", args=[scan.pk])).json()["photos"]
    assert photo["cards"][0]["reading"]["barcode"] == OTHER_CODE
    assert (photo["cards"][0]["decided"], photo["cards"][0]["variant_id"]) == (False, None)


def test_identify_names_a_box_from_the_shell(fort, tmp_path, capsys):
    (tmp_path / "box.jpg").write_bytes(photo_of(barcode=CODE))
    call_command("identify", [str(tmp_path / "box.jpg")], json=True)
    (box,) = json.loads(capsys.readouterr().out)["cards"]
    assert (box["kind"], box["decided"], box["candidates"][0]["name"]) == ("box", True, "Harbour Fort")


class TestCatalogue:
    """What recognition asks of our tables."""

    def test_by_barcode_number_and_name(self, fort, lego):
        second = make_product("Harbour Fort Extra", number="76999-2", code="forts", category=lego)
        make_product("Harbour Fort", number="1")  # a card of that name is no box
        catalogue = boxes.DatabaseBoxes()
        assert catalogue.by_barcode([CODE, OTHER_CODE])[CODE].key == str(fort.pk)
        assert {e.key for e in catalogue.by_number(["76999"], "lego")} == {str(fort.pk), str(second.pk)}
        assert next(e.key for e in catalogue.by_name(["harbor fort"], None)) == str(fort.pk)
        entry = catalogue.entries([str(fort.pk)])[str(fort.pk)]
        assert (entry.pieces, entry.lines) == (812, ("Set forts", "Forts"))
        assert (catalogue.size("lego"), catalogue.size(None)) == (2, 2)

    def test_each_answer_is_one_query(self, fort, lego):
        for number in range(5):
            Barcode.objects.create(product=make_product("Mill", category=lego), value=restricted(number))
        catalogue = boxes.DatabaseBoxes()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            catalogue.by_barcode([restricted(number) for number in range(5)])
            catalogue.by_number(["76999", "1"], "lego")
        assert len(asked) == 2

    def test_every_category_declares_strategies_that_there_are(self):
        for _, _, identifiers, _ in CATEGORIES.values():
            assert identifiers
            assert set(identifiers) <= set(STRATEGIES)

    def test_cards_are_looked_for_as_cards_and_toys_as_one_thing(self):
        plans = boxes.plans()
        assert plans["pokemon"].cards
        assert plans["mtg"].uses("barcode")
        assert not plans["lego"].cards
        assert not plans["lego"].uses("vision")
        assert plans["figures"].uses("vision")
        assert set(plans) == {boxes.ml_game(c.game) for c in Category.objects.exclude(game="")}
