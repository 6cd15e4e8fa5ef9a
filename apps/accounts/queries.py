"""Reads: a member's own addresses and keys, and what the public may know of a member."""

from __future__ import annotations

import uuid

from django.db.models import F, QuerySet

from apps.accounts.models import Address, APIKey, User
from apps.core.errors import NotFound


def member(pk: uuid.UUID) -> User:
    """Somebody as others may see them. Raises NotFound also for closed accounts."""
    found = User.objects.filter(pk=pk, is_active=True).only(
        "id", "display_name", "about", "country", "date_joined", "role"
    )
    user = found.first()
    if user is None:
        raise NotFound("There is no such member.")
    return user


def addresses(*, user: User) -> QuerySet[Address]:
    """The member's addresses, the default first."""
    return Address.objects.filter(user=user).order_by("-is_default", "-created_at")


def address_for(*, user: User, pk: uuid.UUID) -> Address:
    """One of the member's addresses. Raises NotFound."""
    found = Address.objects.filter(user=user, pk=pk).first()
    if found is None:
        raise NotFound
    return found


def api_keys(*, user: User) -> QuerySet[APIKey]:
    """The member's keys, good ones first, newest first."""
    return APIKey.objects.filter(user=user).order_by(F("revoked_at").desc(nulls_first=True), "-created_at")


def api_key_for(*, user: User, pk: uuid.UUID) -> APIKey:
    """One of the member's keys. Raises NotFound."""
    found = APIKey.objects.filter(user=user, pk=pk).first()
    if found is None:
        raise NotFound
    return found
