"""A notification in words: one text template for each kind, rendered once in the member's language and zone for every channel.

The first line is the title, a line that begins with "> " names what the link does, the rest is the body in paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template import Context, Template, TemplateDoesNotExist, engines
from django.utils import timezone, translation

from apps.notifications.kinds import Kind

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Words:
    """What a notification says. title: one line without control characters."""

    title: str
    body: str
    action: str


def in_words(kind: Kind, facts: Mapping[str, Any], *, language: str = "en", time_zone: str = "UTC") -> Words:
    """Render a kind's template. Instants among the facts are told in the member's zone.

    What members wrote (names of cards, of people) cannot begin a line of its own: every fact is told on one line.
    """
    told = {name: one_line(value) if isinstance(value, str) else value for name, value in facts.items()}
    with translation.override(language), timezone.override(time_zone):
        text = _template(kind, language).render(Context(told | {"zone": time_zone}, autoescape=False))
    lines = [line.strip() for line in text.strip().splitlines()]
    action = next((line[2:].strip() for line in lines if line.startswith("> ")), "")
    paragraphs = "\n".join(line for line in lines[1:] if not line.startswith("> ")).strip()
    body = "\n\n".join(_BLANKS.sub(" ", each).strip() for each in re.split(r"\n{2,}", paragraphs) if each.strip())
    return Words(one_line(lines[0])[:200], body, action[:60])


def one_line(text: str) -> str:
    """The text without line breaks, control characters and marks that turn its direction."""
    return _CONTROL.sub("", _BLANKS.sub(" ", text)).strip()


def _template(kind: Kind, language: str) -> Template:
    """The kind's template in the language, where there is one, else in English."""
    engine = engines["django"].engine  # type: ignore[attr-defined]
    try:
        return engine.get_template(kind.template.replace("/types/", f"/types/{language}/"))
    except TemplateDoesNotExist:
        return engine.get_template(kind.template)
