"""docs/escrow.md as text, drawn from the same tables that the code runs on."""

from __future__ import annotations

from apps.escrow.models import HoldState
from apps.escrow.states import DEADLINES, STEPS, TERMINAL

_INTRODUCTION = """\
# How held money moves

This page is drawn from `apps/escrow/states.py` by `manage.py draw_escrow`; a test fails when it is out of date.

A **hold** is the money of one buyer kept for one seller. Its state changes by the events below and by nothing else:
every change locks the row, checks the table, and writes state, next deadline, ledger postings, audit entry and event in
one transaction.
"""

_LEDGER = """\
## The ledger

Double entry in minor units. A balance is what we owe to the account's owner, so all balances of a currency sum to zero
and the processor's clearing account is negative while it has money of ours.

| account | floor | holds |
|---|---|---|
| `hold:<id>` | 0 | the money of one sale |
| `member:<id>:available` | 0 | a seller's proceeds that were not transferred yet |
| `member:<id>:refunds` | 0 | a buyer's money on its way back |
| `platform:fees` | | our fees |
| `platform:clearing` | | what the processor has for us |
| `platform:processing` | | what the processor charged us |
| `platform:chargebacks` | | drawn by banks, not decided yet |
| `platform:losses` | | lost for good |
| `platform:bank` | | paid out to our own bank account |

Postings (G the amount, F the fee, R what goes back, N what the seller gets):

| when | entries |
|---|---|
| the payment arrives | clearing -G, hold +G |
| released | hold -G, seller's available +(G-F), fees +F |
| refunded | hold -G, buyer's refunds +G |
| split | hold -G, buyer's refunds +R, seller's available +N, fees +F' (F in proportion, rounded down) |
| the transfer is accepted | seller's available -N, clearing +N |
| the refund is accepted | buyer's refunds -R, clearing +R |
| money arrives that nobody owed | clearing -G, buyer's refunds +G |
| a bank draws a chargeback and its fee C | clearing +(G+C), chargebacks -(G+C) |
| the bank keeps it while we hold | hold -G, chargebacks +G; losses -C, chargebacks +C |
| the bank keeps it afterwards | losses -(G+C), chargebacks +(G+C) |
| reconciliation finds the processor's fee P | clearing +P, processing -P |
| reconciliation finds a payout O to our bank | clearing +O, bank -O |

`manage.py reconcile_payments` compares all of this with the processor's own list of movements.

PostgreSQL itself keeps these promises (`apps/escrow/migrations/0002_ledger_guards.py`): every transaction has at least
two entries and sums to zero in each currency; entries are never changed or removed, and come only with their
transaction; balances follow from entries; no account falls below its floor; a posting key means one posting; a hold's
account holds its whole amount while the hold is paid and open, and nothing otherwise. `manage.py check_ledger` proves
all of it anew from the entries, and that the guards are in place.

The owner of a table can switch its triggers off. In production, migrate as one database role and run the product as
another that owns nothing and has SELECT, INSERT, UPDATE and DELETE on the tables.
"""


def document() -> str:
    """The whole document."""
    return "\n".join([_INTRODUCTION, _picture(), _table(), _clock(), _LEDGER])


def _picture() -> str:
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> created"]
    for state, steps in STEPS.items():
        arrows: dict[HoldState, list[str]] = {}
        for event, step in steps.items():
            if step.next != state:
                arrows.setdefault(step.next, []).append(event.value)
        lines += [f"    {state.value} --> {to.value}: {', '.join(events)}" for to, events in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state in HoldState if state in TERMINAL]
    return "\n".join([*lines, "```", ""])


def _table() -> str:
    lines = ["## Who may do what", "", "| state | event | by | leads to | meaning |", "|---|---|---|---|---|"]
    for state, steps in STEPS.items():
        lines += [
            f"| {state.value} | {event.value} | {', '.join(sorted(step.actors))} | {step.next.value} | {step.meaning} |"
            for event, step in steps.items()
        ]
    return "\n".join([*lines, ""])


def _clock() -> str:
    lines = [
        "## What the clock does",
        "",
        "Each deadline is a key of the setting `TRADE_DEADLINES` and counts from when the state was entered.",
        "",
        "| state | key | event | meaning |",
        "|---|---|---|---|",
    ]
    for state, deadlines in DEADLINES.items():
        lines += [
            f"| {state.value} | {deadline.setting} | {deadline.event.value} | {deadline.meaning} |"
            for deadline in deadlines
        ]
    return "\n".join([*lines, ""])
