"""The table of endpoints. Modules in resources/ enter themselves here; api.py looks requests up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import Desk
from apps.escrow.sandbox.errors import wrong_parameter
from apps.escrow.sandbox.parameters import Spec

Endpoint = Callable[..., Obj]


@dataclass(frozen=True)
class Route:
    """One endpoint: its path in segments (None stands for an id), what it accepts and what it cannot do without."""

    method: str
    path: str
    segments: tuple[str | None, ...]
    accepts: Spec
    required: tuple[str, ...]
    endpoint: Endpoint


ROUTES: dict[tuple[str, int], list[Route]] = {}
TIMERS: dict[str, Callable[[Desk, str], None]] = {}


def route(method: str, path: str, accepts: Spec | None = None, *required: str) -> Callable[[Endpoint], Endpoint]:
    """Enter a function as the endpoint of `path` (ids as `{name}`); it is given the desk, the values and the ids."""

    def enter(endpoint: Endpoint) -> Endpoint:
        parts = path.strip("/").split("/")
        segments = tuple(None if part.startswith("{") else part for part in parts)
        entry = Route(method, path, segments, accepts or {}, required, endpoint)
        ROUTES.setdefault((method, len(parts)), []).append(entry)
        return endpoint

    return enter


def match(method: str, path: str) -> tuple[Route, list[str]] | None:
    """The endpoint for a request and the ids in its path. Fixed words win over ids."""
    parts = path.strip("/").split("/")
    best: tuple[Route, list[str]] | None = None
    for entry in ROUTES.get((method, len(parts)), ()):
        if all(segment is None or segment == part for segment, part in zip(entry.segments, parts, strict=True)):
            ids = [part for segment, part in zip(entry.segments, parts, strict=True) if segment is None]
            if not ids:
                return entry, ids
            if best is None or len(ids) < len(best[1]):
                best = (entry, ids)
    return best


def timer(task: str) -> Callable[[Callable[[Desk, str], None]], Callable[[Desk, str], None]]:
    """Enter what happens when a timer of this name is due. It must be safe to find its work already done."""

    def enter(work: Callable[[Desk, str], None]) -> Callable[[Desk, str], None]:
        TIMERS[task] = work
        return work

    return enter


def listing(desk: Desk, kind: str, values: dict[str, Any], url: str, **where: Any) -> Obj:
    """A page of objects in Stripe's list shape; `where` holds the filters that were given (None: not given)."""
    limit = values.get("limit", 10)
    if not 1 <= limit <= 100:
        raise wrong_parameter("This value must be less than or equal to 100.", "limit", "parameter_invalid_integer")
    for edge in ("starting_after", "ending_before"):
        if values.get(edge):
            desk.get(kind, values[edge], param=edge)
    page = desk.books.page(
        kind,
        desk.account,
        where={name: value for name, value in where.items() if value not in (None, "")},
        created=values.get("created"),
        limit=limit,
        after=values.get("starting_after"),
        before=values.get("ending_before"),
    )
    return {"object": "list", "data": page.rows, "has_more": page.has_more, "url": url}
