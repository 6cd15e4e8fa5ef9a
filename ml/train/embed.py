"""Trains the embedding net: python -m ml.train.embed --config ml/train/configs/embed-small.toml [--data DIR] [--resume]

Each step sees a batch of cards twice, as a catalogue shows them and as a photograph does, and pulls the two together and
away from all others (InfoNCE: van den Oord, Li and Vinyals, 2018), so that a card never seen before finds its place too.
"""

import argparse
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
from ml.train.loop import Schedule, Training, read_config
from ml.types import Picture

Rng = np.random.Generator
KEPT = (192, 268)
"""Width and height at which pictures wait in memory."""
TEMPERATURE = 0.06


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


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="folder with cards/refs.csv; without it only drawn cards are seen")
    parser.add_argument("--backgrounds", type=Path, help="folder of photographs, for artworks that no card has")
    parser.add_argument("--out", type=Path, default=Path("build/train/embed"))
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    config = read_config(arguments.config)
    schedule, pairs = Schedule(**config["schedule"]), config["pairs"]
    groups = groups_for(arguments.data, drawn=pairs["drawn"], seed=schedule.seed)
    art = tuple(Backgrounds(arguments.backgrounds).photographs) + tuple(p for group in groups for p in group[:40])
    print(f"{sum(map(len, groups))} cards in {len(groups)} games, {len(art)} artworks", flush=True)
    training = Training(partial(build, folded=False), schedule, arguments.out)
    if arguments.resume and training.resume():
        print(f"resumed at step {training.step}", flush=True)
    net = training.run(Pairs(groups, art, pairs["batch"]), loss)
    torch.save(net.state_dict(), arguments.out / "averaged.pt")
    print(f"trained in {training.seconds / 60:.0f} min: {arguments.out / 'averaged.pt'}", flush=True)


if __name__ == "__main__":
    main()
