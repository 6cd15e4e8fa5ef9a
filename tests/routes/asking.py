"""How a route is found and asked, and what its answer means."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

from django.test import Client
from django.urls import reverse
from django.urls.resolvers import URLResolver

from tests.routes.kinds import Route


def routes_with_views(patterns: list, namespace: str = "") -> Iterator[tuple[str, object]]:
    """Name and view of every route; an unnamed one is called by its address."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inside = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes_with_views(pattern.url_patterns, inside)
        else:
            yield namespace + (pattern.name or str(pattern.pattern)), pattern.callback


def routes(patterns: list) -> Iterator[str]:
    """Name of every route."""
    return (name for name, _view in routes_with_views(patterns))


def address_of(name: str, route: Route, world: SimpleNamespace) -> str:
    if name == "favicon.ico":
        return "/favicon.ico"
    found = {key: getattr(world, thing) for key, thing in route.about.items()}
    return reverse(name, kwargs={key: getattr(value, "pk", value) for key, value in found.items()})


def ask(person: object, route: Route, address: str) -> object:
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    return getattr(client, route.method)(address)


def is_sent_to_sign_in(answer: object) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith((reverse("account_login"), "/admin/login/"))


def is_let_in(answer: object) -> bool:
    return answer.status_code < 500 and answer.status_code not in {401, 403, 404} and not is_sent_to_sign_in(answer)
