"""Photographs for the demo, composed from drawn cards: on a desk, on a table, sleeved, tilted, fanned, on a dark mat; a box.

Deterministic; each comes with the truth (which card, its four corners in photo pixels), so that recognition can be
tried and measured on them. No Django here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.demo.scenes import noise
from ml.generate import boxes
from ml.generate.boxes import BoxFacts

Card = tuple[str, Image.Image]
Quad = NDArray[np.float32]
Pixels = NDArray[np.float32]


@dataclass
class Photograph:
    """A composed photo: its name, pixels, and the truth about it."""

    name: str
    picture: Image.Image
    truth: list[dict[str, object]] = field(default_factory=list)


def compose_all(cards: Sequence[Card]) -> list[Photograph]:
    """One photograph of each kind. cards: (key, picture) pairs, at least 18 of them."""
    if len(cards) < 18:
        raise ValueError("the photographs need at least 18 cards")
    return [
        one_card(cards[:1]),
        nine_on_a_table(cards[1:10]),
        sleeved(cards[10:11]),
        tilted(cards[11:12]),
        playmat(cards[12:15]),
        fan(cards[15:18]),
    ]


def one_card(cards: Sequence[Card], *, height: int = 2000) -> Photograph:
    """A single card on a wooden desk, nearly straight. height: of the photo in pixels; seconds grow with its square."""
    scale = height / 2000
    scene = _Scene("one-card", (round(1500 * scale), height), _wood(1), seed=1, scale=scale)
    scene.lay(cards[0], centre=(760 * scale, 1010 * scale), width=900 * scale, turn=3.0)
    return scene.photograph()


def nine_on_a_table(cards: Sequence[Card]) -> Photograph:
    """Nine cards laid out by hand in three rows."""
    scene = _Scene("nine-on-a-table", (2200, 2900), _cloth(2, (206, 203, 196)), seed=2)
    random = np.random.default_rng(22)
    for i, card in enumerate(cards):
        centre = (400 + (i % 3) * 700 + random.uniform(-22, 22), 520 + (i // 3) * 930 + random.uniform(-22, 22))
        scene.lay(card, centre=centre, width=560, turn=float(random.uniform(-5, 5)))
    return scene.photograph()


def sleeved(cards: Sequence[Card]) -> Photograph:
    """A card in a clear sleeve with a band of glare."""
    scene = _Scene("sleeved", (1500, 2000), _cloth(3, (58, 66, 84)), seed=3)
    scene.lay(cards[0], centre=(750, 1000), width=860, turn=-4.0, sleeve=True)
    return scene.photograph()


def tilted(cards: Sequence[Card]) -> Photograph:
    """A card seen at an angle across the desk."""
    scene = _Scene("tilted", (1800, 1800), _wood(4), seed=4)
    scene.lay(cards[0], centre=(900, 930), width=880, turn=14.0, lean=0.2)
    return scene.photograph()


def playmat(cards: Sequence[Card]) -> Photograph:
    """Three cards on a dark mat, one of them upside down."""
    scene = _Scene("playmat", (2400, 1700), _cloth(5, (26, 34, 40)), seed=5)
    for i, card in enumerate(cards):
        scene.lay(card, centre=(470 + i * 730, 850 + (-60, 40, -20)[i]), width=600, turn=(-7.0, 184.0, 5.0)[i])
    return scene.photograph()


def fan(cards: Sequence[Card]) -> Photograph:
    """Three cards that overlap, the number of each still in sight."""
    scene = _Scene("fan", (2400, 1900), _cloth(6, (190, 176, 150)), seed=6)
    for i, card in enumerate(cards):
        scene.lay(card, centre=(700 + i * 480, 980 + (40, 0, 40)[i]), width=640, turn=(-10.0, 0.0, 10.0)[i])
    return scene.photograph()


def boxed(key: str, facts: BoxFacts) -> Photograph:
    """A toy's box with its barcode, on some ground."""
    random = np.random.default_rng(7)
    taken = boxes.photograph(boxes.draw(facts, random, width=1500), random, width=1700, fill=0.85, turn=4.0, quality=92)
    return Photograph("box", Image.fromarray(taken.picture), [{"key": key, "quad": taken.corners.tolist()}])


