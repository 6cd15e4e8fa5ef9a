"""The pages: whose they are, what they cost in queries, what they do without script, and how a visitor keeps a scan."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.catalog.actions import refresh_vocabulary
from apps.core import images
from apps.inventory.models import InventoryItem
from apps.scans.models import Correction, Scan
from tests.factories import make_price, make_product, make_user, make_variant
from tests.scans.conftest import cards_of, make_scan, upload

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def signed_in(client, member):
    client.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def fields(card, **told):
    """What the review's form says of a card."""
    known = {"condition": card.condition, "quantity": card.quantity} | told
    return {f"{card.pk}-{name}": value for name, value in known.items()}


def address(name, pk):
    return reverse(name, args=[pk])


class TestSending:
    def test_the_page_can_be_opened_by_anybody(self, client):
        assert client.get("/scan/").status_code == 200

    def test_a_member_is_sent_to_the_scan(self, signed_in, member, queued):
        answer = signed_in.post("/scan/", {"photos": [upload(), upload(seed=1)]})
        scan = Scan.objects.get(owner=member)
        assert (answer.status_code, answer.url) == (302, f"/scan/{scan.pk}/")

    def test_what_is_no_picture_is_told_beside_the_field(self, signed_in):
        answer = signed_in.post("/scan/", {"photos": [upload(b"text")]})
        assert answer.status_code == 422
        assert "Send JPEG, PNG or WebP" in answer.content.decode()

    @pytest.mark.parametrize("files", [[], [b""]])
    def test_nothing_and_empty_are_told(self, signed_in, files):
        answer = signed_in.post("/scan/", {"photos": [upload(content) for content in files]})
        assert answer.status_code == 422
        assert ("Choose at least one photo" if not files else "The file is empty") in answer.content.decode()

    def test_refused_photos_are_named_on_the_scans_page(self, signed_in, queued):
        answer = signed_in.post("/scan/", {"photos": [upload(), upload(b"text", "notes.jpg")]}, follow=True)
        assert "notes.jpg" in answer.content.decode()
        assert "Send JPEG, PNG or WebP" in answer.content.decode()

    def test_a_visitor_who_scans_without_end_is_asked_to_sign_in(self, client, monkeypatch, queued):
        from limits import RateLimitItemPerHour

        from apps.scans import views

        monkeypatch.setattr(views, "_VISITORS_SCANS", RateLimitItemPerHour(1))
        assert client.post("/scan/", {"photos": upload()}).status_code == 302
        answer = client.post("/scan/", {"photos": upload()})
        assert answer.status_code == 422
        assert "Sign in" in answer.content.decode()


class TestVisitors:
    def test_a_visitors_scan_is_kept_for_the_account_they_make(self, client, queued):
        client.post("/scan/", {"photos": upload()})
        scan = Scan.objects.get()
        assert scan.owner is None
        assert client.get(f"/scan/{scan.pk}/").status_code == 200
        user = make_user()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert client.get(f"/scan/{scan.pk}/").status_code == 200
        scan.refresh_from_db()
        assert (scan.owner, scan.visitor_token) == (user, "")

    def test_another_visitor_does_not_see_it(self, client, queued):
        client.post("/scan/", {"photos": upload()})
        from django.test import Client

        assert Client().get(f"/scan/{Scan.objects.get().pk}/").status_code == 404

    def test_the_way_to_an_account_leads_back_to_the_scan(self, client):
        session = client.session
        session["visitor_token"] = "mine"
        session.save()
        scan = make_scan(visitor_token="mine")
        page = client.get(f"/scan/{scan.pk}/").content.decode()
        assert f"next=/scan/{scan.pk}/" in page
        answer = client.post(address("scan-confirm", scan.pk), fields(cards_of(scan)[0], condition="LP"))
        assert answer.url.startswith("/accounts/login/?next=/scan/")
        assert (cards_of(scan)[0].condition, InventoryItem.objects.count()) == ("LP", 0)


class TestOthers:
    """Another member's scan, cards and photos do not exist."""

    @pytest.fixture
    def theirs(self):
        return make_scan(make_user())

    def test_pages_and_actions(self, signed_in, theirs):
        card = cards_of(theirs)[0]
        for method, name, pk in [
            ("get", "scan", theirs.pk),
            ("post", "scan-confirm", theirs.pk),
            ("post", "scan-again", theirs.pk),
            ("get", "scan-card", card.pk),
            ("post", "scan-card", card.pk),
        ]:
            assert getattr(signed_in, method)(address(name, pk)).status_code == 404, name
        assert cards_of(theirs)[0].state == "open"

    def test_photos_and_crops(self, signed_in, client, theirs, member):
        mine = make_scan(member)
        for scan, status in [(theirs, 404), (mine, 200)]:
            for name in (scan.photos.get().file, cards_of(scan)[0].crop):
                for each in (name, images.thumbnail_name(name, 256)):
                    answer = signed_in.get(f"/media/{each}")
                    assert answer.status_code == status, each
                    if status == 200:
                        assert answer.content
                        assert "private" in answer["Cache-Control"]
        signed_in.logout()
        assert client.get(f"/media/{mine.photos.get().file}").status_code == 404

    def test_no_path_leads_out_of_the_folder(self, signed_in, member):
        make_scan(member)
        assert signed_in.get("/media/scans/../../etc/passwd").status_code == 404


