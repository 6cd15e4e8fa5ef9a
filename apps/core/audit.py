"""The audit trail: `record` writes who did what to which row, with the changed fields before and after."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import structlog
from django.db import models

from apps.core.models import AuditEntry


def _plain(value: object) -> object:
    return str(value) if isinstance(value, uuid.UUID | Decimal | dt.date | models.Model) else value


def record(
    *,
    action: str,
    target: models.Model,
    by: object | None = None,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Append one entry in the caller's transaction. `by` None is the system itself."""
    return AuditEntry.objects.create(
        actor_id=getattr(by, "pk", None),
        actor_label=str(by) if by is not None else "system",
        action=action,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        before={name: _plain(value) for name, value in (before or {}).items()},
        after={name: _plain(value) for name, value in (after or {}).items()},
        reason=reason,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )
