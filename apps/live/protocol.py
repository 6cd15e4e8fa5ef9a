"""The words of /ws/, version 1: reading what a client sends, making what it gets, close codes and limits. Pure.

docs/live.md describes the protocol for those who write clients; both change together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from apps.live.keeping import EVENT_ID

VERSION = 1
LONGEST_MESSAGE = 8 * 1024
"""Of what a client sends, in bytes."""
MOST_STREAMS = 60
"""That one connection follows."""
BURST, PER_SECOND = 30, 5.0
"""Messages that a client may send at once, and lastingly."""
MOST_MISTAKES = 10
PING_SECONDS = 25
_LONGEST_NAME = 100
_LONGEST_CREDENTIAL = 4096


class Close(IntEnum):
    """Why the server closes."""

    TOO_BIG = 1009
    TRY_LATER = 1013
    BAD_MESSAGES = 4400
    SIGNED_OUT = 4401
    TOO_SLOW = 4408
    TOO_MANY = 4429


class Refused(Exception):
    """A message that cannot be followed: a code for programs, a sentence for their authors."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass(frozen=True)
class Auth:
    """Who the client is: an access token or an API key."""

    token: str = field(default="", repr=False)
    key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Subscribe:
    """Names of streams, each with the id of the last event that the client has, or nothing."""

    streams: dict[str, str]


@dataclass(frozen=True)
class Unsubscribe:
    """Names of streams."""

    streams: list[str]


@dataclass(frozen=True)
class Ping:
    """Is anybody there?"""


Message = Auth | Subscribe | Unsubscribe | Ping


def read(text: str) -> Message:
    """What the client wants. Raises Refused."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("bad_json", "Send one JSON object in each message.") from None
    if not isinstance(told, dict):
        raise Refused("bad_message", "Send one JSON object in each message.")
    match told.get("type"):
        case "ping":
            return Ping()
        case "subscribe":
            return Subscribe(_positions(told.get("streams")))
        case "unsubscribe":
            return Unsubscribe(_names(told.get("streams")))
        case "auth":
            return _auth(told)
    raise Refused("bad_message", "`type` is one of auth, subscribe, unsubscribe, ping.")


def _names(given: object) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) and len(each) <= _LONGEST_NAME for each in given):
        raise Refused("bad_message", "`streams` is a list of names.")
    return given[:MOST_STREAMS]


def _positions(given: object) -> dict[str, str]:
    if isinstance(given, list):
        given = dict.fromkeys(_names(given), "")
    if not isinstance(given, dict) or not given:
        raise Refused("bad_message", "`streams` names streams, each with the id of the last event you have, or null.")
    if len(given) > MOST_STREAMS:
        raise Refused("too_many_streams", f"One connection follows at most {MOST_STREAMS} streams.")
    for name, last in given.items():
        if len(name) > _LONGEST_NAME or not (last is None or isinstance(last, str)):
            raise Refused("bad_message", "The id of an event is a string, or null.")
        if last and not EVENT_ID.fullmatch(last):
            raise Refused("bad_message", "The id of an event looks like 1763760000000-0.")
    return {name: last or "" for name, last in given.items()}


def _auth(told: dict[str, Any]) -> Auth:
    token, key = told.get("token", ""), told.get("key", "")
    if not isinstance(token, str) or not isinstance(key, str) or bool(token) == bool(key):
        raise Refused("bad_message", "Send either `token` (an access token) or `key` (an API key).")
    if len(token) + len(key) > _LONGEST_CREDENTIAL:
        raise Refused("bad_credentials", "That does not show who you are.")
    return Auth(token, key)


def frame(kind: str, **told: object) -> str:
    """A message to the client."""
    return json.dumps({"type": kind, **told}, separators=(",", ":"))


def event_frame(stream: str, event_id: str, event: str) -> str:
    """The message that tells of an event; event: its JSON object, as it was kept."""
    return f'{{"type":"event","stream":"{stream}","id":"{event_id}",{event[1:]}'


@dataclass(slots=True)
class Allowance:
    """How many messages a client may still send: a bucket that fills with time."""

    left: float = BURST
    at: float = 0.0

    def take(self, now: float) -> bool:
        """Whether one more is allowed; now: seconds of a clock that only goes forward."""
        if self.at:
            self.left = min(BURST, self.left + (now - self.at) * PER_SECOND)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True
