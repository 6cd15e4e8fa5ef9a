"""Fair values of search rows: they are worked out in batches elsewhere and followed from a schedule, in one statement."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.utils import timezone


def follow_values(*, minutes: int) -> int:
    """Bring the rows up to date whose fair value was worked out in the last minutes; how many changed. Safe to repeat."""
    since = timezone.now() - dt.timedelta(minutes=minutes)
    with connection.cursor() as cursor:
        cursor.execute("select listings_refresh_values(%s)", [since])
        return cursor.fetchone()[0]
