"""Disputes: a cardholder asks the bank for the money back. Evidence with magic words decides how they end."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import DAY, Desk
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.parameters import PAGING, boolean, group, metadata, text
from apps.escrow.sandbox.resources import balance
from apps.escrow.sandbox.routes import listing, route, timer
from apps.escrow.sandbox.shapes import merged_metadata

DISPUTE_FEE = 1500
EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)
FILES = frozenset(
    {
        "cancellation_policy",
        "customer_communication",
        "customer_signature",
        "duplicate_charge_documentation",
        "receipt",
        "refund_policy",
        "service_documentation",
        "shipping_documentation",
        "uncategorized_file",
    }
)
LONGEST_TEXT = 20_000
OPEN = ("needs_response", "warning_needs_response")


def open_dispute(desk: Desk, charge: Obj, *, reason: str = "fraudulent", status: str = "needs_response") -> Obj:
    """The bank disputes a charge: amount and fee leave the balance, unless it is only an inquiry."""
    amount = charge["amount_captured"] - charge["amount_refunded"]
    inquiry = status.startswith("warning_")
    due = desk.now + 9 * DAY
    dispute: Obj = {
        "id": desk.name("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": desk.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": charge["payment_method_details"]["card"]["network"],
                "network_reason_code": "10.4" if reason == "fraudulent" else "13.1",
            },
            "type": "card",
        },
        "reason": reason,
        "status": status,
    }
    desk.add(dispute)
    charge["disputed"] = True
    desk.save(charge)
    if not inquiry:
        _move(desk, dispute, -amount, fee=DISPUTE_FEE, category="dispute")
    desk.emit("charge.dispute.created", dispute)
    if not inquiry:
        desk.emit("charge.dispute.funds_withdrawn", dispute)
    desk.later(due, "evidence_due", dispute["id"])
    return dispute


def _move(desk: Desk, dispute: Obj, amount: int, *, fee: int, category: str) -> None:
    movement = balance.post(
        desk,
        "adjustment",
        amount,
        dispute["currency"],
        dispute["id"],
        fee=fee,
        fee_name="Dispute fee",
        description=f"Chargeback {'withdrawal' if amount < 0 else 'reversal'} for {dispute['charge']}",
        category=category,
    )
    dispute["balance_transactions"].append(movement)
    desk.save(dispute)


def close_dispute(desk: Desk, dispute: Obj, *, won: bool) -> Obj:
    """The bank decides. Won: the amount comes back, the fee does not."""
    before = dispute["status"]
    if before.startswith("warning_"):
        dispute["status"] = "warning_closed"
    else:
        dispute["status"] = "won" if won else "lost"
    desk.save(dispute)
    if dispute["status"] == "won":
        _move(desk, dispute, dispute["amount"], fee=0, category="dispute_reversal")
        desk.emit("charge.dispute.funds_reinstated", dispute)
    desk.emit("charge.dispute.closed", dispute, {"status": before})
    return dispute


def _words(value: Any, name: str) -> str:
    """A text of evidence: longer ones than elsewhere are taken."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ApiError(f"Invalid string; must be at most {LONGEST_TEXT} characters", param=name, began=False)
    return value


@route("GET", "/v1/disputes/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One dispute."""
    return desk.get("dispute", identifier)


@route(
    "POST",
    "/v1/disputes/{id}",
    {
        "evidence": group({name: text if name in FILES else _words for name in EVIDENCE}),
        "metadata": metadata,
        "submit": boolean,
    },
)
def update(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Answer with evidence. `winning_evidence` or `losing_evidence` as uncategorized text decides at once."""
    dispute = desk.get("dispute", identifier)
    dispute["metadata"] = merged_metadata(dispute["metadata"], values.get("metadata"))
    if values.get("evidence"):
        if dispute["status"] not in OPEN:
            raise ApiError("This dispute is no longer open: evidence cannot be added.", code="dispute_not_open")
        for name in FILES & values["evidence"].keys():
            if values["evidence"][name]:
                stored = desk.get("file", values["evidence"][name], param=f"evidence[{name}]")
                if stored["purpose"] != "dispute_evidence":
                    raise ApiError("This file was not uploaded as dispute_evidence.", param=f"evidence[{name}]")
        dispute["evidence"] |= {name: value or None for name, value in values["evidence"].items()}
        dispute["evidence_details"]["has_evidence"] = True
    submits = values.get("submit", bool(values.get("evidence"))) and dispute["status"] in OPEN
    before = dispute["status"]
    if submits:
        dispute["status"] = "warning_under_review" if before.startswith("warning_") else "under_review"
        dispute["evidence_details"]["submission_count"] += 1
        dispute["evidence_details"]["submission_method"] = "manual"
    desk.save(dispute)
    desk.emit("charge.dispute.updated", dispute, {"status": before})
    words = dispute["evidence"]["uncategorized_text"]
    if submits and words in ("winning_evidence", "losing_evidence"):
        close_dispute(desk, dispute, won=words == "winning_evidence")
    elif submits:
        desk.later(desk.now + 60 * DAY, "bank_decides", identifier)
    return dispute


@route("POST", "/v1/disputes/{id}/close")
def close(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Give in: the dispute is lost."""
    dispute = desk.get("dispute", identifier)
    if dispute["status"] not in OPEN:
        raise ApiError("This dispute is already closed or under review.", code="dispute_not_open")
    return close_dispute(desk, dispute, won=False)


@timer("evidence_due")
def nobody_answered(desk: Desk, identifier: str) -> None:
    """The time to answer is over: the cardholder keeps the money."""
    dispute = desk.find(identifier)
    if dispute and dispute["status"] in OPEN:
        dispute["evidence_details"]["past_due"] = True
        close_dispute(desk, dispute, won=False)


@timer("bank_decides")
def bank_decides(desk: Desk, identifier: str) -> None:
    """Evidence without magic words loses after two months."""
    dispute = desk.find(identifier)
    if dispute and dispute["status"].endswith("under_review"):
        close_dispute(desk, dispute, won=False)


@route("GET", "/v1/disputes", PAGING | {"charge": text, "payment_intent": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Disputes, newest first."""
    return listing(
        desk,
        "dispute",
        values,
        "/v1/disputes",
        charge=values.get("charge"),
        payment_intent=values.get("payment_intent"),
    )
