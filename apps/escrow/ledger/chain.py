"""The chain of hashes over the ledger's transactions, as a pure function of what they say. No database here.

Each hash is SHA-256 of the former hash and of the transaction's content, so that one changed, missing or added
transaction changes its own hash and every later one. Source: Haber and Stornetta, "How to time-stamp a digital
document", Journal of Cryptology 3 (1991).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass

START = bytes(32)


@dataclass(frozen=True)
class Entry:
    """One entry: account by code, amount in minor units."""

    id: int
    account: str
    currency: str
    amount: int


@dataclass(frozen=True)
class Record:
    """One transaction as it stands in the books; entries by id."""

    id: int
    kind: str
    idempotency_key: str
    cause: str
    posted_at: dt.datetime
    entries: tuple[Entry, ...]

    @property
    def content(self) -> bytes:
        """Everything that it says, in one way of writing: JSON without spaces, the instant in UTC."""
        return json.dumps(
            [
                self.id,
                self.kind,
                self.idempotency_key,
                self.cause,
                self.posted_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
                [[entry.id, entry.account, entry.currency, entry.amount] for entry in self.entries],
            ],
            separators=(",", ":"),
        ).encode()


def following(previous: bytes, record: Record) -> bytes:
    """The hash of the chain after `record`, 32 bytes, where it was `previous` before it."""
    return hashlib.sha256(previous + hashlib.sha256(record.content).digest()).digest()
