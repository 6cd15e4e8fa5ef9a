"""The company itself: answers requests, keeps time and hands out events. How it is reached: server.py and client.py."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from apps.escrow.sandbox import delivery
from apps.escrow.sandbox.books import Books, Obj
from apps.escrow.sandbox.desk import API_VERSION, DAY, Desk, Switches
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.expansion import expand
from apps.escrow.sandbox.forms import decode
from apps.escrow.sandbox.parameters import accept
from apps.escrow.sandbox.resources import (  # noqa: F401  (entering the endpoints)
    accounts,
    balance,
    charges,
    checkout,
    customers,
    disputes,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    transfers,
    webhooks,
)
from apps.escrow.sandbox.routes import TIMERS, match

VERSIONS = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
LAUNCHER_ENDPOINT = "we_configured_at_start"
IN_PROCESS = "http://in-process.invalid/"


class Answer(NamedTuple):
    """An HTTP answer; header names in the case in which Stripe sends them."""

    status: int
    headers: dict[str, str]
    body: str


class Sandbox:
    """One payment company with one platform as its customer.

    data: a SQLite file, or ':memory:'. clock: seconds since 1970, real time unless a test brings its own; advance() adds
    to it. seed: makes ids predictable. webhook_url: where events go; by default they
    wait for deliver(); None: nobody listens until an endpoint is created.
    """

    def __init__(
        self,
        *,
        secret_key: str = "sk_test_sandbox",
        data: str | Path = ":memory:",
        webhook_url: str | None = IN_PROCESS,
        webhook_secret: str = "whsec_sandbox",
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
        self._random = random.SystemRandom() if seed is None else random.Random(seed)
        self._lock = threading.RLock()
        self._in_flight: set[tuple[str, str]] = set()
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
        with self._lock:
            self.books.close()

    # -- time --------------------------------------------------------------
    def now(self) -> int:
        """Seconds since 1970 on the sandbox's clock."""
        return int(self._clock() + self._offset)

    def advance(self, seconds: int) -> int:
        """Move the clock on and do everything that falls due on the way; the new time."""
        with self._lock:
            self._offset += seconds
            with self.books.transaction():
                self.books.remember("clock_offset", self._offset)
            self.tick()
            return self.now()

    def tick(self) -> None:
        """Do what is due: expiries, settlements, reviews. Each at its own time and in its own transaction."""
        with self._lock:
            while True:
                due = self.books.query(
                    "SELECT seq, due_at, task, subject, account FROM timers WHERE due_at <= ? ORDER BY due_at, seq LIMIT 1",
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
        with self._lock:
            desk = Desk(
                books=self.books,
                now=self.now() if now is None else now,
                real_now=time.time(),
                random=self._random,
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

    # -- requests ------------------------------------------------------------
    def handle(self, method: str, url: str, headers: Mapping[str, str], body: str | None = None) -> Answer:
        """Answer one request. headers: any case; url: absolute or a path with its query."""
        given = {name.lower(): value for name, value in headers.items()}
        request_id = f"req_{''.join(self._random.choices('0123456789abcdefghijklmnopqrstuvwxyz', k=14))}"
        out = {"Content-Type": "application/json", "Request-Id": request_id, "Stripe-Version": API_VERSION}
        if self.switches.latency:
            time.sleep(self.switches.latency)
        try:
            self._authenticate(given)
            version = given.get("stripe-version", API_VERSION)
            if not VERSIONS.fullmatch(version):
                raise ApiError(f"Invalid Stripe API version: {version}", began=False)
            out["Stripe-Version"] = version
            account = given.get("stripe-account", "")
            if account and self.books.find(account) is None:
                raise ApiError(
                    f"The provided key does not have access to account '{account}' (or that account does not exist).",
                    status=403,
                    code="account_invalid",
                )
            if self.switches.fail_next > 0:
                self.switches.fail_next -= 1
                raise ApiError("The sandbox was told to fail.", status=500, kind="api_error", began=False)
            parts = urlsplit(url)
            key = given.get("idempotency-key", "") if method == "POST" else ""
            if not key:
                status, text = self._carry_out(method, parts.path, parts.query, body, account, request_id, None)
            else:
                out["Idempotency-Key"] = key
                status, text, first = self._once(method, parts.path, parts.query, body, account, request_id, key)
                if first != request_id:
                    out |= {"Idempotent-Replayed": "true", "Original-Request": first}
                else:
                    out["Original-Request"] = request_id
            if self.switches.lose_next > 0 and method == "POST":
                self.switches.lose_next -= 1
                raise ApiError("The sandbox was told to lose this answer.", status=500, kind="api_error", began=False)
        except ApiError as error:
            status, text = error.status, _failure(error, request_id)
        except Exception as error:  # an outside company answers 500, whatever went wrong inside it
            status = 500
            text = _failure(ApiError(f"{type(error).__name__}: {error}", status=500, kind="api_error"), request_id)
            delivery.log.exception("sandbox.request_failed")
        return Answer(status, out, text)

    def _authenticate(self, headers: Mapping[str, str]) -> None:
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                credentials = base64.b64decode(credentials).decode().partition(":")[0]
            except ValueError:
                credentials = ""
        if not credentials:
            raise ApiError(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer"
                " auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
                status=401,
            )
        if credentials != self.secret_key:
            shown = f"{credentials[:8]}{'*' * 8}{credentials[-4:]}" if len(credentials) > 16 else "*" * 8
            raise ApiError(f"Invalid API Key provided: {shown}", status=401)

    def _once(
        self, method: str, path: str, query: str, body: str | None, account: str, request_id: str, key: str
    ) -> tuple[int, str, str]:
        """The answer to a request with an idempotency key, and the id of the request that it was first given to."""
        if len(key) > 255:
            raise ApiError("Idempotency keys can be at most 255 characters.", kind="idempotency_error", began=False)
        canonical = json.dumps(decode(body or ""), sort_keys=True)
        mark = hashlib.sha256(f"{method} {path} {canonical}".encode()).hexdigest()
        with self._lock:
            if (key, account) in self._in_flight:
                raise ApiError(
                    "There is currently another in-progress request using this Idempotent Key (that probably means you"
                    f" submitted twice, and the other request is still going through): {key}. You can try again later.",
                    status=409,
                    code="idempotency_key_in_use",
                    began=False,
                )
            row = self.books.connection.execute(
                "SELECT request, status, body, request_id, created FROM answers WHERE key = ? AND account = ?",
                (key, account),
            ).fetchone()
            if row and row["created"] > self.now() - DAY:
                if row["request"] != mark:
                    raise ApiError(
                        "Keys for idempotent requests can only be used with the same parameters they were first used with."
                        f" Try using a key other than '{key}' if you meant to execute a different request.",
                        kind="idempotency_error",
                        began=False,
                    )
                return row["status"], row["body"], row["request_id"]
            self._in_flight.add((key, account))
        try:
            status, text = self._carry_out(method, path, query, body, account, request_id, (key, mark))
        finally:
            with self._lock:
                self._in_flight.discard((key, account))
        return status, text, request_id

    def _carry_out(
        self,
        method: str,
        path: str,
        query: str,
        body: str | None,
        account: str,
        request_id: str,
        remember: tuple[str, str] | None,
    ) -> tuple[int, str]:
        """Do what is asked; with `remember`, the answer is written in the same transaction as what was done."""
        if path.startswith("/_sandbox/"):
            return 200, json.dumps(self.control(path.removeprefix("/_sandbox/"), decode(body or "")))
        self.tick()
        found = match(method, path)
        if found is None:
            raise ApiError(
                f"Unrecognized request URL ({method}: {path}). Please see https://docs.stripe.com or we can help at"
                " https://support.stripe.com/.",
                status=404,
                began=False,
            )
        route, ids = found
        raw = decode((body or "") if method == "POST" else query)
        key = remember[0] if remember else None
        refused: ApiError | None = None
        status, text = 200, ""
        try:
            values = accept(raw, route.accepts, route.required)
            with self.work(account, request_id=request_id, key=key) as desk:
                try:
                    answer = route.endpoint(desk, values, *ids)
                    if raw.get("expand"):
                        answer = expand(desk, json.loads(json.dumps(answer)), _paths(raw["expand"]))
                    text = json.dumps(answer)
                except ApiError as error:
                    status, text = error.status, _failure(error, request_id)
                    if error.keeps_changes and remember:
                        self._remember(remember, account, status, text, request_id)
                    raise
                if remember:
                    self._remember(remember, account, status, text, request_id)
        except ApiError as error:
            refused = error
        if refused is not None:
            if remember and refused.began and not refused.keeps_changes:
                with self._lock, self.books.transaction():
                    self._remember(remember, account, status, text, request_id)
            raise refused
        return status, text

    def _remember(self, remember: tuple[str, str], account: str, status: int, text: str, request_id: str) -> None:
        key, mark = remember
        self.books.execute(
            "INSERT OR REPLACE INTO answers (key, account, request, status, body, request_id, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            key,
            account,
            mark,
            status,
            text,
            request_id,
            self.now(),
        )

    # -- switches ------------------------------------------------------------
    def control(self, what: str, given: Mapping[str, Any]) -> Obj:
        """The sandbox's own levers, which Stripe does not have: `config`, `advance`, `dispute`, `resend`."""
        if what == "config":
            kinds = {field.name: type(field.default) for field in fields(Switches)}
            for name, value in given.items():
                if name not in kinds:
                    raise ApiError(
                        f"There is no such switch: {name}. Known: {', '.join(kinds)}", param=name, began=False
                    )
                read = (lambda text: text in ("true", "1", "on")) if kinds[name] is bool else kinds[name]
                try:
                    setattr(self.switches, name, read(value))
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
        with self._lock:
            rows = self.books.query("SELECT body FROM objects WHERE kind = 'event' ORDER BY seq")
        found = [json.loads(row[0]) for row in rows]
        return [event for event in found if kind is None or event["type"] == kind]

    def deliver(self, callback: Callable[[bytes, str], object]) -> int:
        """Hand every waiting event to `callback(payload, signature)` once, in process; how many were taken.

        A callback that raises, or returns False or a status of 300 and more, has not taken the event: it stays waiting.
        """
        return delivery.deliver_in_process(self, callback)

    def with_switches(self, **changes: Any) -> Sandbox:
        """Turn switches in one go; self, for chaining."""
        self.switches = replace(self.switches, **changes)
        return self


def _paths(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else [str(path) for path in given]


def _failure(error: ApiError, request_id: str) -> str:
    return json.dumps(
        {"error": error.fields() | {"request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}"}}
    )
