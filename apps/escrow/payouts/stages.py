"""The stages of a seller's payout account as one table: what the processor says, what it means, what to do next.

Only the capability `transfers` says that a seller can be paid; the requirements say why not, or why soon not any more.
No database here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Stage(StrEnum):
    """Where a payout account stands."""

    NOT_STARTED = "not-started"
    IN_PROGRESS = "in-progress"
    CHECKING = "checking"
    DUE = "due"
    PAST_DUE = "past-due"
    RESTRICTED = "restricted"
    ENABLED = "enabled"
    REJECTED = "rejected"


class Told(Protocol):
    """What the processor says of an account, whether as its record or as our row."""

    transfers_active: bool
    details_submitted: bool
    requirements_due: list[str]
    requirements_past_due: list[str]
    requirements_pending: list[str]
    disabled_reason: str


@dataclass(frozen=True)
class Advice:
    """A stage in plain words. way: "form" (on to the processor's form) or "dashboard", or "" where nothing is to be done."""

    label: str | Promise
    text: str | Promise
    way: str
    button: str | Promise
    icon: str
    tone: str


_KEPT = _("You can sell meanwhile: the money of released sales is kept for you and sent as soon as you can be paid.")

ADVICE: dict[Stage, Advice] = {
    Stage.NOT_STARTED: Advice(
        _("Not set up yet"),
        _(
            "Our payment processor, Stripe, must know who you are and which bank account is yours before it may pay you."
            " That takes a few minutes: your name, address and date of birth, and a bank account. It goes from you to the"
            " processor; we do not see it."
        ),
        "form",
        _("Set up payouts"),
        "circle-dot",
        "",
    ),
    Stage.IN_PROGRESS: Advice(
        _("Begun, not finished"),
        _("You began to set up payouts. Go on where you stopped; what you entered was kept."),
        "form",
        _("Go on"),
        "hourglass",
        "caution",
    ),
    Stage.CHECKING: Advice(
        _("The payment processor checks what you entered"),
        _("You need not do anything. That takes minutes, sometimes a day or two."),
        "",
        "",
        "hourglass",
        "caution",
    ),
    Stage.DUE: Advice(
        _("Ready, something is needed soon"),
        _(
            "You are paid as usual for now. Payouts stop if the payment processor does not get what it asks for in time."
        ),
        "form",
        _("Give what is needed"),
        "triangle-alert",
        "caution",
    ),
    Stage.PAST_DUE: Advice(
        _("Stopped until something is given"),
        _("The payment processor needs something from you before it may pay you."),
        "form",
        _("Give what is needed"),
        "circle-alert",
        "loss",
    ),
    Stage.RESTRICTED: Advice(
        _("Restricted by the payment processor"),
        _(
            "The payment processor does not pay out to this account at the moment. Its form says whether you can do anything."
        ),
        "form",
        _("See what it asks for"),
        "circle-alert",
        "loss",
    ),
    Stage.ENABLED: Advice(
        _("Ready"),
        _("Released sales are sent to your payout account, and from there to your bank."),
        "dashboard",
        _("Open my payout account"),
        "circle-check",
        "gain",
    ),
    Stage.REJECTED: Advice(
        _("Closed by the payment processor"),
        _(
            "The payment processor has closed this payout account and will not open it again. Money of released sales is"
            " still yours: write to us about how you get it."
        ),
        "",
        "",
        "circle-x",
        "loss",
    ),
}
# Said in every stage in which nothing can be paid although more may be sold.
KEPT_FOR_YOU = _KEPT
UNPAID_STAGES = frozenset(Stage) - {Stage.ENABLED, Stage.DUE, Stage.REJECTED}

# The processor's names of what it wants, by how they end or begin, as people say it.
_WORDS: tuple[tuple[str, str | Promise], ...] = (
    ("verification.additional_document", _("A second document, such as a bank statement with your address")),
    ("verification.document", _("A picture of your passport or identity card")),
    ("external_account", _("A bank account")),
    ("tos_acceptance", _("Your agreement to the payment processor's terms")),
    (".dob", _("Your date of birth")),
    (".address", _("Your address")),
    (".id_number", _("Your tax or identity number")),
    (".ssn_last_4", _("The last four digits of your social security number")),
    (".first_name", _("Your name")),
    (".last_name", _("Your name")),
    (".email", _("Your e-mail address")),
    (".phone", _("Your telephone number")),
    ("business_type", _("Whether you sell as a person or as a company")),
    ("business_profile", _("What you sell, in a few words")),
    ("company.", _("Details of your company")),
)


def stage_of(told: Told | None) -> Stage:
    """The stage; None: no account has been opened."""
    if told is None:
        return Stage.NOT_STARTED
    if told.disabled_reason.startswith("rejected"):
        return Stage.REJECTED
    if not told.details_submitted:
        return Stage.IN_PROGRESS
    if told.transfers_active:
        return Stage.DUE if told.requirements_due or told.requirements_past_due else Stage.ENABLED
    if told.requirements_past_due or told.requirements_due:
        return Stage.PAST_DUE
    if told.requirements_pending or told.disabled_reason in ("requirements.pending_verification", "under_review"):
        return Stage.CHECKING
    return Stage.RESTRICTED


def in_plain_words(requirements: list[str]) -> list[str]:
    """What the processor wants, each thing once, in its order."""
    said = (next((words for part, words in _WORDS if part in f".{name}"), None) for name in requirements)
    return list(dict.fromkeys(str(words or _("Something more: its form says what")) for words in said))
