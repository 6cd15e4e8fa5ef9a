"""The daily proof of the books is kept, and the next one goes through the head that it found."""

import pytest

from apps.core.money import Money
from apps.escrow import ledger
from apps.escrow.actions import prove_books
from apps.escrow.models import LedgerCheck

pytestmark = pytest.mark.django_db


def test_books_that_are_right_leave_a_proof_without_findings():
    entries = [(ledger.FEES, Money(700)), (ledger.CLEARING, Money(-700))]
    ledger.post(kind="test", idempotency_key="one", cause="", entries=entries)
    made = prove_books()
    assert (made.transactions, made.entries, made.findings) == (1, 2, [])


def test_a_chain_that_lost_what_an_earlier_proof_saw_is_found():
    LedgerCheck.objects.create(transactions=9, entries=18, seals=3, head="ab" * 32)
    made = prove_books()
    assert len(made.findings) == 1
    assert "seal 3: was kept elsewhere and is not in the books" in made.findings[0]
