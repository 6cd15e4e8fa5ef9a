"""manage.py print_photos: print the photographs of open listings that have no print yet, the oldest listings first."""

from __future__ import annotations

import itertools

from django.core.management.base import BaseCommand

from apps.listings.models import OPEN_STATES, Listing
from apps.listings.screening import screen

_SET = 200


class Command(BaseCommand):
    """After an upgrade from a version without prints. Begun again it goes on."""

    help = "Print the photographs of open listings, so that later copies of them are found."

    def handle(self, **options: object) -> None:
        """Say how many."""
        rows = Listing.objects.filter(state__in=OPEN_STATES, item__photos__isnull=False).order_by("created_at", "pk")
        ids = rows.values_list("pk", flat=True).distinct().iterator(chunk_size=_SET)
        done = 0
        while some := list(itertools.islice(ids, _SET)):
            done += screen(some)
        self.stdout.write(f"{done} photographs printed")
