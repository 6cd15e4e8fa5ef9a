"""docs/escrow.md as text, drawn from the same tables that the code runs on."""

from __future__ import annotations

from apps.escrow.cases.states import CASE_ENDS, CASE_STEPS
from apps.escrow.ledger import CHART
from apps.escrow.models import HoldState
from apps.escrow.states import DEADLINES, STEPS, TERMINAL

_INTRODUCTION = """\
# How held money moves

This page is drawn from `apps/escrow/states.py` by `manage.py draw_escrow`; a test fails when it is out of date.

A **hold** is the money of one buyer kept for one seller. Its state changes by the events below and by nothing else:
every change locks the row, checks the table, and writes state, next deadline, ledger postings, audit entry and event in
one transaction.

A hold within a larger agreement, such as [a swap](swaps.md), is **led**: it has a shorter table (`LED_STEPS`), and the
agreement has the clock.
"""

_CASES = """\
## How a case is settled

While a hold is disputed its **case** has a table of its own (`apps/escrow/cases/states.py`), one for purchases and for
swaps. The money lies still all the while and moves once, when the case ends: its terms are carried out in the
transaction that ends it, by the actor "case".
"""

_CASES_MORE = """\
* **Terms** (`Remedy`): the seller gets the money, all goes back, a part goes back, the parcel is returned first, or the
  seller sends another one first. Either side offers any of them; a moderator decides by all but the last. In a swap
  nothing is replaced, and "the seller gets the money" means: as agreed, with the deposit back.
* **Talks.** Whose turn it is follows from who moved last; each has the time `settle`, which is also how long an offer is
  open. A new offer voids the one before, whoever made it; accepting names the offer, so that nobody accepts one that
  came meanwhile. The seller's first offer counts as the answer. Asking for a moderator passes the turn: the case goes on
  to one when the other side asks too or lets its time pass, or at the latest by `escalate_dispute`.
* **Rulings and the appeal.** A ruling waits for the time `appeal`, or until both accept. Either side may appeal once per
  case; a constraint keeps the first moderator from deciding the appeal, which is final and carried out at once. So money
  has never moved before a decision stands. What turns out wrong later is put right by giving back after the release:
  the seller owes it, or a moderator forgives the debt and it is our loss.
* **A parcel first.** It leaves within `return_ship` with a number, and arrives by the receiver's word or by their silence
  for `return_arrive`. A return that never leaves pays the seller, a replacement that never leaves refunds the buyer. A
  receiver who objects takes the case to a moderator. What was returned is the giver's again, whatever the money does.
* **A bank's dispute** stops it all: nothing is agreed or carried out while it decides. Lost, the case ends with it; won,
  the case goes on where it was.
* **The log** (`CaseEntry`) takes every step with its words and figures. It is append only by triggers, which
  `check_ledger` looks for, and both sides and moderators read the same.
* **Figures** (`cases/queries.py`): open, by reason, median days, how they ended; published at `/protection/` and
  `/api/v1/cases/figures`, by seller for moderators at `/admin/cases/figures/`.

Pages: `/cases/`, `/cases/<id>/`; REST: `/api/v1/cases`. The clock is `sweep-cases`: offers end in sets, the others one by
one.
"""

_LEDGER = """\
## The ledger

Double entry in minor units. A balance is what we owe to the account's owner, so all balances of a currency sum to zero
and the processor's clearing account is negative while it has money of ours. An account has one currency and a
transaction sums to zero in each of its currencies; two are never added, not even for a total. How many digits the
minor unit has (none in yen, three in dinars) is a matter of showing it alone (`apps/core/money.py`).

The chart of accounts is a table in `apps/escrow/ledger/chart.py`; nothing is posted to an account that is not of it.

"""