class TestReview:
    def test_while_the_engines_look_the_page_says_so_and_asks_again_without_script(self, signed_in, member):
        scan = make_scan(member, state="running", cards=0)
        page = signed_in.get(f"/scan/{scan.pk}/").content.decode()
        assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
        assert f'data-live="scan:{scan.pk}"' in page

    def test_a_failed_scan_can_be_tried_again(self, signed_in, member, queued, django_capture_on_commit_callbacks):
        scan = make_scan(member, state="failed", cards=0)
        scan.photos.update(error="This photo could not be read. Try again.")
        assert "Try again" in signed_in.get(f"/scan/{scan.pk}/").content.decode()
        with django_capture_on_commit_callbacks(execute=True):
            signed_in.post(address("scan-again", scan.pk))
        scan.refresh_from_db()
        assert (scan.state, len(queued)) == ("queued", 1)

    def test_another_try_waits_for_room_in_the_queue_like_new_photos(self, signed_in, member, queued, settings):
        settings.VISION_WAITING_PER_MEMBER = 1
        failed, waits = make_scan(member, state="failed", cards=0), make_scan(member, state="queued", cards=0)
        failed.photos.update(error="This photo could not be read. Try again.")
        waits.photos.update(done_at=None)
        page = signed_in.post(address("scan-again", failed.pk), follow=True).content.decode()
        assert "1 photo of yours is still waiting" in page
        failed.refresh_from_db()
        assert (failed.state, queued) == ("failed", [])

    def test_a_choice_is_kept_and_the_sum_comes_back(self, signed_in, member):
        scan = make_scan(member)
        card, other = cards_of(scan)[0], make_variant(make_product("Moon Drake"))
        make_price(other, "7.00")
        answer = signed_in.post(address("scan-card", card.pk), fields(card, variant=other.pk, quantity=2), headers=HTMX)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "Moon Drake" in page
        assert "14.00" in page
        assert "Add 2 cards" in page
        assert Correction.objects.get().chosen == other

    def test_changing_the_condition_is_no_correction(self, signed_in, member):
        card = cards_of(make_scan(member))[0]
        signed_in.post(address("scan-card", card.pk), fields(card, condition="HP", variant=card.variant_id))
        assert not Correction.objects.exists()

    @pytest.mark.parametrize("told", [{"quantity": 0}, {"variant": "x"}, {"condition": "??"}])
    def test_what_makes_no_sense_is_said(self, signed_in, member, told):
        card = cards_of(make_scan(member))[0]
        assert signed_in.post(address("scan-card", card.pk), fields(card, **told), headers=HTMX).status_code == 400

    def test_a_printing_found_by_typing_is_shown_as_chosen_afterwards(self, signed_in, member):
        scan = make_scan(member, decided=False)
        card, other = cards_of(scan)[0], make_variant(make_product("Moon Drake", number="77"))
        refresh_vocabulary()
        found = signed_in.get(address("scan-card", card.pk), {"q": "Moon Drake"}, headers=HTMX).content.decode()
        assert str(other.pk) in found
        without_script = signed_in.get(f"/scan/{scan.pk}/", {"card": str(card.pk), "q": "Moon Drake"})
        assert str(other.pk) in without_script.content.decode()
        signed_in.post(address("scan-card", card.pk), fields(card, variant=other.pk))
        assert f'value="{other.pk}" checked' in signed_in.get(f"/scan/{scan.pk}/").content.decode()

    def test_the_whole_form_confirms_without_script(self, signed_in, member):
        scan = make_scan(member, cards=2)
        first, second = cards_of(scan)
        other = make_variant()
        answer = signed_in.post(
            address("scan-confirm", scan.pk),
            fields(first, variant=other.pk, condition="LP") | fields(second, dismissed="on"),
        )
        assert answer.url == "/inventory/"
        item = InventoryItem.objects.get(owner=member)
        assert (item.variant, item.condition) == (other, "LP")

    def test_the_same_form_twice_adds_once(self, signed_in, member):
        scan = make_scan(member)
        form = fields(cards_of(scan)[0], condition="LP")
        for _ in range(2):
            assert signed_in.post(address("scan-confirm", scan.pk), form).url == "/inventory/"
        assert InventoryItem.objects.get().quantity == 1

    def test_a_form_that_makes_no_sense_adds_nothing_and_says_which_card(self, signed_in, member):
        scan = make_scan(member)
        answer = signed_in.post(address("scan-confirm", scan.pk), fields(cards_of(scan)[0], quantity=5000), follow=True)
        assert "Card 1: " in answer.content.decode()
        assert InventoryItem.objects.count() == 0


def queries_of(client, url, **options) -> int:
    client.get(url, **options)  # what is kept for a minute is kept now
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(url, **options).status_code == 200
    return len(asked)


def test_the_review_asks_the_same_number_of_questions_for_one_card_and_for_twenty(signed_in, member):
    small, large = make_scan(member), make_scan(member, cards=10, photos=2)
    few = queries_of(signed_in, f"/scan/{small.pk}/")
    assert few == queries_of(signed_in, f"/scan/{large.pk}/")
    assert few <= 14


def test_progress_and_list_ask_a_fixed_number_of_questions(signed_in, member):
    small = make_scan(member, state="running", cards=0)
    progress = queries_of(signed_in, f"/scan/{small.pk}/")
    few = queries_of(signed_in, "/scan/")
    make_scan(member, cards=10, photos=2)
    assert queries_of(signed_in, "/scan/") == few <= 8
    large = make_scan(member, state="running", cards=0, photos=20)
    assert queries_of(signed_in, f"/scan/{large.pk}/") == progress
