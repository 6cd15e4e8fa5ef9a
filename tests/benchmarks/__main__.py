"""`python -m tests.benchmarks [NAME...]`: every benchmark, or those named; at the end all ratios in one table.

Each runs in a process of its own, so that none finds what another has loaded or warmed.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ONE = "--one"


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


def run_one(name: str, answer: Path) -> None:
    """In the benchmark's own process: run it and leave its figures in the file."""
    figures = importlib.import_module(f"tests.benchmarks.bench_{name}").run()
    answer.write_text(json.dumps(figures, default=str))


def run_apart(name: str) -> dict[str, object] | None:
    """Run one in its own process; None where it failed."""
    with tempfile.TemporaryDirectory(prefix="cv-figures-") as folder:
        answer = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "tests.benchmarks", ONE, name, str(answer)]
        done = subprocess.run(command, cwd=HERE.parents[1])
        if done.returncode != 0:
            return None
        return json.loads(answer.read_text()) if answer.exists() else {}


def main() -> None:
    """Run what is asked for; status 1 when one failed."""
    if sys.argv[1:2] == [ONE]:
        run_one(sys.argv[2], Path(sys.argv[3]))
        return
    wanted = sys.argv[1:] or names()
    if unknown := sorted(set(wanted) - set(names())):
        sys.exit(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(names())}.")
    found = {}
    for name in wanted:
        print(f"\n== {name}", flush=True)
        began = time.monotonic()
        found[name] = run_apart(name)
        print(f"   ({time.monotonic() - began:.0f} s)", flush=True)
    print("\n== ratios to the baselines of the same run")
    for name, figures in found.items():
        rows = [(label, ratio) for label, ratio in ratios(figures) if "baseline" not in label]
        for label, ratio in rows:
            print(f"{name:<14}{label:<44}{ratio:>10.2f}")
        if not rows:
            print(f"{name:<14}{'failed, see above' if figures is None else 'absolute figures only, see above'}")
    if None in found.values():
        sys.exit(1)


if __name__ == "__main__":
    main()
