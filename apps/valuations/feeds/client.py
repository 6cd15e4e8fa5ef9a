"""Asking a source: at its pace, again where that may help, not at all while it rests, and only for what changed."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import urlencode

import pybreaker
import redis
import stamina
from django.conf import settings

from apps.core.http import Fetched, Fetcher, FetchFailed, FetchRefused
from apps.valuations.feeds.errors import AnswerUnusable, FeedError, SourceRefused
from apps.valuations.feeds.pace import LONGEST_WAIT, Pace, breaker_of, rests_until

MOST_BYTES = 512 * 1024 * 1024
T = TypeVar("T")


class Validator(NamedTuple):
    """By what a file is known again: both empty where the source names neither."""

    etag: str
    modified: str


class Signer(Protocol):
    """Proves who asks."""

    def headers(self, method: str, url: str) -> dict[str, str]:
        """What to send along."""

    def refused(self) -> bool:
        """The source did not believe it (401): whether to try once more."""


class Answer(NamedTuple):
    """What came back, read."""

    content: Any
    validator: Validator


class Client:
    """One run's way to its source. `requests` counts what was sent, tries included.

    validators: of files that were read before, by address.
    """

    def __init__(
        self,
        *,
        host: str,
        pace: Pace,
        fetcher: Fetcher,
        validators: Mapping[str, Validator] | None = None,
    ) -> None:
        self.host = host
        self.pace = pace
        self.fetcher = fetcher
        self.validators = dict(validators or {})
        self.requests = 0

    def take_count(self) -> int:
        """How many requests were sent since this was last asked."""
        count, self.requests = self.requests, 0
        return count

    def json(self, url: str, **how: Any) -> Any:
        """The answer as JSON; see `ask`."""
        return self.ask(url, json_of, **how).content

    def text(self, url: str, **how: Any) -> str:
        """The answer as text; see `ask`."""
        return self.ask(url, lambda found: found.content.decode("utf-8", "replace"), **how).content

    def changed(self, url: str, read: Callable[[Fetched], T], **how: Any) -> Answer | None:
        """The file at an address, read; None while it is still the one that was read before."""
        return self.ask(url, read, validator=self.validators.get(url), **how) or None

    def ask(
        self,
        url: str,
        read: Callable[[Fetched], T],
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        signer: Signer | None = None,
        method: str = "GET",
        content: bytes | None = None,
        validator: Validator | None = None,
        missing: T | None = None,
    ) -> Any:
        """Ask once in the reader's eyes: tries that failed, waits and renewed tokens stay in here.

        read: makes something of the answer; what it raises as AnswerUnusable is tried again. missing: what a 404 means.
        Returns an Answer, or None where the file is still that of `validator`.
        Raises SourceRefused, AnswerUnusable, FeedError.
        """
        address = f"{url}?{urlencode(query)}" if query else url

        def once() -> Any:
            sent = dict(headers or {}) | (signer.headers(method, address) if signer else {})
            return self._try(address, read, method, sent, content, validator)

        try:
            return self._guarded(once)
        except FetchRefused as error:
            if error.status == 404 and missing is not None:
                return Answer(missing, Validator("", ""))
            if error.status == 401 and signer is not None and signer.refused():
                return self.ask(
                    url, read, query=query, headers=headers, signer=_LastTry(signer), method=method,
                    content=content, validator=validator, missing=missing,
                )  # fmt: skip
            told = "refused our keys (401)" if error.status == 401 else str(error)
            raise SourceRefused(f"{self.host}: {told}.", answered=error.status) from error

    def _guarded(self, once: Callable[[], T]) -> T:
        try:
            return breaker_of(self.host).call(self._with_tries, once)
        except pybreaker.CircuitBreakerError:
            until = rests_until(self.host)
            told = f"until {until:%H:%M} UTC" if until else "for now"
            raise FeedError(
                f"{self.host} failed several times in a row and is left alone {told}.", until=until
            ) from None
        except FetchFailed as error:
            until = None
            if error.retry_after:
                until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=error.retry_after)
            raise FeedError(f"{self.host}: {error}.", until=until) from error
        except redis.RedisError as error:
            raise FeedError("Redis does not answer: without it no pace is kept, so nothing is asked.") from error

    def _with_tries(self, once: Callable[[], T]) -> T:
        for attempt in stamina.retry_context(
            on=worth_another_try,
            attempts=settings.FEED_ATTEMPTS,
            timeout=None,
            wait_initial=1.0,
            wait_max=30.0,
            wait_jitter=2.0,
        ):
            with attempt:
                return once()
        raise AssertionError("unreachable")

    def _try(
        self,
        address: str,
        read: Callable[[Fetched], T],
        method: str,
        headers: Mapping[str, str],
        content: bytes | None,
        validator: Validator | None,
    ) -> Answer | None:
        self.pace.wait()
        self.requests += 1
        etag, modified = validator or Validator("", "")
        found = self.fetcher.fetch(
            address,
            most_bytes=MOST_BYTES,
            method=method,
            headers=headers,
            content=content,
            etag=etag,
            modified=modified,
        )
        return None if found is None else Answer(read(found), Validator(found.etag, found.modified))


class _LastTry:
    """A signer whose renewed proof is not renewed again."""

    def __init__(self, signer: Signer) -> None:
        self.headers = signer.headers

    def refused(self) -> bool:
        return False


def worth_another_try(error: Exception) -> bool | float:
    """Whether a failed try may go better, and the seconds to wait where the source named them (else: with jitter, longer
    each time). One that wants to be left alone longer than a run waits is left alone.
    """
    if isinstance(error, FetchFailed):
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= LONGEST_WAIT else False
    return isinstance(error, AnswerUnusable)


def json_of(found: Fetched) -> Any:
    """JSON that the database can keep. Raises AnswerUnusable on what is cut off, no JSON, or holds what no text may."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no number")

    try:
        text = found.content.decode("utf-8-sig")
        value = json.loads(text, parse_constant=refuse, parse_float=Decimal)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False, default=str).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise AnswerUnusable(_no_json(found.content, error)) from error
    return value


def _no_json(content: bytes, error: Exception) -> str:
    if not content.strip():
        return "Its answer is empty."
    if isinstance(error, json.JSONDecodeError) and (error.pos >= len(error.doc) - 1 or "Unterminated" in error.msg):
        return f"Its answer breaks off after {len(content)} bytes."
    return f"Its answer of {len(content)} bytes is not JSON."


def results_of(answer: Any, name: str = "results") -> list[Any]:
    """The list of an envelope. Raises AnswerUnusable when there is none."""
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise AnswerUnusable(f"Its answer has no list of {name}.")
    return found


def client_for(
    host: str,
    rates: tuple[str, ...],
    *,
    fetcher: Fetcher,
    validators: Mapping[str, Validator],
    sleep: Callable[[float], None] = time.sleep,
) -> Client:
    """A client at the pace of its host."""
    return Client(host=host, pace=Pace(host, rates, sleep=sleep), fetcher=fetcher, validators=validators)
