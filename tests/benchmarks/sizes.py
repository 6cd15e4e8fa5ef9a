"""How much a benchmark does, and what it says where it cannot do it here."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


class Size(enum.StrEnum):
    """TINY proves in a second that a benchmark still runs; USUAL takes three minutes at most; LARGE what it takes."""

    TINY = "tiny"
    USUAL = "usual"
    LARGE = "large"


def of(sizes: Mapping[Size, T], size: Size) -> T:
    """What a size means to a benchmark; one that knows no larger size does the usual."""
    return sizes.get(size, sizes[Size.USUAL])


class NotHere(Exception):
    """Something that a benchmark compares with is not on this machine; the message says what, and how to get it."""
