"""`python -m tests.benchmarks.report`: the figures of build/bench as one report under docs/benchmarks.

It keeps each benchmark's record as docs/benchmarks/figures/NAME.json and writes README.md, a table of every ratio to its
baseline, each against the one that was kept before, and ratios.svg. What was not measured anew stays as it was kept.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tests.benchmarks.__main__ import KEPT, ratios

REPORT = Path(__file__).parents[2] / "docs" / "benchmarks"


@dataclass(frozen=True)
class Row:
    """A ratio to the baseline of its run; `before` is the one that was kept, None where there was none."""

    benchmark: str
    figure: str
    ratio: float
    before: float | None

    @property
    def change(self) -> float | None:
        """The ratio over the one before: 1 where nothing changed."""
        return self.ratio / self.before if self.before else None


def rows_of(records: Mapping[str, Mapping], before: Mapping[str, Mapping]) -> list[Row]:
    """Every ratio of the records, in the order of their names."""
    found = []
    for name, record in sorted(records.items()):
        kept = dict(ratios(before.get(name, {}).get("figures", {})))
        for figure, ratio in ratios(record["figures"]):
            if "baseline" not in figure:
                found.append(Row(name, figure or "all", ratio, kept.get(figure)))
    return found


def table(rows: Sequence[Row], records: Mapping[str, Mapping]) -> str:
    """The page in Markdown."""
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench-report` out of what `make bench` measured. A ratio compares with the baseline of the same run",
        "on the same machine; what it is, each benchmark says at its top. Against before: this ratio over the one kept last.",
        "",
        "![Every ratio on a logarithmic scale](ratios.svg)",
        "",
    ]
    for name, record in sorted(records.items()):
        said = importlib.import_module(f"tests.benchmarks.bench_{record['benchmark']}").__doc__ or ""
        lines += [
            f"## {name}",
            "",
            said.strip().split("\n\n")[0].replace("\n", " "),
            "",
            f"Measured {record['measured_at'][:10]} at commit {record['commit'] or 'unknown'} on {record['cores']} cores"
            f" ({record['processor']}), {record['seconds']:.0f} s, load {record['load_at_the_end']:.1f} at the end.",
            "",
        ]
        own = [row for row in rows if row.benchmark == name]
        if not own:
            lines += ["Absolute figures only, in its record.", ""]
            continue
        lines += ["| figure | ratio | against before |", "|---|---|---|"]
        for row in own:
            change = "" if row.change is None else f"{row.change:.2f}"
            lines.append(f"| {row.figure.replace('|', '/')} | {row.ratio:.2f} | {change} |")
        lines.append("")
    return "\n".join(lines)


def plot(rows: Sequence[Row]) -> str:
    """Every ratio as a dot on a logarithmic scale, the baseline as a line at 1. An SVG of its own."""
    drawn = [row for row in rows if row.ratio > 0 and math.isfinite(row.ratio)]
    powers = [math.log10(row.ratio) for row in drawn] or [0.0]
    low, high = math.floor(min(0, *powers)), math.ceil(max(0, *powers)) or 1
    left, wide, step = 430, 460, 18
    tall = 40 + step * len(drawn)

    def across(power: float) -> float:
        return left + wide * (power - low) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + wide + 70} {tall}" font-family="sans-serif"'
        ' font-size="11" role="img"><title>Ratios to the baselines</title><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for power in range(low, high + 1):
        x = across(power)
        ink = "#0a6b4b" if power == 0 else "#ddd"
        parts.append(
            f'<path d="M{x:.1f} 20V{tall - 10}" stroke="{ink}"/><text x="{x:.1f}" y="14" text-anchor="middle">'
            f"{10.0**power:g}</text>"
        )
    for place, row in enumerate(drawn):
        y = 36 + step * place
        name = escape(f"{row.benchmark}: {row.figure}"[:70])
        parts.append(
            f'<text x="{left - 10}" y="{y + 4}" text-anchor="end">{name}</text>'
            f'<circle cx="{across(math.log10(row.ratio)):.1f}" cy="{y}" r="4" fill="#0a6b4b"/>'
            f'<text x="{across(math.log10(row.ratio)) + 8:.1f}" y="{y + 4}">{row.ratio:.2f}</text>'
        )
    return "".join(parts) + "</svg>\n"


def read(folder: Path) -> dict[str, dict]:
    """The records of a folder by the name of their file."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def write(measured: Path, report: Path) -> list[Row]:
    """Keep what was measured and write the report anew; returns its rows."""
    figures = report / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    before, new = read(figures), read(measured)
    records = before | new
    rows = rows_of(records, before)
    for name, record in new.items():
        (figures / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    (report / "README.md").write_text(table(rows, records))
    (report / "ratios.svg").write_text(plot(rows))
    return rows


if __name__ == "__main__":
    for each in write(KEPT, REPORT):
        told = "" if each.change is None else f"  {each.change:.2f} of before"
        print(f"{each.benchmark:<22}{each.figure:<66}{each.ratio:>10.2f}{told}")
