"""The account itself as notifications: restrictions, and what its security says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.urls import reverse

from apps.accounts.events import CHANGES, SecurityChanged, SignedInNewDevice
from apps.accounts.restrictions.events import MemberRestricted, RestrictionLifted
from apps.accounts.restrictions.models import Restriction, in_words
from apps.notifications.sources.registry import source
from apps.notifications.telling import Told


@source(MemberRestricted)
def restricted(events: Sequence[MemberRestricted]) -> Iterator[Told]:
    """The member learns what, until when and why."""
    found = Restriction.objects.in_bulk([event.restriction_id for event in events])
    for restriction in found.values():
        told = {
            "kept_from": in_words(restriction.kept_from), "until": restriction.until, "reason": restriction.reason
        }  # fmt: skip
        cause = f"restriction:{restriction.pk}"
        yield Told("member.restricted", restriction.member_id, cause, cause, reverse("reports"), told)


@source(RestrictionLifted)
def lifted(events: Sequence[RestrictionLifted]) -> Iterator[Told]:
    """The member learns that it is over."""
    for event in events:
        cause = f"restriction:{event.restriction_id}"
        yield Told("member.unrestricted", event.member_id, cause, cause, reverse("reports"), {})


@source(SignedInNewDevice)
def signed_in(events: Sequence[SignedInNewDevice]) -> Iterator[Told]:
    """The member learns of a sign-in from a device that was not known."""
    for event in events:
        told = {"device": event.device, "network": event.network, "at": event.at}
        cause = f"sign-in:{event.at.isoformat()}"
        yield Told("security.sign_in", event.member_id, cause, "security", reverse("profile"), told)


@source(SecurityChanged)
def protected_otherwise(events: Sequence[SecurityChanged]) -> Iterator[Told]:
    """The member learns what about the account's protection changed."""
    for event in events:
        change = CHANGES.get(event.what, "what protects it changed")
        told = {"change": change, "device": event.device, "network": event.network, "at": event.at}
        cause = f"security:{event.what}:{event.at.isoformat()}"
        yield Told("security.changed", event.member_id, cause, "security", reverse("profile"), told)
