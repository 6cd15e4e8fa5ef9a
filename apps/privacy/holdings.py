"""Which tables hold something about a person, by which column, and what becomes of it when the person goes.

One line for each table; a test finds every table that names a member and has no line here. Tables are named, not imported,
so that this room needs to know no other's models.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.apps import apps
from django.db.models import Model, Q, QuerySet


class Fate(Enum):
    """What happens to the rows when their member's account is erased."""

    DELETE = "deleted"
    BLANK = "blanked"  # the row stays, the fields named in `blank` lose what they say
    KEEP = "kept under a pseudonym"  # the law wants it kept, or it is half somebody else's


@dataclass(frozen=True)
class Holding:
    """One table.

    by: columns (or paths) that name the member. own: a column that is the member's alone only where that path names them,
    such as the address of a trade, which is its buyer's. hidden: columns that no export has: keys and digests.
    """

    table: str
    by: tuple[str, ...]
    fate: Fate
    blank: dict[str, Any] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # columns that name stored files of the member
    export: bool = True
    why: str = ""

    @property
    def model(self) -> type[Model]:
        """The table's model."""
        return apps.get_model(self.table)

    def rows(self, member_id: object) -> QuerySet[Any]:
        """The member's rows, oldest first as far as keys tell."""
        named = Q()
        for path in self.by:
            named |= Q(**{path: member_id})
        return self.model._base_manager.filter(named).order_by("pk").distinct()


def _delete(table: str, *by: str, **more: Any) -> Holding:
    return Holding(table, by, Fate.DELETE, **more)


def _keep(table: str, *by: str, why: str, **more: Any) -> Holding:
    return Holding(table, by, Fate.KEEP, why=why, **more)


def _blank(table: str, *by: str, blank: dict[str, Any], why: str, **more: Any) -> Holding:
    return Holding(table, by, Fate.BLANK, blank=blank, why=why, **more)


BOOKS = "money that moved is kept for ten years by tax law"
BOTH = "it is half of an agreement with somebody else"
SAFETY = "decisions about safety stay with who made them"
GONE = {"name": "", "line1": "", "line2": "", "city": "", "region": "", "postal_code": "", "country": ""}

