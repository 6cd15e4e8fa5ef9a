"""People, holds and a payment company in the same process, spoken to with the real library through the gateway."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest
from django.utils import timezone

from apps.accounts.models import Role, User
from apps.escrow import actions, gateway, ledger
from apps.escrow.models import Dispute, Hold, Payment
from apps.escrow.sandbox.client import SandboxHTTPClient
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.resources import checkout, disputes, onboarding, payment_intents

_numbers = count(1)
VISA = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
DECLINED = VISA | {"number": "4000000000000002"}
CHALLENGED = VISA | {"number": "4000002500003155"}


def person(role: str = Role.MEMBER) -> User:
    number = next(_numbers)
    name = f"escrow{number}@example.com"
    return User.objects.create_user(name, "collect-2026", display_name=f"Escrow {number}", role=role)


@dataclass
class Company:
    """The payment company: what its customers and their banks do."""

    sandbox: Sandbox

    def onboard(self, seller: User, outcome: str = "approve") -> None:
        """The seller goes through the company's form."""
        actions.start_onboarding(user=seller, refresh_url="https://shop.test/r", return_url="https://shop.test/b")
        seller.refresh_from_db()
        with self.sandbox.work() as desk:
            account = desk.get("account", seller.seller_account.stripe_id)
            onboarding.onboard(desk, account, {"account_number": "000123456789", "outcome": outcome})

    def pay_on_page(self, payment: Payment, card: dict | None = None) -> dict:
        """The buyer types a card into the company's page."""
        with self.sandbox.work() as desk:
            session = desk.get("checkout.session", payment.checkout_id)
            return checkout.pay(desk, session, card or VISA, payer={"email": "buyer@example.com"})

    def answer_challenge(self, intent_id: str, *, passed: bool) -> dict:
        """The buyer's bank asks for a confirmation (3-D Secure)."""
        with self.sandbox.work() as desk:
            return payment_intents.finish_challenge(desk, desk.get("payment_intent", intent_id), passed=passed)

    def dispute(self, payment: Payment) -> str:
        """The buyer's bank takes the money back."""
        payment.refresh_from_db()
        with self.sandbox.work() as desk:
            return disputes.open_dispute(desk, desk.get("charge", payment.charge_id))["id"]

    def decide(self, dispute_id: str, *, won: bool) -> None:
        """The bank decides."""
        with self.sandbox.work() as desk:
            disputes.close_dispute(desk, desk.get("dispute", dispute_id), won=won)

    def deliver(self) -> int:
        """Every waiting message reaches the inbox and is handled."""
        self.sandbox.deliver(receive)
        return actions.handle_webhooks(limit=10_000)

    def balance(self, stripe_id: str = "") -> int:
        """What an account (or the platform) has at the company, available or on its way, less nothing."""
        with self.sandbox.lock:
            rows = self.sandbox.books.query(
                "SELECT body FROM objects WHERE kind = 'balance_transaction' AND account = ?", stripe_id
            )
        return sum(json.loads(row[0])["net"] for row in rows)

    def has_for_us(self) -> int:
        """What the platform has there, with what is charged for charges put back (reconciliation books that)."""
        movements = self.objects("balance_transaction")
        return sum(row["net"] + (row["fee"] if row["type"] == "charge" else 0) for row in movements)

    def objects(self, kind: str) -> list[dict]:
        """Everything of a kind that the platform has."""
        with self.sandbox.lock:
            rows = self.sandbox.books.query("SELECT body FROM objects WHERE kind = ? AND account = ''", kind)
        return [json.loads(row[0]) for row in rows]


def receive(payload: bytes, signature: str) -> bool:
    """The web process takes a message."""
    actions.receive_webhook(payload=payload, signature=signature)
    return True


@contextmanager
def a_company() -> Iterator[Company]:
    """A payment company without customers, which the gateway speaks to until the end."""
    sandbox = Sandbox(seed=7)
    before = gateway.use_http_client(SandboxHTTPClient(sandbox))
    try:
        yield Company(sandbox)
    finally:
        gateway.use_http_client(before)
        sandbox.close()


@pytest.fixture
def company() -> Iterator[Company]:
    with a_company() as found:
        yield found


@dataclass
class Sale:
    """A hold between two people, and what they do with it."""

    company: Company
    buyer: User = field(default_factory=person)
    seller: User = field(default_factory=person)
    amount: int = 10_000
    fee: int = 530
    hold: Hold = None
    moderator: User = None

    def __post_init__(self) -> None:
        self.hold = actions.create_hold(
            payer=self.buyer,
            payee=self.seller,
            amount_minor=self.amount,
            fee_minor=self.fee,
            currency="USD",
            description="1 x Ember Drake 4",
            cause=f"trade:{uuid.uuid4()}",
        )

    def fresh(self) -> Hold:
        self.hold = Hold.objects.get(pk=self.hold.pk)
        return self.hold

    @property
    def state(self) -> str:
        return self.fresh().state

    def start(self, method: str | None = None) -> Payment:
        return actions.start_payment(hold=self.hold, by=self.buyer, payment_method=method)

    def funded(self, card: str = "pm_card_visa") -> Sale:
        assert self.start(card).state == Payment.State.SUCCEEDED
        self.fresh()
        return self

    def shipped(self) -> Sale:
        self.funded()
        self.hold = actions.mark_shipped(hold=self.hold, by=self.seller)
        return self

    def delivered(self) -> Sale:
        self.shipped()
        self.hold = actions.mark_delivered(hold=self.hold, by=self.buyer)
        return self

    def disputed(self, reason: str = "not-as-described") -> Dispute:
        self.delivered()
        return actions.open_dispute(hold=self.hold, by=self.buyer, reason=reason, statement="The corners are bent.")

    def onboarded(self) -> Sale:
        self.company.onboard(self.seller)
        actions.refresh_seller_account(user=self.seller)
        return self

    def judge(self) -> User:
        self.moderator = self.moderator or person(Role.MODERATOR)
        return self.moderator

    def settle(self) -> int:
        return actions.settle_due(now=timezone.now() + dt.timedelta(seconds=1))

    # -- the books -----------------------------------------------------------
    @property
    def held(self) -> int:
        return ledger.balance(ledger.hold_account(self.hold.pk)).amount_minor

    @property
    def sellers(self) -> int:
        return ledger.balance(ledger.available_account(self.seller.pk)).amount_minor

    @property
    def buyers(self) -> int:
        return ledger.balance(ledger.refunds_account(self.buyer.pk)).amount_minor


def minor(code: str) -> int:
    """An account's balance."""
    return ledger.balance(code).amount_minor


@pytest.fixture
def make_sale(company: Company):
    """Holds; keyword arguments as in Sale."""
    return lambda **given: Sale(company, **given)


@pytest.fixture
def sale(make_sale) -> Sale:
    return make_sale()


@pytest.fixture
def moderator(db) -> User:
    return person(Role.MODERATOR)
