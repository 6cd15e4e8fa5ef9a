"""Card pictures with a printed border of known widths, and photographs of one card whose corners are known."""

from dataclasses import dataclass

import cv2
import numpy as np

from ml.generate import light
from ml.generate.artwork import artwork, noise, palette
from ml.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from ml.types import Floats, Picture

Rng = np.random.Generator
CORNER_MM = 3.0
_BORDERS = (
    (236, 207, 66),
    (244, 243, 240),
    (22, 21, 24),
    (178, 181, 186),
    (196, 164, 84),
    (52, 66, 120),
    (150, 28, 34),
)


@dataclass(frozen=True, slots=True)
class Framed:
    """picture: (88, 63) x `scale` px, square corners. borders: left, right, top, bottom in mm, exactly as drawn."""

    picture: Picture
    borders: tuple[float, float, float, float]


def framed(rng: Rng, *, scale: float = 16.0, borders: tuple[float, float, float, float] | None = None) -> Framed:
    """A card with a frame: border, name bar, art, text, number line."""
    width, height = round(CARD_WIDTH_MM * scale), round(CARD_HEIGHT_MM * scale)
    colour = np.array(_BORDERS[rng.integers(len(_BORDERS))], np.float32)
    if rng.random() < 0.3:
        colour = rng.uniform(10, 245, 3).astype(np.float32)
    if borders is None:
        borders = _drawn_borders(rng)
    picture = np.empty((height, width, 3), np.uint8)
    shade = 1 + rng.uniform(0, 0.05) * (noise(rng, width, height, 6, 1)[..., None] - 0.5)
    picture[:] = np.clip(colour * shade, 0, 255)
    left, right, top, bottom = borders
    box = (left * scale, top * scale, width - right * scale, height - bottom * scale)
    _fill(picture, box, _inside(rng, colour, round(box[2] - box[0]) + 4, round(box[3] - box[1]) + 4))
    return Framed(picture, borders)


def _drawn_borders(rng: Rng) -> tuple[float, float, float, float]:
    """Border widths in mm as cards leave the press: most near the middle, some far off."""
    across, down = rng.uniform(1.6, 4.5, 2)
    shift = rng.normal(0, 0.09, 2) if rng.random() < 0.7 else rng.uniform(-0.45, 0.45, 2)
    x, y = np.clip(shift, -0.45, 0.45) * (across, down)
    return float(across + x), float(across - x), float(down + y), float(down - y)


def _fill(picture: Picture, box: tuple[float, float, float, float], inner: Picture) -> None:
    """Paste with the box's fractions of a pixel blended, so that a border of 2.53 mm is 2.53 mm."""
    x0, y0, x1, y1 = box
    height, width = picture.shape[:2]
    xs, ys = np.arange(width), np.arange(height)
    share_x = np.clip(np.minimum(xs + 1, x1) - np.maximum(xs, x0), 0, 1)
    share_y = np.clip(np.minimum(ys + 1, y1) - np.maximum(ys, y0), 0, 1)
    share = (share_y[:, None] * share_x[None]).astype(np.float32)[..., None]
    at_y = np.clip(ys - int(y0), 0, inner.shape[0] - 1)
    at_x = np.clip(xs - int(x0), 0, inner.shape[1] - 1)
    laid = inner[at_y][:, at_x]
    picture[:] = np.clip(picture * (1 - share) + laid * share + 0.5, 0, 255).astype(np.uint8)


def _inside(rng: Rng, border: Floats, width: int, height: int) -> Picture:
    """What is printed within the border: at once the art, or a panel with art, bars and text."""
    colours = palette(rng)
    if rng.random() < 0.25:
        inner = artwork(int(rng.integers(2**31)), width, height)
    else:
        paper = np.array(colours[rng.integers(6)], np.float32)
        while np.abs(paper - border).sum() < 60:
            paper = rng.uniform(0, 255, 3).astype(np.float32)
        inner = np.empty((height, width, 3), np.uint8)
        inner[:] = np.clip(paper * (0.94 + 0.12 * noise(rng, width, height, 12, 2)[..., None]), 0, 255)
        x0, x1 = round(rng.uniform(0.02, 0.07) * width), round(rng.uniform(0.93, 0.98) * width)
        y0, y1 = round(rng.uniform(0.07, 0.14) * height), round(rng.uniform(0.48, 0.62) * height)
        inner[y0:y1, x0:x1] = artwork(int(rng.integers(2**31)), x1 - x0, y1 - y0)
        ink = tuple(int(v) for v in (rng.uniform(0, 60, 3) if paper.mean() > 110 else rng.uniform(190, 255, 3)))
        cv2.rectangle(inner, (x0, y0), (x1, y1), ink, max(1, round(0.004 * width)), cv2.LINE_AA)
        write(rng, inner, (x0, round(0.2 * y0)), 0.8 * y0, 0.6 * width, ink)
        for line in range(int(rng.integers(3, 8))):
            y = y1 + (0.05 + 0.045 * line) * height
            if y < 0.94 * height:
                write(rng, inner, (x0, round(y)), 0.024 * height, rng.uniform(0.5, 0.95) * (x1 - x0), ink)
    if rng.random() < 0.5:
        shade = 0.2 * border if border.mean() > 90 else border + 120
        ink = tuple(int(v) for v in np.clip(shade + rng.uniform(-20, 20, 3), 0, 255))
        edge = max(1, round(rng.uniform(0.002, 0.008) * width))
        cv2.rectangle(inner, (0, 0), (width - 1, height - 1), ink, 2 * edge)
    return inner


