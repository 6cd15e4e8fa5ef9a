"""Addresses that do not take our mail: told by the mail server at once, or later by a report (RFC 3464, RFC 5965)."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from email.utils import parseaddr

from django.utils import timezone

from apps.accounts.models import User
from apps.notifications.models import Suppression
from apps.notifications.words import one_line


def suppress(address: str, reason: Suppression.Reason, detail: str) -> bool:
    """Write to this address no more; whether that is new."""
    _row, is_new = Suppression.objects.get_or_create(
        address=address.strip().lower(),
        defaults={"reason": reason, "detail": one_line(detail)[:300], "at": timezone.now()},
    )
    return is_new


def take_report(report: Message) -> list[str]:
    """Read a report about mail of ours; the addresses that are written to no more.

    A delivery report counts where it says that delivery failed for good (action failed, status 5.x.x), a complaint always.
    Addresses that no member has are left out: anybody can send such a report.
    """
    found = list(_failed(report)) + list(_complained(report))
    ours = set(User.objects.filter(email__in=[address for address, _, _ in found]).values_list("email", flat=True))
    for address, reason, detail in found:
        if address in ours:
            suppress(address, reason, detail)
    return sorted({address for address, _, _ in found} & ours)


def _failed(report: Message) -> Iterator[tuple[str, Suppression.Reason, str]]:
    for part in report.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in part.get_payload() if isinstance(part.get_payload(), list) else []:
            status = str(block.get("Status", ""))
            recipient = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
            address = recipient.partition(";")[2].strip().lower()
            if address and str(block.get("Action", "")).strip().lower() == "failed" and status.startswith("5"):
                yield address, Suppression.Reason.BOUNCED, f"{status} {block.get('Diagnostic-Code', '')}"


def _complained(report: Message) -> Iterator[tuple[str, Suppression.Reason, str]]:
    if not any(part.get_content_type() == "message/feedback-report" for part in report.walk()):
        return
    for part in report.walk():
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            original = inner[0] if isinstance(inner, list) and inner else part
            address = parseaddr(str(original.get("To", "")))[1].lower()
            if address:
                yield address, Suppression.Reason.COMPLAINED, "reported as spam"
