"""The sandbox's own books: one SQLite file with every object, event, delivery, timer and remembered answer.

It plays an outside company, so it keeps its records apart from the product's database. Nothing here knows what the
objects mean.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

Obj = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, kind TEXT NOT NULL, account TEXT NOT NULL, created INTEGER NOT NULL,
    body TEXT NOT NULL, private TEXT NOT NULL, UNIQUE (id, account)
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, account, seq);
CREATE INDEX IF NOT EXISTS charges_by_intent ON objects (account, json_extract(body, '$.payment_intent'))
    WHERE kind = 'charge';
CREATE INDEX IF NOT EXISTS refunds_by_charge ON objects (account, json_extract(body, '$.charge')) WHERE kind = 'refund';
CREATE INDEX IF NOT EXISTS transfers_by_source ON objects (account, json_extract(body, '$.source_transaction'))
    WHERE kind = 'transfer';
CREATE INDEX IF NOT EXISTS transfers_by_group ON objects (account, json_extract(body, '$.transfer_group'))
    WHERE kind = 'transfer';
CREATE INDEX IF NOT EXISTS reversals_by_transfer ON objects (account, json_extract(body, '$.transfer'))
    WHERE kind = 'transfer_reversal';
CREATE INDEX IF NOT EXISTS movements_by_source ON objects (account, json_extract(body, '$.source'))
    WHERE kind = 'balance_transaction';
CREATE TABLE IF NOT EXISTS movements (
    seq INTEGER PRIMARY KEY, account TEXT NOT NULL, currency TEXT NOT NULL, net INTEGER NOT NULL,
    available_on INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS movements_by_account ON movements (account, currency, available_on, net);
CREATE TABLE IF NOT EXISTS timers (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, due_at INTEGER NOT NULL,
    task TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS timers_by_due ON timers (due_at, seq);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT NOT NULL, account TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    request_id TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (key, account)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, account TEXT NOT NULL, endpoint TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, due_at REAL NOT NULL, created_at REAL NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (due_at, seq) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


NEWER = "seq > (SELECT seq FROM objects WHERE id = ? AND account = ?)"
OLDER = "seq < (SELECT seq FROM objects WHERE id = ? AND account = ?)"


class Page(NamedTuple):
    """Objects newest first, and whether more follow."""

    rows: list[Obj]
    has_more: bool


class Books:
    """Objects by id and account ('' is the platform). Not for concurrent use: the sandbox holds a lock around it."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
        self.connection.row_factory = sqlite3.Row
        self.connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;" + SCHEMA
        )

    def close(self) -> None:
        """Let the file go; everything committed is in it."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def query(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Rows of one statement."""
        return self.connection.execute(sql, values).fetchall()

    def execute(self, sql: str, *values: Any) -> int:
        """Run one statement; the number of rows it touched."""
        return self.connection.execute(sql, values).rowcount

    # -- objects -----------------------------------------------------------
    def find(self, identifier: str, account: str = "") -> Obj | None:
        """The object as it stands, or None."""
        row = self.connection.execute(
            "SELECT body FROM objects WHERE id = ? AND account = ?", (identifier, account)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def private(self, identifier: str, account: str = "") -> Obj:
        """What the company knows about an object but never shows."""
        row = self.connection.execute(
            "SELECT private FROM objects WHERE id = ? AND account = ?", (identifier, account)
        ).fetchone()
        return json.loads(row[0]) if row else {}

    def insert(self, obj: Obj, account: str, created: int, private: Mapping[str, Any]) -> int:
        """Write a new object; its place in time."""
        place = self.connection.execute(
            "INSERT INTO objects (id, kind, account, created, body, private) VALUES (?, ?, ?, ?, ?, ?)",
            (obj["id"], obj["object"], account, created, json.dumps(obj), json.dumps(private)),
        ).lastrowid
        assert place is not None
        return place

    def update(self, obj: Obj, account: str, private: Mapping[str, Any] | None = None) -> None:
        """Write an object that exists."""
        if private is None:
            self.execute(
                "UPDATE objects SET body = ? WHERE id = ? AND account = ?", json.dumps(obj), obj["id"], account
            )
        else:
            self.execute(
                "UPDATE objects SET body = ?, private = ? WHERE id = ? AND account = ?",
                json.dumps(obj),
                json.dumps(private),
                obj["id"],
                account,
            )

    def delete(self, identifier: str, account: str) -> None:
        """Forget an object."""
        self.execute("DELETE FROM objects WHERE id = ? AND account = ?", identifier, account)

    def page(
        self,
        kind: str,
        account: str = "",
        *,
        where: Mapping[str, Any] | None = None,
        created: Mapping[str, int] | None = None,
        limit: int = 10,
        after: str | None = None,
        before: str | None = None,
    ) -> Page:
        """A page of one kind, newest first; `where` compares fields of the body by JSON path."""
        conditions = ["kind = ?", "account = ?"]
        values: list[Any] = [kind, account]
        for field, value in (where or {}).items():
            if isinstance(value, (list, tuple)):
                conditions.append(f"json_extract(body, '$.{field}') IN ({', '.join('?' * len(value))})")
                values.extend(value)
            else:
                conditions.append(f"json_extract(body, '$.{field}') = ?")
                values.append(value)
        for bound, moment in (created or {}).items():
            conditions.append(f"created {dict(gt='>', gte='>=', lt='<', lte='<=')[bound]} ?")
            values.append(moment)
        backwards = before is not None and after is None
        edge = before if backwards else after
        if edge is not None:
            conditions.append(NEWER if backwards else OLDER)
            values.extend([edge, account])
        order = "ASC" if backwards else "DESC"
        rows = self.connection.execute(
            f"SELECT body FROM objects WHERE {' AND '.join(conditions)} ORDER BY seq {order} LIMIT ?",  # noqa: S608
            [*values, limit + 1],
        ).fetchall()
        found = [json.loads(row[0]) for row in rows[:limit]]
        return Page(found[::-1] if backwards else found, len(rows) > limit)

    def every(self, kind: str, account: str = "", **where: Any) -> list[Obj]:
        """All objects of a kind whose fields have these values, newest first."""
        return self.page(kind, account, where=where, limit=1_000_000).rows

    # -- money -------------------------------------------------------------
    def totals(self, account: str, now: int) -> dict[str, tuple[int, int]]:
        """Available and pending minor units by currency."""
        rows = self.query(
            "SELECT currency, SUM(CASE WHEN available_on <= ? THEN net ELSE 0 END), SUM(net) FROM movements"
            " WHERE account = ? GROUP BY currency",
            now,
            account,
        )
        return {row[0]: (row[1], row[2] - row[1]) for row in rows}

    # -- facts about the sandbox itself --------------------------------------
    def fact(self, name: str, default: Any = None) -> Any:
        """A remembered setting, such as how far the clock was advanced."""
        rows = self.query("SELECT value FROM facts WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else default

    def remember(self, name: str, value: Any) -> None:
        """Keep a setting."""
        self.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", name, json.dumps(value))
