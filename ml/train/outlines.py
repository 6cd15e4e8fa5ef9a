"""From scenes to what the outline net is to answer, and how wrong its answer is."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ml.generate.scene import Scene
from ml.nets.detect import REACH, STRIDE
from ml.types import Floats

SEEN = 0.22
"""Share of a card that must show for it to be looked for; below half of that nobody could, in between no answer is wrong."""
MOST = 64
"""Cards of one scene that are told to the net."""


def targets(scene: Scene) -> dict[str, Floats]:
    """What the net should answer, as arrays of fixed size.

    heat, corner_heat: (h, w), 1 at a middle or corner and falling off around it; ignore: (h, w), 1 where no answer is
    wrong. cells (MOST, 2): row and column of each card, -1 after the last; corners (MOST, 8) in pixels from the cell's
    middle; extent (MOST,): a card's size in pixels; back (MOST,); corner_cells (4 * MOST, 2) and corner_at (4 * MOST, 2).
    """
    height, width = (side // STRIDE for side in scene.picture.shape[:2])
    heat, ignore, corner_heat = (np.zeros((height, width), np.float32) for _ in range(3))
    cells, corner_cells = np.full((MOST, 2), -1, np.float32), np.full((4 * MOST, 2), -1, np.float32)
    corners, extent, back = np.zeros((MOST, 8), np.float32), np.ones(MOST, np.float32), np.zeros(MOST, np.float32)
    corner_at = np.zeros((4 * MOST, 2), np.float32)
    count = corner_count = 0
    for card in sorted(scene.cards, key=lambda c: -c.visible):
        cell = np.floor(card.middle / STRIDE).astype(int)
        side = float(np.sqrt(max(1.0, _area(card.corners))))
        spread = max(0.8, 0.11 * side / STRIDE)
        if card.visible < SEEN or count == MOST:
            np.maximum(ignore, _bump(ignore.shape, card.middle, spread) > 0.3, out=ignore, casting="unsafe")
            continue
        np.maximum(heat, _bump(heat.shape, card.middle, spread), out=heat)
        heat[cell[1], cell[0]] = 1.0
        cells[count], extent[count], back[count] = cell[::-1], side, card.is_back
        corners[count] = (card.corners - (cell + 0.5) * STRIDE).ravel()
        count += 1
        for x, y in card.corners:
            at = np.floor(np.array([x, y]) / STRIDE).astype(int)
            if not (0 <= at[0] < width and 0 <= at[1] < height):
                continue
            np.maximum(corner_heat, _bump(corner_heat.shape, np.array([x, y]), 0.7), out=corner_heat)
            corner_heat[at[1], at[0]] = 1.0
            corner_cells[corner_count] = at[::-1]
            corner_at[corner_count] = np.array([x, y]) / STRIDE - at - 0.5
            corner_count += 1
    return {
        "heat": heat, "ignore": ignore, "cells": cells, "corners": corners, "extent": extent, "back": back,
        "corner_heat": corner_heat, "corner_cells": corner_cells, "corner_at": corner_at,
    }  # fmt: skip


def _area(corners: Floats) -> float:
    x, y = corners.T.astype(np.float64)
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _bump(shape: tuple[int, ...], at: Floats, spread: float) -> Floats:
    rows, columns = np.arange(shape[0], dtype=np.float32), np.arange(shape[1], dtype=np.float32)
    x, y = at / STRIDE - 0.5
    return np.outer(np.exp(-((rows - y) ** 2) / (2 * spread**2)), np.exp(-((columns - x) ** 2) / (2 * spread**2)))


def focal(logits: Tensor, heat: Tensor, ignore: Tensor | None = None) -> Tensor:
    """Penalty-reduced focal loss of a heat map (Zhou, Wang and Kraehenbuehl, "Objects as Points", 2019, eq. 1)."""
    chance = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    hit = heat.ge(0.999).float()
    loss = -hit * (1 - chance) ** 2 * torch.log(chance)
    miss = -(1 - hit) * (1 - heat) ** 4 * chance**2 * torch.log(1 - chance)
    if ignore is not None:
        miss = miss * (1 - ignore)
    return (loss + miss).sum() / hit.sum().clamp(min=1)


def loss(net: torch.nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """How wrong the net's answer is. batch: `pixels` (n, 3, h, w) uint8 and the stacked `targets`."""
    pixels = batch["pixels"].float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)
    answer = net(pixels)
    heat = focal(answer[:, 0], batch["heat"], batch["ignore"])
    corner_heat = focal(answer[:, 11], batch["corner_heat"])

    which = torch.nonzero(batch["cells"][..., 0] >= 0)
    cells = batch["cells"][which[:, 0], which[:, 1]].long()
    wanted = batch["corners"][which[:, 0], which[:, 1]] / REACH
    size = batch["extent"][which[:, 0], which[:, 1]] / REACH
    errors, flips = [], []
    # the cells beside a middle answer for it as well: one may be the highest when the picture shifts by a pixel
    for down, right in ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)):
        rows, columns = cells[:, 0] + down, cells[:, 1] + right
        inside = (rows >= 0) & (columns >= 0) & (rows < answer.shape[2]) & (columns < answer.shape[3])
        seen = answer[which[inside, 0], :, rows[inside], columns[inside]].float()
        shift = torch.tensor([right, down] * 4, device=seen.device) * (STRIDE / REACH)
        truth = wanted[inside] - shift
        scale = size[inside, None].clamp(min=0.3)
        straight = functional.smooth_l1_loss(seen[:, 1:9] / scale, truth / scale, beta=0.02, reduction="none").mean(1)
        turned = functional.smooth_l1_loss(
            seen[:, 1:9] / scale, truth.roll(4, 1) / scale, beta=0.02, reduction="none"
        ).mean(1)
        errors.append(torch.minimum(straight, turned))
        begins = (straight <= turned).float().detach()
        flips.append(functional.binary_cross_entropy_with_logits(seen[:, 9], begins, reduction="none"))
        if (down, right) == (0, 0):
            back = functional.binary_cross_entropy_with_logits(
                seen[:, 10], batch["back"][which[inside, 0], which[inside, 1]]
            )
            right_way = ((seen[:, 9] > 0) == (begins > 0.5)).float().mean()
    corners, upright = torch.cat(errors).mean(), torch.cat(flips).mean()

    which = torch.nonzero(batch["corner_cells"][..., 0] >= 0)
    cells = batch["corner_cells"][which[:, 0], which[:, 1]].long()
    seen = answer[which[:, 0], 12:14, cells[:, 0], cells[:, 1]].float()
    corner_at = functional.smooth_l1_loss(seen, batch["corner_at"][which[:, 0], which[:, 1]], beta=0.1)

    total = heat + 8 * corners + 0.3 * upright + 0.1 * back + 0.5 * corner_heat + 0.5 * corner_at
    parts = {"heat": heat, "corners": corners, "upright": right_way, "back": back, "corner": corner_heat}
    return total, {name: float(value.detach()) for name, value in parts.items()}
