"""Events that happened, and the endpoints that want to hear of them. Delivery itself is in delivery.py."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import Desk
from apps.escrow.sandbox.errors import wrong_parameter
from apps.escrow.sandbox.parameters import PAGING, boolean, many, metadata, text, url
from apps.escrow.sandbox.routes import listing, route
from apps.escrow.sandbox.shapes import merged_metadata


def with_waiting(desk: Desk, event: Obj) -> Obj:
    """An event with the number of endpoints that have not taken it yet."""
    waiting = desk.books.query(
        "SELECT COUNT(DISTINCT endpoint) FROM deliveries WHERE event = ? AND state = 'pending'", event["id"]
    )
    event["pending_webhooks"] = waiting[0][0]
    return event


@route("GET", "/v1/events/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One event."""
    return with_waiting(desk, desk.get("event", identifier))


@route("GET", "/v1/events", PAGING | {"type": text, "types": many(text), "delivery_success": boolean})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Events, newest first, of one type or several."""
    page = listing(desk, "event", values, "/v1/events", type=values.get("types") or values.get("type"))
    for event in page["data"]:
        with_waiting(desk, event)
    return page


CHANGEABLE = {
    "url": url,
    "enabled_events": many(text),
    "description": text,
    "metadata": metadata,
}


def write_endpoint(desk: Desk, values: dict[str, Any], *, secret: str, hears: str, name: str | None = None) -> Obj:
    """A new endpoint. hears: `platform`, `connected` or `both`."""
    endpoint: Obj = {
        "id": name or desk.name("we"),
        "object": "webhook_endpoint",
        "api_version": values.get("api_version"),
        "application": None,
        "created": desk.now,
        "description": values.get("description") or None,
        "enabled_events": values["enabled_events"],
        "livemode": False,
        "metadata": merged_metadata({}, values.get("metadata")),
        "status": "enabled",
        "url": values["url"],
    }
    return desk.add(endpoint, secret=secret, hears=hears)


@route(
    "POST",
    "/v1/webhook_endpoints",
    CHANGEABLE | {"api_version": text, "connect": boolean},
    "url",
    "enabled_events",
)
def create(desk: Desk, values: dict[str, Any]) -> Obj:
    """A new endpoint; its secret is shown this once."""
    secret = f"whsec_{desk.token(32)}"
    hears = "connected" if values.get("connect") else "platform"
    return write_endpoint(desk, values, secret=secret, hears=hears) | {"secret": secret}


@route("GET", "/v1/webhook_endpoints/{id}")
def endpoint(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One endpoint."""
    return desk.get("webhook_endpoint", identifier)


@route("POST", "/v1/webhook_endpoints/{id}", CHANGEABLE | {"disabled": boolean})
def update(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Change an endpoint, or switch it off."""
    found = desk.get("webhook_endpoint", identifier)
    if values.get("enabled_events") == []:
        raise wrong_parameter("You must pass at least one event.", "enabled_events")
    if "disabled" in values:
        found["status"] = "disabled" if values.pop("disabled") else "enabled"
    found["metadata"] = merged_metadata(found["metadata"], values.pop("metadata", None))
    found |= values
    return desk.save(found)


@route("DELETE", "/v1/webhook_endpoints/{id}")
def delete(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Forget an endpoint and what was still to be sent to it."""
    desk.get("webhook_endpoint", identifier)
    desk.books.delete(identifier, desk.account)
    desk.books.execute("UPDATE deliveries SET state = 'failed' WHERE endpoint = ? AND state = 'pending'", identifier)
    return {"id": identifier, "object": "webhook_endpoint", "deleted": True}


@route("GET", "/v1/webhook_endpoints", PAGING)
def endpoints(desk: Desk, values: dict[str, Any]) -> Obj:
    """Endpoints, newest first."""
    return listing(desk, "webhook_endpoint", values, "/v1/webhook_endpoints")
