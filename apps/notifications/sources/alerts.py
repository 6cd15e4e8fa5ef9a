"""What alerts found as notifications: rules, watched listings, saved searches, wants. The words are the alert's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.urls import reverse

from apps.alerts.events import AlertTriggered
from apps.alerts.models import OFFERS, PORTFOLIO, Alert, Kind
from apps.notifications.sources.registry import source
from apps.notifications.telling import Told


def _kind(alert: Alert) -> str:
    if alert.cause.startswith("watch:"):
        return "watched.changed"
    if alert.cause.startswith("search:"):
        return "search.found"
    if alert.kind == Kind.WANT:
        return "want.found"
    if alert.kind in PORTFOLIO:
        return "alert.inventory"
    return "alert.offer" if alert.kind in OFFERS else "alert.price"


def _url(alert: Alert) -> str:
    if alert.listing_id:
        return reverse("listing", args=[alert.listing_id])
    if alert.variant is not None:
        return reverse("card", args=[alert.variant.product_id]) + f"?variant={alert.variant_id}"
    return reverse("portfolio" if alert.kind in PORTFOLIO else "alerts-history")


@source(AlertTriggered)
def fired(events: Sequence[AlertTriggered]) -> Iterator[Told]:
    """Who set it learns what happened; alike ones of a day are shown as one."""
    found = Alert.objects.select_related("variant").in_bulk([event.alert_id for event in events])
    for alert in found.values():
        told = {
            "alert_id": str(alert.pk), "words": alert.words, "kind": alert.kind,
            "value": None if alert.value is None else str(alert.value), "currency": alert.currency,
            "variant_id": str(alert.variant_id) if alert.variant_id else None,
            "listing_id": str(alert.listing_id) if alert.listing_id else None,
        }  # fmt: skip
        group = f"alerts:{alert.created_at:%Y-%m-%d}"
        yield Told(_kind(alert), alert.owner_id, f"alert:{alert.pk}", group, _url(alert), told)
