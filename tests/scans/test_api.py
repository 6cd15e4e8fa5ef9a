"""The REST API of scans: shapes, scopes, errors."""

from __future__ import annotations

import uuid

import pytest

from apps.accounts import actions as accounts
from apps.inventory.models import InventoryItem
from apps.scans.models import Correction, Scan
from tests.factories import make_category, make_user, make_variant
from tests.scans.conftest import cards_of, make_scan, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(api, member):
    api.force_authenticate(member)
    return api


def send(api, *files, **told):
    return api.post("/api/v1/scans", {"photos": list(files), **told}, format="multipart")


def test_photos_are_taken_and_the_scan_is_told(signed_in, queued):
    make_category()
    answer = send(signed_in, upload(), upload(b"text", "notes.jpg"), game="pokemon")
    assert answer.status_code == 202
    told = answer.json()
    assert set(told) == {
        "id", "state", "error", "refused", "engine_versions", "place", "photos", "created_at", "finished_at",
    }  # fmt: skip
    assert told["state"] == "queued"
    assert told["refused"][0]["name"] == "notes.jpg"
    assert set(told["photos"][0]) == {
        "id", "name", "width", "height", "state", "error", "seconds", "cards",
    }  # fmt: skip
    assert told["place"] == {"photos_before": 0, "seconds": None}
    assert told["photos"][0]["state"] == "waiting"
    assert Scan.objects.get().category.game == "pokemon"


@pytest.mark.parametrize(
    ("files", "game", "status", "code"),
    [
        ([], "", 400, "INVALID_INPUT"),
        ([(b"text", "a.jpg")], "", 415, "UNSUPPORTED_TYPE"),
        ([(b"", "a.jpg")], "", 415, "UNSUPPORTED_TYPE"),
        ([(None, "a.jpg")], "chess", 400, "INVALID_INPUT"),
    ],
)
def test_what_cannot_be_used_is_told_in_the_one_error_format(signed_in, files, game, status, code):
    answer = send(signed_in, *(upload(content, name) for content, name in files), game=game)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert set(answer.json()["error"]) == {"code", "message", "details", "timestamp"}


def test_too_many_waiting_photos_are_refused_with_when_to_come_back(signed_in, queued, settings):
    settings.VISION_WAITING_PER_MEMBER = 1
    assert send(signed_in, upload()).status_code == 202
    answer = send(signed_in, upload(seed=1))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (429, "TOO_MANY_WAITING")
    assert answer["Retry-After"] == str(error["details"]["retry_after_seconds"])
    settings.VISION_WAITING_PER_MEMBER, settings.VISION_WAITING = 9, 1
    answer = send(signed_in, upload(seed=1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "QUEUE_FULL")
    assert int(answer["Retry-After"]) > 0
    assert Scan.objects.count() == 1


def test_too_large_is_413(signed_in, settings):
    settings.UPLOAD_MAX_BYTES = 100
    assert send(signed_in, upload()).status_code == 413


def test_a_reviewed_scan_shows_cards_and_candidates(signed_in, member):
    scan = make_scan(member)
    told = signed_in.get(f"/api/v1/scans/{scan.pk}").json()
    card = told["photos"][0]["cards"][0]
    assert set(card) == {
        "id", "quad", "decided", "reading", "warnings", "state", "variant_id", "condition", "quantity", "item_id", "grading",
        "candidates",
    }  # fmt: skip
    assert len(card["quad"]) == 4
    assert set(card["candidates"][0]) == {
        "variant_id", "card_id", "card_name", "card_number", "set_identifier", "probability", "reasons", "value",
    }  # fmt: skip
    assert card["candidates"][0]["probability"] > card["candidates"][1]["probability"]


def test_a_card_is_corrected_and_the_scan_confirmed(signed_in, member):
    scan, other = make_scan(member), make_variant()
    card = cards_of(scan)[0]
    told = signed_in.patch(
        f"/api/v1/scans/cards/{card.pk}", {"variant_id": str(other.pk), "condition": "LP", "quantity": 2}
    )
    assert (told.status_code, told.json()["variant_id"]) == (200, str(other.pk))
    for _ in range(2):
        confirmed = signed_in.post(f"/api/v1/scans/{scan.pk}/confirm")
        assert confirmed.status_code == 200
    item = InventoryItem.objects.get(owner=member)
    assert (item.variant, item.condition, item.quantity) == (other, "LP", 2)
    assert confirmed.json()["state"] == "confirmed"
    assert confirmed.json()["photos"][0]["cards"][0]["item_id"] == str(item.pk)
    late = signed_in.patch(f"/api/v1/scans/cards/{card.pk}", {"quantity": 3})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "ALREADY_KEPT")


def test_null_means_none_of_the_candidates(signed_in, member):
    card = cards_of(make_scan(member))[0]
    told = signed_in.patch(f"/api/v1/scans/cards/{card.pk}", {"variant_id": None})
    assert told.json()["variant_id"] is None
    assert Correction.objects.get().chosen is None


def test_only_named_cards_are_confirmed(signed_in, member):
    scan = make_scan(member, cards=2)
    signed_in.post(f"/api/v1/scans/{scan.pk}/confirm", {"cards": [str(cards_of(scan)[0].pk)]})
    assert [card.state for card in cards_of(scan)] == ["confirmed", "open"]


@pytest.mark.parametrize(
    "told", [{"quantity": 0}, {"condition": "XX"}, {"variant_id": "x"}, {"variant_id": str(uuid.uuid4())}]
)
def test_what_makes_no_sense_of_a_card_is_400(signed_in, member, told):
    card = cards_of(make_scan(member))[0]
    answer = signed_in.patch(f"/api/v1/scans/cards/{card.pk}", told)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_INPUT")


def test_confirming_too_early_is_a_conflict(signed_in, member):
    scan = make_scan(member, state="running", cards=0)
    assert signed_in.post(f"/api/v1/scans/{scan.pk}/confirm").status_code == 409


def test_anothers_scan_does_not_exist(signed_in):
    scan = make_scan(make_user())
    card = cards_of(scan)[0]
    assert signed_in.get(f"/api/v1/scans/{scan.pk}").status_code == 404
    assert signed_in.post(f"/api/v1/scans/{scan.pk}/confirm").status_code == 404
    assert signed_in.patch(f"/api/v1/scans/cards/{card.pk}", {"quantity": 2}).status_code == 404


def test_without_credentials_nothing(api):
    assert send(api, upload()).status_code == 401
    assert api.get(f"/api/v1/scans/{uuid.uuid4()}").status_code == 401


def test_a_key_may_do_what_its_scopes_say(api, member, queued):
    scan = make_scan(member)
    card = cards_of(scan)[0]
    for scopes, read, write in [(["read"], 200, 403), (["read", "inventory:write"], 200, 202)]:
        _, secret = accounts.create_api_key(user=member, by=member, name="test", scopes=scopes)
        api.credentials(HTTP_X_API_KEY=secret)
        assert api.get(f"/api/v1/scans/{scan.pk}").status_code == read
        assert send(api, upload()).status_code == write
        patched = api.patch(f"/api/v1/scans/cards/{card.pk}", {"quantity": 2}).status_code
        assert patched == (403 if write == 403 else 200)
