"""What can be followed: each room registers its kinds of streams here and says who may follow one. No sockets here.

A stream is named `kind:key`, e.g. `trade:0198c1f2-…`. A room says in its `live.py`, which its AppConfig imports:

    @stream("trade", is_present=is_party)
    def may_follow_trade(reader: Reader, key: uuid.UUID) -> bool: ...
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who is at the other end, without credentials. `session` holds what kinds asked for by `session_keys`."""

    member_id: uuid.UUID | None = None
    is_moderator: bool = False
    session: dict[str, str] = field(default_factory=dict, hash=False)


Rule = Callable[[Reader, Any], bool]


class Kind(NamedTuple):
    """A kind of streams. See `stream` for the meaning."""

    name: str
    may_follow: Rule
    key: Callable[[str], Any]
    is_public: bool
    only_watched: bool
    is_present: Rule | None
    session_keys: tuple[str, ...]


class UnknownStream(Exception):
    """No such kind, or a key that is none of it."""


_NAME = re.compile(r"[a-z][a-z-]{0,30}:[A-Za-z0-9_-]{1,64}")
_kinds: dict[str, Kind] = {}


def stream(
    name: str,
    *,
    key: Callable[[str], Any] = uuid.UUID,
    is_public: bool = False,
    only_watched: bool = False,
    is_present: Rule | None = None,
    session_keys: tuple[str, ...] = (),
) -> Callable[[Rule], Rule]:
    """Decorator for the rule that says who may follow a stream of this kind; it runs in a thread and may ask the database.

    key: reads what follows the colon, ValueError where it is none. is_public: the answer never changes, so that it is not
    asked again. only_watched: events are kept only while somebody follows, for kinds with a great many streams (a page
    that follows the first time then begins with what it was rendered with). is_present: of whose presence the others hear.
    session_keys: what the rule reads of a visitor's session (short strings).
    """

    def register(rule: Rule) -> Rule:
        if name in _kinds:
            raise ValueError(f"the streams {name}: are registered twice")
        _kinds[name] = Kind(name, rule, key, is_public, only_watched, is_present, session_keys)
        return rule

    return register


def kind_of(name: str) -> tuple[Kind, Any]:
    """The kind and the key of a stream's name. Raises UnknownStream."""
    if not _NAME.fullmatch(name):
        raise UnknownStream(name)
    prefix, _, text = name.partition(":")
    try:
        kind = _kinds[prefix]
        key = kind.key(text)
    except (KeyError, ValueError):
        raise UnknownStream(name) from None
    if str(key) != text:  # one stream has one name
        raise UnknownStream(name)
    return kind, key


def may_follow(reader: Reader, name: str) -> bool:
    """Whether the reader may follow the stream now; no where it does not exist."""
    try:
        kind, key = kind_of(name)
    except UnknownStream:
        return False
    return kind.may_follow(reader, key)


def is_present(reader: Reader, name: str) -> bool:
    """Whether others are told that this reader is there."""
    kind, key = kind_of(name)
    return reader.member_id is not None and kind.is_present is not None and kind.is_present(reader, key)


def session_keys() -> set[str]:
    """What all kinds together read of a session."""
    return {each for kind in _kinds.values() for each in kind.session_keys}


@stream("member", only_watched=True)
def may_follow_member(reader: Reader, key: uuid.UUID) -> bool:
    """What concerns one member alone: unread counts, toasts, offers."""
    return reader.member_id == key
