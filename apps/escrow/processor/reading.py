"""How the library's objects are read into our records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from apps.escrow.processor.errors import InvalidSignature
from apps.escrow.processor.records import (
    BalanceRow,
    Card,
    CardDispute,
    Checkout,
    Payment,
    Payout,
    Refund,
    Reversal,
    SellerAccount,
    Transfer,
    WebhookEvent,
)


def decline_code_of(error: Any) -> str | None:
    """The bank's reason where there is one, else the processor's."""
    return field_of(error, "decline_code") or field_of(error, "code")


def field_of(thing: Any, name: str) -> Any:
    """A field that may be absent: the library's objects raise where a dict would give None."""
    return getattr(thing, name, None) if thing is not None else None


def id_of(thing: Any) -> str | None:
    """The id behind a field that holds an id or, expanded, the object."""
    return thing if thing is None or isinstance(thing, str) else thing.id


def texts_of(metadata: Any) -> dict[str, str]:
    """Metadata as a dict of our own."""
    return dict(metadata.to_dict()) if metadata is not None else {}


def moment_of(seconds: int) -> datetime:
    """Seconds since 1970 as an instant."""
    return datetime.fromtimestamp(seconds, UTC)


def checkout_of(session: Any) -> Checkout:
    """Read a checkout session."""
    return Checkout(
        id=session.id,
        url=session.url,
        payment_intent_id=id_of(session.payment_intent),
        status=session.status or "open",
        paid=session.payment_status == "paid",
    )


def payment_of(intent: Any) -> Payment:
    """Read a payment intent."""
    action, failure = field_of(intent, "next_action"), field_of(intent, "last_payment_error")
    redirect = field_of(action, "redirect_to_url")
    return Payment(
        id=intent.id,
        status=intent.status,
        amount_minor=intent.amount,
        amount_received_minor=intent.amount_received,
        currency=intent.currency.upper(),
        charge_id=id_of(intent.latest_charge),
        client_secret=intent.client_secret,
        next_action_url=field_of(redirect, "url"),
        failure_code=decline_code_of(failure),
        failure_message=field_of(failure, "message"),
        metadata=texts_of(intent.metadata),
        card=_paid_with(intent),
    )


def card_of(method: Any) -> Card:
    """Read a payment method that is a card."""
    return Card(
        id=method.id,
        customer_id=id_of(method.customer),
        brand=method.card.brand,
        last4=method.card.last4,
        exp_month=method.card.exp_month,
        exp_year=method.card.exp_year,
    )


def _paid_with(intent: Any) -> str:
    """The card of an expanded charge. Everybody pays with the same test cards, so that there they tell nothing."""
    if not (intent.livemode or settings.RISK_TEST_CARDS):
        return ""
    card = field_of(field_of(field_of(intent, "latest_charge"), "payment_method_details"), "card")
    return field_of(card, "fingerprint") or ""


def refund_of(refund: Any) -> Refund:
    """Read a refund."""
    return Refund(
        id=refund.id,
        status=refund.status or "pending",
        amount_minor=refund.amount,
        payment_id=id_of(refund.payment_intent),
        metadata=texts_of(refund.metadata),
    )


def seller_of(account: Any) -> SellerAccount:
    """Read a connected account."""
    needs, banks = field_of(account, "requirements"), field_of(account, "external_accounts")
    return SellerAccount(
        id=account.id,
        transfers_active=field_of(field_of(account, "capabilities"), "transfers") == "active",
        payouts_enabled=bool(field_of(account, "payouts_enabled")),
        details_submitted=bool(field_of(account, "details_submitted")),
        requirements_due=tuple(field_of(needs, "currently_due") or ()),
        disabled_reason=field_of(needs, "disabled_reason"),
        requirements_past_due=tuple(field_of(needs, "past_due") or ()),
        requirements_pending=tuple(field_of(needs, "pending_verification") or ()),
        due_by=moment_of(deadline) if (deadline := field_of(needs, "current_deadline")) else None,
        country=field_of(account, "country") or "",
        bank=next((bank.fingerprint or "" for bank in field_of(banks, "data") or ()), ""),
    )


def transfer_of(transfer: Any) -> Transfer:
    """Read a transfer."""
    return Transfer(
        id=transfer.id,
        amount_minor=transfer.amount,
        reversed_minor=transfer.amount_reversed,
        currency=transfer.currency.upper(),
        destination=id_of(transfer.destination) or "",
        charge_id=id_of(transfer.source_transaction),
        transfer_group=transfer.transfer_group,
        metadata=texts_of(transfer.metadata),
    )


def reversal_of(reversal: Any) -> Reversal:
    """Read a transfer's reversal."""
    return Reversal(
        id=reversal.id,
        amount_minor=reversal.amount,
        transfer_id=id_of(reversal.transfer) or "",
        metadata=texts_of(reversal.metadata),
    )


def dispute_of(found: Any) -> CardDispute:
    """Read a dispute with its movements of money."""
    movements = found.balance_transactions
    due_by = field_of(found.evidence_details, "due_by")
    return CardDispute(
        id=found.id,
        status=found.status,
        amount_minor=found.amount,
        withdrawn_minor=-sum(movement.amount for movement in movements),
        fee_minor=sum(movement.fee for movement in movements),
        currency=found.currency.upper(),
        reason=found.reason,
        charge_id=id_of(found.charge) or "",
        payment_id=id_of(found.payment_intent),
        evidence_due_at=moment_of(due_by) if due_by else None,
    )


def payout_of(payout: Any) -> Payout:
    """Read a payout."""
    return Payout(
        id=payout.id,
        status=payout.status,
        amount_minor=payout.amount,
        currency=payout.currency.upper(),
        arrives_at=moment_of(payout.arrival_date),
        failure=payout.failure_message or payout.failure_code or "",
    )


def movement_of(movement: Any) -> BalanceRow:
    """Read a balance transaction."""
    return BalanceRow(
        id=movement.id,
        kind=movement.type,
        category=movement.reporting_category,
        amount_minor=movement.amount,
        fee_minor=movement.fee,
        net_minor=movement.net,
        currency=movement.currency.upper(),
        source_id=id_of(movement.source),
        status=movement.status,
        created_at=moment_of(movement.created),
        available_at=moment_of(movement.available_on),
    )


def event_of(payload: bytes) -> WebhookEvent:
    """Read a webhook's message, whose signature is known to be right. Raises InvalidSignature when it is no event."""
    try:
        return event_from(json.loads(payload))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidSignature("The message is signed but is not an event.") from error


def event_from(raw: dict[str, Any]) -> WebhookEvent:
    """Read an event. Raises KeyError, TypeError and AttributeError when it is none."""
    about = raw["data"]["object"]
    return WebhookEvent(
        id=raw["id"],
        type=raw["type"],
        object_id=about.get("id") or "",
        object_type=about["object"],
        created_at=moment_of(raw["created"]),
        account=raw.get("account"),
        api_version=raw.get("api_version"),
        raw=raw,
    )
