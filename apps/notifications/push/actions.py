"""A browser that wants push messages."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.core.errors import Conflict, InvalidInput
from apps.core.http import FetchRefused, check_may_send_to
from apps.notifications.models import Device, Dispatch, State
from apps.notifications.push import vapid
from apps.notifications.words import one_line

MOST_DEVICES = 20
_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
_NAMES = {"Edg": "Edge", "OPR": "Opera"}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


@transaction.atomic
def subscribe(*, by: User, endpoint: str, p256dh: str, auth: str, agent: str = "") -> Device:
    """Send push messages to a browser from now on. The same one again is the same device, and the last member's.

    Raises InvalidInput (address or keys), Conflict (push is off, too many devices).
    """
    if not vapid.is_configured():
        raise Conflict("Push messages are not set up on this site.")
    try:
        check_may_send_to(endpoint, allow_private=settings.OUTBOUND_ALLOW_PRIVATE)
    except FetchRefused as refused:
        raise InvalidInput(f"This is no push service's address: {refused}.", field="endpoint") from refused
    if len(endpoint) > 2000:
        raise InvalidInput("The address is too long.", field="endpoint")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), vapid.from_base64url(p256dh))
        if len(vapid.from_base64url(auth)) != 16:
            raise ValueError
    except ValueError as error:
        raise InvalidInput("The browser's keys cannot be used.", field="keys") from error
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    digest = hashlib.sha256(endpoint.encode()).hexdigest()
    if Device.objects.filter(owner=by).exclude(digest=digest).count() >= MOST_DEVICES:
        raise Conflict(f"{MOST_DEVICES} browsers get your messages already. Remove one first.")
    told = {
        "owner": by,
        "endpoint": endpoint,
        "p256dh": p256dh.rstrip("="),
        "auth": auth.rstrip("="),
        "name": named(agent),
    }
    made = Device.objects.update_or_create(digest=digest, defaults=told)[0]
    # What was on its way to who had this browser before is not for who has it now.
    Dispatch.objects.filter(device=made, state=State.WAITING).exclude(owner=by).delete()
    return made


def named(agent: str) -> str:
    """A browser in words, out of what it calls itself."""
    browser = next((_NAMES.get(each, each) for each in _BROWSERS if each in agent), "A browser")
    system = next((name for sign, name in _SYSTEMS.items() if sign in agent), "")
    return one_line(f"{browser} on {system}" if system else browser)[:80]