def write(rng: Rng, picture: Picture, at: tuple[int, int], tall: float, wide: float, ink: tuple[int, ...]) -> None:
    """Words of small strokes: what text is to something that does not read."""
    x, y = at
    thick = max(1, round(tall * rng.uniform(0.08, 0.16)))
    limit = min(x + wide, picture.shape[1] - tall)
    cursor = float(x)
    while cursor < limit:
        if rng.random() < 0.18:
            cursor += 0.5 * tall
            continue
        points = np.column_stack(
            [cursor + rng.uniform(0, 0.55, 4) * tall, y + rng.choice([0, 0.5, 1.0], 4) * 0.75 * tall]
        )
        cv2.polylines(picture, [points.astype(np.int32)], False, ink, thick, cv2.LINE_AA)
        cursor += 0.7 * tall


def card_mask(width: int, height: int, scale: float, *, corner: float = CORNER_MM) -> Floats:
    """(height, width) 0..1 cover of a card with corners rounded by `corner` mm, `scale` px per mm."""
    big = np.zeros((height, width), np.uint8)
    radius = round(corner * scale)
    cv2.rectangle(big, (radius, 0), (width - 1 - radius, height - 1), 255, -1)
    cv2.rectangle(big, (0, radius), (width - 1, height - 1 - radius), 255, -1)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(big, (x, y), radius, 255, -1, cv2.LINE_AA)
    return big.astype(np.float32) / 255


@dataclass(frozen=True, slots=True)
class Shot:
    """A photograph of one card. corners: (4, 2) px, exactly where the card lies."""

    photo: Picture
    corners: Floats


def photographed(
    card: Picture,
    rng: Rng,
    *,
    px_per_mm: float,
    tilt: float = 0.06,
    strength: float = 0.5,
    background: Picture | None = None,
) -> Shot:
    """Lay a card on a ground and take its picture.

    card: (88, 63) x any scale. px_per_mm: about what the photo offers across the card. tilt: how far corners move by
    perspective, as a share of the card's width. strength: of light and camera effects, 0 to 1.
    """
    wide, high = CARD_WIDTH_MM * px_per_mm, CARD_HEIGHT_MM * px_per_mm
    margin = 0.12 * high + 4 * px_per_mm
    size = (round(wide + 2 * margin), round(high + 2 * margin))
    angle = rng.normal(0, 0.05)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]]) / 2 @ turn.T
    corners = corners + (size[0] / 2, size[1] / 2) + rng.uniform(-tilt, tilt, (4, 2)) * wide * 0.5
    ground = _ground(rng, *size) if background is None else cv2.resize(background, size)
    scale = card.shape[1] / CARD_WIDTH_MM
    shrink = scale / px_per_mm
    if shrink > 1.2:  # as a lens does: no detail finer than a pixel gets through
        card = np.asarray(cv2.GaussianBlur(card, (0, 0), 0.42 * shrink), np.uint8)
    height, width = card.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    corners = corners.astype(np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners)
    flat = cv2.warpPerspective(card, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpPerspective(card_mask(width, height, scale), matrix, size, flags=cv2.INTER_LINEAR)[..., None]
    fall = np.float32(px_per_mm * rng.uniform(0.1, 1.5))
    moved = np.float32([[1, 0, rng.uniform(-1, 1) * fall], [0, 1, rng.uniform(-1, 1) * fall]])
    dark = cv2.GaussianBlur(cv2.warpAffine(cover, moved, size), (0, 0), float(fall) + 0.5)[..., None]
    ground = ground * (1 - np.float32(rng.uniform(0.1, 0.6)) * dark)
    photo = np.clip(ground * (1 - cover) + flat * cover, 0, 255).astype(np.uint8)
    if strength > 0:
        photo = light.photographed(photo, rng, strength=strength)
    return Shot(photo, corners)


def _ground(rng: Rng, width: int, height: int) -> Floats:
    """A table: one colour with grain, or something with a pattern."""
    if rng.random() < 0.25:
        picture = artwork(int(rng.integers(2**31)), width, height)
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.6, 4))), np.float32)
    colour = np.float32(rng.uniform(5, 250, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(5, 250)))
    field = noise(rng, width, height, int(rng.integers(3, 200)), 2)[..., None]
    return np.asarray(np.clip(colour * (1 + rng.uniform(0, 0.4) * (field - 0.5)), 0, 255), np.float32)