_POSTINGS = """
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
| the bank keeps it after the seller was paid | seller's receivable -(G+C), chargebacks +(G+C) |
| the bank keeps what went back to the buyer already | losses -(G+C), chargebacks +(G+C) |
| given back after the release | seller's receivable -(R-F'), fees -F', buyer's refunds +R (F' our fee on that part) |
| a transfer is reversed | seller's receivable +N, clearing -N |
| a debt is set off against the next transfer | seller's available -N, seller's receivable +N |
| a moderator forgives a debt | losses -N, seller's receivable +N |
| reconciliation finds the processor's fee P | clearing +P, processing -P |
| reconciliation finds a payout O to our bank | clearing +O, bank -O |

`manage.py reconcile_payments` compares all of this with the processor's own list of movements.

`ledger.post` writes one transaction, `ledger.post_many` many by one call: all or none, or each behind a savepoint of
its own. Both are one SQL function (`escrow_post`, `escrow_post_many`); both post a key once, however often they are
called with it. Reconciliation posts the processor's fees and payouts by the hundred.

### Answering a bank

When a bank opens a dispute, `chargeback.opened` has the answer collected (`apps/escrow/chargebacks`): what was sold, the
address, carrier, number and days of the parcel, the terms, the messages and the case as text, the photos as the pages of
one PDF, each under the processor's own field name. A moderator completes it on the chargeback's page in the admin
("Answer the bank"), adds files (a picture, or a PDF; 4.5 MB in all) and sends it before it is due. Files are uploaded
first with the purpose `dispute_evidence`, each under the key of its row, then all goes by one call. A bank takes one
answer: a lost reply is looked up there before it is sent again. Won and lost come by message, with the postings above.

### Cards that members keep

`/payments/cards/` (REST: `/api/v1/payments/cards`) lists them; a card is typed into the processor's page, a checkout
session of mode `setup`, or kept while paying (`setup_future_usage`) where the payer says so. We keep brand, last four
digits and expiry, and the processor's id, for the member whose customer it is attached to. A kept card pays at once from
the checkout and the rooms; where the bank asks (3-D Secure) the payer goes there and comes back. Somebody else's card is
refused three times: by the lookup of one's own cards, by the payment, and by the processor, which wants the customer.

### What operators do

Give money back after the release (a hold's page in the admin; sellers do it in the trade room), forgive a debt (the page
of a receivable account), compare everything with the processor now: each asks first, is done once per question, and is in
the audit trail.

### Statements

Every member has a statement of each currency, month and year at `/money/` (also as CSV, and at
`/api/v1/money/YEAR/MONTH`): what was there at the beginning, every movement with its cause in words and a link, what is
there at the end, by where the money is. It is read from entries alone, so it adds up because they do. What sales brought
in cards, shipping and fees is the seller's statement of sales, see [selling.md](selling.md#statements).

### What PostgreSQL itself promises

`apps/escrow/migrations/0002_ledger_guards.py` and `0005_ledger_posting.py`: every transaction has at least two entries
and sums to zero in each currency; entries are never changed or removed, and come only with their transaction; balances
follow from entries; no account falls below its floor; a posting key means one posting; a hold's account holds its whole
amount while the hold is paid and open, and nothing otherwise; seals follow each other without a gap.

The owner of a table can switch its triggers off. In production, migrate as one database role and run the product as
another that owns nothing and has SELECT, INSERT, UPDATE and DELETE on tables and views. What the owner does all the same, the
seals below tell.

### Many at once

An account with a floor is locked while a posting to it is under way, in the order of ids and before any entry goes in.
Sales do not meet there: each has a hold account of its own. Accounts without a floor are those that everybody posts to,
and they have no rule that needs their balance at once. So posting neither locks nor writes them: their row has the
balance as of the last seal, and the view `escrow_ledgerbalance` adds the entries since. One lock held until the commit
would let one posting through per flush of the disk, whatever the number of connections.

### Seals

Every transaction is put under a chain of SHA-256 hashes: each hash covers the one before it and the transaction's
content with its entries (`apps/escrow/ledger/chain.py`). One that is changed, removed or slipped in afterwards does not
fit any more, and `manage.py check_ledger` names it.

The chain is carried on in the background, `seal-ledger`, in the order of the ids. Three other ways were weighed:

* each posting hashes the one before it, as Formance's ledger does unless told otherwise: then the head of the chain is
  one row that every posting waits for, and the commits of the whole house come one after the other;
* a chain for each account: costs a hash per entry on the way of every posting, and a transaction that is cut off the
  end of all its accounts leaves no gap;
* a Merkle tree, as Amazon's QLDB had: proves one row to an outsider without showing the others. Nobody asks for that
  here, and the check reads everything anyway.

A seal may only cover ids of which each is decided, committed or never to be. An id is drawn inside its SQL transaction
after that has its own number. So the sealer notes the highest id drawn, then takes a number itself; once no SQL
transaction with a lower number is under way, all ids up to the noted one are decided. The note stays in a table for the
next run: a transaction that takes long delays seals and nothing else. A seal keeps the hash after each of its
transactions, so a broken one is named and the others are still proved.

What is younger than the last seal, some seconds as a rule, is guarded by triggers and sums alone; the check says how
much that is. And whoever owns the tables could make the whole chain anew. So every seal is logged as `ledger.sealed`
with number and hash, logs leave the machine, and `check_ledger --known NUMBER:HASH` proves that the chain still goes
through a hash that was written down then.

### The check

`manage.py check_ledger` proves all of it anew, in one snapshot and without a lock that writers would notice: sums,
balances, floors, keys, currencies, holds against their accounts, what members are owed against what is still to be
sent, what became of every payment, the seals, and that every guard is in place and switched on. It prints the totals
by kind of account and currency, with `--trades` what became of the money of every trade, with `--holds` of those still
open, with `--json` one object for each line. Memory does not grow with the books.

How all of this is proved, and where its figures are published: [proof.md](proof.md).
"""


def _chart() -> str:
    lines = ["| kind | account | normal | floor | holds |", "|---|---|---|---|---|"]
    for kind in CHART:
        normal, floor = "owed by us" if kind.is_owed else "negative", "" if kind.floor is None else kind.floor
        lines.append(f"| {kind.name} | `{kind.code}` | {normal} | {floor} | {kind.holds} |")
    return "\n".join([*lines, ""])


def document() -> str:
    """The whole document."""
    return "\n".join([_INTRODUCTION, _picture(), _table(), _clock(), _cases(), _LEDGER + _chart() + _POSTINGS])


def _cases() -> str:
    lines = [_CASES, "```mermaid", "stateDiagram-v2", "    [*] --> open", "    [*] --> escalated: a bank"]
    for state, steps in CASE_STEPS.items():
        arrows: dict[str, list[str]] = {}
        for event, step in steps.items():
            for to in step.next:
                if to != state:
                    arrows.setdefault(to.value, []).append(event)
        lines += [f"    {state.value} --> {to}: {', '.join(events)}" for to, events in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state in CASE_STEPS if state in CASE_ENDS]
    lines += ["```", "", "| state | event | by | leads to | meaning |", "|---|---|---|---|---|"]
    for state, steps in CASE_STEPS.items():
        lines += [
            f"| {state.value} | {event} | {step.by} | {' or '.join(to.value for to in step.next)} | {step.meaning} |"
            for event, step in steps.items()
        ]
    return "\n".join([*lines, "", _CASES_MORE])


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
