"""The answer to a bank: collected by itself, completed by a moderator, sent once and in time."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotYours, TooLarge, UnsupportedType
from apps.escrow import actions, gateway, ledger
from apps.escrow.chargebacks.actions import collect, complete, send
from apps.escrow.chargebacks.models import ChargebackAnswer
from apps.escrow.models import Chargeback
from tests.documents import pdf_of
from tests.escrow.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def picture(color="crimson"):
    file = io.BytesIO()
    Image.new("RGB", (300, 400), color).save(file, "JPEG")
    file.seek(0)
    return file


@pytest.fixture
def drawn(sale, company):
    """A sale in a case with a photo, whose payment the buyer's bank takes back."""
    case = sale.disputed()
    actions.add_evidence(dispute=case, by=sale.seller, note="As packed.", upload=picture())
    company.dispute(sale.hold.payments.get())
    company.deliver()
    outbox.relay(limit=10_000)
    return Chargeback.objects.get()


def at_the_bank(company):
    return company.objects("dispute")[0]


def test_what_speaks_for_the_seller_is_collected_by_itself(sale, drawn):
    answer = drawn.answer
    assert answer.words["product_description"] == "1 x Ember Drake 4"
    assert answer.words["customer_email_address"] == sale.buyer.email
    assert answer.words["service_date"] == f"{sale.fresh().delivered_at:%Y-%m-%d}"
    assert "three days of inspection" in answer.words["refund_policy_disclosure"]
    assert "The corners are bent." in answer.words["uncategorized_text"]
    assert "Answer:" not in answer.words["uncategorized_text"], "the seller has said nothing yet"
    (album,) = answer.files.all()
    assert (album.field, album.name.endswith(".pdf")) == ("uncategorized_file", True)


def test_a_moderator_completes_and_sends_it(sale, drawn, company):
    with pytest.raises(NotYours):
        complete(answer=drawn.answer, by=sale.seller, words={})
    answer = complete(
        answer=drawn.answer, by=sale.judge(), words={"shipping_tracking_number": "1Z"},
        files={"shipping_documentation": picture("navy")},
    )  # fmt: skip
    answer = send(answer=answer, by=sale.moderator)
    assert (answer.state, answer.sent_by) == ("sent", sale.moderator)
    told = at_the_bank(company)
    assert (told["status"], told["evidence"]["shipping_tracking_number"]) == ("under_review", "1Z")
    files = {row["id"]: row for row in company.objects("file")}
    assert files[told["evidence"]["shipping_documentation"]]["type"] == "jpg"
    assert files[told["evidence"]["uncategorized_file"]]["type"] == "pdf"
    assert {row["purpose"] for row in files.values()} == {"dispute_evidence"}
    with pytest.raises(actions.WrongState):
        send(answer=answer, by=sale.moderator)
    assert told["evidence_details"]["submission_count"] == 1


def test_winning_evidence_wins_and_the_hold_goes_on(sale, drawn, company):
    complete(answer=drawn.answer, by=sale.judge(), words={"uncategorized_text": "winning_evidence"})
    send(answer=drawn.answer, by=sale.moderator)
    company.deliver()
    drawn.refresh_from_db()
    assert (drawn.state, sale.state, sale.held, ledger.check()) == ("won", "disputed", 10_000, [])


def test_a_lost_answer_of_the_processor_sends_no_second_one(sale, drawn, company):
    company.sandbox.switches.lose_next = 40
    try:
        send(answer=drawn.answer, by=sale.judge())
    except gateway.GatewayError:
        company.sandbox.switches.lose_next = 0
        send(answer=drawn.answer, by=sale.judge())
    company.sandbox.switches.lose_next = 0
    drawn.answer.refresh_from_db()
    assert drawn.answer.state == "sent"
    assert at_the_bank(company)["evidence_details"]["submission_count"] == 1
    assert len(company.objects("file")) == 1


def test_too_late_or_decided_is_refused(sale, drawn, company):
    Chargeback.objects.update(evidence_due_at=timezone.now() - dt.timedelta(hours=1))
    with pytest.raises(actions.WrongState, match="time is over"):
        send(answer=drawn.answer, by=sale.judge())
    company.decide(drawn.stripe_id, won=False)
    company.deliver()
    with pytest.raises(actions.WrongState, match="decided"):
        complete(answer=drawn.answer, by=sale.moderator, words={})


def test_what_the_bank_does_not_take_is_refused(sale, drawn):
    by = sale.judge()
    for words, files, error in (
        ({"magic": "x"}, {}, InvalidInput),
        ({"customer_name": "x" * 20_001}, {}, InvalidInput),
        ({}, {"magic": picture()}, InvalidInput),
        ({}, {"receipt": io.BytesIO(b"#!/bin/sh")}, UnsupportedType),
        ({}, {"receipt": io.BytesIO(b"%PDF-" + b"0" * 4_500_001)}, TooLarge),
    ):
        with pytest.raises(error):
            complete(answer=drawn.answer, by=by, words=words, files=files)
    assert drawn.answer.files.count() == 1


def test_what_a_moderator_wrote_stays_when_it_is_collected_again(sale, drawn):
    complete(answer=drawn.answer, by=sale.judge(), words={"customer_name": "Written by hand"})
    answer = collect(chargeback=drawn, words={"customer_name": "Collected", "receipt": "no words"})
    assert answer.words["customer_name"] == "Written by hand"
    assert "receipt" not in answer.words


def test_the_page_keeps_and_sends(client, sale, drawn, company):
    address = reverse("admin:escrow_chargeback_answer", args=[drawn.pk])
    client.force_login(sale.judge())
    assert "The corners are bent." in client.get(address).content.decode()
    receipt = SimpleUploadedFile("receipt.pdf", pdf_of("Receipt"), content_type="application/pdf")
    given = {"shipping_carrier": "UPS", "receipt": receipt}
    assert client.post(address, given).status_code == 302
    assert ChargebackAnswer.objects.get().state == "draft"
    assert client.post(address, {"shipping_carrier": "UPS", "send": "1"}).status_code == 302
    assert at_the_bank(company)["evidence"]["shipping_carrier"] == "UPS"
    assert "UPS" in client.get(address).content.decode()
    client.force_login(person())
    assert client.get(address, follow=True).status_code == 403


def test_a_member_of_the_sale_who_moderates_does_not_answer(sale, drawn):
    sale.seller.role = "moderator"
    sale.seller.save()
    with pytest.raises((NotYours, Conflict)):
        send(answer=drawn.answer, by=sale.seller)