# The order is that of erasure: what hangs on a row comes before it.
HOLDINGS: tuple[Holding, ...] = (
    # -- the account
    _delete("accounts.Address", "user"),
    _delete("accounts.APIKey", "user", hidden=("digest",)),
    _delete("accounts.SignIn", "user", hidden=("refresh_id", "stamp")),
    _delete("account.EmailAddress", "user"),
    _delete("mfa.Authenticator", "user", hidden=("data",)),
    _delete("socialaccount.SocialAccount", "user", hidden=("extra_data",)),
    _delete("usersessions.UserSession", "user", hidden=("session_key", "data")),
    _delete("allauth_idp_oidc.Token", "user", hidden=("hash", "data")),
    _delete("allauth_idp_oidc.Client", "owner", hidden=("secret", "data")),
    _delete("accounts.Block", "owner", "other"),
    _keep("accounts.Consent", "member", why="that it was agreed to, and when it was taken back, can be shown"),
    _keep("accounts.Restriction", "member", "by", why=SAFETY, hidden=("by",)),
    _delete("accounts.SellerStanding", "member"),
    _keep("admin.LogEntry", "user", why=SAFETY, export=False),
    _delete("risk.Sighting", "member", export=False),
    _delete("risk.Act", "member", export=False),
    _delete("risk.PhotoPrint", "owner", export=False),
    _keep("risk.Assessment", "member", "other", "decided_by", why=SAFETY, export=False),
    # -- what they were told
    _delete("notifications.Dispatch", "owner", export=False),
    _delete("notifications.Mail", "owner"),
    _delete("notifications.Notification", "owner"),
    _delete("notifications.Manner", "owner"),
    _delete("notifications.Preference", "owner"),
    _delete("notifications.Device", "owner", hidden=("digest", "p256dh", "auth")),
    _delete("notifications.Endpoint", "owner", hidden=("secret", "former_secret")),
    # -- what was collected, scanned and wished for
    _delete("alerts.Alert", "owner"),
    _delete("alerts.Watch", "owner", export=False),
    _delete("alerts.Rule", "owner"),
    _delete("wants.Match", "want__owner", "have__owner", export=False),
    _delete("wants.Want", "owner"),
    _delete("wants.WantList", "owner"),
    _delete("wants.Have", "owner"),
    _delete("cart.Cart", "owner", hidden=("visitor_token",)),
    _delete("listings.Watch", "owner"),
    _delete("listings.SavedSearch", "owner"),
    _delete("listings.RepricingRule", "seller"),
    _delete("listings.Repricing", "seller"),
    _delete("listings.Storefront", "seller"),
    _delete("inventory.PortfolioDay", "owner"),
    _delete("inventory.ImportLine", "origin__owner"),
    _delete("inventory.InventoryImport", "owner", files=("file",)),
    _delete("inventory.ColumnMapping", "owner"),
    _keep("scans.Correction", "by", why="it says what a card is, and of its author nothing once the account is gone"),
    _delete("scans.DetectedCard", "photo__scan__owner", hidden=("crop",), files=("crop",)),
    _delete("scans.ScanPhoto", "scan__owner", files=("file",)),
    _delete("scans.Scan", "owner", hidden=("visitor_token",)),
    # -- what was agreed with others
    _blank("listings.Offer", "buyer", "seller", blank={"message": ""}, own={"message": "author"}, why=BOTH),
    _blank("listings.Listing", "seller", blank={"description": ""}, why=BOTH),
    _keep("listings.ShippingProfile", "seller", why=BOTH),
    _blank("trades.Message", "author", blank={"body": "(removed with its author's account)"}, why=BOTH),
    _blank("swaps.SwapMessage", "author", blank={"body": "(removed with its author's account)"}, why=BOTH),
    _blank("trades.Trade", "buyer", "seller", blank={"ship_to": GONE}, own={"ship_to": "buyer"}, why=BOOKS),
    _keep("trades.TradeLine", "giver", why=BOOKS),
    _blank("trades.Shipment", "sender", blank={"tracking_number": ""}, why=BOTH),
    _keep("trades.Review", "author", "subject", why="others rely on what was said of a trade"),
    _keep("trades.Report", "reporter", "subject", "decided_by", why=SAFETY, hidden=("reporter", "decided_by")),
    _blank("checkout.Order", "buyer", blank={"ship_to": GONE}, why=BOOKS),
    _keep("checkout.OrderParcel", "seller", why=BOOKS),
    _keep("swaps.Swap", "proposer", "other", "third", why=BOTH),
    _blank("swaps.Side", "member", blank={"ship_to": None, "tracking_number": ""}, why=BOTH),
    _keep("swaps.SwapLine", "giver", why=BOTH),
    _keep("inventory.Movement", "by", "item__owner", why=BOOKS),
    _keep("inventory.ItemPhoto", "item__owner", why=BOTH, files=("file",)),
    _keep("inventory.Binder", "owner", why="the kept items stand in them"),
    _blank("inventory.InventoryItem", "owner", blank={"notes": "", "provenance": {}}, why=BOOKS),
    # -- money
    _keep("escrow.Hold", "payer", "payee", why=BOOKS),
    _keep("escrow.Payment", "hold__payer", why=BOOKS),
    _keep("escrow.Dispute", "opened_by", "decided_by", "hold__payer", "hold__payee", why=BOOKS, hidden=("decided_by",)),
    _keep("escrow.CaseEntry", "by", "dispute__hold__payer", "dispute__hold__payee", why=BOOKS),
    _keep("escrow.CaseOffer", "by", "dispute__hold__payer", "dispute__hold__payee", why=BOOKS),
    _keep("escrow.CaseParcel", "sender", "dispute__hold__payer", "dispute__hold__payee", why=BOOKS),
    _keep(
        "escrow.CaseRuling", "dispute__hold__payer", "dispute__hold__payee", "by", why=BOOKS, hidden=("by", "not_by")
    ),
    _keep("escrow.ChargebackAnswer", "sent_by", why=BOOKS, export=False),
    _delete("escrow.SavedCard", "user"),
    _delete("escrow.Customer", "user"),
    _keep("escrow.Approval", "by", "second", why=SAFETY, export=False),
    _keep("escrow.Evidence", "by", why=BOOKS),
    _keep("escrow.SellerAccount", "user", why=BOOKS),
    _keep("escrow.SellerPayout", "account__user", why=BOOKS),
    _keep("escrow.ReconciliationDifference", "explained_by", why=BOOKS, export=False),
    # -- this room
    _keep("privacy.DataExport", "member", why="that the right was granted can be shown", hidden=("file",)),
    _keep("privacy.Erasure", "member", why="that the right was granted can be shown"),
)


def holding(table: str) -> Holding:
    """The line of one table. Raises KeyError."""
    return {one.table: one for one in HOLDINGS}[table]
