"""Fusing: everything measured about a printing becomes one probability, and a yes or a not-sure.

Each measurement adds to the log odds that the card is this printing rather than one that looks or reads like it by
chance. A softmax over the candidates and over "none of these" turns them into probabilities, so that a lone candidate
without evidence is not certain, and two printings that nothing tells apart share what there is. The weights and the
automatic threshold are fitted, per embedder, by ml/train/fuse.py on photographs that our generator composed of cards held
out of all training and on real ones; they are kept in ml/fuse.json with the figures of the fit.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ml.types import Candidate, Evidence

FITTED = Path(__file__).with_name("fuse.json")
KEPT = 8
CHANCE = 6.0
"""How far below "none of these" a candidate's log odds make it a chance neighbour, four hundred times less likely: naming it
would only mislead. A printing of equal art stays, however surely its number speaks against it."""

TOLD = 0.4
"""Agreement of the number, or of the details in which look-alikes differ, from which a printing is told from the others."""

OTHER_NAME = 0.5
"""Agreement of the name below which another one was read."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What ml/train/fuse.py found for one embedder.

    alike: the cosine that a wrong neighbour reaches, and the one that the right card usually has. sure: the automatic
    threshold. weights: by feature, never negative.
    """

    weights: Mapping[str, float]
    none_of_these: float
    sure: float
    alike: tuple[float, float]
    seed: int = 0
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of `features`."""
        return tuple(features(Evidence(""), self))


def features(e: Evidence, fit: Fit) -> dict[str, float]:
    """What a fit weighs: each rises with agreement, is 0 where nothing was measured, and ends at both sides.

    It ends because beyond some point more of the same says nothing new: of two references of one art, the one with 190
    details in place is no likelier than the one with 150.
    """
    low, high = fit.alike
    seen = e.has_picture or e.kin > 0
    return {
        # The nearest wrong reference of two thousand lies at 74 to 110 bits, the right one at 18 to 70.
        "near": _ramp(85 - e.distance, -25, 45) if seen and e.distance is not None else 0.0,
        "alike": _ramp(e.similarity - low, low - high, high - low) if seen and e.similarity is not None else 0.0,
        # Of a card mostly under others 20 to 60 details are in place, of a stranger fewer than 15; but cards of one layout
        # share frames and symbols, so that up to 60 agree between different ones.
        "unplaced": _ramp(e.inliers - 15, -15, 0) if seen and e.inliers is not None else 0.0,
        "placed": _ramp(e.inliers - 15, 0, 55) if seen and e.inliers is not None else 0.0,
        "well_placed": _ramp(e.inliers - 70, 0, 50) if seen and e.inliers is not None else 0.0,
        # Foil and glare lean to one side by up to a third.
        "details": _ramp(_beyond(e.details, 0.35), -0.3, 0.3) if seen and e.details is not None else 0.0,
        "kin": -1.0 if e.kin else 0.0,
        "number": max(e.number, 0.0) if e.number is not None else 0.0,
        "other_number": min(e.number, 0.0) if e.number is not None else 0.0,
        "set": max(e.set_code, 0.0) if e.set_code is not None else 0.0,
        "other_set": min(e.set_code, 0.0) if e.set_code is not None else 0.0,
        "name": _ramp(e.name - 0.65, 0, 0.3) if e.name is not None else 0.0,
        "other_name": _ramp(e.name - 0.65, -0.3, 0) if e.name is not None else 0.0,
        "hp": max(e.hp, 0.0) if e.hp is not None else 0.0,
        "other_hp": min(e.hp, 0.0) if e.hp is not None else 0.0,
        "language": max(e.language, 0.0) if e.language is not None else 0.0,
        "other_language": min(e.language, 0.0) if e.language is not None else 0.0,
    }


def _beyond(value: float, least: float) -> float:
    return math.copysign(max(abs(value) - least, 0.0), value)


def _ramp(value: float, low: float, high: float) -> float:
    """`value` kept between low and high, in units of the larger of both ends."""
    return min(max(value, low), high) / max(-low, high)


def _by_hand() -> Fit:
    """Where a fit starts, and what serves an embedder that has none: close to what the first photographs showed."""
    weights = {
        "near": 4.0, "alike": 2.5, "unplaced": 2.0, "placed": 3.0, "well_placed": 4.0, "details": 4.0, "kin": 3.0,
        "number": 5.0, "other_number": 4.0, "set": 1.5, "other_set": 1.5, "name": 4.5, "other_name": 2.0,
        "hp": 1.0, "other_hp": 2.0, "language": 1.5, "other_language": 1.5,
    }  # fmt: skip
    # At 0.953 stand cards whose picture is certain and of whose name another printing has no picture: one in thirty was that.
    return Fit(weights, 4.0, 0.97, (0.82, 0.97))


