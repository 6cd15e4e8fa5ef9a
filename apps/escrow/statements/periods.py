"""Months and years that a statement can be of. No database here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from apps.core.errors import InvalidInput

FIRST_YEAR = 2000


@dataclass(frozen=True)
class Period:
    """A month, or a year (month 0), in UTC."""

    year: int
    month: int = 0

    @property
    def begins_at(self) -> dt.datetime:
        """Its first instant."""
        return dt.datetime(self.year, self.month or 1, 1, tzinfo=dt.UTC)

    @property
    def ends_at(self) -> dt.datetime:
        """The first instant after it."""
        if self.month == 0 or self.month == 12:
            return dt.datetime(self.year + 1, 1, 1, tzinfo=dt.UTC)
        return dt.datetime(self.year, self.month + 1, 1, tzinfo=dt.UTC)

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.begins_at:%B %Y}" if self.month else f"{self.year}"

    @property
    def slug(self) -> str:
        """In a file's name."""
        return f"{self.year}-{self.month:02}" if self.month else f"{self.year}"

    @property
    def months(self) -> list[Period]:
        """The twelve of its year."""
        return [Period(self.year, month) for month in range(1, 13)]


def period_of(year: int, month: int = 0, *, now: dt.datetime | None = None) -> Period:
    """A period that has begun. Raises InvalidInput."""
    now = now or timezone.now()
    if not (FIRST_YEAR <= year <= now.year and 0 <= month <= 12):
        raise InvalidInput("There is no statement of this time.", field="period")
    return Period(year, month)
