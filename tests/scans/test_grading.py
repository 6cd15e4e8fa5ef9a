"""An estimated grade: kept with the card, shown with its range and as no professional grade, carried to the item and REST."""

from __future__ import annotations

import pytest

from apps.core.templatetags.grading import HEIGHT, WIDTH, grading_of
from apps.inventory.models import InventoryItem
from apps.scans import actions
from apps.scans.models import ScanPhoto
from ml.grade.grading import Centering, Defect, Grading
from tests.factories import make_user, make_variant
from tests.scans.conftest import cards_of, make_scan, upload

pytestmark = pytest.mark.django_db

ESTIMATE = Grading(
    overall=7.0,
    lowest=4.5,
    highest=8.0,
    centering=Centering.of(2.9, 2.0, 2.4, 2.6),
    subgrades={"centering": 9.0, "corners": 8.0, "edges": 6.5, "surface": 8.5},
    defects=(
        Defect("whitening", "edges", "left", (0, 0.3, 0.012, 0.48), 14.2, 1.4),
        Defect("centering", "centering", "left", (0, 0, 0.046, 1), 0.9, 1.0),
    ),
    limits=("The back is not on the photo; it counts for about a third.",),
    advice=("Photograph the back as well.",),
    version="grade-1",
)


@pytest.fixture
def signed_in(client):
    member = make_user()
    client.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.member = member
    return client


def graded_scan(member, *, cards=1):
    scan = make_scan(member, cards=cards, variants=[make_variant()])
    for card in cards_of(scan):
        card.grading = ESTIMATE.to_dict()
        card.save()
    return scan


def test_what_the_engines_estimate_is_kept_with_the_card(engine, queued) -> None:
    engine.found, engine.grading = [(make_variant(), 0.97)], ESTIMATE
    scan = actions.start_scan(uploads=[upload()], owner=make_user())
    actions.process_photo(photo_id=ScanPhoto.objects.get(scan=scan).pk)
    assert Grading.from_dict(cards_of(scan)[0].grading).to_dict() == ESTIMATE.to_dict()


def test_a_card_too_small_to_grade_has_no_estimate_and_the_page_none(signed_in) -> None:
    scan = make_scan(signed_in.member)
    assert cards_of(scan)[0].grading == {}
    assert "Estimated grade" not in signed_in.get(f"/scan/{scan.pk}/").content.decode()


def test_the_review_shows_grade_range_reasons_and_that_it_is_an_estimate(signed_in) -> None:
    page = " ".join(signed_in.get(f"/scan/{graded_scan(signed_in.member).pk}/").content.decode().split())
    for words in (
        "between 4.5 and 8",
        "not a professional grade",
        "Whitening, left edge, 14.2 mm",
        "Off centre: the left border is 0.9 mm wider",
        "59/41 left to right, 52/48 top to bottom",
        "The back is not on the photo",
        "Photograph the back as well.",
    ):
        assert words in page


def test_the_item_keeps_the_estimate_of_its_own_card(signed_in) -> None:
    actions.confirm(scan=graded_scan(signed_in.member), by=signed_in.member)
    item = InventoryItem.objects.get(owner=signed_in.member)
    assert item.provenance["grading"]["overall"] == 7.0
    assert "not a professional grade" in signed_in.get(f"/inventory/{item.pk}/").content.decode()


def test_copies_that_became_one_item_have_no_common_grade(signed_in) -> None:
    actions.confirm(scan=graded_scan(signed_in.member, cards=2), by=signed_in.member)
    assert "grading" not in InventoryItem.objects.get(owner=signed_in.member).provenance


def test_rest_carries_the_estimate_or_null(api) -> None:
    member = make_user()
    api.force_authenticate(member)
    scan = graded_scan(member)
    card = api.get(f"/api/v1/scans/{scan.pk}").json()["photos"][0]["cards"][0]
    assert (card["grading"]["lowest"], card["grading"]["overall"], card["grading"]["highest"]) == (4.5, 7.0, 8.0)
    assert card["grading"]["defects"][0]["kind"] == "whitening"
    plain = make_scan(member)
    assert api.get(f"/api/v1/scans/{plain.pk}").json()["photos"][0]["cards"][0]["grading"] is None


def test_marks_stay_on_the_picture_and_are_large_enough_to_see() -> None:
    shown = grading_of(ESTIMATE.to_dict())
    for mark in shown.marks:
        assert 0 <= mark.x < mark.x + mark.width <= WIDTH
        assert 0 <= mark.y < mark.y + mark.height <= HEIGHT
        assert min(mark.width, mark.height) >= 30
    assert [mark.number for mark in shown.marks] == [1, 2]


def test_without_a_grading_nothing_is_shown() -> None:
    assert grading_of({}) is None
