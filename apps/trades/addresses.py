"""Where parcels of sales and swaps go, as it is kept with them: a copy, which later changes of the address leave alone."""

from __future__ import annotations

from collections.abc import Mapping

from apps.accounts.models import Address
from apps.core.errors import InvalidInput

_NEEDED = ("name", "line1", "city", "postal_code", "country")
_LONGEST = 200


def kept_address(ship_to: Address | Mapping[str, str]) -> dict[str, str]:
    """The address as a trade or a swap keeps it. Raises InvalidInput, which names what is missing."""
    given = ship_to.as_text() if isinstance(ship_to, Address) else ship_to
    address = {name: str(given.get(name, "")).strip()[:_LONGEST] for name in (*_NEEDED, "line2", "region")}
    if missing := [name for name in _NEEDED if not address[name]]:
        raise InvalidInput("The address is not complete.", fields=missing)
    return address
