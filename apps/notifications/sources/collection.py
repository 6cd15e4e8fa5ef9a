"""Scans and imports as notifications."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Count, Q
from django.urls import reverse

from apps.inventory.events import ImportAdded
from apps.inventory.exchange.models import ImportLine, InventoryImport
from apps.notifications.sources.registry import source
from apps.notifications.telling import Told
from apps.scans.events import ScanCompleted
from apps.scans.models import Scan


@source(ScanCompleted)
def scanned(events: Sequence[ScanCompleted]) -> Iterator[Told]:
    """Who scanned learns that it is ready; a visitor's scan is nobody's. A scan that was looked at anew is told once."""
    owners = dict(Scan.objects.filter(pk__in=[event.scan_id for event in events]).values_list("pk", "owner_id"))
    for event in events:
        owner = owners.get(event.scan_id)
        if owner is not None:
            told = {"scan_id": str(event.scan_id), "cards": event.cards, "decided": event.decided}
            url = reverse("scan", args=[event.scan_id])
            yield Told("scan.done", owner, f"scan:{event.scan_id}", "scans", url, told)


@source(ImportAdded)
def imported(events: Sequence[ImportAdded]) -> Iterator[Told]:
    """Who imported learns how much came in."""
    added = Count("lines", filter=Q(lines__state__in=[ImportLine.State.ADDED, ImportLine.State.MERGED]))
    found = InventoryImport.objects.annotate(added=added).in_bulk([event.import_id for event in events])
    for origin in found.values():
        told = {"import_id": str(origin.pk), "file": origin.file_name, "lines": origin.added}
        url = reverse("import", args=[origin.pk])
        yield Told("import.done", origin.owner_id, f"import:{origin.pk}", "imports", url, told)
