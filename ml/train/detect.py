"""Trains the outline net: python -m ml.train.detect --config ml/train/configs/detect-small.toml [--data DIR] [--resume]

Every batch is composed on the fly. Without --data the cards are those that our own code draws; with it, real scans join.
"""

import argparse
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch

from ml.generate import designs, sources
from ml.generate.backgrounds import Backgrounds
from ml.generate.scene import Card, CardSource, compose
from ml.nets.detect import STRIDE, build
from ml.train.loop import Schedule, Training, read_config
from ml.train.outlines import loss, targets
from ml.types import Picture

Rng = np.random.Generator
OUTPUTS = ("cards",)


def card_source(pictures: list[Picture], backs: list[Picture], *, share_of_backs: float = 0.05) -> CardSource:
    """Cards by chance out of these pictures, the same one rarely twice in a scene."""

    def draw(rng: Rng) -> Card:
        if backs and rng.random() < share_of_backs:
            return Card(backs[int(rng.integers(len(backs)))], is_back=True)
        return Card(pictures[int(rng.integers(len(pictures)))])

    return draw


def pictures_for(data: Path | None, *, drawn: int, seed: int) -> tuple[list[Picture], list[Picture]]:
    """Fronts and backs to compose with: the scans to train on, and `drawn` designs of our own."""
    fronts = [scan.picture() for scan in sources.split(data)[0]] if data else []
    rng = np.random.default_rng([seed, 0xCA2D])
    fronts += [designs.draw_card(rng, size=(320, 448)) for _ in range(drawn)]
    backs = [designs.draw_back(family, size=(240, 336)) for family in range(60)]
    return fronts, backs


def make_batch(rng: Rng, *, card: CardSource, backgrounds: Backgrounds, size: int, count: int) -> dict[str, np.ndarray]:
    """One batch of `count` scenes of size x size pixels, with the targets of each."""
    # OpenCV's own threads fight with torch's over two cores
    cv2.setNumThreads(0)
    scenes = [compose(rng, card, backgrounds, size=(size, size)) for _ in range(count)]
    told = [targets(scene) for scene in scenes]
    batch = {name: np.stack([one[name] for one in told]) for name in told[0]}
    batch["pixels"] = np.stack([scene.picture.transpose(2, 0, 1) for scene in scenes])
    return batch


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="folder with cards/refs.csv; without it only drawn cards are seen")
    parser.add_argument("--backgrounds", type=Path, help="folder of photographs to lay cards on")
    parser.add_argument("--out", type=Path, default=Path("build/train/detect"))
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    config = read_config(arguments.config)
    schedule, scenes = Schedule(**config["schedule"]), config["scenes"]
    fronts, backs = pictures_for(arguments.data, drawn=scenes["drawn"], seed=schedule.seed)
    backgrounds = Backgrounds(arguments.backgrounds)
    print(f"{len(fronts)} cards, {len(backs)} backs, {len(backgrounds.photographs)} photographs to lie on", flush=True)
    training = Training(partial(build, folded=False), schedule, arguments.out)
    if arguments.resume and training.resume():
        print(f"resumed at step {training.step}", flush=True)
    make = partial(
        make_batch,
        card=card_source(fronts, backs),
        backgrounds=backgrounds,
        size=scenes["size"] // STRIDE * STRIDE,
        count=scenes["batch"],
    )
    net = training.run(make, loss)
    torch.save(net.state_dict(), arguments.out / "averaged.pt")
    print(f"trained in {training.seconds / 60:.0f} min: {arguments.out / 'averaged.pt'}", flush=True)


if __name__ == "__main__":
    main()
