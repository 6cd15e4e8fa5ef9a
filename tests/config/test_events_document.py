"""docs/events.md lists every fact as the program has it: its fields, who states it, who hears it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache

from django.urls import get_resolver

from apps.core import outbox
from apps.core.outbox import Event
from config.env import ROOT

DOCUMENT = (ROOT / "docs/events.md").read_text()


def facts(kind: type[Event] = Event) -> Iterator[type[Event]]:
    """Every kind of fact that is stated: those that no other one is made from."""
    assert get_resolver().url_patterns  # rooms register what they hear as they are loaded
    for each in (one for one in kind.__subclasses__() if one.__module__.startswith("apps.")):
        below = list(facts(each))
        yield from below or [each]


@cache
def stated_in() -> dict[str, list[str]]:
    """Class of a fact -> the modules that make one, as they are written."""
    names = {each.__name__ for each in facts()}
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "apps").rglob("*.py")):
        text = path.read_text()
        if "import" not in text or "emit" not in text:
            continue
        calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        made = {name.id for call in calls for name in ast.walk(call) if isinstance(name, ast.Name)} & names
        module = ".".join(path.relative_to(ROOT / "apps").with_suffix("").parts)
        for name in made:
            found.setdefault(name, []).append(module)
    return found


def handlers(kind: type[Event]) -> list[str]:
    return list(outbox._handlers.get(kind.topic, {}))


def listeners(kind: type[Event]) -> list[str]:
    """Handlers, and after them those who tell open pages at once."""
    live = (
        f"{each.__module__}.{each.__qualname__}".removeprefix("apps.") for each in outbox._at_once.get(kind.topic, [])
    )
    ours = [
        [f"`{name}`" for name in sorted(names) if not name.startswith("tests.")] for names in (handlers(kind), live)
    ]
    return [*ours[0], *(f"{name} (at once)" for name in ours[1])]


def row(kind: type[Event]) -> str:
    """The fact's line of the table."""
    meaning = " ".join(kind.__doc__.split())
    carried = ", ".join(f"`{each.name}`" for each in fields(kind))
    made = ", ".join(f"`{module}`" for module in stated_in().get(kind.__name__, []))
    return f"| `{kind.topic}` | {meaning} | {carried} | {made} | {', '.join(listeners(kind))} |"


def rows() -> list[str]:
    """The table as it should stand."""
    return [row(each) for each in sorted(facts(), key=lambda each: each.topic)]


def test_every_fact_is_described():
    documented = re.findall(r"^\| `[a-z]+\.[a-z_]+` \|.*$", DOCUMENT, re.MULTILINE)
    assert documented == rows(), "The table should be:\n" + "\n".join(rows())


def test_every_fact_is_stated_by_somebody():
    assert [each.topic for each in facts() if each.__name__ not in stated_in()] == []