def _stored() -> dict[str, Fit]:
    if not FITTED.exists():
        return {}
    raw = json.loads(FITTED.read_text(encoding="utf-8"))
    return {name: Fit(**{**fit, "alike": tuple(fit["alike"])}) for name, fit in raw.items()}


BY_HAND = _by_hand()
FITS: dict[str, Fit] = _stored()
"""By the embedder's version."""


def log_odds(evidence: Evidence, fit: Fit | None = None) -> float:
    """How much speaks for this printing. Rises with similarity, inliers and text agreement, falls with hash distance."""
    fit = fit or FITS.get(DEFAULT_EMBEDDER, BY_HAND)
    return sum(fit.weights[name] * value for name, value in features(evidence, fit).items()) + offset(evidence)


def offset(evidence: Evidence) -> float:
    """What many printings without a picture share: one of them may have the art, whichever it is."""
    return -math.log(evidence.kin) if evidence.kin else 0.0


DEFAULT_EMBEDDER = "embed-2"


def reasons(e: Evidence) -> tuple[str, ...]:
    """The evidence in words, strongest kind first."""
    return (*_seen(e), *_read(e))


def _seen(e: Evidence) -> list[str]:
    said: list[str] = []
    if e.kin:
        said.append("another printing of this name has this picture; there is none of this one")
    elif e.inliers is not None and e.inliers >= 60:
        said.append(f"{e.inliers} details lie where the reference picture has them")
    elif e.distance is not None and e.distance <= 70:
        said.append("looks like the reference picture")
    elif e.has_picture and e.inliers is not None and e.inliers < 15:
        said.append("the reference picture does not agree")
    if e.details is not None and e.details >= 0.4:
        said.append("looks like this printing where its look-alikes differ")
    elif e.details is not None and e.details <= -0.4:
        said.append("looks like another printing where the two differ")
    return said


def _read(e: Evidence) -> list[str]:
    said: list[str] = []
    if e.number is not None:
        said.append("the printed number matches" if e.number > 0 else "another number was read")
    if e.set_code is not None:
        said.append("the printed set matches" if e.set_code > 0 else "another set was read")
    if e.name is not None and e.name >= 0.8:
        said.append("the printed name matches")
    elif e.name is not None and e.name < OTHER_NAME:
        said.append("another name was read")
    if not e.has_picture:
        said.append("named from its text alone: there is no reference picture")
    return said


def is_told_apart(e: Evidence) -> bool:
    """Whether something says which printing of a name this is: its number, its own details, or that there is no other one.

    A picture alone does not: the art of a card is printed again, also in sets that a catalogue does not have yet. Where
    another name was read the catalogue lacks the printing, or the text is a neighbour's: either way somebody should look.
    """
    if e.name is not None and e.name < OTHER_NAME:
        return False
    return not e.namesakes or (e.number or 0) >= TOLD or (e.details or 0) >= TOLD


class LogOddsFuser:
    """See the module's text."""

    version = "log-odds-2"

    def __init__(self, *, embedder: str = DEFAULT_EMBEDDER, sure: float | None = None, kept: int = KEPT) -> None:
        """embedder: the version whose fit is used. sure: the automatic threshold, if not the fit's."""
        self.fit = FITS.get(embedder, BY_HAND)
        self.sure = self.fit.sure if sure is None else sure
        self.kept = kept

    def fitted_to(self, embedder: str) -> "LogOddsFuser":
        """The same with the fit of another embedder."""
        return LogOddsFuser(embedder=embedder, kept=self.kept)

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[list[Candidate], bool]:
        """See `ml.interfaces.Fuser`."""
        if not evidence:
            return [], False
        odds = np.array([log_odds(e, self.fit) for e in evidence] + [self.fit.none_of_these])
        shares = np.exp(odds - odds.max())
        shares /= shares.sum()
        ranked = sorted(range(len(evidence)), key=lambda i: -shares[i])
        candidates = [
            Candidate(evidence[i].key, float(shares[i]), _scores(evidence[i], float(odds[i])), reasons(evidence[i]))
            for i in ranked[: self.kept]
            if odds[i] >= self.fit.none_of_these - CHANCE
        ]
        best = evidence[ranked[0]]
        return candidates, bool(candidates) and candidates[0].probability >= self.sure and is_told_apart(best)


def _scores(e: Evidence, odds: float) -> dict[str, float]:
    measured = {
        "hash_distance": e.distance,
        "similarity": e.similarity,
        "inliers": e.inliers,
        "number": e.number,
        "set_code": e.set_code,
        "name": e.name,
        "language": e.language,
        "hp": e.hp,
        "details": e.details,
    }
    scores = {name: float(value) for name, value in measured.items() if value is not None}
    scores["log_odds"] = odds if math.isfinite(odds) else 0.0
    return scores
