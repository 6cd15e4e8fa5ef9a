"""All routes of all rooms by name: of the web, of REST."""

from tests.routes import (
    accounts,
    alerts,
    catalog,
    escrow,
    inventory,
    listings,
    moderation,
    notifications,
    offline,
    privacy,
    scans,
    site,
    trades,
    valuations,
)
from tests.routes.kinds import Route

_ROOMS = (
    site,
    catalog,
    valuations,
    listings,
    trades,
    escrow,
    privacy,
    accounts,
    moderation,
    scans,
    inventory,
    alerts,
    offline,
    notifications,
)


def _listed(kind: str) -> dict[str, Route]:
    found: dict[str, Route] = {}
    for room in _ROOMS:
        of_room = getattr(room, kind, {})
        assert not found.keys() & of_room.keys(), "a route stands in two rooms"
        found |= of_room
    return found


WEB, REST = _listed("WEB"), _listed("REST")
