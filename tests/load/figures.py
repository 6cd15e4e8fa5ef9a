"""What a load run says: percentiles by route, the step at which it saturates, and the report. Pure; no Django, no Locust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

AIM_MS = 200.0
HELD = 0.95
"""A rate is held where at least this share of it is answered."""
MOST_ERRORS = 0.01
FRAGMENTS = frozenset({"GET search-suggest", "GET scan-progress"})
"""What scripts ask for within a page."""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank). values: not empty, any order."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 1).__int__() - 1)]


def is_page(name: str) -> bool:
    """Whether `METHOD route` is a whole page that somebody looks at."""
    return name.startswith("GET ") and name not in FRAGMENTS


@dataclass(frozen=True)
class Times:
    """How long answers took, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Times:
        """Of the single times, not empty."""
        return cls(len(values), *(round(percentile(values, share), 1) for share in (0.5, 0.95, 0.99)))


@dataclass(frozen=True)
class Step:
    """One rate: what was asked for and answered a second, pages together and every route, errors, cores each part used."""

    asked: float
    answered: float
    pages: Times | None
    routes: dict[str, Times]
    errors: int
    failed: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    cores: dict[str, float] = field(default_factory=dict)

    @property
    def is_held(self) -> bool:
        """Whether the rate was answered, nearly without errors."""
        requests = sum(times.count for times in self.routes.values())
        return self.answered >= HELD * self.asked and self.errors <= MOST_ERRORS * requests

    @property
    def is_within(self) -> bool:
        """Whether, besides, 95 of 100 pages came within the aim."""
        return self.is_held and self.pages is not None and self.pages.p95 < AIM_MS


def step_of(noted: Mapping[str, Any], cores: Mapping[str, float]) -> Step:
    """A step as the members' program noted it (rate, began, ended, times by `METHOD route`, failed, refused)."""
    times: Mapping[str, Sequence[float]] = {name: each for name, each in noted["times"].items() if each}
    pages = [each for name, values in times.items() if is_page(name) for each in values]
    count = sum(len(values) for values in times.values())
    return Step(
        asked=float(noted["rate"]),
        answered=round(count / (noted["ended"] - noted["began"]), 1),
        pages=Times.of(pages) if pages else None,
        routes={name: Times.of(values) for name, values in sorted(times.items())},
        errors=sum(noted["failed"].values()),
        failed=dict(noted["failed"]),
        refused=dict(noted["refused"]),
        cores={name: round(used, 2) for name, used in cores.items()},
    )


def saturation(steps: Sequence[Step]) -> float | None:
    """The lowest rate that was not held; None where all were."""
    return min((step.asked for step in steps if not step.is_held), default=None)


def highest_within(steps: Sequence[Step]) -> float | None:
    """The highest rate whose pages came within the aim, all lower ones being within it too."""
    best = None
    for step in sorted(steps, key=lambda each: each.asked):
        if not step.is_within:
            break
        best = step.asked
    return best


def record(steps: Sequence[Step], about: Mapping[str, Any]) -> dict[str, Any]:
    """Everything, as it is kept in JSON."""
    return {
        **about,
        "aim_ms": AIM_MS,
        "highest_rate_within": highest_within(steps),
        "saturates_at": saturation(steps),
        "steps": [asdict(step) for step in steps],
    }


def steps_in(kept: Mapping[str, Any]) -> list[Step]:
    """The steps of a record."""
    return [
        Step(
            **each
            | {
                "pages": Times(**each["pages"]) if each["pages"] else None,
                "routes": {name: Times(**times) for name, times in each["routes"].items()},
            }
        )
        for each in kept["steps"]
    ]


def report(kept: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> str:
    """The page in Markdown: what was run where, the steps, every route at the step of the aim, and what was kept before."""
    steps = steps_in(kept)
    lines = [
        "---",
        "orphan: true",
        "---",
        "",
        "# Load",
        "",
        f"Made by `make load`: {kept['users']} members and visitors at once, {kept['step_seconds']:g} s for each rate,"
        f" {kept['listings']:,} listings. What it does, and what the figures say: [Load](../load.md).",
        "",
        *_machine(kept),
        "",
        *_verdict(kept),
        "",
        *_table_of_steps(steps),
        "",
    ]
    shown = min(steps, key=lambda step: abs(step.asked - kept["shown_rate"]))
    lines += [f"## Routes at {shown.asked:g} requests a second", "", *_table_of_routes(shown), ""]
    if shown.failed:
        lines += ["Failed: " + "; ".join(f"{count} x {name}" for name, count in shown.failed.items()), ""]
    if before:
        lines += ["## Before", "", *_machine(before), "", *_verdict(before), "", *_table_of_steps(steps_in(before)), ""]
        former = min(steps_in(before), key=lambda step: abs(step.asked - kept["shown_rate"]))
        lines += [f"Routes at {former.asked:g} requests a second:", "", *_table_of_routes(former), ""]
    return "\n".join(lines)


def _machine(kept: Mapping[str, Any]) -> list[str]:
    return [
        f"Measured {kept['measured_at'][:10]} at commit {kept['commit'] or 'unknown'} on {kept['cores']} cores"
        f" ({kept['processor']}), with everything on them: site, database, worker and the members' program. Load average"
        f" before: {kept['load_before']:.1f}."
    ]


def _verdict(kept: Mapping[str, Any]) -> list[str]:
    within, full = kept["highest_rate_within"], kept["saturates_at"]
    best = f"up to {within:g} requests a second" if within else "at none of these rates"
    end = f"It saturates at {full:g} a second." if full else "None of these rates saturates it."
    return [f"95 of 100 pages came within {kept['aim_ms']:g} ms {best}. {end}"]


def _table_of_steps(steps: Sequence[Step]) -> list[str]:
    parts = list(dict.fromkeys(name for step in steps for name in step.cores))
    names = [
        "asked a second",
        "answered",
        "p50 ms of pages",
        "p95",
        "p99",
        "errors",
        *(f"cores: {name}" for name in parts),
    ]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for step in steps:
        pages = step.pages
        told = [f"{pages.p50:.0f}", f"{pages.p95:.0f}", f"{pages.p99:.0f}"] if pages else ["", "", ""]
        used = [f"{step.cores.get(name, 0):.2f}" for name in parts]
        lines.append(
            "| " + " | ".join([f"{step.asked:g}", f"{step.answered:g}", *told, str(step.errors), *used]) + " |"
        )
    return lines


def _table_of_routes(step: Step) -> list[str]:
    lines = ["| route | requests | p50 ms | p95 | p99 |", "|---|---|---|---|---|"]
    for name, times in sorted(step.routes.items(), key=lambda each: (not is_page(each[0]), -each[1].p95)):
        lines.append(f"| {name} | {times.count} | {times.p50:.0f} | {times.p95:.0f} | {times.p99:.0f} |")
    return lines
