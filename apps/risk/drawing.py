"""The table of rules and limits in docs/risk.md, written from rules.py and the settings."""

from __future__ import annotations

from django.conf import settings

from apps.risk.rules import RULES

BEGIN, END = "<!-- drawn by manage.py draw_risk -->", "<!-- end -->"


def table() -> str:
    """Markdown between the two marks."""
    weights = settings.RISK["weights"]
    lines = ["| rule | family | looks at | weight | what it means |", "|---|---|---|---|---|"]
    lines += [
        f"| {rule.title} | {rule.family} | {', '.join(sorted(rule.about))} | {weights[code]} | {rule.meaning} |"
        for code, rule in RULES.items()
    ]
    lines += ["", "| act | usual at most in an hour | in a day | refused from |", "|---|---|---|---|"]
    times = settings.RISK["stop_at_times"]
    lines += [
        f"| {kind} | {hour} | {day} | {times * hour} in an hour, {times * day} in a day |"
        for kind, (hour, day) in settings.RISK["pace"].items()
    ]
    return "\n".join([BEGIN, "", *lines, "", END])


def drawn(document: str) -> str:
    """The document with its table as it should stand."""
    before, _, rest = document.partition(BEGIN)
    return before + table() + rest.partition(END)[2]
