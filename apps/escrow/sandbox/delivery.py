"""Delivers events to webhook endpoints: signed as Stripe signs, at least once, retried with growing pauses.

What is still to be delivered is in the books, so a restart loses nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import httpx

from apps.escrow.sandbox.desk import DAY

if TYPE_CHECKING:
    from apps.escrow.sandbox.company import Sandbox

log = logging.getLogger("sandbox")
TIMEOUT = 10.0
GIVES_UP_AFTER = 3 * DAY


class Parcel(NamedTuple):
    """One delivery that is due: where it goes and what is in it."""

    seq: int
    event: str
    url: str
    secret: str
    payload: bytes
    attempts: int
    created_at: float


def sign(payload: bytes, secret: str, at: int) -> str:
    """The Stripe-Signature header: HMAC-SHA256 over the time and the body."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def due(sandbox: Sandbox, *, before: float | None, limit: int = 100) -> list[Parcel]:
    """Waiting deliveries in order, those due by `before` (real time) or all."""
    with sandbox.lock:
        rows = sandbox.books.query(
            "SELECT d.seq, d.event, d.attempts, d.created_at, o.body AS event_body,"
            " e.body AS endpoint_body, e.private AS secrets"
            " FROM deliveries d JOIN objects o ON o.id = d.event AND o.account = d.account"
            " JOIN objects e ON e.id = d.endpoint AND e.account = ''"
            " WHERE d.state = 'pending' AND d.due_at <= ? ORDER BY d.due_at, d.seq LIMIT ?",
            9e18 if before is None else before,
            limit,
        )
        counts = {
            row["event"]: sandbox.books.query(
                "SELECT COUNT(DISTINCT endpoint) FROM deliveries WHERE event = ? AND state = 'pending'", row["event"]
            )[0][0]
            for row in rows
        }
    parcels = []
    for row in rows:
        event = json.loads(row["event_body"]) | {"pending_webhooks": counts[row["event"]]}
        parcels.append(
            Parcel(
                row["seq"],
                row["event"],
                json.loads(row["endpoint_body"])["url"],
                json.loads(row["secrets"])["secret"],
                json.dumps(event, indent=2).encode(),
                row["attempts"],
                row["created_at"],
            )
        )
    return parcels


def passes(sandbox: Sandbox, parcel: Parcel) -> bool:
    """Whether the weather lets a delivery through; one that it does not is noted."""
    switches = sandbox.switches
    if switches.lose_webhooks > 0:
        switches.lose_webhooks -= 1
        with sandbox.lock, sandbox.books.transaction():
            sandbox.books.execute(
                "UPDATE deliveries SET state = 'failed', attempts = attempts + 1, outcome = 'lost' WHERE seq = ?",
                parcel.seq,
            )
        return False
    if switches.drop_first_delivery and parcel.attempts == 0:
        note(sandbox, parcel, taken=False, outcome="dropped")
        return False
    return True


def note(sandbox: Sandbox, parcel: Parcel, *, taken: bool, outcome: str) -> None:
    """Write down how an attempt went; one that failed is due again after a pause that doubles."""
    pause = min(sandbox.switches.retry_base * 2**parcel.attempts, sandbox.switches.retry_cap)
    now = time.time()
    state = "delivered" if taken else ("failed" if now - parcel.created_at > GIVES_UP_AFTER else "pending")
    with sandbox.lock, sandbox.books.transaction():
        sandbox.books.execute(
            "UPDATE deliveries SET state = ?, attempts = attempts + 1, due_at = ?, outcome = ? WHERE seq = ?",
            state,
            now + pause,
            outcome,
            parcel.seq,
        )


def send_again(sandbox: Sandbox, event: str) -> int:
    """Deliver an event once more to every endpoint that ever was to have it; how many deliveries wait."""
    with sandbox.lock, sandbox.books.transaction():
        rows = sandbox.books.query("SELECT DISTINCT endpoint, account FROM deliveries WHERE event = ?", event)
        for row in rows:
            sandbox.books.execute(
                "INSERT INTO deliveries (event, account, endpoint, state, attempts, due_at, created_at, outcome)"
                " VALUES (?, ?, ?, 'pending', 0, ?, ?, '')",
                event,
                row["account"],
                row["endpoint"],
                time.time(),
                time.time(),
            )
    for listener in sandbox.listeners:
        listener()
    return len(rows)


def deliver_in_process(sandbox: Sandbox, callback: Callable[[bytes, str], object]) -> int:
    """See Sandbox.deliver."""
    late = sandbox.switches.late_webhooks > 0
    parcels = due(sandbox, before=time.time() if late else None, limit=1_000_000)
    if sandbox.switches.reorder_webhooks:
        sandbox.random.shuffle(parcels)
    taken = 0
    for parcel in parcels:
        if not passes(sandbox, parcel):
            continue
        try:
            answer = callback(parcel.payload, sign(parcel.payload, parcel.secret, int(time.time())))
        except Exception as error:
            note(sandbox, parcel, taken=False, outcome=f"{type(error).__name__}: {error}")
            raise
        refused = answer is False or (isinstance(answer, int) and not isinstance(answer, bool) and answer >= 300)
        note(sandbox, parcel, taken=not refused, outcome=str(answer))
        taken += not refused
    return taken


class Courier(threading.Thread):
    """The background thread that delivers over HTTP and keeps the sandbox's time."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(name="courier", daemon=True)
        self.sandbox = sandbox
        self._wake = threading.Event()
        self._ending = threading.Event()
        sandbox.listeners.append(self._wake.set)

    def stop(self) -> None:
        """End after the attempt in hand."""
        self._ending.set()
        self._wake.set()

    def run(self) -> None:
        """Deliver whatever is due, at once when something happens and twice a second otherwise."""
        with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
            while not self._ending.is_set():
                self._wake.clear()
                try:
                    self.sandbox.tick()
                    sent = self._round(client)
                except Exception:  # the thread must outlive a broken endpoint or timer
                    log.exception("sandbox.courier_failed")
                    sent = 0
                if not sent:
                    self._wake.wait(0.5)

    def _round(self, client: httpx.Client) -> int:
        parcels = due(self.sandbox, before=time.time())
        for parcel in parcels:
            if self._ending.is_set():
                break
            if not passes(self.sandbox, parcel):
                continue
            taken, outcome = self._post(client, parcel)
            note(self.sandbox, parcel, taken=taken, outcome=outcome)
        return len(parcels)

    def _post(self, client: httpx.Client, parcel: Parcel) -> tuple[bool, str]:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": sign(parcel.payload, parcel.secret, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            answer = client.post(parcel.url, content=parcel.payload, headers=headers)
        except httpx.HTTPError as error:
            return False, f"{type(error).__name__}: {error}"
        return answer.is_success, str(answer.status_code)
