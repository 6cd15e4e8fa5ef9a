"""How long what is kept, why, and what becomes of it: one table, followed every night and shown to everybody.

A row is a table with the column that its age is told by. Tables are named, not imported, as in holdings.py. The ledger and
the audit trail are in no row: the database refuses to change them. What has no row here stays until its member goes, for
the reason in STAYS or in holdings.py; a test finds what has neither.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from django.apps import apps
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.core import images
from apps.privacy.holdings import HOLDINGS, Fate

log = structlog.get_logger()

AT_ONCE = 1000
"""Rows in one transaction: others wait for a fraction of a second at most."""
MOST = 500_000
"""Rows of one table in one night; the rest goes the next."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """One line.

    what: in words, for the page. since: the column that age is counted from. only: which rows. none_of: tables of which no
    row may point at the row ("table", "its column"), narrowed by a condition. files: (table, path to the row, column) of stored
    files that go along. blank: columns that lose what they say; without any, rows are deleted with what hangs on them.
    """

    table: str
    what: str
    since: str
    kept: dt.timedelta
    why: str
    only: Q = field(default_factory=Q)
    none_of: tuple[str, str, Q] | None = None
    files: tuple[tuple[str, str, str], ...] = ()
    blank: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> type[Model]:
        """The table's model."""
        return apps.get_model(self.table)

    @property
    def happens(self) -> str:
        """What becomes of it, in a word."""
        return "emptied" if self.blank else "deleted"

    def rows(self, now: dt.datetime) -> QuerySet[Any]:
        """The rows whose time is over."""
        found = self.model._base_manager.filter(self.only, **{f"{self.since}__lt": now - self.kept})
        if self.none_of is not None:
            table, column, condition = self.none_of
            pointing = apps.get_model(table)._base_manager.filter(condition, **{column: OuterRef(_key(self, column))})
            found = found.filter(~Exists(pointing))
        return found


def _key(one: Retention, column: str) -> str:
    """What the other table's column names of this one."""
    return "session_key" if column == "session_key" else one.model._meta.pk.name  # type: ignore[union-attr]


def _days(number: int) -> dt.timedelta:
    return dt.timedelta(days=number)


_SETTLED = ~Q(state="waiting")
_OVER = ~Q(state__in=["queued", "running"])
_PICTURES = (("scans.ScanPhoto", "scan__in", "file"), ("scans.DetectedCard", "photo__scan__in", "crop"))
_LIVE_IMPORTS = ["reading", "adding", "undoing"]

RETENTION: tuple[Retention, ...] = (
    # -- signing in
    Retention(table="sessions.Session", what="Sessions of browsers", since="expire_date", kept=_days(0),
              why="a session that is over is of no use"),
    Retention(table="usersessions.UserSession", what="Where you were signed in", since="created_at", kept=_days(0),
              none_of=("sessions.Session", "session_key", Q()), why="it describes a session that is over"),
    Retention(table="accounts.SignIn", what="Sign-ins of programs", since="expires_at", kept=_days(90),
              why="so long a misuse is commonly noticed"),
    Retention(table="accounts.APIKey", what="API keys that were revoked, with their last use", since="revoked_at",
              kept=_days(365), why="so that its owner can tell which program it was"),
    Retention(table="allauth_idp_oidc.Token", what="Tokens of connected apps", since="expires_at", kept=_days(0),
              why="a token that is over is of no use"),
    Retention(table="account.EmailConfirmation", what="Links that confirm an address", since="created", kept=_days(30),
              why="a link holds for three days"),
    # -- safety
    Retention(table="risk.Act", what="Counts of what was done within an hour and a day", since="at", kept=_days(2),
              why="limits look back two days"),
    Retention(table="risk.Sighting", what="Hashes of cards, devices and networks that were used", since="last_at",
              kept=_days(730), why="who was banned comes back within two years, if at all"),
    Retention(table="risk.Assessment", what="Automatic checks without a finding", since="created_at", kept=_days(730),
              only=Q(state__in=["noted", "lapsed"]), why="rules are measured against two years"),
    # -- what you were told
    Retention(table="notifications.Notification", what="Notifications that you have read", since="read_at", kept=_days(90),
              why="so long they are looked up"),
    Retention(table="notifications.Notification", what="Notifications, read or not", since="created_at", kept=_days(365),
              why="they are about what was then"),
    Retention(table="notifications.Dispatch", what="Records of what went out by which channel", since="due_at",
              kept=_days(90), only=_SETTLED, why="to find out why something did not arrive"),
    Retention(table="notifications.Mail", what="Records of e-mails", since="created_at", kept=_days(30), only=_SETTLED,
              why="to find out why something did not arrive"),
    Retention(table="notifications.WebhookMessage", what="The log of your webhooks", since="created_at", kept=_days(30),
              only=_SETTLED, why="to find out why something did not arrive, and to send it again"),
    Retention(table="notifications.Suppression", what="Addresses that refused our mail", since="at", kept=_days(730),
              why="an address may have a new owner by then"),
    # -- what was collected and looked for
    Retention(table="scans.Scan", what="Scans of visitors, with their photos", since="created_at", kept=_days(7),
              only=Q(owner=None) & _OVER, files=_PICTURES, why="whoever signs up keeps them; nobody else comes back to them"),
    Retention(table="scans.Scan", what="Scans, with their photos; your items keep their own pictures", since="created_at",
              kept=_days(365), only=Q(owner__isnull=False) & _OVER, files=_PICTURES,
              why="so long a confirmed card is looked at again"),
    Retention(table="inventory.InventoryImport", what="Files that you imported", since="created_at", kept=_days(30),
              only=~Q(state__in=_LIVE_IMPORTS) & ~Q(file=""), files=(("inventory.InventoryImport", "pk__in", "file"),),
              blank={"file": ""}, why="so long an import can be repaired"),
    Retention(table="inventory.InventoryImport", what="Imports line by line", since="finished_at", kept=_days(365),
              only=~Q(state__in=_LIVE_IMPORTS), why="so long an import can be taken back"),
    Retention(table="cart.Cart", what="Carts of visitors", since="updated_at", kept=_days(30), only=Q(owner=None),
              why="nobody comes back to them"),
    Retention(table="cart.Cart", what="Carts that were left", since="updated_at", kept=_days(365),
              only=Q(owner__isnull=False), why="what was in them is sold or dearer"),
    Retention(table="alerts.Alert", what="Alerts that fired", since="created_at", kept=_days(365),
              why="they are about the prices of then"),
    Retention(table="listings.Repricing", what="Rounds of repricing", since="created_at", kept=_days(365),
              why="so long a seller compares"),
    # -- this room and the machinery
    Retention(table="privacy.DataExport", what="The archive of your data", since="finished_at", kept=_days(7),
              only=Q(state="ready"), files=(("privacy.DataExport", "pk__in", "file"),),
              blank={"file": "", "state": "gone"}, why="it was made to be downloaded"),
    Retention(table="core.OutboxEvent", what="Facts on their way between parts of the program", since="emitted_at",
              kept=_days(90), none_of=("core.Delivery", "event", Q(delivered_at=None)),
              why="to find out what followed from what"),
    Retention(table="core.RejectedInput", what="Lines of price files that could not be read", since="at", kept=_days(180),
              why="so long its sender mends it"),
    Retention(table="escrow.WebhookEvent", what="Messages of the payment company", since="received_at", kept=_days(90),
              only=Q(handled_at__isnull=False), why="it sends one again for at most thirty days; the books have what followed"),
)  # fmt: skip

