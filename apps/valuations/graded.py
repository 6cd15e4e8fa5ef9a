"""Comparables of graded copies: which grades of which variants are priced, and what each of them is compared with. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from apps.core.conditions import grade_of
from apps.valuations.fair_value import (
    CONDITIONS,
    DISTANCES,
    ENOUGH,
    FAR,
    Comparables,
    FloatArray,
    IntArray,
    Kind,
    state_of,
)

Pair = tuple[int, str]
"""A variant's number and a grade: (0, "PSA 9.5")."""


@dataclass(frozen=True)
class Graded:
    """What graded copies are compared with; items of the comparables are numbers of pairs.

    variant, state: (pairs,) numbers. word: how the state is written. is_own: (pairs,) whether copies of just that grade by
    just that grader are among them. half_lives: (pairs,) days. left_out: (pairs,) comparables in other currencies.
    """

    comparables: Comparables
    variant: IntArray
    state: IntArray
    word: list[str]
    currency: list[str]
    is_own: np.ndarray
    half_lives: FloatArray
    left_out: IntArray


@lru_cache(maxsize=256)
def state_number(word: str) -> int:
    """The number of a state by its word: "NM", "PSA 9.5", "Grade 9". Raises ValueError."""
    graded = grade_of(word)
    return state_of(condition=word) if graded is None else state_of(grade=float(graded[1]), grader=graded[0])


def pairs_of(item: IntArray, words: list[str], asked: Iterable[Pair]) -> list[Pair]:
    """The grades of each variant that are told of, and those that are asked for, each once and in order."""
    told = {(int(n), word) for n, word in zip(item, words, strict=True) if " " in word}
    return sorted(told | {pair for pair in asked if " " in pair[1]})


def graded(
    known: Comparables,
    pairs: list[Pair],
    *,
    currency: np.ndarray,
    chosen: np.ndarray,
    half_lives: FloatArray,
) -> Graded:
    """What each pair is compared with: prices of the same variant in the currency of its graded copies.

    known: of all states, items are variants. currency: (n,) of each. chosen: (variants,) the currency of each one's graded
    copies. Where three near ones are there, what would get no weight is left out here: asks and far states.
    """
    order = np.argsort(known.item, kind="stable")
    variant = np.array([n for n, _ in pairs], np.int64)
    state = np.array([state_number(word) for _, word in pairs], np.int64)
    start, end = (np.searchsorted(known.item[order], variant, side=side) for side in ("left", "right"))
    count = end - start
    pair = np.repeat(np.arange(len(pairs)), count)
    row = order[np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(start, count)]
    same = currency[row] == chosen[known.item[row]]
    elsewhere = (known.condition[row] >= len(CONDITIONS)) & ~same
    left_out = np.bincount(pair[elsewhere], minlength=len(pairs))
    pair, row = pair[same], row[same]
    steps = DISTANCES[known.condition[row], state[pair]]
    near = (steps < FAR) & (known.kind[row] != Kind.ASK)
    enough = np.bincount(pair[near], minlength=len(pairs)) >= ENOUGH
    counts = near | ~enough[pair]
    pair, row, steps = pair[counts], row[counts], steps[counts]
    taken = known.take(row)
    comparables = Comparables(
        pair, *(getattr(taken, name) for name in Comparables.__dataclass_fields__ if name != "item")
    )
    return Graded(
        comparables, variant, state, [word for _, word in pairs], [str(each) for each in chosen[variant]],
        np.bincount(pair[steps == 0], minlength=len(pairs)) > 0, half_lives[variant], left_out,
    )  # fmt: skip
