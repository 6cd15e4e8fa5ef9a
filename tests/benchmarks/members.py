"""Members of a made-up world: many at once, nobody of whom signs in."""

from __future__ import annotations

from typing import Any

_NAMES = ("Mira", "Tom", "Ada", "Ben", "Chie")
_COUNTRIES = ("US", "US", "US", "DE", "FR", "GB", "JP", "CA")


def make_members(count: int) -> list[Any]:
    """Their keys. The n-th, from 1, is mN@bench.example; names and countries take turns."""
    from apps.accounts.models import User

    made = User.objects.bulk_create(
        [
            User(
                email=f"m{n}@bench.example",
                display_name=f"Seller {_NAMES[n % len(_NAMES)]}{n}",
                country=_COUNTRIES[n % len(_COUNTRIES)],
                currency="USD",
            )
            for n in range(1, count + 1)
        ],
        batch_size=2_000,
    )
    return [member.pk for member in made]