_YOURS = "yours until you change or remove it"
_COLLECTION = "your collection and its history are what the account is for"
STAYS: dict[str, str] = {
    **dict.fromkeys(
        [
            "accounts.Address", "account.EmailAddress", "mfa.Authenticator", "socialaccount.SocialAccount",
            "allauth_idp_oidc.Client", "accounts.Block", "notifications.Manner", "notifications.Preference",
            "notifications.Device", "notifications.Endpoint", "alerts.Rule", "alerts.Watch", "wants.Want", "wants.WantList",
            "wants.Have", "wants.Match", "listings.Watch", "listings.SavedSearch", "listings.RepricingRule",
            "listings.Storefront", "inventory.ColumnMapping", "escrow.SavedCard", "escrow.Customer",
        ],
        _YOURS,
    ),
    "accounts.SellerStanding": "one row, figured anew from your trades",
    "inventory.PortfolioDay": _COLLECTION,
    "risk.PhotoPrint": "it goes with the photo, and finds who sells a card with somebody else’s photo",
    # These go with the row that they hang on, which has a time.
    "inventory.ImportLine": "goes with its import",
    "scans.ScanPhoto": "goes with its scan",
    "scans.DetectedCard": "goes with its scan",
}  # fmt: skip


def reasons() -> dict[str, str]:
    """Why a table that names a member is kept at all: by its time, by what it is, or by the law."""
    timed = {one.table: one.why for one in RETENTION}
    lawful = {one.table: one.why for one in HOLDINGS if one.fate is not Fate.DELETE}
    return lawful | STAYS | timed


def due(*, now: dt.datetime | None = None) -> list[tuple[Retention, int]]:
    """How many rows each line would take now."""
    now = now or timezone.now()
    return [(one, one.rows(now).count()) for one in RETENTION]


def forget(*, now: dt.datetime | None = None, tables: tuple[str, ...] = ()) -> dict[str, int]:
    """Follow every line, or those of some tables; rows by what they are. A batch at a time, safe to stop and to repeat."""
    now = now or timezone.now()
    gone: dict[str, int] = {}
    for one in RETENTION:
        if tables and one.table not in tables:
            continue
        count = 0
        while count < MOST and (some := _batch(one, now)):
            count += some
        gone[one.what] = count
        if count:
            log.info("retention.forgotten", table=one.table, rows=count, happens=one.happens)
    return gone


def _batch(one: Retention, now: dt.datetime) -> int:
    with transaction.atomic():
        rows = one.rows(now).select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        keys = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        if not keys:
            return 0
        for table, path, column in one.files:
            stored = apps.get_model(table)._base_manager.filter(**{path: keys}).exclude(**{column: ""})
            for name in set(stored.values_list(column, flat=True)):
                transaction.on_commit(partial(images.remove, name), robust=True)
        wanted = one.model._base_manager.filter(pk__in=keys)
        if one.blank:
            wanted.update(**one.blank)
        else:
            wanted.delete()
        return len(keys)
