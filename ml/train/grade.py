"""Trains the wear net: python -m ml.train.grade --config FILE [--data DIR] [--out DIR] [--resume]."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from ml.generate.sources import Scan, split
from ml.generate.worn_patches import Sheet, card_picture, patches, sheet
from ml.grade.grading import KINDS
from ml.grade.measure import AMOUNTS, worn_cards
from ml.grade.scores import wear_scores
from ml.grade.wear import net_input, regions
from ml.nets.grade import CHANNELS, build
from ml.train.export import export
from ml.train.loop import Batch, Schedule, Training, read_config

CALIBRATION_SEED = 200
RARE = 12.0
"""How much more a worn cell weighs than a sound one: one in a hundred is worn."""


@dataclass(frozen=True)
class Patches:
    """Makes batch after batch. size: px of a patch; cards: new ones in each batch.

    window: batches that a card serves in: a batch takes its patches from the new cards and those of the batches before, so
    that it is varied without making sixteen cards for sixteen patches.
    """

    scans: list[Scan]
    size: int
    batch: int
    cards: int
    window: int
    strength: float
    _made: dict[tuple[int, int, int], Sheet] = field(default_factory=dict, compare=False)

    def __call__(self, rng: np.random.Generator) -> Mapping[str, np.ndarray]:
        """Keys pixels (batch, 4, size, size); truth and counted (batch, 5, size / 4, size / 4). rng: seeded [seed, number]."""
        cv2.setNumThreads(1)
        seed, number = rng.bit_generator.seed_seq.entropy  # type: ignore[attr-defined]
        wanted = [
            (seed, number + self.window - 1 - back, card) for back in range(self.window) for card in range(self.cards)
        ]
        for key in [key for key in self._made if key not in wanted]:
            del self._made[key]
        cut: dict[str, list[np.ndarray]] = {}
        for key in wanted:
            if key not in self._made:
                self._made[key] = self._card(np.random.default_rng([*key, 1]))
            count = self.batch // len(wanted)
            for name, values in patches(self._made[key], rng, size=self.size, count=count).items():
                cut.setdefault(name, []).append(values)
        return {name: np.concatenate(values) for name, values in cut.items()}

    def _card(self, rng: np.random.Generator) -> Sheet:
        amount = 0.0 if rng.random() < 0.15 else float(np.exp(rng.uniform(np.log(0.4), np.log(4.0))))
        return sheet(card_picture(rng, self.scans), rng, amount=amount, strength=self.strength)


def loss(net: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
    """Cross entropy over the cells that count, and the share by which masks and truth do not overlap (Milletari, 2016)."""
    logits = net(batch["pixels"].contiguous(memory_format=torch.channels_last))
    truth, counted = batch["truth"], batch["counted"]
    each = nn.functional.binary_cross_entropy_with_logits(
        logits, truth, reduction="none", pos_weight=truth.new_tensor(RARE)
    )
    cross = (each * counted).sum() / counted.sum().clamp(min=1.0)
    share = torch.sigmoid(logits) * counted
    both = (share * truth).sum(dim=(0, 2, 3))
    dice = 1 - (2 * both + 1) / (share.square().sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3)) + 1)
    return 3 * cross + dice.mean(), {"cross": float(cross.detach()), "dice": float(dice.mean().detach())}


GAIN = 0.1
"""Share of the error of not looking that a kind must take away from its subgrades to be looked for at all."""
_STEPS = (0.7, 0.8, 0.9, 0.94, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995)


@torch.no_grad()
def calibrated(net: nn.Module, scans: list[Scan], *, cards: int) -> dict[str, dict[str, float | None]]:
    """By kind: the threshold at which subgrades come nearest to those of the wear that shows, on cards not trained on.

    error: mean difference of the subgrades that the kind counts for, in points; without: the same if it were never found.
    A kind that takes away less than GAIN of that has None for a threshold: it is better not looked for.
    """
    seen = [
        (made.truth, torch.sigmoid(net(torch.from_numpy(net_input(made.picture)[None])))[0].numpy())
        for seed, (low, high) in enumerate(AMOUNTS.values())
        for made in worn_cards(cards, scans, low=low, high=high, seed=CALIBRATION_SEED + seed)
    ]
    return {kind: _calibrated(place, seen) for place, kind in enumerate(KINDS)}


def _calibrated(place: int, seen: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float | None]:
    true = np.array([_subgrades(truth, place, 0.5) for truth, _ in seen])
    errors = [float(np.abs(true - [_subgrades(masks, place, step) for _, masks in seen]).mean()) for step in _STEPS]
    without, best = float((10 - true).mean()), int(np.argmin(errors))
    is_worth_it = errors[best] <= (1 - GAIN) * without
    return {
        "threshold": _STEPS[best] if is_worth_it else None,
        "error": round(errors[best], 3),
        "without": round(without, 3),
    }


def _subgrades(masks: np.ndarray, place: int, threshold: float) -> list[float]:
    """The subgrades for which one kind counts, by that kind alone."""
    alone = [threshold if kind == place else None for kind in range(len(KINDS))]
    scores = wear_scores(regions(masks, thresholds=alone))
    return [scores["corners"], scores["edges"]] if KINDS[place] == "whitening" else [scores["surface"]]


def train(config: Mapping[str, Any], *, data: Path | None, out: Path, resume: bool) -> Training:
    """A training run as configured, to its end."""
    training = Training(partial(build, folded=False), Schedule(**config.get("schedule", {})), out)
    if resume:
        training.resume()
    make = _patches(config, split(data)[0] if data else [])
    training.run(make, loss)
    return training


def _patches(config: Mapping[str, Any], scans: list[Scan]) -> Patches:
    told = config["patches"]
    return Patches(scans, told["size"], told["batch"], told["cards"], told["window"], told["strength"])


def main(arguments: list[str] | None = None) -> None:
    """Train, measure on cards that were not trained on, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="folder with cards/refs.csv: real scans beside the drawn cards")
    parser.add_argument("--out", type=Path, default=Path("var/train/grade"), help="checkpoint and weights")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--export-only", action="store_true", help="export the checkpoint as it is")
    options = parser.parse_args(arguments)
    config = read_config(options.config)
    if options.export_only:
        training = Training(partial(build, folded=False), Schedule(**config.get("schedule", {})), options.out)
        training.resume()
    else:
        training = train(config, data=options.data, out=options.out, resume=options.resume)
    net = training.averaged.module.eval()
    kept, held_out = split(options.data) if options.data else ([], [])
    figures = calibrated(net, held_out, cards=config["calibration"]["cards"])
    print(json.dumps(figures, indent=2))
    record = {
        "trained_on": f"{training.step} batches of {config['patches']['batch']} patches of generated wear over "
        f"{len(kept)} reference scans and drawn cards",
        "seed": training.schedule.seed,
        "config": config,
        "minutes": round(training.seconds / 60, 1),
        "figures": {"calibration": figures},
        "thresholds": {kind: told["threshold"] for kind, told in figures.items()},
        "limits": config["limits"],
    }
    example = torch.zeros(1, CHANNELS, 96, 96)
    path = export(
        net, "grade", config["version"], example,
        record=record, outputs=("masks",), dynamic=("batch", "height", "width"), folder=options.out,
    )  # fmt: skip
    print(path)


if __name__ == "__main__":
    main()
