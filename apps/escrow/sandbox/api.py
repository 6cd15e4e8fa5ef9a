"""The door of the API: who asks, which endpoint, what is remembered under an idempotency key, and how failures look."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from apps.escrow.sandbox.desk import API_VERSION, DAY, Desk
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.expansion import expand
from apps.escrow.sandbox.forms import decode, decode_upload
from apps.escrow.sandbox.parameters import accept
from apps.escrow.sandbox.routes import Route, match

if TYPE_CHECKING:
    from apps.escrow.sandbox.company import Sandbox

log = logging.getLogger("sandbox")
NO_ANSWER = 0  # instead of a status: the work was done, and nothing is said
VERSIONS = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
LOGS = "https://dashboard.stripe.com/test/logs/"


class Answer(NamedTuple):
    """An HTTP answer; header names in the case in which Stripe sends them."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Asked:
    """One request: what is asked, for which account ('' is the platform), under which key."""

    method: str
    path: str
    values: dict[str, Any]
    account: str
    request_id: str
    key: str

    @property
    def mark(self) -> str:
        """The same for two requests that ask the same."""
        canonical = json.dumps(self.values, sort_keys=True)
        return hashlib.sha256(f"{self.method} {self.path} {canonical}".encode()).hexdigest()


def answer(sandbox: Sandbox, method: str, url: str, headers: Mapping[str, str], body: str | bytes | None) -> Answer:
    """Answer one request; nothing is raised, as nothing is over a network."""
    request_id = sandbox.request_id()
    out = {"Content-Type": "application/json", "Request-Id": request_id, "Stripe-Version": API_VERSION}
    if sandbox.switches.latency:
        time.sleep(sandbox.switches.latency)
    try:
        status, text = _answer(sandbox, method, url, headers, body, out)
    except ApiError as error:
        status, text = error.status, failure(error, request_id)
    except Exception as error:
        log.exception("sandbox.request_failed")
        wrong = ApiError(f"{type(error).__name__}: {error}", status=500, kind="api_error")
        status, text = 500, failure(wrong, request_id)
    return Answer(status, out, text)


def failure(error: ApiError, request_id: str) -> str:
    """The body of an answer that is a failure."""
    return json.dumps({"error": error.fields() | {"request_log_url": LOGS + request_id}})


def _answer(
    sandbox: Sandbox, method: str, url: str, headers: Mapping[str, str], body: str | bytes | None, out: dict[str, str]
) -> tuple[int, str]:
    given = {name.lower(): value for name, value in headers.items()}
    kind = given.get("content-type", "")
    is_upload = kind.startswith("multipart/form-data")
    raw = body.encode() if isinstance(body, str) else body or b""
    typed = "" if is_upload else raw.decode("utf-8", "replace")
    _authenticate(sandbox, given.get("authorization", ""))
    version = given.get("stripe-version", API_VERSION)
    if not VERSIONS.fullmatch(version):
        raise ApiError(f"Invalid Stripe API version: {version}", began=False)
    out["Stripe-Version"] = version
    parts = urlsplit(url)
    if parts.path.startswith("/_sandbox/"):
        return 200, json.dumps(sandbox.control(parts.path.removeprefix("/_sandbox/"), decode(typed)))
    asked = Asked(
        method=method,
        path=parts.path,
        values=decode_upload(kind, raw) if is_upload else decode(typed if method == "POST" else parts.query),
        account=_account(sandbox, given.get("stripe-account", "")),
        request_id=out["Request-Id"],
        key=given.get("idempotency-key", "") if method == "POST" else "",
    )
    switches = sandbox.switches
    if switches.fail_next > 0:
        switches.fail_next -= 1
        raise ApiError("The sandbox was told to fail.", status=500, kind="api_error", began=False)
    sandbox.tick()
    status, text = _once(sandbox, asked, out) if asked.key else _carry_out(sandbox, asked)
    if switches.lose_next > 0 and method == "POST":
        switches.lose_next -= 1
        raise ApiError("The sandbox was told to lose this answer.", status=500, kind="api_error", began=False)
    if switches.hang_next > 0 and method == "POST":
        switches.hang_next -= 1
        return NO_ANSWER, ""
    return status, text


