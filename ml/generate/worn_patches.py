"""Patches of worn cards as the wear net sees them, each with its masks: the training data of grading."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.generate import light
from ml.generate.artwork import artwork, noise, palette
from ml.generate.designs import draw_card
from ml.generate.frames import card_mask, framed, write
from ml.generate.sources import Scan
from ml.generate.wear import Worn, worn
from ml.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from ml.grade.wear import MARGIN_MM, SCALE, SIZE, STRIDE, net_input
from ml.types import Floats, Picture

Rng = np.random.Generator
SEEN, AGAINST = 14.0, 0.9
"""Grey levels by which wear must change the picture, at the photo's resolution, to be asked of the net, and its share of how
much the print itself varies within a millimetre around: a faint scratch shows on a plain border and not in a busy picture."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """picture: SIZE px, a worn card as photographed and straightened. truth, counted: (5, h/4, w/4) 0 or 1; where
    `counted` is 0 there is wear that does not show, which is neither asked for nor forbidden. px_per_mm: of the photo.
    """

    picture: Picture
    truth: Floats
    counted: Floats
    px_per_mm: float


def sheet(card: Picture, rng: Rng, *, amount: float, px_per_mm: float | None = None, strength: float = 1.0) -> Sheet:
    """Wear a card, lay it down, light it and photograph it. card: square corners, filling the picture."""
    flat = (round(CARD_WIDTH_MM * SCALE), round(CARD_HEIGHT_MM * SCALE))
    card = np.asarray(
        cv2.resize(card, flat, interpolation=cv2.INTER_AREA if card.shape[1] > flat[0] else cv2.INTER_CUBIC), np.uint8
    )
    return taken(card, worn(card, rng, level=amount), rng, px_per_mm=px_per_mm, strength=strength)


def taken(card: Picture, wear: Worn, rng: Rng, *, px_per_mm: float | None = None, strength: float = 1.0) -> Sheet:
    """A photograph of a worn card, straightened. card: the same card without wear, of the same size."""
    density = float(np.exp(rng.uniform(np.log(5.5), np.log(24)))) if px_per_mm is None else px_per_mm
    matrix = _placement(rng, card.shape[1], card.shape[0])
    height, width = card.shape[:2]
    cover = cv2.warpPerspective(
        card_mask(width, height, width / CARD_WIDTH_MM, corner=float(rng.uniform(2.5, 3.5))), matrix, SIZE
    )[..., None]
    flat = cv2.warpPerspective(wear.picture, matrix, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    change = wear.picture.astype(np.float32) - card
    soft = max(0.5, 0.45 * SCALE / density)
    red, green, blue = cv2.split(np.abs(cv2.GaussianBlur(cv2.warpPerspective(change, matrix, SIZE), (0, 0), soft)))
    change = np.maximum(np.maximum(red, green), blue)
    busy = _busy(cv2.warpPerspective(card, matrix, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    masks = np.stack([cv2.warpPerspective(mask, matrix, SIZE) for mask in wear.masks])
    picture = np.clip(_ground(rng) * (1 - cover) + flat * cover, 0, 255).astype(np.uint8)
    picture = _photographed(picture, rng, density, strength)
    washed = (cv2.min(cv2.min(picture[..., 0], picture[..., 1]), picture[..., 2]) > 249).astype(np.float32)
    return Sheet(picture, *_cells(masks, change - np.maximum(SEEN, AGAINST * busy), washed), density)


def _placement(rng: Rng, width: int, height: int) -> Floats:
    """From a card's pixels to the sheet's, as far off as a refined outline is."""
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    x, y = MARGIN_MM
    card = np.array([[0, 0], [CARD_WIDTH_MM, 0], [CARD_WIDTH_MM, CARD_HEIGHT_MM], [0, CARD_HEIGHT_MM]])
    corners = card + np.array([x, y])
    off = rng.normal(0, 0.12, (4, 2)) + rng.normal(0, 0.35, 2) * (rng.random() < 0.5)
    target = ((corners + off) * SCALE - 0.5).astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(source, target), np.float32)


def _ground(rng: Rng) -> Floats:
    width, height = SIZE
    if rng.random() < 0.25:
        return np.asarray(
            artwork(int(rng.integers(2**31)), width // 4, height // 4).repeat(4, 0).repeat(4, 1), np.float32
        )
    colour = np.float32(
        rng.uniform(0, 255, 3)
        if rng.random() < 0.4
        else np.full(3, rng.choice([rng.uniform(0, 60), rng.uniform(0, 255), rng.uniform(200, 255)]))
    )
    grain = 1 + rng.uniform(0, 0.3) * (noise(rng, width, height, int(rng.integers(4, 120)), 2)[..., None] - 0.5)
    return np.asarray(np.clip(colour * grain, 0, 255), np.float32)


def _photographed(picture: Picture, rng: Rng, density: float, strength: float) -> Picture:
    """Light on the card, then the camera at its own resolution, then the way back to the sheet's."""
    width, height = SIZE
    for effect, chance in ((light.shadow, 0.25), (light.foil, 0.15), (light.glare, 0.3)):
        if rng.random() < chance * strength:
            picture = effect(picture, rng)
    picture = light.cast(picture, rng, amount=0.7 * strength)
    small = min(1.0, density / SCALE)
    if small < 1:
        picture = np.asarray(
            cv2.resize(picture, (round(width * small), round(height * small)), interpolation=cv2.INTER_AREA), np.uint8
        )
    if rng.random() < 0.5 * strength:
        picture = light.blur(picture, rng, pixels=float(rng.uniform(0.3, 1.3)))
    if rng.random() < 0.35:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.0)
        picture = np.asarray(cv2.addWeighted(picture, 1.6, soft, -0.6, 0), np.uint8)
    if rng.random() < 0.7 * strength:
        picture = light.noise(picture, rng, sigma=float(rng.uniform(0.5, 7)))
    if rng.random() < 0.8:
        picture = light.jpeg(picture, rng, quality=int(rng.integers(50, 96)))
    if small < 1:
        picture = np.asarray(cv2.resize(picture, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
    return picture


def _busy(picture: Picture) -> Floats:
    """(h, w) standard deviation of the print's brightness within about a millimetre."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean = cv2.blur(grey, (15, 15))
    return np.asarray(np.sqrt(np.maximum(cv2.blur(grey * grey, (15, 15)) - mean * mean, 0)), np.float32)


def _cells(masks: Floats, excess: Floats, washed: Floats) -> tuple[Floats, Floats]:
    """Truth and what counts, by cell of STRIDE px. excess: change beyond what is needed to show."""
    visible = (excess > 0) & (washed < 0.5)
    truth = _any((masks > 0.12) & visible)
    touched = _any(masks > 0.03)
    return truth.astype(np.float32), (truth | ~touched).astype(np.float32)


def _any(pixels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(k, h, w) -> by cell, whether any of its pixels is set. Strided slices: reducing over blocks is ten times slower."""
    rows = np.logical_or.reduce([pixels[:, start::STRIDE] for start in range(STRIDE)])
    return np.asarray(np.logical_or.reduce([rows[:, :, start::STRIDE] for start in range(STRIDE)]), bool)


def card_picture(rng: Rng, scans: list[Scan]) -> Picture:
    """A card to wear down: a scan where there are any, else a drawn one; with fine print over it that is no wear."""
    size = (round(CARD_WIDTH_MM * SCALE), round(CARD_HEIGHT_MM * SCALE))
    share = rng.random()
    if scans and share < 0.4:
        card = np.asarray(
            cv2.resize(scans[rng.integers(len(scans))].picture(), size, interpolation=cv2.INTER_CUBIC), np.uint8
        )
    elif share < 0.75:
        card = draw_card(rng, size=size)
    else:
        card = framed(rng, scale=SCALE).picture
    card = np.ascontiguousarray(card)
    if rng.random() < 0.3:
        _fine_print(card, rng)
    return card


def _fine_print(card: Picture, rng: Rng) -> None:
    """Sharp lines, sparks and words of the design itself, which must not be taken for wear."""
    height, width = card.shape[:2]
    colours = [*palette(rng), (250, 250, 250), (10, 10, 10)]
    for _ in range(int(rng.integers(1, 4))):
        colour = colours[rng.integers(len(colours))]
        what = rng.random()
        x, y = int(rng.uniform(0.05, 0.7) * width), int(rng.uniform(0.05, 0.9) * height)
        if what < 0.35:
            for row in range(int(rng.integers(1, 5))):
                write(
                    rng,
                    card,
                    (x, y + round(row * 0.03 * height)),
                    rng.uniform(0.008, 0.03) * height,
                    rng.uniform(0.1, 0.6) * width,
                    colour,
                )
        elif what < 0.55:  # rules and frames
            w, h = rng.uniform(0.1, 0.7) * width, rng.uniform(0.03, 0.5) * height
            cv2.rectangle(card, (x, y), (int(x + w), int(y + h)), colour, int(rng.integers(2, 6)), cv2.LINE_AA)
        elif what < 0.75:  # strokes of a pen, many alike
            angle, length = rng.uniform(0, np.pi), rng.uniform(8, 60)
            step = length * np.array([np.cos(angle), np.sin(angle)])
            for _ in range(int(rng.integers(15, 60))):
                a = np.array([x, y]) + rng.normal(0, 60, 2)
                cv2.line(
                    card,
                    tuple(np.int32(a)),
                    tuple(np.int32(a + step * rng.uniform(0.5, 1.2))),
                    colour,
                    int(rng.integers(1, 3)),
                    cv2.LINE_AA,
                )
        else:  # sparks of a foil pattern
            for at in rng.uniform((0, 0), (width, height), (int(rng.integers(40, 250)), 2)):
                cv2.circle(card, tuple(np.int32(at)), int(rng.integers(1, 4)), colour, -1, cv2.LINE_AA)


def patches(made: Sheet, rng: Rng, *, size: int, count: int) -> dict[str, Floats]:
    """Cut patches, seven of ten around some wear where there is any. pixels (n, 4, size, size); truth, counted by cell."""
    pixels = net_input(made.picture)
    by_kind = [found for found in (np.argwhere(mask > 0) for mask in made.truth) if len(found)]
    high, wide, cells = made.truth.shape[1], made.truth.shape[2], size // STRIDE
    cut: dict[str, list[Floats]] = {"pixels": [], "truth": [], "counted": []}
    for _ in range(count):
        if by_kind and rng.random() < 0.7:
            worn_cells = by_kind[rng.integers(len(by_kind))]
            row, column = worn_cells[rng.integers(len(worn_cells))] - rng.integers(4, cells - 4, 2)
        else:
            row, column = rng.integers(-6, high - cells + 7), rng.integers(-6, wide - cells + 7)
        row, column = int(np.clip(row, 0, high - cells)), int(np.clip(column, 0, wide - cells))
        y, x = row * STRIDE, column * STRIDE
        cut["pixels"].append(pixels[:, y : y + size, x : x + size])
        for name, values in (("truth", made.truth), ("counted", made.counted)):
            cut[name].append(values[:, row : row + cells, column : column + cells])
    return {name: np.stack(values) for name, values in cut.items()}
