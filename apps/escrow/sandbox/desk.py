"""One piece of work at the company's desk: the books, the time, whose account it is, and what becomes known of it.

Every endpoint, hosted page and timer works through a Desk. The rules themselves are in resources/.
"""

from __future__ import annotations

import json
import random
import string
from dataclasses import dataclass, field, replace
from typing import Any

from apps.escrow.sandbox.books import Books, Obj
from apps.escrow.sandbox.errors import missing_object

API_VERSION = "2026-10-28.endive"
MINUTE, HOUR, DAY = 60, 3600, 86400
ALPHABET = (string.digits + string.ascii_letters).encode()
LETTERS = bytes(ALPHABET[byte % len(ALPHABET)] for byte in range(256))


def letters(source: random.Random, length: int) -> str:
    """Letters and digits out of a source of chance."""
    return source.randbytes(length).translate(LETTERS).decode()


@dataclass
class Switches:
    """Weather that a test or a curious person can turn on. Amounts of time are in seconds."""

    duplicate_webhooks: bool = False
    reorder_webhooks: bool = False
    drop_first_delivery: bool = False
    lose_webhooks: int = 0  # deliveries that never arrive, and are not tried again
    late_webhooks: float = 0.0  # how much later events are delivered while this is set
    latency: float = 0.0  # before a request is looked at
    slow_work: float = 0.0  # while a request with an idempotency key is being carried out
    fail_next: int = 0  # requests answered 500 before anything is done
    lose_next: int = 0  # requests carried out, their answer lost on the way: 500
    hang_next: int = 0  # requests carried out, then no answer comes at all
    hang_seconds: float = 30.0  # how long a connection is then kept open over HTTP
    guard_refunds: bool = False  # refuse a refund that the charge, less what was passed on, no longer covers
    settlement_delay: int = 2 * DAY
    retry_base: float = 1.0
    retry_cap: float = 60.0


@dataclass
class Desk:
    """now: seconds since 1970, the sandbox's clock. account: '' is the platform, else a connected account's id."""

    books: Books
    now: int
    real_now: float
    random: random.Random
    switches: Switches
    public_url: str
    offset: int = 0  # how far the clock was advanced: the platform's own clock is that much behind
    account: str = ""
    request_id: str | None = None
    idempotency_key: str | None = None
    news: list[str] = field(default_factory=list)

    def at(self, account: str) -> Desk:
        """The same work seen from another account."""
        return self if account == self.account else replace(self, account=account)

    # -- names -------------------------------------------------------------
    def token(self, length: int = 24) -> str:
        """Letters and digits that nobody can guess (or, with a seeded sandbox, always the same)."""
        return letters(self.random, length)

    def name(self, prefix: str) -> str:
        """A new id such as `pi_3…`."""
        return f"{prefix}_{self.token()}"

    # -- objects -----------------------------------------------------------
    def find(self, identifier: str | None) -> Obj | None:
        """An object of this account by id."""
        return self.books.find(identifier, self.account) if identifier else None

    def get(self, kind: str, identifier: str, *, param: str | None = None) -> Obj:
        """The object, or Stripe's "No such …"."""
        found = self.books.find(identifier, self.account)
        if found is None or found["object"] != kind:
            raise missing_object(kind.removeprefix("checkout."), identifier, param=param)
        return found

    def private(self, identifier: str) -> Obj:
        """What is known of an object but never shown."""
        return self.books.private(identifier, self.account)

    def add(self, obj: Obj, **private: Any) -> Obj:
        """Write a new object."""
        self.books.insert(obj, self.account, obj.get("created", self.now), private)
        return obj

    def save(self, obj: Obj, **private: Any) -> Obj:
        """Write a changed object; named private facts are merged into those known."""
        self.books.update(obj, self.account, self.private(obj["id"]) | private if private else None)
        return obj

    def later(self, due_at: int, task: str, subject: str) -> None:
        """Have `task` done with `subject` when the clock reaches `due_at`."""
        self.books.execute(
            "INSERT INTO timers (due_at, task, subject, account) VALUES (?, ?, ?, ?)",
            due_at,
            task,
            subject,
            self.account,
        )

    # -- events ------------------------------------------------------------
    def emit(self, kind: str, obj: Obj, previous: Obj | None = None) -> Obj:
        """Make an event known: written down together with the change, sent to every endpoint that wants it."""
        payload: Obj = {"object": obj}
        if previous is not None:
            payload["previous_attributes"] = previous
        event: Obj = {
            "id": self.name("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now,
            "data": payload,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": kind,
        }
        if self.account:
            event["account"] = self.account
        self.add(event)
        for row in self.books.query(
            "SELECT body, private FROM objects WHERE kind = 'webhook_endpoint' AND account = ''"
        ):
            self._address(event, row["body"], row["private"])
        self.news.append(event["id"])
        return event

    def _address(self, event: Obj, endpoint_text: str, private_text: str) -> None:
        endpoint, private = json.loads(endpoint_text), json.loads(private_text)
        wanted = endpoint["enabled_events"]
        hears = private["hears"]
        if endpoint["status"] != "enabled" or not ("*" in wanted or event["type"] in wanted):
            return
        if hears != "both" and (hears == "connected") != bool(self.account):
            return
        for _ in range(2 if self.switches.duplicate_webhooks else 1):
            wait = self.random.uniform(0, 2) if self.switches.reorder_webhooks else 0.0
            wait += self.switches.late_webhooks
            self.books.execute(
                "INSERT INTO deliveries (event, account, endpoint, state, attempts, due_at, created_at, outcome)"
                " VALUES (?, ?, ?, 'pending', 0, ?, ?, '')",
                event["id"],
                self.account,
                endpoint["id"],
                self.real_now + wait,
                self.real_now,
            )
