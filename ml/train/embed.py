"""Trains the embedding net: python -m ml.train.embed --config ml/train/configs/embed-small.toml [--data DIR] [--resume]

Each step sees a batch of cards twice, as a catalogue shows them and as a photograph does, and pulls the two together and
away from all others (InfoNCE: van den Oord, Li and Vinyals, 2018), so that a card never seen before finds its place too.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ml.generate import designs, sources
from ml.generate.backgrounds import Backgrounds
from ml.generate.crops import new_artwork, photographed_crop, reference_crop
from ml.nets.embed import HEIGHT, WIDTH, build
from ml.train.export import export
from ml.train.loop import Schedule, Training, command_line, read_config
from ml.types import Floats, Picture

Rng = np.random.Generator
KEPT = (192, 268)
"""Width and height at which pictures wait in memory."""
TEMPERATURE = 0.06
MEASURED = 0x0E3BED
"""Seed of the crops that are measured on; training never draws from it."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Makes batches. groups: pictures by game, so that a batch can hold cards that look alike; art: for new artworks."""

    groups: tuple[tuple[Picture, ...], ...]
    art: tuple[Picture, ...]
    count: int
    new_art: float = 0.35
    one_game: float = 0.6

    def __call__(self, rng: Rng) -> dict[str, np.ndarray]:
        """`catalogue` and `photo`, each (count, 3, 128, 96) uint8; row n of both is one card."""
        # OpenCV's own threads fight with torch's over two cores
        cv2.setNumThreads(0)
        cards = self._cards(rng)
        size = (WIDTH, HEIGHT)
        catalogue = [reference_crop(card, rng, size=size) for card in cards]
        photo = [photographed_crop(card, self._any(rng), rng, size=size) for card in cards]
        return {
            "catalogue": np.stack([p.transpose(2, 0, 1) for p in catalogue]),
            "photo": np.stack([p.transpose(2, 0, 1) for p in photo]),
        }

    def _cards(self, rng: Rng) -> list[Picture]:
        sizes = np.array([len(group) for group in self.groups], np.float64)
        groups = rng.choice(len(self.groups), size=self.count, p=sizes / sizes.sum())
        if rng.random() < self.one_game:
            groups[:] = groups[0]
        chosen: list[Picture] = []
        taken: set[tuple[int, int]] = set()
        for group in groups:
            member = int(rng.integers(len(self.groups[group])))
            card = self.groups[group][member]
            # the same card twice in a batch would be told apart from itself
            if (int(group), member) in taken or rng.random() < self.new_art:
                card = new_artwork(card, self.art[int(rng.integers(len(self.art)))], rng)
            taken.add((int(group), member))
            chosen.append(card)
        return chosen

    def _any(self, rng: Rng) -> Picture:
        group = self.groups[int(rng.integers(len(self.groups)))]
        return (
            group[int(rng.integers(len(group)))] if rng.random() < 0.6 else self.art[int(rng.integers(len(self.art)))]
        )


def loss(net: torch.nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """How far the net is from finding each photo's card among the batch, and each card's photo."""
    count = len(batch["photo"])
    pixels = torch.cat([batch["catalogue"], batch["photo"]]).float().div(127.5).sub(1)
    vectors = net(pixels.contiguous(memory_format=torch.channels_last)).float()
    likeness = vectors[count:] @ vectors[:count].T / TEMPERATURE
    right = torch.arange(count, device=likeness.device)
    total = (functional.cross_entropy(likeness, right) + functional.cross_entropy(likeness.T, right)) / 2
    first = (likeness.argmax(dim=1) == right).float().mean()
    own = likeness.diagonal().mean() * TEMPERATURE
    other = (likeness.sum() - likeness.diagonal().sum()) * TEMPERATURE / (count * (count - 1))
    return total, {"first": float(first), "own": float(own.detach()), "other": float(other.detach())}


def _small(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, KEPT, interpolation=cv2.INTER_AREA), np.uint8)


