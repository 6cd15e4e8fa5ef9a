"""How a statement of portfolios is asked: its parameters and its rows."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.core.money import EXPONENTS

DIGITS = json.dumps(EXPONENTS)


def about(owner: User, unit: str = "") -> dict[str, Any]:
    """The parameters that every statement takes."""
    return {"digits": DIGITS, "owners": [owner.pk], "unit": unit, "on": timezone.now().date()}


def rows_of(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a statement answers; one query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
