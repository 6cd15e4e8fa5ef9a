"""What carriers say of parcels: one question behind a protocol. Without a service the members' own word counts alone."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote, urlencode

import structlog
from django.conf import settings
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.http import Fetcher, FetchFailed, FetchRefused
from apps.trades.swaps import course
from apps.trades.swaps.models import Side
from apps.trades.swaps.states import SwapState

log = structlog.get_logger()

_SET = 50
_MOST_BYTES = 64 * 1024


class Carrier(Protocol):
    """Whoever knows where a parcel is."""

    def delivered_at(self, *, carrier: str, number: str) -> dt.datetime | None:
        """When it was delivered; None while it was not, or where nothing is known. Raises FetchFailed."""


class OwnWord:
    """Nobody is asked: the receiver says that a parcel has arrived."""

    def delivered_at(self, *, carrier: str, number: str) -> dt.datetime | None:
        """Nothing is known."""
        return None


class HttpCarrier:
    """A tracking service that answers GET <address>/<number>?carrier=<name> with JSON.

    {"status": "delivered", "delivered_at": "2026-11-21T10:00:00Z"}; any other status is not delivered yet.
    """

    def __init__(self, fetcher: Fetcher, *, address: str, key: str = "") -> None:
        self.fetcher = fetcher
        self.address = address.rstrip("/")
        self.headers: Mapping[str, str] = {"Authorization": f"Bearer {key}"} if key else {}

    def delivered_at(self, *, carrier: str, number: str) -> dt.datetime | None:
        """As the service says. An answer that makes no sense is none, and so is a parcel that it does not know."""
        url = f"{self.address}/{quote(number, safe='')}?{urlencode({'carrier': carrier})}"
        try:
            fetched = self.fetcher.fetch(url, most_bytes=_MOST_BYTES, headers=self.headers)
        except FetchRefused as error:
            log.warning("carrier.refused", status=error.status)
            return None
        if fetched is None:
            return None
        try:
            said = json.loads(fetched.content)
            if said["status"] != "delivered":
                return None
            at = dt.datetime.fromisoformat(said["delivered_at"])
        except (ValueError, KeyError, TypeError):
            log.warning("carrier.unreadable")
            return None
        return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def ask_carriers(*, carrier: Carrier | None = None, now: dt.datetime | None = None) -> int:
    """Ask about parcels that are on their way, those asked longest ago first; how many have arrived.

    Nothing is locked while a carrier is asked. What is down is asked again the next time. Safe to run twice.
    """
    if carrier is not None:
        return _ask(carrier, now or timezone.now())
    if not settings.CARRIER_ADDRESS:
        return 0
    with Fetcher(allow_private=settings.FEEDS_ALLOW_PRIVATE, timeout_seconds=10) as fetcher:
        service = HttpCarrier(fetcher, address=settings.CARRIER_ADDRESS, key=settings.CARRIER_KEY)
        return _ask(service, now or timezone.now())


def _ask(carrier: Carrier, now: dt.datetime) -> int:
    waiting = (
        Side.objects.filter(swap__state=SwapState.UNDER_WAY, shipped_at__isnull=False, delivered_at__isnull=True)
        .select_related("swap")
        .order_by("asked_at", "shipped_at")
    )
    arrived = 0
    for side in list(waiting[:_SET]):
        Side.objects.filter(pk=side.pk).update(asked_at=now)
        try:
            at = carrier.delivered_at(carrier=side.carrier, number=side.tracking_number)
        except FetchFailed as error:
            log.warning("carrier.failed", status=error.status)
            break
        # The inspection runs from when we know, not from when it was: nobody loses time by a slow service.
        if at is not None and side.shipped_at <= at <= now:
            try:
                course.delivered(swap=side.swap, sender_id=side.member_id, by=None, now=now)
            except DomainError:
                continue  # it moved on meanwhile
            arrived += 1
    return arrived
