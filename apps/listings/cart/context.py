"""How many lines are in the reader's cart, for the header of every page. The session keeps the number: no page asks for it."""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.models import User
from apps.listings.cart import queries
from apps.listings.cart.models import Cart

COUNT = "cart_count"


def cart_count(request: HttpRequest) -> dict[str, object]:
    """`cart_count`, read when a template asks for it: what says that the database is gone renders without it."""
    return {"cart_count": SimpleLazyObject(lambda: _kept(request))}


def _kept(request: HttpRequest) -> int:
    session = getattr(request, "session", None)
    if session is None:
        return 0
    try:
        return int(session.get(COUNT, 0))
    except DatabaseError:
        return 0


@receiver(user_logged_in)
def count_on_signing_in(request: HttpRequest | None, user: User, **_told: object) -> None:
    """A member's cart may have been filled elsewhere."""
    if request is not None and hasattr(request, "session"):
        mine = Cart.objects.filter(owner=user).first()
        request.session[COUNT] = max(queries.count(mine), int(request.session.get(COUNT, 0)))
