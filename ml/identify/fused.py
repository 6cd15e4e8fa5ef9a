"""Fusing what several identifiers say of a box: log odds add up, so that agreement raises and conflict lowers.

Every product starts with the log odds of being the one in sight at all (`prior`); "none of these" has 0. Identifiers add
log likelihood ratios, and say what they mean for products that they do not name. A softmax makes probabilities. Where
two of them are each sure of another product, nothing is decided, whatever the sum.
"""

import math
from collections.abc import Sequence

import numpy as np

from ml.identify.types import Answer
from ml.types import Candidate

SURE = 0.9
KEPT = 8
LEAST = -7.0
MOST = 6.0
"""No single identifier other than a barcode is surer than this: four hundred to one. What else goes wrong is not measured."""


def prior(size: int, *, known: float = 0.8) -> float:
    """Log odds of one product against none of these, before anything is seen.

    size: products that come into question. known: how often what is photographed is in the catalogue at all.
    """
    return math.log(known / (1 - known) / max(1, size))


def fused(answers: Sequence[Answer], start: float) -> tuple[list[Candidate], bool]:
    """Candidates, most probable first, and whether the first is sure. Empty where no identifier knows anything.

    start: `prior` of the catalogue.
    """
    heard = [answer for answer in answers if answer.clues]
    keys = list(dict.fromkeys(clue.key for answer in heard for clue in answer.clues))
    if not keys:
        return [], False
    odds = dict.fromkeys(keys, start)
    scores: dict[str, dict[str, float]] = {key: {} for key in keys}
    reasons: dict[str, list[str]] = {key: [] for key in keys}
    for answer in heard:
        said = {clue.key: clue for clue in answer.clues}
        for key in keys:
            clue = said.get(key)
            odds[key] += clue.odds if clue else answer.otherwise
            scores[key][answer.identifier] = clue.odds if clue else answer.otherwise
            if clue:
                scores[key] |= clue.scores
                reasons[key] += clue.reasons
            elif answer.conflict:
                reasons[key].append(answer.conflict)
    weights = np.array([odds[key] for key in keys] + [0.0])
    shares = np.exp(weights - weights.max())
    shares /= shares.sum()
    ranked = sorted(range(len(keys)), key=lambda i: -shares[i])
    candidates = [
        Candidate(keys[i], float(shares[i]), {**scores[keys[i]], "log_odds": odds[keys[i]]}, tuple(reasons[keys[i]]))
        for i in ranked[:KEPT]
        if odds[keys[i]] >= LEAST
    ]
    decided = bool(candidates) and candidates[0].probability >= SURE and not _is_contested(heard, start)
    return candidates, decided


def _is_contested(answers: Sequence[Answer], start: float) -> bool:
    """Whether identifiers that are each sure of one product are sure of different ones."""
    sure = set()
    for answer in answers:
        best = max(answer.clues, key=lambda clue: clue.odds)
        if start + best.odds > 2.0:
            sure.add(best.key)
    return len(sure) > 1
