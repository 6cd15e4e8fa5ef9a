"""Fair values of 50,000 printings with 2 million sales: vectorised, against the row-by-row function on a part of them.

Made-up sales of two years: prices spread around each printing's own, some played copies, lots, sellers and buyers, quotes and
asks. Both ways are held to the same answers on the part. The ratio compares printings a second of processor
time, so that it means the same on a busy machine.

    python -m tests.benchmarks values
"""

from __future__ import annotations

import time

import numpy as np

from apps.valuations.fair_value import Comparables, Kind, fair_value, fair_values
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (50, 1_000, 5), Size.USUAL: (50_000, 2_000_000, 500)}
"""Printings, sales, and the printings that are valued one by one too."""
HALF_LIFE = 7.0


def made_up(items: int, rows: int, *, seed: int = 7) -> Comparables:
    """`rows` comparables of `items` printings, as unevenly as they come: a few are sold daily, most now and then."""
    rng = np.random.default_rng(seed)
    often = rng.pareto(1.5, items) + 0.2
    item = np.concatenate([np.arange(items), rng.choice(items, rows - items, p=often / often.sum())])
    rng.shuffle(item)
    middle = np.exp(rng.normal(1.5, 1.6, items))
    price = np.maximum(0.01, np.round(middle[item] * np.exp(rng.normal(0, 0.18, rows)), 2))
    return Comparables.of(
        price,
        item=item,
        kind=rng.choice([Kind.SALE, Kind.QUOTE, Kind.ASK], rows, p=[0.85, 0.1, 0.05]),
        age=rng.exponential(60, rows),
        reliability=rng.choice([0.6, 0.7, 0.9, 1.0], rows),
        condition=rng.choice(5, rows, p=[0.6, 0.22, 0.1, 0.05, 0.03]),
        copies=1 + rng.poisson(0.2, rows),
        seller=rng.integers(-1, 3000, rows),
        buyer=rng.integers(-1, 20_000, rows),
    )


def one_by_one(comparables: Comparables, chosen: np.ndarray) -> list[float]:
    """The baseline: each printing by the function that values one."""
    order = np.argsort(comparables.item, kind="stable")
    bounds = np.searchsorted(comparables.item[order], np.stack([chosen, chosen + 1]))
    return [
        fair_value(comparables.take(order[start:end]), half_life_days=HALF_LIFE).value
        for start, end in zip(*bounds, strict=True)
    ]


def run(size: Size = Size.USUAL) -> dict[str, dict[str, float]]:
    """Measure both, hold them together, print; returns the figures."""
    items, sales, part = of(SIZES, size)
    comparables = made_up(items, sales)
    chosen = np.sort(np.random.default_rng(1).choice(items, part, replace=False))
    began, clock = time.process_time(), time.perf_counter()
    found = fair_values(comparables, items=items, half_lives=HALF_LIFE)
    whole, wall = time.process_time() - began, time.perf_counter() - clock
    began = time.process_time()
    single = one_by_one(comparables, chosen)
    apart = time.process_time() - began
    if not np.allclose(single, found.value[chosen], rtol=1e-6):
        raise AssertionError("the two ways do not agree")
    figures = {
        "row by row (baseline)": {"printings": part, "seconds": apart, "printings/s": part / apart},
        "vectorised, 2 million sales": {
            "printings": items,
            "seconds": whole,
            "seconds by the clock": wall,
            "printings/s": items / whole,
            "ratio": (items / whole) / (part / apart),
        },
    }
    print(f"{'fair values':<34}{'printings':>11}{'CPU s':>10}{'printings/s':>13}{'ratio':>8}")
    for name, each in figures.items():
        ratio = f"{each['ratio']:.1f}" if "ratio" in each else ""
        print(f"{name:<34}{each['printings']:>11,}{each['seconds']:>10.2f}{each['printings/s']:>13,.0f}{ratio:>8}")
    return figures


if __name__ == "__main__":
    run()
