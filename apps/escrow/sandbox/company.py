"""The company itself: keeps the books and the time, does the work and hands out events.

How it is reached: api.py for requests, pages.py for people, server.py and client.py for the way there.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from apps.escrow.sandbox import api, delivery
from apps.escrow.sandbox.api import Answer
from apps.escrow.sandbox.books import Books, Obj
from apps.escrow.sandbox.desk import API_VERSION, DAY, Desk, Switches, letters
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.resources import (  # noqa: F401  (importing enters their endpoints)
    accounts,
    balance,
    charges,
    checkout,
    customers,
    disputes,
    files,
    onboarding,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    setup_intents,
    transfers,
    webhooks,
)
from apps.escrow.sandbox.routes import TIMERS

LAUNCHER_ENDPOINT = "we_configured_at_start"
IN_PROCESS = "http://in-process.invalid/"


class Sandbox:
    """One payment company with one platform as its customer.

    data: a SQLite file, or ':memory:'. clock: seconds since 1970, real time unless a test brings its own; advance()
    adds to it. seed: makes ids predictable. webhook_url: where events go; by default they wait for deliver(); None:
    nobody listens until an endpoint is created.
    """

    def __init__(
        self,
        *,
        secret_key: str = "sk_test_sandbox",  # noqa: S107
        data: str | Path = ":memory:",
        webhook_url: str | None = IN_PROCESS,
        webhook_secret: str = "whsec_sandbox",  # noqa: S107
        public_url: str = "http://sandbox.test",
        clock: Callable[[], float] = time.time,
        seed: int | None = None,
        switches: Switches | None = None,
    ) -> None:
        self.secret_key = secret_key
        self.webhook_secret = webhook_secret
        self.public_url = public_url.rstrip("/")
        self.switches = switches or Switches()
        self.books = Books(data)
        self._clock = clock
        self._offset: int = self.books.fact("clock_offset", 0)
        self.random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311  (tests)
        self.lock = threading.RLock()
        self.in_flight: set[tuple[str, str]] = set()
        self.listeners: list[Callable[[], None]] = []
        self._configure_endpoint(webhook_url)

    def _configure_endpoint(self, url: str | None) -> None:
        with self.work() as desk:
            if desk.find(LAUNCHER_ENDPOINT):
                desk.books.delete(LAUNCHER_ENDPOINT, "")
            if url is None:
                return
            webhooks.write_endpoint(
                desk,
                {"url": url, "enabled_events": ["*"], "api_version": API_VERSION, "description": "Given at start"},
                secret=self.webhook_secret,
                hears="both",
                name=LAUNCHER_ENDPOINT,
            )

    def close(self) -> None:
        """Close the books."""
        with self.lock:
            self.books.close()

    # -- time --------------------------------------------------------------
    def now(self) -> int:
        """Seconds since 1970 on the sandbox's clock."""
        return int(self._clock() + self._offset)

    def advance(self, seconds: int) -> int:
        """Move the clock on and do everything that falls due on the way; the new time."""
        with self.lock:
            self._offset += seconds
            with self.books.transaction():
                self.books.remember("clock_offset", self._offset)
            self.tick()
            return self.now()

    def tick(self) -> None:
        """Do what is due: expiries, settlements, reviews. Each at its own time and in its own transaction."""
        with self.lock:
            while True:
                due = self.books.query(
                    "SELECT seq, due_at, task, subject, account FROM timers WHERE due_at <= ?"
                    " ORDER BY due_at, seq LIMIT 1",
                    self.now(),
                )
                if not due:
                    return
                seq, due_at, task, subject, account = due[0]
                with self.work(account, now=due_at) as desk:
                    self.books.execute("DELETE FROM timers WHERE seq = ?", seq)
                    TIMERS[task](desk, subject)

    # -- work --------------------------------------------------------------
    @contextmanager
    def work(
        self, account: str = "", *, now: int | None = None, request_id: str | None = None, key: str | None = None
    ) -> Iterator[Desk]:
        """A transaction over the books. A failure undoes it, unless it is one that leaves traces (a declined card)."""
        with self.lock:
            desk = Desk(
                books=self.books,
                now=self.now() if now is None else now,
                real_now=time.time(),
                random=self.random,
                switches=self.switches,
                public_url=self.public_url,
                offset=self._offset,
                account=account,
                request_id=request_id,
                idempotency_key=key,
            )
            kept: ApiError | None = None
            with self.books.transaction():
                try:
                    yield desk
                except ApiError as error:
                    if not error.keeps_changes:
                        raise
                    kept = error
        if desk.news:
            for listener in self.listeners:
                listener()
        if kept is not None:
            raise kept

    def request_id(self) -> str:
        """A new number for a request."""
        return f"req_{letters(self.random, 14)}"

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: str | bytes | None = None) -> Answer:
        """Answer one request, as over HTTP. url: absolute or a path with its query; headers: any case."""
        return api.answer(self, method, url, headers, body)

    # -- switches ------------------------------------------------------------
    def control(self, what: str, given: Mapping[str, Any]) -> Obj:
        """The sandbox's own levers, which Stripe does not have: `config`, `advance`, `dispute`, `resend`."""
        if what == "config":
            kinds: dict[str, type] = {field.name: type(field.default) for field in fields(Switches)}
            for name, value in given.items():
                if name not in kinds:
                    raise ApiError(
                        f"There is no such switch: {name}. Known: {', '.join(kinds)}", param=name, began=False
                    )
                try:
                    read = value in ("true", "1", "on") if kinds[name] is bool else kinds[name](value)
                    setattr(self.switches, name, read)
                except ValueError:
                    raise ApiError(f"Not a number: {value}", param=name, began=False) from None
            return {field.name: getattr(self.switches, field.name) for field in fields(Switches)}
        if what == "advance":
            try:
                seconds = int(given.get("seconds", 0)) + DAY * int(given.get("days", 0))
            except ValueError:
                raise ApiError("Give whole seconds or days.", param="seconds", began=False) from None
            if seconds < 0:
                raise ApiError("Time only goes forward.", param="seconds", began=False)
            return {"now": self.advance(seconds)}
        if what == "dispute":
            with self.work() as desk:
                charge = desk.get("charge", str(given.get("charge", "")), param="charge")
                return disputes.open_dispute(desk, charge, reason=str(given.get("reason", "fraudulent")))
        if what == "resend":
            return {"waiting": delivery.send_again(self, str(given.get("event", "")))}
        raise ApiError(f"The sandbox has no lever called {what}.", status=404, began=False)

    # -- events --------------------------------------------------------------
    def events(self, kind: str | None = None) -> list[Obj]:
        """Everything that happened, oldest first, on the platform and in connected accounts."""
        with self.lock:
            rows = self.books.query("SELECT body FROM objects WHERE kind = 'event' ORDER BY seq")
        found = [json.loads(row[0]) for row in rows]
        return [event for event in found if kind is None or event["type"] == kind]

    def deliver(self, callback: Callable[[bytes, str], object]) -> int:
        """Hand every waiting event to `callback(payload, signature)` once, in process; how many were taken.

        A callback that raises, or returns False or a status of 300 and more, has not taken the event: it stays waiting.
        """
        return delivery.deliver_in_process(self, callback)
