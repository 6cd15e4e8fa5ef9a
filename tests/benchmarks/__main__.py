"""`python -m tests.benchmarks [NAME...] [--large]`: every benchmark, or those named; at the end all ratios in one table.

Each runs in a process of its own, so that none finds what another has loaded or warmed. Its figures are kept in
build/bench/NAME.json (NAME-large.json). large: more photographs and references, for those that know the word.
"""

from __future__ import annotations

import datetime
import importlib
import inspect
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "build" / "bench"
ONE, LARGE = "--one", "--large"


def names() -> list[str]:
    """All benchmarks, without `bench_`."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def ratios(figures: object, label: str = "") -> Iterator[tuple[str, float]]:
    """Every figure that compares with a baseline, with the path of names that leads to it."""
    if not isinstance(figures, dict):
        return
    for name, value in figures.items():
        if isinstance(value, int | float) and "ratio" in str(name):
            yield f"{label} {'' if name == 'ratio' else name}".strip(), float(value)
        else:
            yield from ratios(value, f"{label} {name}".strip())


def run_one(name: str, answer: Path, *, large: bool) -> None:
    """In the benchmark's own process: run it and leave its figures in the file."""
    measure = importlib.import_module(f"tests.benchmarks.bench_{name}").run
    knows_large = "large" in inspect.signature(measure).parameters
    figures = measure(large=True) if large and knows_large else measure()
    answer.write_text(json.dumps(figures, default=str))


def kept(name: str, figures: dict[str, object], seconds: float, *, large: bool) -> None:
    """Write the figures down, with when and on what they were measured."""
    record = {
        "benchmark": name,
        "large": large,
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "commit": _said("git", "rev-parse", "--short=12", "HEAD"),
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_at_the_end": os.getloadavg()[0],
        "figures": figures,
    }
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{name}{'-large' if large else ''}.json"
    path.write_text(json.dumps(written(record), indent=1, allow_nan=False))
    print(f"   kept in {path.relative_to(HERE.parents[1])}")


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


def run_apart(name: str, *, large: bool) -> dict[str, object] | None:
    """Run one in its own process; None where it failed."""
    with tempfile.TemporaryDirectory(prefix="cv-figures-") as folder:
        answer = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "tests.benchmarks", ONE, name, str(answer), *([LARGE] if large else [])]
        done = subprocess.run(command, cwd=HERE.parents[1])
        if done.returncode != 0:
            return None
        return json.loads(answer.read_text()) if answer.exists() else {}


def main() -> None:
    """Run what is asked for; status 1 when one failed."""
    if sys.argv[1:2] == [ONE]:
        run_one(sys.argv[2], Path(sys.argv[3]), large=LARGE in sys.argv)
        return
    large = LARGE in sys.argv
    wanted = [name for name in sys.argv[1:] if name != LARGE] or names()
    if unknown := sorted(set(wanted) - set(names())):
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(names())}.")
    found = {}
    for name in wanted:
        print(f"\n== {name}", flush=True)
        began = time.monotonic()
        figures = found[name] = run_apart(name, large=large)
        seconds = time.monotonic() - began
        print(f"   ({seconds:.0f} s)", flush=True)
        if figures is not None:
            kept(name, figures, seconds, large=large)
    print("\n== ratios to the baselines of the same run")
    for name, figures in found.items():
        rows = [(label, ratio) for label, ratio in ratios(figures) if "baseline" not in label]
        for label, ratio in rows:
            print(f"{name:<20}{label:<64}{ratio:>10.2f}")
        if not rows:
            print(f"{name:<20}{'failed, see above' if figures is None else 'absolute figures only, see above'}")
    if None in found.values():
        sys.exit(1)


if __name__ == "__main__":
    main()
