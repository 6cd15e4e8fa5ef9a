"""The pictures and tables of docs/escrow.md, drawn from the same tables that the code runs on."""

from __future__ import annotations

import re

from apps.escrow.cases.states import CASE_ENDS, CASE_STEPS
from apps.escrow.ledger import CHART
from apps.escrow.models import HoldState
from apps.escrow.states import DEADLINES, STEPS, TERMINAL


def _chart() -> str:
    lines = ["| kind | account | normal | floor | holds |", "|---|---|---|---|---|"]
    for kind in CHART:
        normal, floor = "owed by us" if kind.is_owed else "negative", "" if kind.floor is None else kind.floor
        lines.append(f"| {kind.name} | `{kind.code}` | {normal} | {floor} | {kind.holds} |")
    return "\n".join(lines)


def _cases() -> str:
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> open", "    [*] --> escalated: a bank"]
    for state, steps in CASE_STEPS.items():
        arrows: dict[str, list[str]] = {}
        for event, step in steps.items():
            for to in step.next:
                if to != state:
                    arrows.setdefault(to.value, []).append(event)
        lines += [f"    {state.value} --> {to}: {', '.join(events)}" for to, events in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state in CASE_STEPS if state in CASE_ENDS]
    lines += ["```", "", "| state | event | by | leads to | meaning |", "|---|---|---|---|---|"]
    for state, steps in CASE_STEPS.items():
        lines += [
            f"| {state.value} | {event} | {step.by} | {' or '.join(to.value for to in step.next)} | {step.meaning} |"
            for event, step in steps.items()
        ]
    return "\n".join(lines)


def _states() -> str:
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> created"]
    for state, steps in STEPS.items():
        arrows: dict[HoldState, list[str]] = {}
        for event, step in steps.items():
            if step.next != state:
                arrows.setdefault(step.next, []).append(event.value)
        lines += [f"    {state.value} --> {to.value}: {', '.join(events)}" for to, events in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state in HoldState if state in TERMINAL]
    return "\n".join([*lines, "```"])


def _steps() -> str:
    lines = ["| state | event | by | leads to | meaning |", "|---|---|---|---|---|"]
    for state, steps in STEPS.items():
        lines += [
            f"| {state.value} | {event.value} | {', '.join(sorted(step.actors))} | {step.next.value} | {step.meaning} |"
            for event, step in steps.items()
        ]
    return "\n".join(lines)


def _deadlines() -> str:
    lines = ["| state | key | event | meaning |", "|---|---|---|---|"]
    for state, deadlines in DEADLINES.items():
        lines += [
            f"| {state.value} | {deadline.setting} | {deadline.event.value} | {deadline.meaning} |"
            for deadline in deadlines
        ]
    return "\n".join(lines)


_PARTS = {"states": _states, "steps": _steps, "deadlines": _deadlines, "cases": _cases, "chart": _chart}
_MARKED = re.compile(r"(<!-- drawn: (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def drawn(page: str) -> str:
    """The page with every part between `<!-- drawn: NAME -->` and `<!-- end -->` drawn anew. Raises KeyError."""
    return _MARKED.sub(lambda found: f"{found[1]}{_PARTS[found[2]]()}{found[3]}", page)
