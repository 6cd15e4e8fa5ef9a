"""Fusing: everything measured about a printing becomes one probability, and a yes or a not-sure.

Each measurement adds to the log odds that the card is this printing rather than one that looks or reads like it by
chance; the constants are the log ratios of how often a value occurs for the right printing and for others, measured on
photographs and rounded. A softmax over the candidates and over "none of these" turns them into probabilities, so that
a lone candidate without evidence is not certain, and two printings that nothing tells apart share what there is.
"""

import math
from collections.abc import Sequence

import numpy as np

from ml.types import Candidate, Evidence

SURE = 0.85
NONE_OF_THESE = 4.0
KEPT = 8
LEAST = NONE_OF_THESE - 7.0
"""Log odds below which a candidate is a chance neighbour, a thousand times less likely than none of these: naming it
would only mislead. A printing of equal art stays, however surely its number speaks against it."""


def log_odds(evidence: Evidence) -> float:
    """How much speaks for this printing. Rises with similarity, inliers and text agreement, falls with hash distance."""
    return picture_odds(evidence) + text_odds(evidence)


def picture_odds(e: Evidence) -> float:
    """What the pictures say; 0 where there is no reference picture."""
    if not e.has_picture:
        return 0.0
    odds = 0.0
    if e.distance is not None:
        # The nearest wrong reference of two thousand lies at 74 to 110 bits, the right one at 18 to 70.
        odds += float(np.clip((85 - e.distance) * 0.1, -2.5, 5.0))
    if e.similarity is not None:
        odds += float(np.clip((e.similarity - 0.82) * 15, -2.0, 2.5))
    if e.inliers is not None:
        # Cards of one layout share frames and symbols: up to 60 details agree between different cards.
        odds += float(np.clip((e.inliers - 55) * 0.08, -3.0, 7.0))
    return odds


def text_odds(e: Evidence) -> float:
    """What the print says; what could not be read says nothing."""
    odds = 0.0
    if e.number is not None:
        odds += 5.0 * e.number if e.number >= 0 else 4.0 * e.number
    if e.set_code is not None:
        odds += 1.5 * e.set_code
    if e.name is not None:
        odds += float(np.clip((e.name - 0.66) * 15.0, -2.0, 4.5))
    if e.language is not None:
        odds += 1.5 * e.language
    return odds


def reasons(e: Evidence) -> tuple[str, ...]:
    """The evidence in words, strongest kind first."""
    said: list[str] = []
    if e.inliers is not None and e.inliers >= 60:
        said.append(f"{e.inliers} details lie where the reference picture has them")
    elif e.distance is not None and e.distance <= 70:
        said.append("looks like the reference picture")
    elif e.has_picture and e.inliers is not None and e.inliers < 15:
        said.append("the reference picture does not agree")
    if e.number is not None:
        said.append("the printed number matches" if e.number > 0 else "another number was read")
    if e.set_code is not None:
        said.append("the printed set matches" if e.set_code > 0 else "another set was read")
    if e.name is not None and e.name >= 0.8:
        said.append("the printed name matches")
    elif e.name is not None and e.name < 0.5:
        said.append("another name was read")
    if not e.has_picture:
        said.append("named from its text alone: there is no reference picture")
    return tuple(said)


class LogOddsFuser:
    """See the module's text."""

    version = "log-odds-1"

    def __init__(self, *, sure: float = SURE, kept: int = KEPT) -> None:
        self.sure = sure
        self.kept = kept

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[list[Candidate], bool]:
        """See `ml.interfaces.Fuser`."""
        if not evidence:
            return [], False
        odds = np.array([log_odds(e) for e in evidence] + [NONE_OF_THESE])
        shares = np.exp(odds - odds.max())
        shares /= shares.sum()
        ranked = sorted(range(len(evidence)), key=lambda i: -shares[i])
        candidates = [
            Candidate(evidence[i].key, float(shares[i]), _scores(evidence[i], float(odds[i])), reasons(evidence[i]))
            for i in ranked[: self.kept]
            if odds[i] >= LEAST
        ]
        return candidates, bool(candidates) and candidates[0].probability >= self.sure


def _scores(e: Evidence, odds: float) -> dict[str, float]:
    measured = {
        "hash_distance": e.distance,
        "similarity": e.similarity,
        "inliers": e.inliers,
        "number": e.number,
        "set_code": e.set_code,
        "name": e.name,
        "language": e.language,
    }
    scores = {name: float(value) for name, value in measured.items() if value is not None}
    scores["log_odds"] = odds if math.isfinite(odds) else 0.0
    return scores
