"""The balance and its transactions: every movement of money is one, and together they are the balance."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import Desk
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.parameters import PAGING, text
from apps.escrow.sandbox.routes import listing, route

CATEGORIES = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "transfer": "transfer",
    "transfer_refund": "transfer_reversal",
    "payout": "payout",
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "adjustment": "dispute",
}


def processing_fee(amount: int) -> int:
    """Minor units: 2.9 % and 30, rounded half up as Stripe's are."""
    return (amount * 29 + 500) // 1000 + 30


def post(
    desk: Desk,
    kind: str,
    amount: int,
    currency: str,
    source: str,
    *,
    fee: int = 0,
    fee_name: str = "Stripe processing fees",
    available_on: int | None = None,
    description: str | None = None,
    category: str | None = None,
) -> Obj:
    """Move money on the desk's account. amount: minor units, negative when it leaves; fee: what Stripe keeps of it."""
    available_on = desk.now if available_on is None else max(available_on, desk.now)
    movement: Obj = {
        "id": desk.name("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": desk.now,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [
            {"amount": fee, "application": None, "currency": currency, "description": fee_name, "type": "stripe_fee"}
        ]
        if fee
        else [],
        "net": amount - fee,
        "reporting_category": category or CATEGORIES[kind],
        "source": source,
        "status": "available" if available_on <= desk.now else "pending",
        "type": kind,
    }
    seq = desk.books.insert(movement, desk.account, desk.now, {})
    desk.books.execute(
        "INSERT INTO movements (seq, account, currency, net, available_on) VALUES (?, ?, ?, ?, ?)",
        seq,
        desk.account,
        currency,
        movement["net"],
        available_on,
    )
    if available_on > desk.now and movement["net"] > 0:
        desk.later(available_on, "money_available", currency)
    return movement


def as_of(desk: Desk, movement: Obj) -> Obj:
    """A movement with the status that it has now."""
    movement["status"] = "available" if movement["available_on"] <= desk.now else "pending"
    return movement


def available(desk: Desk, currency: str) -> int:
    """Minor units that can leave the desk's account now."""
    return desk.books.totals(desk.account, desk.now).get(currency, (0, 0))[0]


def insufficient(message: str) -> ApiError:
    """More was asked for than is there."""
    return ApiError(message, code="balance_insufficient")


def balance_of(desk: Desk) -> Obj:
    """The balance object of the desk's account."""
    totals = desk.books.totals(desk.account, desk.now) or {"usd": (0, 0)}

    def column(place: int) -> list[Obj]:
        return [
            {"amount": both[place], "currency": currency, "source_types": {"card": both[place]}}
            for currency, both in sorted(totals.items())
        ]

    return {
        "object": "balance",
        "available": column(0),
        "connect_reserved": [{"amount": 0, "currency": currency} for currency in sorted(totals)],
        "livemode": False,
        "pending": column(1),
        "refund_and_dispute_prefunding": {"available": [], "pending": []},
    }


@route("GET", "/v1/balance")
def balance(desk: Desk, values: dict[str, Any]) -> Obj:
    """What is available and what is still settling."""
    return balance_of(desk)


@route("GET", "/v1/balance_transactions/{id}")
@route("GET", "/v1/balance/history/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One movement."""
    return as_of(desk, desk.get("balance_transaction", identifier))


@route("GET", "/v1/balance_transactions", PAGING | {"currency": text, "payout": text, "source": text, "type": text})
@route("GET", "/v1/balance/history", PAGING | {"currency": text, "payout": text, "source": text, "type": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Movements, newest first."""
    source = values.get("payout") or values.get("source")
    page = listing(
        desk,
        "balance_transaction",
        values,
        "/v1/balance_transactions",
        currency=values.get("currency"),
        source=source,
        type=values.get("type"),
    )
    for movement in page["data"]:
        as_of(desk, movement)
    return page
