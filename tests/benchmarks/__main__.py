"""`python -m tests.benchmarks [NAME...] [--large | --tiny]`: every benchmark, or those named; at the end all ratios in one table.

Each runs in a process of its own, so that none finds what another has loaded or warmed; the quick ones come first, by how
long they took last. Its figures are kept in build/bench/NAME.json (NAME-large.json), but for tiny ones, which mean nothing.
Every ratio is made so that more is better.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import math
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.benchmarks.sizes import NotHere, Size

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = ROOT / "build" / "bench"
REPORTED = ROOT / "docs" / "benchmarks" / "figures"
MOST_SECONDS = 180
"""What a benchmark of the usual size may take on a quiet machine."""
_ONE, _ABSENT = "--one", "absent"
_RATIO = re.compile(r"(?<![a-z])ratio(?![a-z])")


def names() -> list[str]:
    """All benchmarks, without `bench_`."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def record_name(name: str, size: Size) -> str:
    """What its record is called, without `.json`."""
    return name if size is Size.USUAL else f"{name}-{size}"


def ratios(figures: object, label: str = "") -> Iterator[tuple[str, float]]:
    """Every figure that compares with a baseline, with the path of names that leads to it."""
    if not isinstance(figures, dict):
        return
    for name, value in figures.items():
        if isinstance(value, int | float) and _RATIO.search(str(name)):
            yield f"{label} {'' if name == 'ratio' else name}".strip(), float(value)
        else:
            yield from ratios(value, f"{label} {name}".strip())


def compared(figures: object) -> dict[str, float]:
    """The ratios alone, by name; what a baseline has of its own is left out."""
    return {label or "all": ratio for label, ratio in ratios(figures) if "baseline" not in label}


def quick_first(wanted: list[str], seconds: Mapping[str, float]) -> list[str]:
    """By the seconds that each took last; those that nobody has timed yet at the end."""
    return sorted(wanted, key=lambda name: (seconds.get(name, math.inf), name))


def last_seconds(size: Size) -> dict[str, float]:
    """How long each took when it was measured last, here or in the report."""
    found = {}
    for folder in (REPORTED, KEPT):
        for name in names():
            path = folder / f"{record_name(name, size)}.json"
            if path.exists():
                found[name] = float(json.loads(path.read_text())["seconds"])
    return found


def run_one(name: str, answer: Path, size: Size) -> None:
    """In the benchmark's own process: run it and leave its figures in the file, or why there are none."""
    try:
        figures = importlib.import_module(f"tests.benchmarks.bench_{name}").run(size)
    except NotHere as reason:
        figures = {_ABSENT: str(reason)}
    answer.write_text(json.dumps(figures, default=str))


def kept(name: str, figures: dict[str, object], seconds: float, size: Size) -> None:
    """Write the figures down, with when and on what they were measured."""
    record = {
        "benchmark": name,
        "large": size is Size.LARGE,
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "commit": _said("git", "rev-parse", "--short=12", "HEAD"),
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_at_the_end": os.getloadavg()[0],
        "figures": figures,
    }
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{record_name(name, size)}.json"
    path.write_text(json.dumps(written(record), indent=1, allow_nan=False))
    print(f"   kept in {path.relative_to(ROOT)}")


def written(figures: object) -> object:
    """The same without numbers that JSON does not have: null where nothing was measured, "unbounded" for a ratio to zero."""
    if isinstance(figures, dict):
        return {str(name): written(value) for name, value in figures.items()}
    if isinstance(figures, list | tuple):
        return [written(value) for value in figures]
    if isinstance(figures, float) and not math.isfinite(figures):
        return None if math.isnan(figures) else "unbounded"
    return figures


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def run_apart(name: str, size: Size) -> dict[str, object] | None:
    """Run one in its own process; None where it failed."""
    with tempfile.TemporaryDirectory(prefix="cv-figures-") as folder:
        answer = Path(folder) / "figures.json"
        done = subprocess.run([sys.executable, "-m", "tests.benchmarks", _ONE, name, str(answer), size], cwd=ROOT)
        return json.loads(answer.read_text()) if done.returncode == 0 else None


def measure(wanted: list[str], size: Size) -> tuple[dict[str, dict[str, object] | None], dict[str, float]]:
    """One after the other: the figures by name, None where one failed, and the seconds of each."""
    found, spent = {}, {}
    for name in wanted:
        print(f"\n== {name}", flush=True)
        began = time.monotonic()
        figures = found[name] = run_apart(name, size)
        spent[name] = time.monotonic() - began
        print(f"   ({spent[name]:.0f} s)", flush=True)
        if figures and _ABSENT not in figures and size is not Size.TINY:
            kept(name, figures, spent[name], size)
    return found, spent


def tell(found: Mapping[str, dict[str, object] | None], spent: Mapping[str, float], size: Size) -> None:
    """Every ratio, then how long each took."""
    print("\n== ratios to the baselines of the same run; more is better")
    for name, figures in found.items():
        for label, ratio in compared(figures).items():
            print(f"{name:<20}{label:<74}{ratio:>10.2f}")
        if figures is None:
            print(f"{name:<20}failed, see above")
        elif _ABSENT in figures:
            print(f"{name:<20}not measured: {figures[_ABSENT]}")
    print("\n== seconds")
    for name, seconds in sorted(spent.items(), key=lambda each: each[1]):
        slow = f"  longer than {MOST_SECONDS} s" if size is Size.USUAL and seconds > MOST_SECONDS else ""
        print(f"{name:<20}{seconds:>8.1f}{slow}")
    print(f"{'all':<20}{sum(spent.values()):>8.1f}")


def main() -> None:
    """Run what is asked for; status 1 when one failed."""
    if sys.argv[1:2] == [_ONE]:
        run_one(sys.argv[2], Path(sys.argv[3]), Size(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    sizes = parser.add_mutually_exclusive_group()
    for size in (Size.LARGE, Size.TINY):
        sizes.add_argument(f"--{size}", dest="size", action="store_const", const=size, default=Size.USUAL)
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(names())):
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(names())}.")
    found, spent = measure(quick_first(asked.names or names(), last_seconds(asked.size)), asked.size)
    tell(found, spent, asked.size)
    if None in found.values():
        sys.exit(1)


if __name__ == "__main__":
    main()
