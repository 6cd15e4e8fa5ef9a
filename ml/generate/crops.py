"""Straightened cards as a detector hands them over from a photograph: a little crooked, covered, lit and blurred."""

import cv2
import numpy as np

from ml.generate import light
from ml.types import Floats, Picture

Rng = np.random.Generator


def photographed_crop(card: Picture, beside: Picture, rng: Rng, *, size: tuple[int, int] = (96, 128)) -> Picture:
    """A crop of `card` as a photo would give it. size: width, height; beside: what lies under and around it (any picture).

    Never mirrored, and at most a few degrees from upright: which way up a card lies is asked elsewhere.
    """
    width, height = size
    # worked on at twice the size, so that blur and noise have detail to spoil
    big = (2 * width, 2 * height)
    canvas = _surface(beside, rng, big)
    onto = _placed(card, rng, big)
    source = light.foil(card, rng) if rng.random() < 0.15 else card
    mask = cv2.warpPerspective(np.full(card.shape[:2], 255, np.uint8), onto, big, flags=cv2.INTER_LINEAR)
    warped = cv2.warpPerspective(source, onto, big, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    canvas = np.where(mask[..., None] > 127, warped, canvas)
    if rng.random() < 0.25:
        canvas = _sleeved(canvas, rng)
    if rng.random() < 0.2:
        _cover(canvas, beside, rng)
    canvas = light.photographed(np.ascontiguousarray(canvas), rng, strength=float(rng.uniform(0.2, 1.3)))
    return _resolved(canvas, rng, size)


def reference_crop(card: Picture, rng: Rng, *, size: tuple[int, int] = (96, 128)) -> Picture:
    """A card as a catalogue shows it: scans differ by a trifle in edge, tone and compression."""
    height, width = card.shape[:2]
    cut = rng.uniform(0, 0.012, 4)
    x0, x1 = round(width * cut[0]), width - round(width * cut[1])
    y0, y1 = round(height * cut[2]), height - round(height * cut[3])
    picture = np.asarray(cv2.resize(card[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA), np.uint8)
    return light.cast(picture, rng, amount=0.15)


def new_artwork(card: Picture, art: Picture, rng: Rng) -> Picture:
    """The same frame with another picture in it: as many new cards as there are pictures."""
    height, width = card.shape[:2]
    made = card.copy()
    x0, x1 = round(width * rng.uniform(0, 0.12)), round(width * rng.uniform(0.88, 1))
    y0, y1 = round(height * rng.uniform(0.03, 0.16)), round(height * rng.uniform(0.48, 0.9))
    side_y, side_x = (max(24, round(edge * rng.uniform(0.35, 0.9))) for edge in art.shape[:2])
    y, x = int(rng.integers(art.shape[0] - side_y + 1)), int(rng.integers(art.shape[1] - side_x + 1))
    made[y0:y1, x0:x1] = cv2.resize(
        art[y : y + side_y, x : x + side_x], (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA
    )
    return made


def _surface(beside: Picture, rng: Rng, size: tuple[int, int]) -> Picture:
    if rng.random() < 0.5:
        return np.full((size[1], size[0], 3), rng.uniform(0, 255, 3), np.uint8)
    return np.asarray(cv2.resize(beside, size, interpolation=cv2.INTER_AREA), np.uint8)


def _placed(card: Picture, rng: Rng, size: tuple[int, int]) -> Floats:
    """The homography that lays the card over the crop, its corners off by a few percent."""
    height, width = card.shape[:2]
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    poor = rng.random() < 0.2
    off = rng.normal(0, 0.03 if poor else 0.012, (4, 2))
    grow = 1 + rng.normal(0.005, 0.03 if poor else 0.015)
    angle = np.radians(rng.normal(0, 2.0 if poor else 0.8))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    placed = ((corners - 0.5) * grow) @ turn.T + 0.5 + rng.normal(0, 0.02 if poor else 0.008, 2) + off
    own = (corners * [width, height]).astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(own, (placed * size).astype(np.float32)), np.float32)


def _sleeved(picture: Picture, rng: Rng) -> Picture:
    pale = cv2.addWeighted(
        picture, 1 - float(rng.uniform(0, 0.25)), np.full_like(picture, 235), float(rng.uniform(0, 0.2)), 0
    )
    return light.glare(pale, rng) if rng.random() < 0.4 else np.asarray(pale, np.uint8)


def _cover(canvas: Picture, beside: Picture, rng: Rng) -> None:
    """A thumb, or the next card, over one side: up to 30 % of it."""
    height, width = canvas.shape[:2]
    if rng.random() < 0.4:
        at = (int(rng.choice([0, width]) + rng.normal(0, 0.1 * width)), int(rng.uniform(0, height)))
        skin = np.clip(np.array([205, 150, 120]) * rng.uniform(0.35, 1.2), 0, 255)
        axes = (int(width * rng.uniform(0.08, 0.3)), int(height * rng.uniform(0.05, 0.2)))
        cv2.ellipse(canvas, at, axes, float(rng.uniform(-40, 40)), 0, 360, tuple(map(float, skin)), -1, cv2.LINE_AA)
        return
    share = rng.uniform(0.05, 0.3)
    part = cv2.resize(beside, (width, height), interpolation=cv2.INTER_AREA)
    side = int(rng.integers(4))
    across, down = round(share * width), round(share * height)
    where = [np.s_[:, :across], np.s_[:, width - across :], np.s_[:down], np.s_[height - down :]][side]
    canvas[where] = part[where]


def _resolved(canvas: Picture, rng: Rng, size: tuple[int, int]) -> Picture:
    """Down to a number of pixels that a crowded photo leaves for a card, and back to `size`."""
    if rng.random() < 0.35:
        wide = int(rng.integers(36, size[0]))
        canvas = cv2.resize(canvas, (wide, round(wide * size[1] / size[0])), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), np.uint8)
