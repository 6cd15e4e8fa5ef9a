"""Every kind of notification in one place: where it comes from, whom it is for, how much it matters, how it goes out.

Priority comes from impact and urgency by the matrix below, which docs/notifications.md shows. The words of a kind stand in
templates/notifications/types/KEY.txt and serve every channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """Impact: what it is about for the reader. Urgency: how soon something is lost by not knowing."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


class Priority(StrEnum):
    """How much a notification asks for attention. CRITICAL passes quiet hours and a pause."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Cadence(StrEnum):
    """When e-mail goes out."""

    NOW = "now"
    HOURLY = "hourly"
    DAILY = "daily"
    OFF = "off"


_L, _M, _H = Level.LOW, Level.MEDIUM, Level.HIGH
MATRIX: dict[tuple[Level, Level], Priority] = {
    (_L, _L): Priority.LOW, (_L, _M): Priority.LOW, (_L, _H): Priority.MEDIUM,
    (_M, _L): Priority.LOW, (_M, _M): Priority.MEDIUM, (_M, _H): Priority.HIGH,
    (_H, _L): Priority.MEDIUM, (_H, _M): Priority.HIGH, (_H, _H): Priority.CRITICAL,
}  # fmt: skip
"""(impact, urgency) -> priority."""
_CADENCE = {
    Priority.CRITICAL: Cadence.NOW,
    Priority.HIGH: Cadence.NOW,
    Priority.MEDIUM: Cadence.HOURLY,
    Priority.LOW: Cadence.OFF,
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind. topic: of the outbox's event (empty: a task of ours states it). required: may not be switched off wholly:
    it is always in the centre and always comes by e-mail, when is the member's choice. email, push: instead of the defaults
    that follow from the priority.
    """

    key: str
    label: str
    area: str
    topic: str
    audience: str
    impact: Level
    urgency: Level
    required: bool = False
    email: Cadence | None = None
    push: bool | None = None

    @property
    def priority(self) -> Priority:
        """By the matrix."""
        return MATRIX[self.impact, self.urgency]

    @property
    def default_email(self) -> Cadence:
        """When its e-mail goes out unless the member chose."""
        if self.email is not None:
            return self.email
        found = _CADENCE[self.priority]
        return Cadence.DAILY if self.required and found is Cadence.OFF else found

    @property
    def default_push(self) -> bool:
        """Whether devices are told unless the member chose."""
        return self.push if self.push is not None else self.priority in (Priority.CRITICAL, Priority.HIGH)

    @property
    def template(self) -> str:
        """The file with its words."""
        return f"notifications/types/{self.key}.txt"


def _kind(key: str, label: str, topic: str, audience: str, impact: Level, urgency: Level, **more: object) -> Kind:
    return Kind(
        key=key, label=label, area=_AREA, topic=topic, audience=audience, impact=impact, urgency=urgency, **more
    )  # type: ignore[arg-type]


