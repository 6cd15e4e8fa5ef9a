"""Writes of the centre: reading, choosing, devices, addresses; and forgetting what is old."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from collections.abc import Collection, Mapping
from functools import lru_cache

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.consent import actions as consent
from apps.accounts.consent.models import Where
from apps.accounts.consent.texts import Purpose
from apps.accounts.models import User
from apps.core.errors import Conflict, InvalidInput
from apps.notifications import live, queries
from apps.notifications.deciding import Choice, default_choice
from apps.notifications.kinds import KINDS, Cadence
from apps.notifications.models import Device, Manner, Notification, Preference, Suppression
from apps.notifications.telling import forget_unread

SUPPRESSION_TRIES = dt.timedelta(days=1)


@transaction.atomic
def mark_read(
    *, by: User, only: Collection[uuid.UUID] | None = None, area: str = "", alike: Notification | None = None
) -> int:
    """Mark the member's notifications as read: all, those of an area, these, or all alike this one; how many were unread."""
    rows = queries.of_member(owner=by, unread=True, area=area)
    if only is not None:
        rows = rows.filter(pk__in=only)
    if alike is not None:
        rows = rows.filter(kind=alike.kind, group=alike.group)
    count = rows.update(read_at=timezone.now())
    if count:
        forget_unread([by.pk])
        live.count_changed([by.pk])
    return count


@transaction.atomic
def mark_unread(*, notification: Notification, by: User) -> None:
    """Put one back among the unread."""
    if Notification.objects.filter(pk=notification.pk, owner=by, read_at__isnull=False).update(read_at=None):
        forget_unread([by.pk])
        live.count_changed([by.pk])


@lru_cache
def zones() -> frozenset[str]:
    """Names of time zones that a member may live in."""
    return frozenset(zoneinfo.available_timezones())


@transaction.atomic
def set_manner(
    *,
    by: User,
    time_zone: str,
    language: str,
    quiet_from: dt.time | None,
    quiet_until: dt.time | None,
    digest_at: int,
    is_paused: bool,
) -> Manner:
    """Say how one wants to be told. Raises InvalidInput, which names the field."""
    if time_zone not in zones():
        raise InvalidInput("Choose a time zone of the list, e.g. Europe/Berlin.", field="time_zone")
    if language not in dict(settings.LANGUAGES):
        raise InvalidInput("Choose a language that we write.", field="language")
    if (quiet_from is None) != (quiet_until is None):
        missing = "quiet_until" if quiet_until is None else "quiet_from"
        raise InvalidInput("Quiet hours have a beginning and an end; leave both empty for none.", field=missing)
    if quiet_from is not None and quiet_from == quiet_until:
        raise InvalidInput("Quiet hours end at another time than they begin.", field="quiet_until")
    if not 0 <= digest_at <= 23:
        raise InvalidInput("The daily e-mail goes out at an hour from 0 to 23.", field="digest_at")
    told = {
        "time_zone": time_zone, "language": language, "quiet_from": quiet_from, "quiet_until": quiet_until,
        "digest_at": digest_at, "is_paused": is_paused,
    }  # fmt: skip
    return Manner.objects.update_or_create(owner=by, defaults=told)[0]


@transaction.atomic
def choose(*, by: User, choices: Mapping[str, Choice]) -> None:
    """Say which kinds come by which channel. What equals the defaults is not kept, so that better ones reach the member.

    Raises InvalidInput for a kind that is not there, and for switching off what may not be.
    """
    for key, choice in choices.items():
        kind = KINDS.get(key)
        if kind is None:
            raise InvalidInput(f"There is no kind of notification called {key[:40]!r}.", field="kind")
        if kind.required and (not choice.in_app or choice.email is Cadence.OFF):
            raise InvalidInput(
                f"“{kind.label}” is about your money or your account: it stays in the list and comes by e-mail. "
                "Choose when the e-mail comes.",
                field=key,
            )
    same = [key for key, choice in choices.items() if choice == default_choice(KINDS[key])]
    Preference.objects.filter(owner=by, kind__in=same).delete()
    Preference.objects.bulk_create(
        [
            Preference(owner=by, kind=key, in_app=choice.in_app, email=choice.email.value, push=choice.push)
            for key, choice in choices.items()
            if key not in same
        ],
        update_conflicts=True,
        unique_fields=["owner", "kind"],
        update_fields=["in_app", "email", "push"],
    )


@transaction.atomic
def stop_mail(*, owner: User, kind: str = "") -> list[str]:
    """Unsubscribe from the e-mails of one kind, or of all; the labels of what still comes because it has to.

    No e-mail with news takes the consent to news back.
    """
    chosen = [each for each in queries.choices_of(owner) if not kind or each.kind.key == kind]
    kept = [each.kind.label for each in chosen if each.kind.required]
    off = {
        each.kind.key: Choice(each.choice.in_app, Cadence.OFF, each.choice.push)
        for each in chosen
        if not each.kind.required and each.choice.email is not Cadence.OFF
    }
    choose(by=owner, choices=off)
    if kind in ("", "news"):
        consent.answer(member=owner, answers={Purpose.NEWS: False}, where=Where.MAIL)
    return kept


@transaction.atomic
def try_address_again(*, by: User) -> None:
    """Write to the member's address again. After a complaint, or within a day of a bounce, it is too soon: Conflict."""
    found = Suppression.objects.select_for_update().filter(address=by.email.lower()).first()
    if found is None:
        return
    if found.at > timezone.now() - SUPPRESSION_TRIES:
        raise Conflict("The address did not take mail a moment ago. Change it, or try again tomorrow.")
    found.delete()


@transaction.atomic
def forget_device(*, device: Device, by: User) -> None:
    """Send no more push messages to a browser."""
    Device.objects.filter(pk=device.pk, owner=by).delete()


@transaction.atomic
def change_ways(*, by: User, changes: Mapping[str, object], choices: Mapping[str, Choice]) -> None:
    """Change some of how one is told, and the channels of some kinds. Raises InvalidInput."""
    if changes:
        manner = queries.manner_of(by)
        names = ("time_zone", "language", "quiet_from", "quiet_until", "digest_at", "is_paused")
        set_manner(by=by, **({name: getattr(manner, name) for name in names} | dict(changes)))  # type: ignore[arg-type]
    choose(by=by, choices=choices)
