"""Learning what each condition, and each grade of each grader, brings beside Near Mint, from prices of one printing. Pure."""

from __future__ import annotations

import numpy as np

from apps.valuations.fair_value.comparables import FloatArray, IntArray
from apps.valuations.fair_value.parameters import CONDITIONS, GRADERS, GRADES, RATIOS, STATES

FEWEST_PAIRS = 30
STRENGTH = 30


def learned(state: IntArray, ratio: FloatArray, *, fallback: FloatArray = RATIOS) -> FloatArray:
    """Ratios of all states, (states,), out of pairs of one printing each, shrunk towards the fallback.

    state: (n,) the other state of the pair. ratio: (n,) > 0, its price over the Near Mint price of the same printing. The
    median of the logarithms is mixed with the fallback's as if that were 30 pairs more; a state with fewer than 30 pairs
    keeps the fallback. A worse condition never comes out dearer than a better one, nor a higher grade of a grader cheaper.
    Source: shrinkage towards a prior mean, Gelman et al., Bayesian Data Analysis, section 2.5.
    """
    found = np.log(fallback)
    for each in range(1, STATES):
        told = ratio[state == each]
        if len(told) >= FEWEST_PAIRS:
            found[each] = (len(told) * np.median(np.log(told)) + STRENGTH * found[each]) / (len(told) + STRENGTH)
    raw = len(CONDITIONS)
    found[:raw] = np.minimum.accumulate(found[:raw])
    by_grader = found[raw:].reshape(len(GRADERS), len(GRADES))
    found[raw:] = np.maximum.accumulate(by_grader, axis=1).ravel()
    return np.exp(found)
