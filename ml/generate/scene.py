"""Photographs of cards that never were: cards laid out on a surface, sleeved, lit and photographed, with the truth of each.

Everything follows from one random generator, so a scene can be made again from its seed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.generate import light
from ml.generate.backgrounds import Backgrounds
from ml.generate.layouts import LAYOUTS, Place, camera, corners_of, project
from ml.types import Floats, Picture

Rng = np.random.Generator
ROUNDING = 3.2 / 63
"""A card's corner radius as a share of its width."""


@dataclass(frozen=True, slots=True)
class Card:
    """What lies on the table. key: whose picture it is, empty where nobody asks; is_back: seen from behind."""

    picture: Picture
    key: str = ""
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A card in the scene: corners (4, 2) in pixels, clockwise from its own top left; visible: the share that is seen.

    middle: the middle of what is seen, (2,) pixels.
    """

    key: str
    is_back: bool
    corners: Floats
    visible: float
    middle: Floats


@dataclass(frozen=True, slots=True)
class Scene:
    """The picture and every card of it that has any visible part."""

    picture: Picture
    cards: tuple[Placed, ...]


CardSource = Callable[[Rng], Card]


def compose(
    rng: Rng,
    card: CardSource,
    backgrounds: Backgrounds,
    *,
    size: tuple[int, int] = (320, 320),
    layout: Callable[[Rng], list[Place]] | None = None,
    strength: float = 1.0,
) -> Scene:
    """A scene of (height, width) pixels. layout: one of `ml.generate.layouts`, or by chance; strength: of light.

    Where the layout has no place there is no card.
    """
    canvas = backgrounds.draw(rng, size)
    for _ in range(int(rng.integers(0, 4)) if rng.random() < 0.5 else 0):
        _lay_thing(canvas, rng)
    places = [] if layout is None and rng.random() < 0.04 else (layout or _chosen_layout(rng))(rng)
    if not places:
        return Scene(light.photographed(canvas, rng, strength=strength), ())
    view = camera(rng, np.concatenate([corners_of(p) for p in places]), size)
    owners = np.full(size, -1, np.int16)
    cover = _cover(rng)
    laid: list[tuple[Card, Floats]] = []
    for number, place in enumerate(places):
        chosen = card(rng)
        corners = np.asarray(project(_bent(rng) @ view if len(places) == 1 else view, corners_of(place)), np.float32)
        _drop_shadow(canvas, corners, rng)
        under, over = cover(rng)
        if under:
            _rim(canvas, owners, corners, rng, under)
        _lay_card(canvas, owners, chosen.picture, corners, number, rng)
        if over:
            _sheen(canvas, corners, rng)
        laid.append((chosen, corners))
    if rng.random() < 0.15:
        _finger(canvas, owners, rng, laid[-1][1])
    canvas = light.photographed(canvas, rng, strength=strength)
    return Scene(canvas, tuple(_truth(owners, laid)))


def _chosen_layout(rng: Rng) -> Callable[[Rng], list[Place]]:
    shares = np.array([share for _, share in LAYOUTS])
    return LAYOUTS[int(rng.choice(len(LAYOUTS), p=shares / shares.sum()))][0]


def _bent(rng: Rng) -> NDArray[np.float64]:
    """A little more perspective for a card that is held."""
    bend = np.eye(3)
    bend[2, :2] = rng.normal(0, 0.00008, 2)
    return bend


def _cover(rng: Rng) -> Callable[[Rng], tuple[float, bool]]:
    """What protects the cards of one photo: (width of the rim in card widths, shine), alike for most of them."""
    kind = rng.random()
    if kind < 0.55:
        return lambda _: (0.0, False)
    if kind < 0.85:
        return lambda r: (float(r.uniform(0.02, 0.06)), True) if r.random() < 0.9 else (0.0, False)
    return lambda r: (float(r.uniform(0.08, 0.2)), True)


def _grown(corners: Floats, share: float) -> Floats:
    middle = corners.mean(axis=0)
    return np.asarray(middle + (corners - middle) * (1 + 2 * share), np.float32)


def _drop_shadow(canvas: Picture, corners: Floats, rng: Rng) -> None:
    side = float(np.linalg.norm(corners[1] - corners[0]))
    shifted = corners + rng.normal(0, 0.02, 2).astype(np.float32) * side
    x0, y0, x1, y1 = _box(_grown(shifted, 0.08), canvas.shape)
    if x1 <= x0 or y1 <= y0:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.float32)
    cv2.fillConvexPoly(mask, np.round(shifted - [x0, y0]).astype(np.int32), float(rng.uniform(0.1, 0.6)))
    mask = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.02 * side))
    part = canvas[y0:y1, x0:x1]
    part[:] = (part * (1 - mask[..., None])).astype(np.uint8)


def _rim(canvas: Picture, owners: NDArray[np.int16], corners: Floats, rng: Rng, share: float) -> None:
    """A sleeve's or a top loader's edge round the card: clear, or coloured; it hides what lies beneath."""
    outline = np.round(_grown(corners, share) * 8).astype(np.int32)
    colour = rng.uniform(0, 255, 3) if rng.random() < 0.35 else np.repeat(rng.uniform(120, 255), 3)
    solid = float(rng.uniform(0.6, 1.0) if rng.random() < 0.35 else rng.uniform(0.05, 0.4))
    x0, y0, x1, y1 = _box(_grown(corners, share), canvas.shape)
    if x1 <= x0 or y1 <= y0:
        return
    part = canvas[y0:y1, x0:x1]
    painted = part.copy()
    shift = np.array([x0, y0]) * 8
    cv2.fillConvexPoly(painted, outline - shift, tuple(map(float, colour)), cv2.LINE_AA, 3)
    cv2.addWeighted(painted, solid, part, 1 - solid, 0, dst=part)
    cv2.polylines(part, [outline - shift], True, tuple(map(float, colour * 0.6)), 1, cv2.LINE_AA, 3)
    if solid > 0.5:
        cv2.fillConvexPoly(owners, np.round(_grown(corners, share)).astype(np.int32), -1)


def _lay_card(
    canvas: Picture, owners: NDArray[np.int16], picture: Picture, corners: Floats, number: int, rng: Rng
) -> None:
    x0, y0, x1, y1 = _box(corners, canvas.shape)
    if x1 <= x0 or y1 <= y0:
        return
    width = float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
    height = float(np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])) / 2
    fit = (max(8, round(width)), max(8, round(height)))
    # shrunk by area first: warping alone would flicker where many pixels fall into one
    source = cv2.resize(picture, fit, interpolation=cv2.INTER_AREA) if fit[0] < picture.shape[1] else picture
    if rng.random() < 0.12:
        source = light.foil(source, rng)
    h, w = source.shape[:2]
    plane = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32) - np.float32(0.5)
    onto = cv2.getPerspectiveTransform(plane, np.asarray(corners - [x0, y0], np.float32))
    size = (x1 - x0, y1 - y0)
    mask = cv2.warpPerspective(_rounded(w, h), onto, size, flags=cv2.INTER_LINEAR)
    warped = cv2.warpPerspective(source, onto, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    part = canvas[y0:y1, x0:x1]
    share = mask[..., None].astype(np.float32) / 255
    part[:] = (part + (warped.astype(np.float32) - part) * share).astype(np.uint8)
    owners[y0:y1, x0:x1][mask > 127] = number


def _rounded(width: int, height: int) -> NDArray[np.uint8]:
    mask = np.zeros((height, width), np.uint8)
    radius = max(1, round(ROUNDING * width))
    cv2.rectangle(mask, (radius, 0), (width - 1 - radius, height - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (width - 1, height - 1 - radius), 255, -1)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(mask, (x, y), radius, 255, -1)
    return mask


def _sheen(canvas: Picture, corners: Floats, rng: Rng) -> None:
    """Plastic over a card: paler, with a reflection at times."""
    x0, y0, x1, y1 = _box(corners, canvas.shape)
    if x1 - x0 < 8 or y1 - y0 < 8:
        return
    part = np.ascontiguousarray(canvas[y0:y1, x0:x1])
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners - [x0, y0]).astype(np.int32), 255)
    pale = cv2.addWeighted(
        part, 1 - float(rng.uniform(0, 0.18)), np.full_like(part, 235), float(rng.uniform(0, 0.15)), 0
    )
    if rng.random() < 0.3:
        pale = light.glare(pale, rng, strength=float(rng.uniform(0.2, 0.8)))
    canvas[y0:y1, x0:x1][mask > 0] = pale[mask > 0]


def _finger(canvas: Picture, owners: NDArray[np.int16], rng: Rng, corners: Floats) -> None:
    """A thumb over the edge of a card."""
    side = float(np.linalg.norm(corners[1] - corners[0]))
    at = corners[int(rng.integers(4))] * 0.75 + corners.mean(axis=0) * 0.25
    skin = np.array([205, 150, 120]) * rng.uniform(0.35, 1.2)
    out = at + (at - corners.mean(axis=0)) * 1.5
    start, end = tuple(map(int, at)), tuple(map(int, out))
    cv2.line(
        canvas,
        start,
        end,
        tuple(map(float, np.clip(skin, 0, 255))),
        max(3, int(side * rng.uniform(0.12, 0.25))),
        cv2.LINE_AA,
    )
    covered = np.zeros(owners.shape, np.uint8)
    cv2.line(covered, start, end, 1, max(3, int(side * 0.18)))
    owners[covered > 0] = -1


def _lay_thing(canvas: Picture, rng: Rng) -> None:
    """Something with edges that is no card: a box, a phone, a note, a coin, a ruler."""
    height, width = canvas.shape[:2]
    centre, colour = rng.uniform(0, 1, 2) * [width, height], rng.uniform(0, 255, 3)
    if rng.random() < 0.3:
        radius = int(rng.uniform(0.02, 0.15) * width)
        cv2.circle(canvas, tuple(map(int, centre)), radius, tuple(map(float, colour)), -1, cv2.LINE_AA)
        return
    long = rng.uniform(0.1, 0.8) * width
    sides = (long, long * float(rng.choice([0.05, 0.2, 0.5, 0.6, 0.95])))
    box = cv2.boxPoints((tuple(map(float, centre)), sides, float(rng.uniform(0, 180)))).round().astype(np.int32)
    cv2.fillConvexPoly(canvas, box, tuple(map(float, colour)), cv2.LINE_AA)
    if rng.random() < 0.6:
        for step in np.linspace(0.15, 0.85, int(rng.integers(2, 9))):
            a, b = box[0] + (box[3] - box[0]) * step, box[1] + (box[2] - box[1]) * step
            a, b = a + (b - a) * 0.1, b - (b - a) * rng.uniform(0.05, 0.5)
            cv2.line(canvas, tuple(map(int, a)), tuple(map(int, b)), tuple(map(float, 255 - colour)), 1, cv2.LINE_AA)


def _box(corners: Floats, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    low, high = np.floor(corners.min(axis=0)).astype(int) - 1, np.ceil(corners.max(axis=0)).astype(int) + 2
    return max(0, int(low[0])), max(0, int(low[1])), min(shape[1], int(high[0])), min(shape[0], int(high[1]))


def _truth(owners: NDArray[np.int16], laid: list[tuple[Card, Floats]]) -> list[Placed]:
    found = []
    for number, (card, corners) in enumerate(laid):
        ys, xs = np.nonzero(owners == number)
        if not len(xs):
            continue
        area = abs(float(cv2.contourArea(corners)))
        middle = np.array([xs.mean(), ys.mean()], np.float32)
        found.append(Placed(card.key, card.is_back, corners, min(1.0, len(xs) / max(area, 1.0)), middle))
    return found