_AREA = "Account and security"
_ACCOUNT = [
    _kind("security.sign_in", "Sign-in from a new device", "account.signed_in_new_device", "the member", _H, _H, required=True),
    _kind("security.changed", "What protects your account was changed", "account.security_changed", "the member", _H, _H,
          required=True),
    _kind("member.restricted", "A restriction of your account", "member.restricted", "the member", _H, _M, required=True),
    _kind("member.unrestricted", "A restriction was lifted", "member.unrestricted", "the member", _M, _M, required=True),
    _kind("report.decided", "A report of yours was decided", "report.decided", "who reported", _M, _L, email=Cadence.DAILY),
    _kind("report.upheld", "A report about you was upheld", "report.decided", "who was reported", _H, _M, required=True),
    _kind("report.appeal", "Your appeal was decided", "report.decided", "who appealed", _H, _M, required=True),
    _kind("webhook.disabled", "A webhook was switched off", "", "its owner", _M, _H, required=True),
]  # fmt: skip
_AREA = "Selling"
_SELLING = [
    _kind("sale.made", "Somebody buys from you", "trade.created", "the seller", _M, _M, email=Cadence.NOW),
    _kind("sale.paid", "A sale is paid: ship it", "hold.funded", "the seller", _H, _M, required=True),
    _kind("sale.delivered", "Your parcel arrived", "hold.delivered", "the seller", _M, _L),
    _kind("sale.released", "The money of a sale is yours", "hold.released", "the seller", _H, _L, required=True),
    _kind("sale.ended", "A sale ended without money", "hold.refunded, hold.cancelled", "the seller", _H, _L, required=True),
    _kind("chargeback.opened", "A bank takes a payment back", "chargeback.opened", "the seller", _H, _H, required=True),
    _kind("payout.sent", "Money is on its way to you", "settlement.sent", "the seller", _H, _L, required=True),
    _kind("payout.failed", "Your bank refused a payout", "payout.failed", "the seller", _H, _H, required=True),
    _kind("listing.sold_out", "A listing is sold out", "listing.sold_out", "the seller", _L, _L),
]  # fmt: skip
_AREA = "Buying"
_BUYING = [
    _kind("purchase.made", "You bought something: pay it", "trade.created", "the buyer", _M, _L),
    _kind("purchase.paid", "Your payment is held", "hold.funded", "the buyer", _H, _L, required=True, email=Cadence.NOW),
    _kind("purchase.shipped", "Your parcel is on its way", "hold.shipped", "the buyer", _M, _M, email=Cadence.NOW),
    _kind("purchase.delivered", "Your parcel arrived: look at it", "hold.delivered", "the buyer", _M, _H),
    _kind("purchase.ended", "A purchase was cancelled or refunded", "hold.refunded, hold.cancelled", "the buyer", _H, _L,
          required=True, email=Cadence.NOW),
    _kind("refund.sent", "A refund was sent", "settlement.sent", "the buyer", _H, _L, required=True),
    _kind("payment.failed", "A payment failed", "payment.failed", "the buyer", _H, _H, required=True),
    _kind("payment.returned", "Money that was not owed goes back", "payment.returned", "the buyer", _H, _M, required=True),
]  # fmt: skip
_AREA = "Trades"
_TRADES = [
    _kind("deadline.near", "A deadline of yours is near", "", "who acts next", _M, _H),
    _kind("trade.overdue", "A deadline passed", "hold.overdue", "both", _H, _M),
    _kind("trade.split", "The money of a trade was split", "hold.split", "both", _H, _M, required=True),
    _kind("case.opened", "A problem was reported: answer", "hold.disputed", "the other side", _H, _M, required=True),
    _kind("case.answered", "Your case was answered", "dispute.answered", "who opened it", _M, _M, email=Cadence.NOW),
    _kind("case.decided", "A case was decided", "dispute.decided", "both", _H, _M, required=True),
    _kind("case.moved", "A case went on", "dispute.moved", "the other side", _H, _M, required=True),
    _kind("case.withdrawn", "A case was taken back", "dispute.withdrawn", "the other side", _M, _M),
    _kind("trade.message", "A message in a trade room", "trade.message_sent", "the other side", _M, _M, push=True),
    _kind("review.revealed", "You were reviewed", "review.revealed", "who was reviewed", _L, _L, email=Cadence.DAILY),
]  # fmt: skip
_AREA = "Offers and swaps"
_BARGAINING = [
    _kind("offer.made", "An offer or a counter-offer", "offer.made", "who answers", _M, _M, email=Cadence.NOW, push=True),
    _kind("offer.agreed", "An offer was accepted", "offer.agreed", "the other side", _M, _H),
    _kind("offer.closed", "An offer ended", "offer.closed", "the other side", _L, _M),
    _kind("swap.proposed", "A swap is proposed", "swap.proposed", "who answers", _M, _M, email=Cadence.NOW, push=True),
    _kind("swap.agreed", "A swap is agreed", "swap.agreed", "both", _M, _H),
    _kind("swap.funded", "A swap may be shipped", "swap.funded", "both", _M, _H),
    _kind("swap.shipped", "The other side of a swap shipped", "swap.shipped", "the other side", _M, _M),
    _kind("swap.completed", "A swap is complete", "swap.completed", "both", _M, _L),
    _kind("swap.closed", "A swap ended", "swap.closed", "both", _M, _M),
]  # fmt: skip
_AREA = "Prices and searches"
_PRICES = [
    _kind("alert.price", "A price alert fired", "alert.triggered", "who set it", _M, _M, email=Cadence.NOW, push=True),
    _kind("alert.offer", "A card that you wait for is for sale", "alert.triggered", "who set it", _M, _M, email=Cadence.NOW,
          push=True),
    _kind("alert.inventory", "Your inventory crossed a line", "alert.triggered", "who set it", _M, _L, email=Cadence.DAILY),
    _kind("watched.changed", "A watched listing changed", "alert.triggered", "who watches", _L, _M, email=Cadence.DAILY),
    _kind("search.found", "A saved search found something", "alert.triggered", "who saved it", _L, _M, email=Cadence.DAILY),
    _kind("want.found", "A want was matched", "alert.triggered", "who wants it", _M, _M),
]  # fmt: skip
_AREA = "Your collection"
_COLLECTION = [
    _kind("scan.done", "A scan is ready to review", "scan.completed", "who scanned", _L, _L),
    _kind("import.done", "An import is in your inventory", "inventory.import_added", "who imported", _L, _L),
]  # fmt: skip
_AREA = "From us"
_NEWS = [
    # Only whoever agreed to news is told (apps.accounts.consent); then it comes by e-mail.
    _kind("news", "News", "", "who agreed to it", _L, _L, email=Cadence.NOW),
]

KINDS: dict[str, Kind] = {
    kind.key: kind for kind in (*_ACCOUNT, *_SELLING, *_BUYING, *_TRADES, *_BARGAINING, *_PRICES, *_COLLECTION, *_NEWS)
}
AREAS: tuple[str, ...] = tuple(dict.fromkeys(kind.area for kind in KINDS.values()))


def of_area(area: str) -> list[Kind]:
    """The kinds of one area, in their order; none for what is no area."""
    return [kind for kind in KINDS.values() if kind.area == area]