class _Scene:
    """A ground on which cards are laid one after the other, then photographed."""

    def __init__(self, name: str, size: tuple[int, int], ground: Pixels, *, seed: int, scale: float = 1.0) -> None:
        self.name, self.size, self.scale = name, size, scale
        self.random = np.random.default_rng(seed)
        self.pixels = cv2.resize(ground, size, interpolation=cv2.INTER_CUBIC)
        self.truth: list[dict[str, object]] = []

    def lay(
        self,
        card: Card,
        *,
        centre: tuple[float, float],
        width: float,
        turn: float,
        lean: float = 0.0,
        sleeve: bool = False,
    ) -> None:
        """Put a card down: centre, width in photo pixels, `turn` in degrees, `lean`: how much the far edge shrinks."""
        key, picture = card
        face = np.asarray(picture.convert("RGB"), np.float32)
        quad = _quad(centre, width, turn, lean, face.shape[0] / face.shape[1])
        # Only the card's surroundings are touched: whole frames would cost seconds.
        left, top = np.maximum(quad.min(axis=0).astype(int) - 90, 0)
        right, bottom = np.minimum(quad.max(axis=0).astype(int) + 90, self.size)
        here, size = self.pixels[top:bottom, left:right], (int(right - left), int(bottom - top))
        local = quad - np.array([left, top], np.float32)
        source = np.array([[0, 0], [face.shape[1], 0], [face.shape[1], face.shape[0]], [0, face.shape[0]]], np.float32)
        matrix = cv2.getPerspectiveTransform(source, local)
        mask = cv2.warpPerspective(_rounded(face.shape[:2], 34), matrix, size, flags=cv2.INTER_AREA)[..., None]
        down, aside = round(14 * self.scale), round(10 * self.scale)
        shadow = cv2.GaussianBlur(np.roll(mask, (down, aside), (0, 1)), (0, 0), 18 * self.scale)[..., None]
        here *= 1 - 0.5 * shadow
        if sleeve:
            film = np.zeros(size[::-1], np.float32)
            wider = local + (local - local.mean(axis=0)) * 0.035
            cv2.fillConvexPoly(film, wider.astype(np.int32), 1.0, lineType=cv2.LINE_AA)
            here += (255 - here) * 0.16 * film[..., None]
        here += (cv2.warpPerspective(face, matrix, size, flags=cv2.INTER_AREA) - here) * mask
        if sleeve:
            here += (255 - here) * _glare(film)[..., None]
        self.truth.append({"key": key, "quad": quad.tolist()})

    def photograph(self) -> Photograph:
        """Light that falls off to the corners, a little blur and sensor noise."""
        soft = cv2.GaussianBlur(self.pixels * _light(self.size), (0, 0), 0.8)
        soft += self.random.standard_normal(soft.shape, np.float32) * np.float32(2.6)
        return Photograph(self.name, Image.fromarray(np.clip(soft, 0, 255).astype(np.uint8)), self.truth)


@lru_cache(maxsize=2)
def _light(size: tuple[int, int]) -> Pixels:
    """What a lamp gives to each pixel and channel, (height, width, 3): less to the corners, and a little warm."""
    width, height = size
    x, y = np.arange(width, dtype=np.float32)[None], np.arange(height, dtype=np.float32)[:, None]
    away = ((x - width * 0.42) / width) ** 2 + ((y - height * 0.38) / height) ** 2
    return (1.06 - 0.42 * away)[..., None] * np.array([1.02, 1.0, 0.96], np.float32)


def _quad(centre: tuple[float, float], width: float, turn: float, lean: float, ratio: float) -> Quad:
    """Corners of a laid card, clockwise from its own top left."""
    half = np.array([width, width * ratio]) / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) * half
    corners[:2, 0] *= 1 - lean
    corners[:2, 1] *= 1 - lean * 0.8
    angle = np.deg2rad(turn)
    turned = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (turned + np.array(centre)).astype(np.float32)


def _glare(film: Pixels) -> Pixels:
    """A slanting band of light on a sleeve, strongest in its middle."""
    height, width = film.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    band: Pixels = np.exp(-(((x + 0.6 * y - 0.85 * width) / 120) ** 2)) * 0.42 * film
    return band


def _rounded(shape: tuple[int, int], radius: int) -> Pixels:
    """1 inside of a rectangle with round corners, 0 outside."""
    height, width = shape
    mask = np.zeros(shape, np.float32)
    cv2.rectangle(mask, (radius, 0), (width - radius, height), 1.0, -1)
    cv2.rectangle(mask, (0, radius), (width, height - radius), 1.0, -1)
    for x in (radius, width - radius - 1):
        for y in (radius, height - radius - 1):
            cv2.circle(mask, (x, y), radius, 1.0, -1, cv2.LINE_AA)
    return mask


@lru_cache(maxsize=1)
def _wood(seed: int) -> Pixels:
    """Planks with grain."""
    random = np.random.default_rng(seed)
    size = (900, 1100)
    rough = noise(random, size, 3, 5)
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    rings = np.sin(x / 9 + rough * 22 + y / 160) * 0.5 + 0.5
    tone = 0.55 + 0.22 * rings + 0.25 * (rough - 0.5)
    tone *= 1 - 0.45 * (np.abs((x % 300) - 2) < 3)
    return (tone[..., None] * np.array([178, 128, 84], np.float32)).astype(np.float32)


def _cloth(seed: int, colour: tuple[int, int, int]) -> Pixels:
    """A woven ground of one colour."""
    random = np.random.default_rng(seed)
    size = (1000, 1000)
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    weave = 0.03 * np.sin(x * 1.6) + 0.03 * np.sin(y * 1.6)
    tone = 0.94 + weave + 0.14 * (noise(random, size, 3, 4) - 0.5) + random.normal(0, 0.015, (size[1], size[0]))
    return (tone[..., None] * np.array(colour, np.float32)).astype(np.float32)
