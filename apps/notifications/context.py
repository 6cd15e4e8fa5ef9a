"""How many notifications the reader has not read, for the header of every page."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.notifications.queries import unread_count


def unread(request: HttpRequest) -> dict[str, object]:
    """`unread_count`, asked for when a template shows it; a minute old at most."""
    user = getattr(request, "user", None)
    if user is None:
        return {}
    return {"unread_count": SimpleLazyObject(lambda: unread_count(user.pk) if user.is_authenticated else 0)}
