"""Fits the fuser's weights and its automatic threshold: `python -m ml.train.fuse --data DIR`. Needs no torch.

Cards are photographed by our own generator: scans held out of every other training, and cards that our code draws, some of
them reprints of one art. A share of them is missing from the index, and a share of those from the catalogue too. The
pipeline measures them as it would a member's photo; the labelled real photographs of DIR come on top. The fit is a
conditional logit (McFadden, "Conditional logit analysis of qualitative choice behavior", 1974) of the right candidate
against the others and "none of these", with weights that cannot become negative, so that agreement never lowers a
probability. The threshold comes from five-fold cross-validation.

Run it again whenever the embedder, the reader or the verifier changes; each embedder has its own entry in ml/fuse.json.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from ml import engines
from ml.evidence import SAME_ART
from ml.fuse import BY_HAND, FITS, FITTED, Fit, features, is_told_apart, offset
from ml.train.fuse_examples import PARTS, Example, measure, stored

Rng = np.random.Generator
FOLDS = 5
WRONG_AT_MOST = 0.01
"""Share of the automatically accepted that may be wrong."""


def fitted(examples: Sequence[Example], start: Fit, *, steps: int = 1500, ridge: float = 3.0) -> Fit:
    """The weights that make the right candidates most probable (Adam on the likelihood, kept at or above zero).

    ridge: how much a weight is held to where it starts, which matters for what the examples rarely show.
    """
    rows, offsets, owner, good, shown = _table(examples, start)
    weights = np.array([start.weights[name] for name in start.names], np.float64)
    before, none = weights.copy(), start.none_of_these
    first, second = np.zeros(len(weights) + 1), np.zeros(len(weights) + 1)
    for step in range(1, steps + 1):
        share, none_share, right = _shares(rows @ weights + offsets, none, owner, good, shown)
        # Gradient of -log P(right): expected features of all candidates minus those of the right ones.
        lean = share - right
        gradient = np.append(rows.T @ lean / shown, (none_share - (~_has(good, owner, shown))).sum() / shown)
        gradient[:-1] += ridge * (weights - before) / shown
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        move = 0.05 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        weights, none = np.maximum(weights - move[:-1], 0.0), none - move[-1]
    return replace(
        start,
        weights=dict(zip(start.names, weights.round(3).tolist(), strict=True)),
        none_of_these=round(float(none), 3),
    )


def _table(examples: Sequence[Example], fit: Fit) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    """(n, f) features of all candidates, (n,) offsets, (n,) their example, (n,) whether each is right; how many examples."""
    rows = [list(features(e, fit).values()) for x in examples for e in x.evidence]
    owner = np.array([i for i, x in enumerate(examples) for _ in x.evidence], np.intp)
    good = np.array([e.key in x.right for x in examples for e in x.evidence], bool)
    offsets = np.array([offset(e) for x in examples for e in x.evidence], np.float64)
    return np.array(rows, np.float64).reshape(-1, len(fit.names)), offsets, owner, good, len(examples)


def _has(good: np.ndarray, owner: np.ndarray, count: int) -> np.ndarray:
    found = np.zeros(count, bool)
    found[owner[good]] = True
    return found


def _shares(
    odds: np.ndarray, none: float, owner: np.ndarray, good: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Softmax over each example's candidates and "none", the share of none, and the softmax over the right ones alone."""
    odds = np.clip(odds, -60, 60)
    powers = np.exp(odds - 30)
    total = np.bincount(owner, powers, count) + np.exp(none - 30)
    of_right = np.bincount(owner, powers * good, count)
    right = np.where(good, powers / np.maximum(of_right[owner], 1e-300), 0.0)
    return powers / total[owner], np.exp(none - 30) / total, right


def answers(examples: Sequence[Example], fit: Fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n,) the best candidate's probability, whether it is right, and whether it could be accepted, of all with candidates."""
    rows, offsets, owner, good, count = _table(examples, fit)
    share, _, _ = _shares(
        rows @ np.array([fit.weights[n] for n in fit.names]) + offsets, fit.none_of_these, owner, good, count
    )
    best = [np.flatnonzero(owner == i) for i in range(count)]
    picked = [block[share[block].argmax()] for block in best if len(block)]
    told = np.array([is_told_apart(e) for x in examples for e in x.evidence], bool)
    return share[picked], good[picked], told[picked]


