"""What is known of a device: a signed cookie says which accounts used it; browser and network are told in a few words."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from apps.accounts.models import User

COOKIE = "__Host-device" if settings.SESSION_COOKIE_SECURE else "device"
_SALT = "accounts.device"
_YEAR = 365 * 24 * 60 * 60
_MOST_ACCOUNTS = 8
# The first that fits; browsers name those that they descend from as well, so the order is from special to general.
_BROWSERS = (
    (re.compile(r"Edg(?:e|A|iOS)?/"), "Edge"),
    (re.compile(r"OPR/|Opera"), "Opera"),
    (re.compile(r"SamsungBrowser/"), "Samsung Internet"),
    (re.compile(r"Firefox/|FxiOS/"), "Firefox"),
    (re.compile(r"Chrome/|CriOS/|Chromium/"), "Chrome"),
    (re.compile(r"Safari/"), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"iPhone|iPad|iPod"), "iOS"),
    (re.compile(r"Android"), "Android"),
    (re.compile(r"Windows"), "Windows"),
    (re.compile(r"Macintosh|Mac OS X"), "macOS"),
    (re.compile(r"CrOS"), "ChromeOS"),
    (re.compile(r"Linux|X11"), "Linux"),
)


def described(user_agent: str) -> str:
    """A browser as people know it: “Firefox on Windows”. What is unknown is not guessed."""
    browser = next((name for pattern, name in _BROWSERS if pattern.search(user_agent)), "")
    system = next((name for pattern, name in _SYSTEMS if pattern.search(user_agent)), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "An unknown device"


def network_of(address: str) -> str:
    """The network of an address, without the last part that names one household: /24 of IPv4, /48 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - says that it is unknown; nothing listens there
    length = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network(f"{parsed}/{length}", strict=False).network_address)


def mark_of(user: User) -> str:
    """What the cookie says of an account: nothing that others could read it by."""
    return salted_hmac(_SALT, str(user.pk), algorithm="sha256").hexdigest()[:24]


def _marks(request: HttpRequest) -> list[str]:
    value: Any = request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=_YEAR)
    return [mark for mark in value.split(".") if mark]


def is_known(request: HttpRequest, user: User) -> bool:
    """Whether the account was signed in to from this device within a year."""
    return mark_of(user) in _marks(request)


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Know the device again from now on."""
    mark = mark_of(user)
    marks = [mark, *(other for other in _marks(request) if other != mark)][:_MOST_ACCOUNTS]
    response.set_signed_cookie(
        COOKIE,
        ".".join(marks),
        salt=_SALT,
        max_age=_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
