"""Programs that are signed in, in each of the ways in which one can be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from apps.accounts import actions, tokens
from apps.accounts.models import User

PASSWORD = "collect-2026"


@pytest.fixture
def with_key() -> Callable[..., APIClient]:
    """A program with an API key of the user: `with_key(user, "read", "listings:write")`."""

    def client(user: User, *scopes: str) -> APIClient:
        _key, secret = actions.create_api_key(user=user, name="test", scopes=scopes or ["read"], by=user)
        return APIClient(headers={"X-API-Key": secret})

    return client


@pytest.fixture
def signed_in() -> Callable[[User], APIClient]:
    """A program that signed in as the user."""

    def client(user: User) -> APIClient:
        return APIClient(headers={"Authorization": f"Bearer {tokens.open_sign_in(user).access}"})

    return client
