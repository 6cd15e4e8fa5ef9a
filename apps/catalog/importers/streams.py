"""Reading big JSON: an array's elements one by one, whatever its layout, without holding the file in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.core.errors import InvalidInput
from apps.core.tabular import text_of

_CHUNK = 1 << 20
_BLANK = " \t\r\n,"


def elements_of(path: Path) -> Iterator[Any]:
    """The elements of the file's one array. Raises InvalidInput when it is not an array, or is cut off."""
    decoder = json.JSONDecoder()
    with text_of(path) as stream:
        buffer = stream.read(_CHUNK).lstrip()
        if not buffer.startswith("["):
            raise InvalidInput(f"{path.name} is not a JSON array.")
        position = 1
        while True:
            while position < len(buffer) and buffer[position] in _BLANK:
                position += 1
            if buffer[position : position + 1] == "]":
                return
            try:
                element, end = decoder.raw_decode(buffer, position)
            except json.JSONDecodeError:
                end = None
            # A number that ends where the chunk ends may go on in the next one.
            if end is None or end == len(buffer):
                more = stream.read(_CHUNK)
                if not more:
                    raise InvalidInput(f"{path.name} is cut off, or is not JSON.")
                buffer, position = buffer[position:] + more, 0
                continue
            yield element
            position = end
            if position > _CHUNK:
                buffer, position = buffer[position:], 0


def document(path: Path) -> Any:
    """The file as one JSON value. Raises InvalidInput."""
    with text_of(path) as stream:
        try:
            return json.load(stream)
        except json.JSONDecodeError as error:
            raise InvalidInput(f"{path.name} is not JSON: {error.msg} on line {error.lineno}.") from None
