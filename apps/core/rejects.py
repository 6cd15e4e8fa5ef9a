"""Keeping input that cannot be used, whole and with the reason, so that nothing is dropped silently."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import JSONField, Value
from django.utils import timezone

from apps.core.models import RejectedInput

Row = TypeVar("Row")
# PostgreSQL's texts hold no NUL. A backslash that is escaped itself does not begin one.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


@dataclass(frozen=True, slots=True)
class Reject:
    """One record that cannot be used: the line it stands on (None where lines mean nothing), its content, the reason."""

    line: int | None
    content: object
    reason: str


def each_read(
    lines: Iterable[tuple[int, dict[str, str]]], read: Callable[[int, dict[str, str]], Row]
) -> Iterator[Row | Reject]:
    """What `read` makes of each line; where it raises ValueError, a reject with its sentence."""
    for line, row in lines:
        try:
            yield read(line, row)
        except ValueError as error:
            yield Reject(line, row, str(error))


def keep(rejects: Iterable[Reject], *, origin: str, batch_id: uuid.UUID) -> int:
    """Store rejects; returns how many are new. The same record rejected again for the same reason is the same row."""
    rows = {}
    for reject in rejects:
        content = json.loads(_NUL.sub(r"\1", json.dumps(reject.content, default=str)))
        reason = reject.reason[:300]
        digest = hashlib.sha256(json.dumps([origin, content, reason], sort_keys=True).encode()).hexdigest()
        rows[digest] = RejectedInput(
            origin=origin,
            batch_id=batch_id,
            line=reject.line,
            content=Value(None, JSONField()) if content is None else content,
            digest=digest,
            reason=reason,
            at=timezone.now(),
        )
    known: set[str] = set()
    digests = list(rows)
    for start in range(0, len(digests), 5000):
        chunk = digests[start : start + 5000]
        known.update(RejectedInput.objects.filter(digest__in=chunk).values_list("digest", flat=True))
    fresh = [row for digest, row in rows.items() if digest not in known]
    RejectedInput.objects.bulk_create(fresh, batch_size=1000, ignore_conflicts=True)
    return len(fresh)
