"""The clock of stories that a machine makes up: it goes on by looks, so that a story told again is the same to the last step.

By the wall's clock it would not be: whether a message of this second is due yet, whether two came in the same one, would
depend on how busy the machine is.
"""

from __future__ import annotations

import datetime as dt
from types import TracebackType
from typing import Self

from django.utils import timezone

LOOK = dt.timedelta(milliseconds=1)


class _AnyDatetime(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, dt.datetime)


class StoryClock:
    """As long as it is open, Django's `now` is `start` and a thousandth of a second for each look at it."""

    def __init__(self, start: dt.datetime) -> None:
        self.start = start
        self.looks = 0
        self.passed = dt.timedelta()
        """What the story has let pass: tasks are told of it, people are not."""

    def look(self) -> dt.datetime:
        """As people see it."""
        self.looks += 1
        return self.start + self.looks * LOOK

    @property
    def now(self) -> dt.datetime:
        """As tasks are told."""
        return self.look() + self.passed

    def seconds(self) -> float:
        """As the payment company's clock, which is put forward by itself."""
        return self.look().timestamp()

    def __enter__(self) -> Self:
        class Looked(dt.datetime, metaclass=_AnyDatetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
                return self.look()

        # Not `now` itself: the defaults of columns hold on to it.
        self._before, timezone.datetime = timezone.datetime, Looked
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        timezone.datetime = self._before
