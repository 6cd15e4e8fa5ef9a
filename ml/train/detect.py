"""Trains the outline net: python -m ml.train.detect --config ml/train/configs/detect-small.toml [--data DIR] [--resume]

Every batch is composed on the fly. Without --data the cards are those that our own code draws; with it, real scans join.
"""

import json
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch

from ml.detect.net import decoded
from ml.generate import designs, sources
from ml.generate.backgrounds import Backgrounds
from ml.generate.scene import Card, CardSource, compose
from ml.geometry import shared_of_union
from ml.nets.detect import STRIDE, build
from ml.train.export import export
from ml.train.loop import Schedule, Training, command_line, read_config
from ml.train.outlines import loss, targets
from ml.types import Picture

Rng = np.random.Generator
OUTPUTS = ("cards",)
MEASURED = 0x0E11D
"""Seed of the scenes that are measured on; training never draws from it."""


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


def measured(net: torch.nn.Module, card: CardSource, backgrounds: Backgrounds, *, scenes: int) -> dict[str, float]:
    """Recall at IoU 0.7 of cards of which 30 % or more is seen, false outlines a scene, and the corners' median error.

    card: a source of cards that were not trained on. The scenes are seen once, at the size of training.
    """
    found, false, errors, right_way = [], 0, [], []
    for number in range(scenes):
        scene = compose(np.random.default_rng([MEASURED, number]), card, backgrounds, size=(384, 512))
        pixels = torch.from_numpy(scene.picture.transpose(2, 0, 1).copy()).float().div(127.5).sub(1)[None]
        with torch.no_grad():
            outlines = [o.corners for o in decoded(net(pixels)[0].numpy(), 0.35)]
        taken: set[int] = set()
        for truth in scene.cards:
            shares = [shared_of_union(outline, truth.corners) for outline in outlines]
            best = int(np.argmax(shares)) if shares else -1
            hit = best >= 0 and shares[best] > 0.7
            if hit:
                taken.add(best)
            if truth.visible < 0.3:
                continue
            found.append(hit)
            if hit:
                offs = [
                    np.linalg.norm(np.roll(outlines[best], -turn, axis=0) - truth.corners, axis=1) for turn in range(4)
                ]
                means = [float(off.mean()) for off in offs]
                errors.append(min(means) / max(1.0, float(np.linalg.norm(truth.corners[1] - truth.corners[0]))))
                right_way.append(not np.argmin(means))
        false += len(outlines) - len(taken)
    return {
        "recall": round(float(np.mean(found)), 4),
        "cards": len(found),
        "false_per_scene": round(false / scenes, 3),
        "corner_error_of_width": round(float(np.median(errors)), 4) if errors else 1.0,
        "right_way_up": round(float(np.mean(right_way)), 4) if right_way else 0.0,
    }


def main(arguments: list[str] | None = None) -> None:
    """Train, measure on cards that were not trained on, export."""
    told = command_line(__doc__, stage="detect", backgrounds="folder of photographs to lay cards on").parse_args(
        arguments
    )
    config = read_config(told.config)
    schedule, scenes = Schedule(**config["schedule"]), config["scenes"]
    backgrounds = Backgrounds(told.backgrounds)
    training = Training(partial(build, folded=False), schedule, told.out)
    training.begin(told)
    if not told.export_only:
        fronts, backs = pictures_for(told.data, drawn=scenes["drawn"], seed=schedule.seed)
        print(f"{len(fronts)} cards, {len(backgrounds.photographs)} photographs to lie on", flush=True)
        card = card_source(fronts, backs)
        size = scenes["size"] // STRIDE * STRIDE
        training.run(partial(make_batch, card=card, backgrounds=backgrounds, size=size, count=scenes["batch"]), loss)
    kept, held = sources.split(told.data) if told.data else ([], [])
    unseen = [scan.picture() for scan in held] or pictures_for(None, drawn=100, seed=schedule.seed + 1)[0]
    net = training.averaged.module.eval().cpu()
    figures = measured(net, card_source(unseen, []), backgrounds, scenes=config["measure"]["scenes"])
    print(json.dumps(figures, indent=2))
    record = {
        "trained_on": f"{training.step * scenes['batch']} composed scenes with {len(kept)} reference scans and "
        f"{scenes['drawn']} drawn cards",
        "seed": schedule.seed,
        "config": config,
        "minutes": round(training.seconds / 60, 1),
        "figures": {"scenes": figures},
        "limits": config["limits"],
    }
    example = torch.zeros(1, 3, 320, 320)
    dynamic = ("batch", "height", "width")
    path = export(
        net, "detect", config["version"], example, record=record, outputs=OUTPUTS, dynamic=dynamic, folder=told.out
    )
    print(f"trained in {training.seconds / 60:.0f} min: {path}", flush=True)


if __name__ == "__main__":
    main()
