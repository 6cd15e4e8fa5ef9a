"""The case's page and its REST resource, as both sides, strangers and moderators meet them."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader
from rest_framework.test import APIClient

from apps.escrow import actions
from apps.escrow.cases import queries
from apps.escrow.chargebacks.actions import _album
from apps.trades.evidence import evidence_of
from tests.cases import decided
from tests.documents import pdf_of
from tests.escrow.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(sale):
    found = sale.disputed()
    return actions.answer_dispute(dispute=found, by=sale.seller, statement="They were fine.")


def step(client, case, name, **said):
    return client.post(reverse(f"case-{name}", args=[case.pk]), said, follow=True)


def text(answer):
    return answer.content.decode()


def test_the_two_settle_on_the_page(client, sale, case):
    client.force_login(sale.seller)
    page = text(step(client, case, "offer", remedy="split", refund_minor="25.00", note="For the corner."))
    assert "You offer" in page
    assert "$25.00" in page
    assert "Accept the offer" not in page
    client.force_login(sale.buyer)
    page = text(client.get(reverse("case", args=[case.pk])))
    assert "Your turn: answer the offer" in page
    page = text(step(client, case, "accept", offer=str(case.offers.get().pk)))
    assert (sale.state, sale.fresh().refunded_minor) == ("split", 2500)
    assert "offered to settle" in page


def test_an_offer_that_was_replaced_meanwhile_is_not_accepted(client, sale, case):
    first = actions.offer(dispute=case, by=sale.seller, remedy="split", refund_minor=5000)
    actions.offer(dispute=case, by=sale.seller, remedy="split", refund_minor=100)
    client.force_login(sale.buyer)
    assert "no longer open" in text(step(client, case, "accept", offer=str(first.pk)))
    assert sale.held == 10_000


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("offer", {"remedy": "split"}, "leaves something for both"),
        ("offer", {"remedy": "magic"}, "Select a valid choice"),
        ("evidence", {}, "Add a note, a photo or a PDF"),
        ("accept", {"offer": "nonsense"}, "no longer open"),
        ("appeal", {"statement": "No."}, "moved on"),
        ("receive", {}, "moved on"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(client, sale, case, name, said, words):
    client.force_login(sale.buyer)
    assert words in text(step(client, case, name, **said))
    case.refresh_from_db()
    assert (case.state, sale.held) == ("answered", 10_000)


def test_a_ruling_is_accepted_or_appealed_on_the_page(client, sale, case):
    actions.decide_dispute(dispute=case, by=sale.judge(), outcome="return", decision="Send it back.")
    client.force_login(sale.seller)
    page = text(client.get(reverse("case", args=[case.pk])))
    assert "The decision: The parcel goes back first" in page
    assert "Appeal the decision" in page
    step(client, case, "consent")
    client.force_login(sale.buyer)
    page = text(step(client, case, "consent"))
    assert "Your turn: send the parcel" in page
    page = text(step(client, case, "send", tracking_number="1Z", carrier="UPS"))
    assert "1Z" in page
    client.force_login(sale.seller)
    step(client, case, "receive")
    assert sale.state == "refunded"


def test_the_trades_lead_to_ones_cases(client, sale, case):
    client.force_login(sale.buyer)
    assert f'href="{reverse("cases")}"' in text(client.get(reverse("trades")))
    assert reverse("case", args=[case.pk]) in text(client.get(reverse("cases")))


def test_others_see_no_case(client, sale, case):
    client.force_login(person())
    assert client.get(reverse("case", args=[case.pk])).status_code == 404
    assert step(client, case, "ask").status_code == 404
    client.force_login(sale.judge())
    assert "Everything that happened" in text(client.get(reverse("case", args=[case.pk])))
    step(client, case, "offer", remedy="refund")
    assert not case.offers.exists()


def test_rest_does_all_of_it(sale, case):
    seller, buyer = APIClient(), APIClient()
    seller.force_authenticate(sale.seller)
    buyer.force_authenticate(sale.buyer)

    def post(who, name, **said):
        return who.post(reverse(f"api-case-{name}", args=[case.pk]), said, format="json")

    told = post(seller, "offer", remedy="return", refund_minor=9000).json()
    assert (told["who"], told["offers"][0]["remedy"]) == (str(sale.buyer), "return")
    assert "accept" not in told["may"]
    told = post(buyer, "accept", offer_id=told["offers"][0]["id"]).json()
    assert (told["state"], told["may"]) == ("returning", ["evidence", "release", "send"])
    assert post(buyer, "send").status_code in {400, 422}
    post(buyer, "send", tracking_number="1Z")
    told = post(seller, "receive").json()
    assert (told["state"], told["outcome"], told["refund_minor"]) == ("decided", "split", 9000)
    assert [entry["what"] for entry in told["log"]][-3:] == ["sent", "received", "closed"]
    assert buyer.get(reverse("api-cases")).json()["cases"][0]["id"] == str(case.pk)
    assert post(buyer, "offer", remedy="refund").status_code == 409


def test_the_figures_are_published(client, make_sale, moderator):
    now = timezone.now()
    for outcome in ("refund", "release", "split"):
        sale = make_sale()
        decided(sale.disputed(), by=moderator, outcome=outcome, refund_minor=500)
    make_sale().disputed("damaged")
    found = queries.figures()
    assert (found.open, found.settled, found.appealed) == (1, 3, 0)
    assert found.by_reason == [("Condition is worse than described", 3), ("Damaged on the way", 1)]
    assert {label: round(share, 2) for label, _, share in found.by_outcome} == {
        "Refunded to the buyer": 0.33,
        "Released to the seller": 0.33,
        "Split": 0.33,
    }
    assert queries.figures(since=now + dt.timedelta(days=1)).median_days is None
    page = text(client.get(reverse("protection")))
    assert "How cases went so far" in page
    assert client.get(reverse("api-case-figures")).json()["settled"] == 3
    worst = queries.by_seller()[0]
    assert (worst.cases, worst.lost <= 1) == (1, True)


def test_a_moderator_decides_a_return_and_sees_the_figures(client, sale, case):
    client.force_login(sale.judge())
    address = reverse("admin:case", args=[case.pk])
    client.post(address, {"outcome": "return", "decision": "Send it back."})
    case.refresh_from_db()
    assert case.state == "ruled"
    page = text(client.get(address))
    assert "it can be appealed" in page
    assert "Log of the case" in page
    assert "Escrow" in text(client.get(reverse("admin:case-figures")))


def test_a_pdf_is_evidence_that_both_sides_download(client, sale, case):
    client.force_login(sale.buyer)
    upload = SimpleUploadedFile("post.jpg", pdf_of("Posted in time"), content_type="image/jpeg")  # told by its content
    page = text(client.post(reverse("case-evidence", args=[case.pk]), {"upload": upload}, follow=True))
    assert "Download the PDF" in page
    address = reverse("case-document", args=[case.pk, case.evidence.get().pk])
    for reader in (sale.buyer, sale.seller, sale.judge()):
        client.force_login(reader)
        given = client.get(address)
        assert given["Content-Disposition"].startswith("attachment")
        assert given["Content-Type"] == "application/pdf"
        assert b"".join(given.streaming_content).startswith(b"%PDF-")
    client.force_login(person())
    assert client.get(address).status_code == 404
    rest = APIClient()
    rest.force_authenticate(sale.seller)
    [told] = rest.get(reverse("api-case", args=[case.pk])).json()["evidence"]
    assert (told["picture"], rest.get(told["document"])["Content-Type"]) == ("", "application/pdf")
    _words, files = evidence_of(sale.hold.pk)
    answer_pages = PdfReader(io.BytesIO(_album([*files, "evidence/none.jpg"]))).pages
    assert [each.extract_text().strip() for each in answer_pages] == ["Posted in time"]


def test_what_is_no_pdf_says_so_beside_the_field(client, sale, case):
    client.force_login(sale.buyer)
    upload = SimpleUploadedFile("post.pdf", b"%PDF-1.7 nothing", content_type="application/pdf")
    answer = client.post(reverse("case-evidence", args=[case.pk]), {"upload": upload})
    assert answer.status_code == 422
    assert "This PDF is damaged" in text(answer)
    assert not case.evidence.exists()
