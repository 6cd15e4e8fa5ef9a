"""Trains the fitting net: python -m ml.train.fit --config ml/train/configs/fit-small.toml [--data DIR] [--resume]

Each composed scene gives several close-ups: its cards' outlines moved and turned as a first look gets them wrong, and
outlines of what is no card: the picture on a card, two halves of neighbours, the table.
"""

import json
from dataclasses import dataclass
from functools import partial
from typing import cast

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ml.detect.closeup import close_up, moved, offsets_to
from ml.generate import sources
from ml.generate.backgrounds import Backgrounds
from ml.generate.scene import CardSource, Scene, compose
from ml.geometry import is_convex, shared_of_union
from ml.nets.fit import HEIGHT, WIDTH, FittingNet, build
from ml.train.detect import card_source, pictures_for
from ml.train.export import export
from ml.train.loop import Schedule, Training, command_line, read_config
from ml.types import Floats, Picture

Rng = np.random.Generator
MEASURED = 0x0F17
"""Seed of the scenes that are measured on; training never draws from it."""
SEEN = 0.15
"""Share of a card that must show for its outline to be fitted."""
FAR = 0.3
"""Corners further off than this share of the outline are beyond what is learnt."""

SPREAD = 0.03
"""How far about a corner a place still counts as right, in shares of the card; a place is 0.05 wide."""


@dataclass(frozen=True, slots=True)
class Closeup:
    """One example. offsets (4, 2), turn 0..3, and whether it shows a card, from behind."""

    picture: Picture
    offsets: Floats
    turn: int
    is_card: bool
    is_back: bool


def shaken(corners: Floats, rng: Rng) -> Floats:
    """An outline as a first look gets it: shifted, of another size, turned a little, each corner off by some percent."""
    amount = float(rng.choice([0.3, 1.0, 1.0, 1.6]))
    own = rng.normal(0, 0.04 * amount, (4, 2)) + rng.normal(0, 0.04 * amount, 2)
    grow = rng.normal(0, 0.06 * amount, 2)
    unit = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
    return moved(corners, np.clip(own + unit * grow, -0.25, 0.25))


def of_card(scene: Scene, number: int, rng: Rng) -> Closeup | None:
    """A close-up of a card's shaken outline; None where the shake left what is learnt."""
    card = scene.cards[number]
    # mostly as it lies or on its head, at times on its side: a first look tells the long side, seldom the top
    turn = int(rng.choice([0, 2, 1, 3], p=[0.46, 0.44, 0.05, 0.05]))
    truth = np.roll(card.corners, turn, axis=0)
    outline = shaken(truth, rng)
    if not is_convex(outline[None])[0] or cv2.contourArea(outline, oriented=True) <= 0:
        return None
    offsets = offsets_to(outline, truth)
    if np.abs(offsets).max() > FAR:
        return None
    return Closeup(close_up(scene.picture, outline), offsets, turn, True, card.is_back)


def of_nothing(scene: Scene, rng: Rng) -> Closeup | None:
    """A close-up of an outline that is no card's."""
    height, width = scene.picture.shape[:2]
    if scene.cards and rng.random() < 0.75:
        card = scene.cards[int(rng.integers(len(scene.cards)))].corners
        if rng.random() < 0.5:  # the picture, the text, or a part of a card
            x0, y0 = rng.uniform(0.0, 0.4, 2)
            x1, y1 = rng.uniform(0.6, 1.0, 2)
        else:  # two halves of neighbours, or a card and the table beside it
            x0, y0 = rng.choice([-1, 1], 2) * rng.uniform(0.35, 0.9, 2) * (rng.random(2) < 0.7)
            x1, y1 = x0 + rng.uniform(0.7, 1.4), y0 + rng.uniform(0.7, 1.4)
        unit = np.array([[x0, y0], [x1 - 1, y0], [x1 - 1, y1 - 1], [x0, y1 - 1]])
        outline = np.roll(moved(card, unit), 2 * int(rng.integers(2)), axis=0)
    else:
        side = rng.uniform(0.08, 0.5) * height
        angle = rng.uniform(0, 2 * np.pi)
        box = np.array([[-0.5, -0.7], [0.5, -0.7], [0.5, 0.7], [-0.5, 0.7]]) * side
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        outline = (box @ turn.T + rng.uniform(0, 1, 2) * [width, height]).astype(np.float32)
    if not is_convex(outline[None])[0] or any(shared_of_union(outline, c.corners) > 0.6 for c in scene.cards):
        return None
    return Closeup(close_up(scene.picture, outline), np.zeros((4, 2), np.float32), 0, False, False)


def closeups(scene: Scene, rng: Rng, *, most: int) -> list[Closeup]:
    """At most so many examples of a scene, about a quarter of them of nothing."""
    seen = [i for i, card in enumerate(scene.cards) if card.visible >= SEEN]
    rng.shuffle(seen)
    found = [of_card(scene, number, rng) for number in (seen * 2)[: round(0.75 * most)]]
    found += [of_nothing(scene, rng) for _ in range(max(1, round(len(found) / 3)))]
    return [one for one in found if one is not None]


def make_batch(rng: Rng, *, card: CardSource, backgrounds: Backgrounds, count: int) -> dict[str, np.ndarray]:
    """`count` close-ups of as many scenes as are needed."""
    # OpenCV's own threads fight with torch's over two cores
    cv2.setNumThreads(0)
    found: list[Closeup] = []
    while len(found) < count:
        side = int(rng.integers(300, 620))
        scene = compose(rng, card, backgrounds, size=(side, round(side * rng.uniform(1.0, 1.4))))
        found += closeups(scene, rng, most=8)
    found = found[:count]
    return {
        "pixels": np.stack([one.picture.transpose(2, 0, 1) for one in found]),
        "offsets": np.stack([one.offsets.ravel() for one in found]),
        "turn": np.array([one.turn for one in found], np.int64),
        "card": np.array([one.is_card for one in found], np.float32),
        "back": np.array([one.is_back for one in found], np.float32),
    }


