"""What can go wrong with a feed, in words for the operator."""

from __future__ import annotations

import datetime as dt

from apps.core.errors import Conflict, DomainError


class FeedError(DomainError):
    """A run cannot go on. `until`: when it may be tried again, where the source said so."""

    code, status, message = "FEED_FAILED", 503, "The source could not be read."

    def __init__(self, message: str = "", *, until: dt.datetime | None = None, **details: object) -> None:
        self.until = until
        super().__init__(message, **details)


class SourceRefused(FeedError):
    """The source said no. `answered` is its status, 0 where the address itself is not one that we ask."""

    def __init__(self, message: str, *, answered: int = 0) -> None:
        self.answered = answered
        super().__init__(message)


class AnswerUnusable(FeedError):
    """What came back is not what the source sends: cut off, another format."""


class FeedOff(Conflict):
    """The feed lacks something, or the operator has it switched off."""

    code = "FEED_OFF"


class FeedBusy(Conflict):
    """The feed runs already."""

    code, message = "FEED_BUSY", "This feed runs already."