def groups_for(data: Path | None, *, drawn: int, seed: int) -> tuple[tuple[Picture, ...], ...]:
    """Pictures to train on by game: scans that are not held out, and `drawn` designs of our own in sixteen families."""
    by_game: dict[str, list[Picture]] = {}
    for scan in sources.split(data)[0] if data else []:
        by_game.setdefault(scan.game, []).append(_small(scan.picture()))
    rng = np.random.default_rng([seed, 0xE3BED])
    families = [int(family) for family in rng.integers(0, 1_000_000, 16)]
    for number in range(drawn):
        family = families[number % len(families)]
        design = designs.designed(rng, family=family)
        by_game.setdefault(f"drawn {family}", []).append(designs.render(design, KEPT))
    return tuple(tuple(pictures) for pictures in by_game.values())


@torch.no_grad()
def described(net: torch.nn.Module, pictures: Sequence[Picture]) -> Floats:
    """(n, 256) vectors of upright cards."""
    rows = []
    for start in range(0, len(pictures), 64):
        small = [cv2.resize(p, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for p in pictures[start : start + 64]]
        pixels = torch.from_numpy(np.stack(small).transpose(0, 3, 1, 2).copy()).float().div(127.5).sub(1)
        rows.append(net(pixels).numpy())
    return np.concatenate(rows)


def measured(
    net: torch.nn.Module, unseen: Sequence[Picture], others: Sequence[Picture], art: Sequence[Picture]
) -> dict[str, float]:
    """How often a crop of a card that was not trained on finds it first, among all of these and `others`."""
    references = described(net, [*unseen, *others])
    queries = []
    for number, card in enumerate(unseen):
        rng = np.random.default_rng([MEASURED, number])
        queries.append(photographed_crop(card, art[int(rng.integers(len(art)))], rng, size=(2 * WIDTH, 2 * HEIGHT)))
    likeness = described(net, queries) @ references.T
    own = likeness[np.arange(len(unseen)), np.arange(len(unseen))]
    rank = (likeness > own[:, None]).sum(axis=1)
    likeness[np.arange(len(unseen)), np.arange(len(unseen))] = -1
    return {
        "references": len(references),
        "crops": len(queries),
        "first": round(float((rank == 0).mean()), 4),
        "first_five": round(float((rank < 5).mean()), 4),
        "own_median": round(float(np.median(own)), 3),
        "best_other_p99": round(float(np.percentile(likeness.max(axis=1), 99)), 3),
    }


def main(arguments: list[str] | None = None) -> None:
    """Train, measure on cards that were not trained on, export."""
    told = command_line(
        __doc__, stage="embed", backgrounds="folder of photographs, for artworks that no card has"
    ).parse_args(arguments)
    config = read_config(told.config)
    schedule, pairs = Schedule(**config["schedule"]), config["pairs"]
    groups = groups_for(told.data, drawn=pairs["drawn"], seed=schedule.seed)
    photographs = tuple(Backgrounds(told.backgrounds).photographs)
    art = photographs + tuple(card for group in groups for card in group[:40])
    print(f"{sum(map(len, groups))} cards in {len(groups)} games, {len(art)} artworks", flush=True)
    training = Training(partial(build, folded=False), schedule, told.out)
    training.begin(told)
    if not told.export_only:
        training.run(Pairs(groups, art, pairs["batch"]), loss)
    net = training.averaged.module.eval().cpu()
    held = sources.split(told.data)[1] if told.data else []
    rng = np.random.default_rng([MEASURED, 0])
    unseen = [_small(scan.picture()) for scan in held] or [designs.draw_card(rng, size=KEPT) for _ in range(100)]
    figures = measured(net, unseen, [card for group in groups for card in group], art)
    print(json.dumps(figures, indent=2))
    record = {
        "trained_on": f"{training.step * pairs['batch']} pairs of {sum(map(len, groups))} cards in {len(groups)} games, "
        "real scans and drawn ones, a third with another artwork",
        "seed": schedule.seed,
        "config": config,
        "minutes": round(training.seconds / 60, 1),
        "figures": {"retrieval": figures},
        "limits": config["limits"],
    }
    example = torch.zeros(1, 3, HEIGHT, WIDTH)
    path = export(net, "embed", config["version"], example, record=record, outputs=("vector",), folder=told.out)
    print(f"trained in {training.seconds / 60:.0f} min: {path}", flush=True)


if __name__ == "__main__":
    main()