def place_chances(at: Tensor, grid: Tensor) -> Tensor:
    """(n, 4, places): all chance on the places about each corner, falling off with the square of the distance.

    at (n, 4, 2) and grid (places, 2) in shares. A corner that lies outside has its chance at the nearest places.
    """
    away = (at[:, :, None] - grid).square().sum(dim=3)
    return torch.softmax(-away / (2 * SPREAD**2), dim=2)


def loss(net: torch.nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """How far off the net's corners are, and how wrong it is about the top, the back and what is a card."""
    pixels = batch["pixels"].float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)
    fitting = cast(FittingNet, net)
    places, judged = fitting.seen(pixels)
    is_card = batch["card"] > 0.5
    chances = torch.log_softmax(places[is_card].float(), dim=2)
    at = chances.exp() @ fitting.grid
    off = at.flatten(1) - fitting.own - batch["offsets"][is_card]
    corners = functional.smooth_l1_loss(off, torch.zeros_like(off), beta=0.01)
    near = place_chances(batch["offsets"][is_card].unflatten(1, (4, 2)) + fitting.own.view(4, 2), fitting.grid)
    place = -(near * chances).sum(dim=2).mean()
    told = is_card & (batch["back"] < 0.5)  # a back looks the same from both ends
    turn = functional.cross_entropy(judged[told, :4], batch["turn"][told])
    card = functional.binary_cross_entropy_with_logits(judged[:, 4], batch["card"])
    back = functional.binary_cross_entropy_with_logits(judged[is_card, 5], batch["back"][is_card])
    parts = {
        "off": off.abs().mean(),
        "place": place,
        "turn": (judged[told, :4].argmax(dim=1) == batch["turn"][told]).float().mean(),
        "card": ((judged[:, 4] > 0) == is_card).float().mean(),
        "back": back,
    }
    total = 10 * corners + 0.1 * place + 0.3 * turn + 0.3 * card + 0.1 * back
    return total, {name: float(value.detach()) for name, value in parts.items()}


@torch.no_grad()
def measured(net: torch.nn.Module, card: CardSource, backgrounds: Backgrounds, *, batches: int) -> dict[str, float]:
    """Corner errors before and after, in shares of the card's size, and how often top, card and no card are told apart."""
    before, after, turns, cards = [], [], [], []
    for number in range(batches):
        batch = make_batch(np.random.default_rng([MEASURED, number]), card=card, backgrounds=backgrounds, count=64)
        answer = net(torch.from_numpy(batch["pixels"]).float().div(127.5).sub(1)).numpy()
        shown = batch["card"] > 0.5
        before += np.abs(batch["offsets"][shown]).mean(axis=1).tolist()
        after += np.abs(answer[shown, :8] - batch["offsets"][shown]).mean(axis=1).tolist()
        turns += (answer[shown, 8:12].argmax(axis=1) == batch["turn"][shown]).tolist()
        cards += ((answer[:, 12] > 0) == shown).tolist()
    return {
        "closeups": len(cards),
        "off_before": round(float(np.median(before)), 4),
        "off_after": round(float(np.median(after)), 4),
        "off_after_p90": round(float(np.percentile(after, 90)), 4),
        "right_way_up": round(float(np.mean(turns)), 4),
        "card_or_not": round(float(np.mean(cards)), 4),
    }


def main(arguments: list[str] | None = None) -> None:
    """Train, measure on cards that were not trained on, export."""
    told = command_line(__doc__, stage="fit", backgrounds="folder of photographs to lay cards on").parse_args(arguments)
    config = read_config(told.config)
    schedule = Schedule(**config["schedule"])
    backgrounds = Backgrounds(told.backgrounds)
    training = Training(partial(build, folded=False), schedule, told.out)
    training.begin(told)
    count, drawn = config["closeups"]["batch"], config["closeups"]["drawn"]
    if not told.export_only:
        fronts, backs = pictures_for(told.data, drawn=drawn, seed=schedule.seed)
        print(f"{len(fronts)} cards, {len(backgrounds.photographs)} photographs to lie on", flush=True)
        card = card_source(fronts, backs)
        training.run(partial(make_batch, card=card, backgrounds=backgrounds, count=count), loss)
    kept, held = sources.split(told.data) if told.data else ([], [])
    unseen = [scan.picture() for scan in held] or pictures_for(None, drawn=100, seed=schedule.seed + 1)[0]
    net = training.averaged.module.eval().cpu()
    figures = measured(net, card_source(unseen, []), backgrounds, batches=config["measure"]["batches"])
    print(json.dumps(figures, indent=2))
    record = {
        "trained_on": f"{training.step * count} close-ups of composed scenes with {len(kept)} reference scans and {drawn} "
        "drawn cards",
        "seed": schedule.seed,
        "config": config,
        "minutes": round(training.seconds / 60, 1),
        "figures": {"closeups": figures},
        "limits": config["limits"],
    }
    example = torch.zeros(1, 3, HEIGHT, WIDTH)
    path = export(net, "fit", config["version"], example, record=record, outputs=("fit",), folder=told.out)
    print(f"trained in {training.seconds / 60:.0f} min: {path}", flush=True)


if __name__ == "__main__":
    main()
