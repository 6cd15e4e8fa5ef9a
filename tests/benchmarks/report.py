"""`python -m tests.benchmarks.report [--check]`: the figures of build/bench as one report under docs/benchmarks.

It keeps each benchmark's record as docs/benchmarks/figures/NAME.json, with the ratios of the runs that were kept before it, and
writes README.md, a table of every ratio to its baseline, and ratios.svg. What was not measured anew stays as it was kept.
It names each ratio that got worse by more than its spread; with --check it writes nothing, and ends with 1 where there is one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tests.benchmarks.__main__ import KEPT, compared

REPORT = Path(__file__).parents[2] / "docs" / "benchmarks"
RUNS = 7
"""Ratios of so many earlier runs are kept."""
LEAST_SPREAD = 0.2
"""A ratio is taken to spread by at least a fifth: what one machine shows on a quiet and on a busy day."""


@dataclass(frozen=True)
class Row:
    """A ratio to the baseline of its run, more is better; `earlier` are those of the runs kept before, the last one last."""

    benchmark: str
    figure: str
    ratio: float
    earlier: tuple[float, ...] = ()

    @property
    def usual(self) -> float | None:
        """The middle of the earlier ones."""
        return statistics.median(self.earlier) if self.earlier else None

    @property
    def change(self) -> float | None:
        """The ratio over the usual one: 1 where nothing changed."""
        return self.ratio / self.usual if self.usual else None

    @property
    def spread(self) -> float:
        """How far the earlier ones lie from their middle at most, as a share of it, and never less than LEAST_SPREAD."""
        if not self.usual:
            return LEAST_SPREAD
        return max(LEAST_SPREAD, *(abs(each / self.usual - 1) for each in self.earlier))

    @property
    def is_worse(self) -> bool:
        """Whether it fell below the usual one by more than its spread."""
        return self.change is not None and self.change < 1 - self.spread


def rows_of(records: Mapping[str, Mapping]) -> list[Row]:
    """Every ratio of the records, in the order of their names."""
    return [
        Row(name, figure, ratio, tuple(record.get("earlier", {}).get(figure, ())))
        for name, record in sorted(records.items())
        for figure, ratio in compared(record["figures"]).items()
    ]


def following(record: Mapping, before: Mapping | None) -> dict:
    """The record with the ratios of the runs before it: those of the one kept last, and of those that it follows itself."""
    if before is None:
        return {**record, "earlier": {}}
    earlier = before.get("earlier", {})
    if before["measured_at"] != record["measured_at"]:  # else it is the same run, reported again
        last = compared(before["figures"])
        earlier = {figure: [*earlier.get(figure, []), ratio][-RUNS:] for figure, ratio in last.items()}
    return {**record, "earlier": earlier}


def table(rows: Sequence[Row], records: Mapping[str, Mapping]) -> str:
    """The page in Markdown."""
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench-report` out of what `make bench` measured. A ratio compares with the baseline of the same run",
        "on the same machine, made so that more is better; what it is, each benchmark says at its top. Against before: this",
        f"ratio over the middle of up to {RUNS} runs kept before it. Spread: how far those lie from their middle, and never less",
        f"than {LEAST_SPREAD:.0%}. `make bench ARGS=NAME` measures one again, `make bench-report ARGS=--check` only compares.",
        "",
        *worse_told(rows),
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
        lines += ["| figure | ratio | against before | spread |", "|---|---|---|---|"]
        for row in own:
            told = " | " if row.change is None else f"{row.change:.2f} | {row.spread:.0%}"
            mark = " **worse**" if row.is_worse else ""
            lines.append(f"| {row.figure.replace('|', '/')} | {row.ratio:.2f} | {told}{mark} |")
        lines.append("")
    return "\n".join(lines)


def worse_told(rows: Sequence[Row]) -> list[str]:
    """Which ratios got worse by more than their spread, a line each."""
    worse = [row for row in rows if row.is_worse]
    if not worse:
        return ["No ratio is worse than before by more than its spread."]
    return [
        f"* {row.benchmark}: {row.figure} is {row.ratio:.2f} where it was {row.usual:.2f}:"
        f" {1 - (row.change or 0):.0%} less, more than its spread of {row.spread:.0%}."
        for row in worse
    ]


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


def gathered(measured: Path, report: Path) -> tuple[dict[str, dict], list[str]]:
    """All records, those measured anew in place of the ones kept before; and the names of the new ones."""
    before, new = read(report / "figures"), read(measured)
    new = {name: following(record, before.get(name)) for name, record in new.items()}
    return before | new, list(new)


def write(measured: Path, report: Path) -> list[Row]:
    """Keep what was measured and write the report anew; returns its rows."""
    figures = report / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    records, new = gathered(measured, report)
    rows = rows_of(records)
    for name in new:
        (figures / f"{name}.json").write_text(json.dumps(records[name], indent=1) + "\n")
    (report / "README.md").write_text(table(rows, records))
    (report / "ratios.svg").write_text(plot(rows))
    return rows


def main() -> None:
    """Write the report, or only compare; either way every ratio is told, and at the end which of them got worse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where a ratio got worse")
    check = parser.parse_args().check
    rows = rows_of(gathered(KEPT, REPORT)[0]) if check else write(KEPT, REPORT)
    for row in rows:
        told = "" if row.change is None else f"  {row.change:.2f} of before, spread {row.spread:.0%}"
        print(f"{row.benchmark:<22}{row.figure:<74}{row.ratio:>10.2f}{told}")
    print("\n".join(worse_told(rows)))
    if check and any(row.is_worse for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
