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
from ml.nets.grade import CHANNELS, build
from ml.train.export import export
from ml.train.loop import Batch, Schedule, Training, read_config

VALIDATION_SEED = 910_000
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


TRUSTED = 0.5
"""Precision by cell that a kind of wear must reach at some threshold to be looked for at all."""
_STEPS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)


@torch.no_grad()
def measured(net: nn.Module, make: Patches, *, batches: int) -> dict[str, dict[str, float | None]]:
    """By kind, on cards that were not trained on: the lowest threshold that can be trusted, with its precision and recall.

    A kind that no threshold makes trustworthy, or finds less than a tenth of, has None: it is better not looked for.
    """
    right, said = np.zeros((len(_STEPS), len(KINDS))), np.zeros((len(_STEPS), len(KINDS)))
    true = np.zeros(len(KINDS))
    for number in range(batches):
        batch = {
            name: torch.from_numpy(v) for name, v in make(np.random.default_rng([VALIDATION_SEED, number])).items()
        }
        masks = torch.sigmoid(net(batch["pixels"])) * batch["counted"]
        true += batch["truth"].sum(dim=(0, 2, 3)).numpy()
        for step, threshold in enumerate(_STEPS):
            found = (masks > threshold).float()
            right[step] += (found * batch["truth"]).sum(dim=(0, 2, 3)).numpy()
            said[step] += found.sum(dim=(0, 2, 3)).numpy()
    precision, recall = right / np.maximum(said, 1), right / np.maximum(true, 1)
    figures: dict[str, dict[str, float | None]] = {}
    for place, kind in enumerate(KINDS):
        good = np.flatnonzero((precision[:, place] >= TRUSTED) & (recall[:, place] >= 0.1))
        step = int(good[0]) if len(good) else 0
        figures[kind] = {
            "threshold": _STEPS[step] if len(good) else None,
            "precision": round(float(precision[step, place]), 3),
            "recall": round(float(recall[step, place]), 3),
        }
    return figures


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
    scans = split(options.data)[0] if options.data else []
    figures = measured(net, _patches(config, scans), batches=config["measure"]["batches"])
    print(json.dumps(figures, indent=2))
    record = {
        "trained_on": f"{training.step} batches of {config['patches']['batch']} patches of generated wear over "
        f"{len(scans)} reference scans and drawn cards",
        "seed": training.schedule.seed,
        "config": config,
        "minutes": round(training.seconds / 60, 1),
        "figures": {"patches": figures},
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
