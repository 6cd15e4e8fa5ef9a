"""What moderators do with money by hand: asked first, done once, written down."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.escrow import actions, ledger
from apps.escrow.models import LedgerAccount
from tests.escrow.conftest import minor, person

pytestmark = pytest.mark.django_db


def key_of(page) -> str:
    return re.search(r'name="request_key" value="([^"]+)"', page.content.decode()).group(1)


@pytest.fixture
def released(sale):
    sale.delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    return sale


def test_a_moderator_gives_back_after_the_release_once(client, released):
    client.force_login(released.judge())
    address = reverse("admin:escrow_hold_give_back", args=[released.hold.pk])
    page = client.get(address)
    assert "$100.00 can still go back" in page.content.decode()
    assert released.buyers == 0
    given = {"amount_minor": "20.00", "reason": "We promised it.", "request_key": key_of(page)}
    assert client.post(address, given).status_code == 302
    assert client.post(address, given).status_code == 302
    assert (released.buyers, minor(ledger.receivable_account(released.seller.pk))) == (2000, -1894)
    entry = AuditEntry.objects.get(action="settlement.give-back")
    assert (entry.actor_id, entry.reason) == (released.moderator.pk, "We promised it.")
    assert client.post(address, given | {"amount_minor": "900", "request_key": "x"}).status_code == 422


def test_a_moderator_forgives_a_debt_once(client, released):
    actions.give_back_late(hold=released.hold, amount_minor=2000, by=released.seller, request_key="a")
    account = LedgerAccount.objects.get(code=ledger.receivable_account(released.seller.pk))
    client.force_login(released.judge())
    address = reverse("admin:escrow_ledgeraccount_forgive", args=[account.pk])
    page = client.get(address)
    assert "owes $18.94" in page.content.decode()
    given = {"amount_minor": "10", "reason": "A long friend.", "request_key": key_of(page)}
    client.post(address, given)
    client.post(address, given)
    assert (minor(account.code), minor(ledger.LOSSES)) == (-894, -1000)
    assert AuditEntry.objects.get(action="receivable.forgive").reason == "A long friend."
    assert client.post(address, given | {"amount_minor": "20", "request_key": "y"}).status_code == 422
    assert ledger.check() == []


def test_nothing_is_forgiven_on_other_accounts(client, released):
    client.force_login(released.judge())
    account = LedgerAccount.objects.get(code=ledger.FEES)
    answer = client.post(reverse("admin:escrow_ledgeraccount_forgive", args=[account.pk]), {"amount_minor": "1"})
    assert answer.status_code == 302
    assert minor(ledger.LOSSES) == 0


def test_members_have_no_such_pages(client, released):
    client.force_login(person())
    account = LedgerAccount.objects.first()
    for address in (
        reverse("admin:escrow_hold_give_back", args=[released.hold.pk]),
        reverse("admin:escrow_ledgeraccount_forgive", args=[account.pk]),
    ):
        assert client.get(address, follow=True).status_code == 403
        assert client.post(address, follow=True).status_code == 403
