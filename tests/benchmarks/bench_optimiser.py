"""The cart's optimiser: 100 wanted cards, 500 sellers, five seconds. Baseline of the same run: card by card, cheapest.

Prices as on the market: a card's worth is log-normal (median 3.00, a tenth above 20.00), a seller asks 0.7 to 1.5 times
of it by mood and condition, stocks a fifth of the cards, and sends for 0.99 to 4.99 with a dearer step from 100 g on; one
seller in five sends free from 25.00 on.
"""

from __future__ import annotations

import random
import statistics
import time

from apps.listings.cart.greedy import card_by_card, start
from apps.listings.cart.market import Market, Offer, Step, Want
from apps.listings.cart.optimiser import cheapest, fewest_parcels
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (8, 15, 1, 0.5), Size.USUAL: (100, 500, 5, 5.0)}
"""Wanted cards, sellers, markets, seconds for each plan."""
_CONDITIONS = {"NM": 1.0, "LP": 0.85, "MP": 0.7}


def market(seed: int, *, wants: int = 100, sellers: int = 500, share: float = 0.2) -> Market:
    """A market of that size; the same for the same seed."""
    dice = random.Random(seed)
    worth = [max(0.25, dice.lognormvariate(1.1, 1.45)) for _ in range(wants)]
    accepted = [frozenset({"NM", "LP"}), frozenset({"NM"}), frozenset()]
    wanted = [
        Want(str(card), frozenset({str(card)}), dice.choice([1, 1, 1, 2, 4]), dice.choice(accepted))
        for card in range(wants)
    ]
    offers, shipping = [], {}
    for seller in range(sellers):
        name = f"s{seller}"
        base = dice.choice([99, 120, 150, 199, 250, 350, 499])
        steps = [Step(base, grams_to=100), Step(base + dice.choice([100, 200, 300]))]
        shipping[name] = tuple([*steps, Step(0, value_from=2500)] if dice.random() < 0.2 else steps)
        mood = dice.lognormvariate(0, 0.08)
        for card in dice.sample(range(wants), round(wants * share)):
            condition = dice.choice(["NM", "NM", "NM", "LP", "LP", "MP"])
            asked = worth[card] * mood * _CONDITIONS[condition] * dice.lognormvariate(0, 0.15)
            offers.append(
                Offer(f"{seller}-{card}", name, str(card), dice.choice([1, 1, 1, 2, 4]), max(10, round(100 * asked)),
                      name, condition, grams=6)
            )  # fmt: skip
    return Market(wanted, offers, shipping, packing_grams=20)


def run(size: Size = Size.USUAL) -> dict[str, object]:
    """For each seed: the gap at five seconds, what is saved, and the fewest parcels."""
    wants, sellers, markets, seconds = of(SIZES, size)
    rows = []
    for seed in range(markets):
        given = market(seed, wants=wants, sellers=sellers)
        began = time.perf_counter()
        baseline = card_by_card(given)
        first = start(given)
        ready = time.perf_counter() - began
        began = time.perf_counter()
        plan = cheapest(given, seconds=seconds)
        took = time.perf_counter() - began
        few = fewest_parcels(given, seconds=seconds)
        row = {
            "offers": len(given.offers),
            "baseline_minor": baseline.total,
            "baseline_parcels": len(baseline.sellers),
            "start_minor": first.total,
            "start_seconds": round(ready, 2),
            "plan_minor": plan.total_minor,
            "plan_parcels": plan.parcels,
            "gap": round(plan.gap, 4),
            "seconds": round(took, 2),
            "saved_share": round(1 - plan.total_minor / baseline.total, 4),
            "fewest_parcels": few.parcels,
            "fewest_parcels_bound": few.parcels_bound,
            "fewest_minor": few.total_minor,
        }
        rows.append(row)
        print(
            f"seed {seed}: {row['offers']:,} offers; card by card {baseline.total / 100:,.2f} in {len(baseline.sellers)}"
            f" parcels; start {first.total / 100:,.2f} after {ready:.2f} s; plan {plan.total_minor / 100:,.2f} in"
            f" {plan.parcels} parcels after {took:.1f} s, gap {plan.gap:.2%}, saves {row['saved_share']:.1%};"
            f" fewest: {few.parcels} parcels (at least {few.parcels_bound}) for {few.total_minor / 100:,.2f}"
        )
    middle = {name: statistics.median(row[name] for row in rows) for name in ("gap", "seconds", "saved_share")}
    ratio = statistics.median(row["baseline_minor"] / row["plan_minor"] for row in rows)
    print(f"median: gap {middle['gap']:.2%} at {middle['seconds']:.1f} s, saves {middle['saved_share']:.1%}")
    return {"median": middle, "card by card over plan": {"ratio": round(ratio, 3)}, "runs": rows}


if __name__ == "__main__":
    run()
