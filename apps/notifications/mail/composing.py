"""One e-mail out of its notifications: text and HTML, in the reader's zone, with ways to stop it (RFC 8058).

Nothing that a member wrote reaches a header but through `words.one_line`; Django refuses line breaks there besides.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from email.utils import parseaddr
from itertools import groupby
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from apps.accounts.models import User
from apps.notifications.kinds import KINDS, Kind
from apps.notifications.mail.unsubscribing import token_for
from apps.notifications.models import Mail, Manner, Notification
from apps.notifications.words import one_line

MOST_IN_A_DIGEST = 100
"""Told one by one; the rest is counted."""


def message_id(pk: uuid.UUID) -> str:
    """The Message-ID of an e-mail: the same whenever it is sent, so that what was sent twice can be told."""
    return f"<{pk}@{urlsplit(settings.SITE_URL).hostname}>"


def composed(
    mail: Mail, notifications: Sequence[Notification], owner: User, manner: Manner | None
) -> EmailMultiAlternatives:
    """The e-mail. notifications: of one owner, at least one."""
    kinds = [KINDS[each.kind] for each in notifications]
    single = len(notifications) == 1
    optional = [kind for kind in kinds if not kind.required]
    stop = _stop_address(owner, optional[0] if single else None) if optional else ""
    zone = manner.time_zone if manner else "UTC"
    context = {
        "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, "cadence": mail.cadence, "zone": zone,
        "only": notifications[0] if single else None, "kind": kinds[0] if single else None, "stop_url": stop,
        "stop_all_url": _stop_address(owner, None) if optional else "",
        "areas": _areas(notifications[:MOST_IN_A_DIGEST]), "count": len(notifications),
        "rest": max(0, len(notifications) - MOST_IN_A_DIGEST),
        "settings_url": settings.SITE_URL + reverse("notification-settings"),
        "centre_url": settings.SITE_URL + reverse("notifications"),
    }  # fmt: skip
    with translation.override(manner.language if manner else "en"), timezone.override(zone):
        text = render_to_string("notifications/mail.txt", context)
        html = render_to_string("notifications/mail.html", context)
    message = EmailMultiAlternatives(
        subject(mail, notifications), text.strip() + "\n", settings.DEFAULT_FROM_EMAIL, [owner.email],
        headers=_headers(mail, stop), reply_to=[settings.SUPPORT_EMAIL],
    )  # fmt: skip
    message.attach_alternative(html, "text/html")
    return message


def subject(mail: Mail, notifications: Sequence[Notification]) -> str:
    """What the e-mail is called: the notification's title, or how many there are and the first of them."""
    first = one_line(notifications[0].title)
    if len(notifications) == 1:
        return first[:150]
    return f"{len(notifications)} notifications: {first}"[:150]


def _headers(mail: Mail, stop: str) -> dict[str, str]:
    """Message-ID, and where there is something to stop, the headers by which a mail program offers that."""
    told = {"Message-ID": message_id(mail.pk), "Auto-Submitted": "auto-generated", "X-Mail-ID": str(mail.pk)}
    if stop:
        told |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        told["List-Id"] = f"<notifications.{parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition('@')[2]}>"
    return told


def _stop_address(owner: User, kind: Kind | None) -> str:
    token = token_for(owner.pk, kind.key if kind else "")
    return settings.SITE_URL + reverse("notification-unsubscribe", args=[token])


def _areas(notifications: Sequence[Notification]) -> list[tuple[str, list[Notification]]]:
    ordered = sorted(notifications, key=lambda each: list(KINDS).index(each.kind))
    return [(area, list(alike)) for area, alike in groupby(ordered, key=lambda each: KINDS[each.kind].area)]