def held_out_answers(examples: Sequence[Example], start: Fit, rng: Rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`answers` for every example by a fit that has not seen its photo."""
    groups = sorted({x.group for x in examples})
    fold_of = dict(zip(groups, rng.permutation(len(groups)) % FOLDS, strict=True))
    found = []
    for fold in range(FOLDS):
        train = [x for x in examples if fold_of[x.group] != fold]
        found.append(answers([x for x in examples if fold_of[x.group] == fold], fitted(train, start)))
    probabilities, right, told = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return probabilities, right, told


def threshold(probabilities: np.ndarray, right: np.ndarray, *, wrong: float = WRONG_AT_MOST) -> float:
    """The lowest probability from which on at most `wrong` of the answers are wrong, one more error allowed for; 0.5 at least."""
    order = np.argsort(-probabilities)
    errors = np.cumsum(~right[order])
    counts = np.arange(1, len(order) + 1)
    # An estimate from n answers is no better than 1/n: half an error is always added.
    fine = np.flatnonzero((errors + 0.5) / counts <= wrong)
    if not len(fine):
        return 0.999
    return float(np.clip(probabilities[order[fine[-1]]], 0.5, 0.999))


def reliability(probabilities: np.ndarray, right: np.ndarray) -> list[dict[str, float]]:
    """Said and true share of right answers, by tenths of what was said."""
    bins = np.minimum((probabilities * 10).astype(int), 9)
    return [
        {
            "said": round(float(probabilities[bins == b].mean()), 3),
            "true": round(float(right[bins == b].mean()), 3),
            "count": int((bins == b).sum()),
        }
        for b in range(10)
        if (bins == b).any()
    ]


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with cards/ and catalog/")
    parser.add_argument("--backgrounds", type=Path, help="folder of photographs to lay cards on")
    parser.add_argument("--embedder", default=engines.DEFAULTS["embed"], help="the version to fit for")
    parser.add_argument("--cache", type=Path, help="npz file that keeps the scans' descriptors of this embedder")
    parser.add_argument("--count", type=int, default=400, help="cards to compose")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder that keeps the evidence")
    parser.add_argument("--only", choices=(*PARTS, "fit"), help="one step; without it all of them")
    return parser.parse_args(given)


def main() -> None:
    """Measure, fit, cross-validate, and write the embedder's entry of ml/fuse.json."""
    options = arguments()
    for part in PARTS:
        if options.only in (None, part):
            measure(options, part)
    if options.only not in (None, "fit"):
        return
    examples = [x for part in PARTS for x in stored(options.out / f"{part}-{options.embedder}.jsonl")]
    fit = judged(examples, BY_HAND, seed=options.seed)
    written = {name: asdict(value) for name, value in FITS.items()} | {options.embedder: asdict(fit)}
    FITTED.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(asdict(fit), indent=1))


def judged(examples: Sequence[Example], start: Fit, *, seed: int) -> Fit:
    """The fit to all examples, with the threshold and the figures that cross-validation gives."""
    start = replace(start, alike=alike_of(examples, start))
    probabilities, right, told = held_out_answers(examples, start, np.random.default_rng(seed))
    sure = round(threshold(probabilities[told], right[told]), 4)
    accepted = told & (probabilities >= sure)
    figures = {
        "examples": len(examples),
        "answerable": sum(bool(x.right) for x in examples),
        "accepted": int(accepted.sum()),
        "accepted_wrong": int((~right[accepted]).sum()),
        "reliability": reliability(probabilities, right),
    }
    return replace(fitted(examples, start), sure=sure, seed=seed, figures=figures)


def alike_of(examples: Sequence[Example], start: Fit) -> tuple[float, float]:
    """The cosine that one wrong neighbour in twenty exceeds, and the right cards' median; the start's where too few tell."""
    found: tuple[list[float], list[float]] = ([], [])
    for x in examples:
        for e in x.evidence:
            # A look-alike's cosine is that of the art, not of a wrong neighbour.
            if e.similarity is not None and (e.key in x.right or (e.inliers or 0) < SAME_ART):
                found[e.key in x.right].append(e.similarity)
    wrong, right = found
    if len(right) < 20 or len(wrong) < 20:
        return start.alike
    low, high = float(np.quantile(wrong, 0.95)), float(np.median(right))
    return (round(low, 3), round(max(high, low + 0.05), 3))


if __name__ == "__main__":
    main()