def _authenticate(sandbox: Sandbox, authorization: str) -> None:
    scheme, _, credentials = authorization.partition(" ")
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
    if credentials != sandbox.secret_key:
        shown = f"{credentials[:8]}{'*' * 8}{credentials[-4:]}" if len(credentials) > 16 else "*" * 8
        raise ApiError(f"Invalid API Key provided: {shown}", status=401)


def _account(sandbox: Sandbox, identifier: str) -> str:
    if identifier:
        with sandbox.lock:
            known = sandbox.books.find(identifier)
        if known is None:
            raise ApiError(
                f"The provided key does not have access to account '{identifier}' (or that account does not exist).",
                status=403,
                code="account_invalid",
            )
    return identifier


def _once(sandbox: Sandbox, asked: Asked, out: dict[str, str]) -> tuple[int, str]:
    """Carry a request out the first time its key is seen within a day; give the first answer every other time."""
    if len(asked.key) > 255:
        raise ApiError("Idempotency keys can be at most 255 characters.", kind="idempotency_error", began=False)
    out["Idempotency-Key"] = asked.key
    place = (asked.key, asked.account)
    with sandbox.lock:
        if place in sandbox.in_flight:
            raise ApiError(
                "There is currently another in-progress request using this Idempotent Key (that probably means you"
                f" submitted twice, and the other request is still going through): {asked.key}. Try again later.",
                status=409,
                code="idempotency_key_in_use",
                began=False,
            )
        rows = sandbox.books.query("SELECT * FROM answers WHERE key = ? AND account = ?", *place)
        if rows and rows[0]["created"] > sandbox.now() - DAY:
            if rows[0]["request"] != asked.mark:
                raise ApiError(
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                    f" Try using a key other than '{asked.key}' if you meant to execute a different request.",
                    kind="idempotency_error",
                    began=False,
                )
            out |= {"Idempotent-Replayed": "true", "Original-Request": rows[0]["request_id"]}
            return rows[0]["status"], rows[0]["body"]
        sandbox.in_flight.add(place)
    out["Original-Request"] = asked.request_id
    try:
        if sandbox.switches.slow_work:
            time.sleep(sandbox.switches.slow_work)
        return _carry_out(sandbox, asked)
    finally:
        with sandbox.lock:
            sandbox.in_flight.discard(place)


def _carry_out(sandbox: Sandbox, asked: Asked) -> tuple[int, str]:
    """Do what is asked. The answer is remembered in the same transaction as what was done."""
    found = match(asked.method, asked.path)
    if found is None:
        raise ApiError(
            f"Unrecognized request URL ({asked.method}: {asked.path}). Please see https://docs.stripe.com or we can"
            " help at https://support.stripe.com/.",
            status=404,
            began=False,
        )
    values = accept(asked.values, found[0].accepts, found[0].required)
    try:
        with sandbox.work(asked.account, request_id=asked.request_id, key=asked.key or None) as desk:
            return _work(desk, asked, found, values)
    except ApiError as error:
        if asked.key and error.began and not error.keeps_changes:
            with sandbox.work(asked.account) as desk:
                _remember(desk, asked, error.status, failure(error, asked.request_id))
        raise


def _work(desk: Desk, asked: Asked, found: tuple[Route, list[str]], values: dict[str, Any]) -> tuple[int, str]:
    route, ids = found
    try:
        answered = route.endpoint(desk, values, *ids)
    except ApiError as error:
        if error.keeps_changes:
            _remember(desk, asked, error.status, failure(error, asked.request_id))
        raise
    paths = asked.values.get("expand")
    if paths:
        answered = expand(desk, json.loads(json.dumps(answered)), [paths] if isinstance(paths, str) else list(paths))
    text = json.dumps(answered)
    _remember(desk, asked, 200, text)
    return 200, text


def _remember(desk: Desk, asked: Asked, status: int, text: str) -> None:
    if asked.key:
        desk.books.execute(
            "INSERT OR REPLACE INTO answers (key, account, request, status, body, request_id, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            asked.key,
            asked.account,
            asked.mark,
            status,
            text,
            asked.request_id,
            desk.now,
        )
