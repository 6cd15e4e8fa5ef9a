"""E-mail on its way: what is due is gathered into mails, mails are claimed in sets, sent, and marked one by one.

Gathering is one transaction. A claim is another: it counts a try and moves the mail's next one past the lease, so that a
worker that dies loses nothing; what it had not marked is sent again after the lease, under the same Message-ID. Between the
mail server's yes and our mark lies one statement: only there can a death send one mail twice.
"""

from __future__ import annotations

import datetime as dt
import smtplib
import time
import uuid
from collections.abc import Sequence

import structlog
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import Prefetch
from django.utils import timezone

from apps.notifications.mail.bounces import suppress
from apps.notifications.mail.composing import composed
from apps.notifications.models import Dispatch, Mail, Manner, Notification, State, Suppression

log = structlog.get_logger()

LEASE = dt.timedelta(minutes=2)
A_CLAIM = 50
LAST_TRY = 8

# One who gathers at a time, or a member's digest could become two. Each due mail of its own, or per member and hour a digest.
_GATHER = """
with due as (
  select d.id, d.owner_id, d.cadence, d.due_at,
    case when d.cadence = 'now' then d.id end as alone
  from notifications_dispatch d
  where d.channel = 'email' and d.state = 'waiting' and d.mail_id is null and d.due_at <= %(now)s
  order by d.due_at limit %(most)s
), whole as (
  select * from due union
  select d.id, d.owner_id, d.cadence, d.due_at, null::bigint from notifications_dispatch d
  join (select distinct owner_id, cadence from due where cadence <> 'now') p using (owner_id, cadence)
  where d.channel = 'email' and d.state = 'waiting' and d.mail_id is null and d.due_at <= %(now)s
), mails as (
  select gen_random_uuid() as id, owner_id, cadence, alone from whole group by owner_id, cadence, alone
), made as (
  insert into notifications_mail (id, created_at, owner_id, cadence, state, due_at, attempts, last_error)
  select id, %(now)s, owner_id, cadence, 'waiting', %(now)s, 0, '' from mails
)
update notifications_dispatch d set mail_id = m.id
from whole w join mails m on m.owner_id = w.owner_id and m.cadence = w.cadence and m.alone is not distinct from w.alone
where d.id = w.id
"""
_CLAIM = """
update notifications_mail set attempts = attempts + 1, due_at = %(now)s + %(lease)s
where id in (select id from notifications_mail where state = 'waiting' and due_at <= %(now)s
  order by due_at limit %(most)s for update skip locked)
returning id
"""


@transaction.atomic
def gather(*, now: dt.datetime | None = None, most: int = 10_000) -> int:
    """Make mails of what is due; how many notifications are now in one. 0 where another worker is gathering."""
    now = now or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(hashtextextended('notifications:gather', 0))")
        if not cursor.fetchone()[0]:
            return 0
        # A foreign key is checked at the end: mails and what is in them are made by one statement.
        cursor.execute(_GATHER, {"now": now, "most": most})
        return int(cursor.rowcount)


def send_due(*, seconds: float = 50.0) -> int:
    """Gather and send what is due, for so many seconds at most; how many mails went out. Safe in parallel and to repeat."""
    until = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < until:
        gathered = gather()
        claimed = claim()
        sent += send(claimed)
        if not claimed and not gathered:
            break
    return sent


def claim(*, now: dt.datetime | None = None, most: int = A_CLAIM) -> list[uuid.UUID]:
    """Take mails that are due; nobody else takes them before the lease ends. Committed at once."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now or timezone.now(), "lease": LEASE, "most": most})
        return [pk for (pk,) in cursor.fetchall()]


def send(claimed: Sequence[uuid.UUID]) -> int:
    """Send claimed mails over one connection; how many went out. What fails is tried later, or parked."""
    if not claimed:
        return 0
    began = time.monotonic()
    inside = Prefetch(
        "dispatches", Dispatch.objects.select_related("notification").order_by("-notification__created_at")
    )
    mails = list(
        Mail.objects.filter(pk__in=claimed, state=State.WAITING)
        .select_related("owner__manner")
        .prefetch_related(inside)
    )
    silent = set(
        Suppression.objects.filter(address__in=[mail.owner.email.lower() for mail in mails]).values_list(
            "address", flat=True
        )
    )
    outgoing = get_connection()
    sent = 0
    try:
        for mail in mails:
            if time.monotonic() - began > LEASE.total_seconds() / 2:
                break  # the rest is taken up by whoever is next, once the lease is over
            sent += _send_one(mail, outgoing, silent)
    finally:
        _close(outgoing)
    return sent


def _send_one(mail: Mail, outgoing: BaseEmailBackend, silent: set[str]) -> bool:
    inside = [each.notification for each in mail.dispatches.all()]
    if why := _why_not(mail, inside, silent):
        _mark(mail, State.DROPPED, why)
        return False
    manner: Manner | None = getattr(mail.owner, "manner", None)
    try:
        message = composed(mail, inside, mail.owner, manner)
        message.connection = outgoing
        outgoing.open()
        message.send()
    except Exception as error:  # noqa: BLE001 - any failure is recorded, retried and finally parked
        _failed(mail, error)
        _close(outgoing)
        return False
    _mark(mail, State.SENT, "")
    return True


def _why_not(mail: Mail, inside: Sequence[Notification], silent: set[str]) -> str:
    if not inside:
        return "what it told is gone"
    if not mail.owner.is_active:
        return "the account is closed"
    return "its address does not take mail" if mail.owner.email.lower() in silent else ""


def _close(outgoing: BaseEmailBackend) -> None:
    """End the connection; the next mail opens another. What is broken already is not worth an error."""
    try:
        outgoing.close()
    except (OSError, smtplib.SMTPException):
        pass


@transaction.atomic
def _mark(mail: Mail, state: State, why: str) -> None:
    at = timezone.now() if state == State.SENT else None
    changed = Mail.objects.filter(pk=mail.pk, state=State.WAITING).update(state=state, sent_at=at, last_error=why[:300])
    if changed:
        Dispatch.objects.filter(mail=mail).update(state=state, sent_at=at, last_error=why[:300])


def _failed(mail: Mail, error: Exception) -> None:
    """What the mail server said no to for good is not tried again, and its address is written to no more."""
    why = f"{type(error).__name__}: {error}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()), (0, b""))
        told = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        if 500 <= code < 600:
            if suppress(mail.owner.email, Suppression.Reason.BOUNCED, f"{code} {told}"):
                log.info("mail.address_suppressed", mail=str(mail.pk))
            _mark(mail, State.DROPPED, f"{code} {told}")
            return
    if mail.attempts >= LAST_TRY:
        _mark(mail, State.PARKED, why)
        log.error("mail.parked", mail=str(mail.pk), error=type(error).__name__)
        return
    waits = dt.timedelta(seconds=min(30 * 2**mail.attempts, 3600))
    Mail.objects.filter(pk=mail.pk, state=State.WAITING).update(due_at=timezone.now() + waits, last_error=why[:300])
    log.warning("mail.failed", mail=str(mail.pk), attempt=mail.attempts, error=type(error).__name__)


def release(mail: Mail) -> None:
    """Give a parked mail its tries back (an operator's decision)."""
    with transaction.atomic():
        if Mail.objects.filter(pk=mail.pk, state=State.PARKED).update(
            state=State.WAITING, attempts=0, due_at=timezone.now()
        ):
            Dispatch.objects.filter(mail=mail).update(state=State.WAITING)
