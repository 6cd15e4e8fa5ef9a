"""Procedural pictures for the art window of drawn cards: grounds, landscapes, creatures, people, things. No frames here.

Everything is drawn from a seed in shares of the window, so that the same seed gives the same picture at every size.
"""

import colorsys
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.types import Picture

Colour = tuple[int, int, int]
Palette = list[Colour]
Rng = np.random.Generator


def artwork(seed: int, width: int, height: int) -> Picture:
    """(height, width, 3) RGB: a ground, usually something standing on it, light and texture."""
    rng = np.random.default_rng(seed)
    colours = palette(rng)
    picture = _GROUNDS[rng.integers(len(_GROUNDS))](rng, colours, width, height)
    if rng.random() < 0.35:
        # A soft ground sets the figure off, as depth of field does.
        picture = cv2.GaussianBlur(picture, (0, 0), 0.004 * width + 0.012 * width * float(rng.random()))
    for _ in range(int(rng.choice([0, 1, 1, 1, 2, 3]))):
        _FIGURES[rng.integers(len(_FIGURES))](rng, colours if rng.random() < 0.5 else palette(rng), picture)
    if rng.random() < 0.5:
        _effects(rng, colours, picture)
    return _lit(rng, picture)


def palette(rng: Rng) -> Palette:
    """Six colours that go together, dark to light in no order."""
    hue = rng.random()
    spread = rng.choice([0.06, 0.15, 0.33, 0.5])
    lively = rng.uniform(0.25, 1.0)
    made = []
    for i in range(6):
        h = (hue + spread * rng.integers(-1, 2) + rng.normal(0, 0.03)) % 1
        value = np.clip(0.15 + 0.8 * ((i * 0.37 + rng.random()) % 1), 0.05, 1)
        r, g, b = colorsys.hsv_to_rgb(h, float(np.clip(lively * rng.uniform(0.5, 1.2), 0, 1)), float(value))
        made.append((int(r * 255), int(g * 255), int(b * 255)))
    return made


def noise(rng: Rng, width: int, height: int, cells: int, octaves: int = 3) -> NDArray[np.float32]:
    """(height, width) smooth random field in about 0..1, coarsest features a `cells`-th of the width."""
    field = np.zeros((height, width), np.float32)
    weight, total = 1.0, 0.0
    for _ in range(octaves):
        grid = rng.random((max(2, round(cells * 0.8)), max(2, cells)), np.float32)
        field += weight * cv2.resize(
            grid, (width, height), interpolation=cv2.INTER_LINEAR if cells > 20 else cv2.INTER_CUBIC
        )
        total += weight
        weight *= 0.55
        cells *= 2
    return field / total


def blended(field: NDArray[np.float32], colours: Palette) -> Picture:
    """A field in 0..1 as a picture: each value a mixture of the two colours next to it."""
    steps = np.linspace(0, 1, len(colours))
    table = np.stack([np.interp(np.linspace(0, 1, 256), steps, [c[i] for c in colours]) for i in range(3)], axis=-1)
    picture: Picture = table.astype(np.uint8)[np.clip(field * 255, 0, 255).astype(np.uint8)]
    return picture


def _axes(width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    return x, y


def _gradient(rng: Rng, colours: Palette, width: int, height: int) -> Picture:
    x, y = _axes(width, height)
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        field = 0.5 + (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)) / 1.4
    else:
        cx, cy = rng.uniform(0.1, 0.9, 2)
        field = np.sqrt((x - cx) ** 2 + (y - cy) ** 2) * rng.uniform(0.8, 1.6)
    return blended(np.asarray(field, np.float32), colours[: rng.integers(2, 5)])


def _clouds(rng: Rng, colours: Palette, width: int, height: int) -> Picture:
    field = noise(rng, width, height, int(rng.integers(2, 9)), 4)
    if rng.random() < 0.4:
        field = np.abs(np.sin(field * rng.uniform(4, 14)))
    return blended(np.clip((field - 0.2) / 0.6, 0, 1), colours[: rng.integers(2, 6)])


def _waves(rng: Rng, colours: Palette, width: int, height: int) -> Picture:
    x, y = _axes(width, height)
    bend = noise(rng, width, height, 3, 1) * rng.uniform(0, 6)
    angle, often = rng.uniform(0, np.pi), rng.uniform(6, 50)
    field = 0.5 + 0.5 * np.sin(often * (np.cos(angle) * x + np.sin(angle) * y) + bend)
    return blended(np.asarray(field, np.float32), colours[: rng.integers(2, 5)])


def _rays(rng: Rng, colours: Palette, width: int, height: int) -> Picture:
    x, y = _axes(width, height)
    cx, cy = rng.uniform(0.2, 0.8, 2)
    angle = np.arctan2(y - cy, x - cx)
    field = 0.5 + 0.5 * np.sin(angle * rng.integers(5, 24) + rng.uniform(0, 6) + 4 * np.hypot(x - cx, y - cy))
    return blended(np.asarray(field, np.float32), colours[: rng.integers(2, 4)])


def _cells(rng: Rng, colours: Palette, width: int, height: int) -> Picture:
    picture = np.full((height, width, 3), colours[0], np.uint8)
    plane = cv2.Subdiv2D((0, 0, width, height))
    plane.insert((rng.random((int(rng.integers(8, 60)), 2)) * (width - 1, height - 1)).astype(np.float32).tolist())
    facets, _ = plane.getVoronoiFacetList([])
    edge = colours[5] if rng.random() < 0.5 else None
    for facet in facets:
        shade = rng.uniform(0.7, 1.15)
        c = colours[rng.integers(len(colours))]
        cv2.fillConvexPoly(picture, np.int32(facet), tuple(min(255, int(v * shade)) for v in c), cv2.LINE_AA)
        if edge:
            cv2.polylines(picture, [np.int32(facet)], True, edge, 1, cv2.LINE_AA)
    return picture


def _landscape(rng: Rng, colours: Palette, width: int, height: int) -> Picture:
    _, y = _axes(width, height)
    picture = blended(np.broadcast_to(y * rng.uniform(0.8, 1.6), (height, width)).astype(np.float32), colours[:2])
    if rng.random() < 0.6:
        at = (int(rng.random() * width), int(rng.uniform(0.05, 0.45) * height))
        cv2.circle(picture, at, int(rng.uniform(0.04, 0.16) * width), colours[5], -1, cv2.LINE_AA)
    ridges = int(rng.integers(2, 6))
    for i in range(ridges):
        rough = int(rng.integers(3, 40))
        line = np.interp(np.linspace(0, rough, 48), np.arange(rough + 1), rng.random(rough + 1))
        level = 0.35 + 0.6 * (i + 1) / (ridges + 1)
        ys = (level - rng.uniform(0.05, 0.3) * (line - 0.3)) * height
        points = np.column_stack([np.linspace(-1, width + 1, 48), ys])
        ground = np.vstack([points, [width + 1, height + 1], [-1, height + 1]])
        colour = np.array(colours[1 + i % 4]) * rng.uniform(0.5, 1.05)
        cv2.fillPoly(picture, [np.int32(ground)], tuple(int(v) for v in np.clip(colour, 0, 255)), cv2.LINE_AA)
        if rng.random() < 0.5:
            for _ in range(int(rng.integers(3, 18))):
                _upright(rng, picture, points[rng.integers(len(points))], colours[rng.integers(6)], 0.06 + 0.12 * level)
    return picture


def _upright(rng: Rng, picture: Picture, foot: NDArray[np.float64], colour: Colour, tall: float) -> None:
    """A tree or a tower."""
    h = rng.uniform(0.4, 1.2) * tall * picture.shape[0]
    w = h * rng.uniform(0.15, 0.5)
    fx, fy = foot
    if rng.random() < 0.5:
        cv2.fillPoly(picture, [np.int32([[fx - w, fy], [fx + w, fy], [fx, fy - 1.4 * h]])], colour, cv2.LINE_AA)
    else:
        cv2.rectangle(picture, (int(fx - w / 2), int(fy - h)), (int(fx + w / 2), int(fy + 2)), colour, -1)


def _blocks(rng: Rng, colours: Palette, width: int, height: int) -> Picture:
    picture = np.full((height, width, 3), colours[0], np.uint8)
    for _ in range(int(rng.integers(8, 50))):
        x, y = rng.random(2) * (width, height)
        w, h = rng.uniform(0.03, 0.4, 2) * (width, height)
        colour = colours[rng.integers(6)]
        if rng.random() < 0.7:
            cv2.rectangle(picture, (int(x - w / 2), int(y - h / 2)), (int(x + w / 2), int(y + h / 2)), colour, -1)
        else:
            cv2.ellipse(
                picture,
                (int(x), int(y)),
                (int(w / 2), int(h / 2)),
                float(rng.uniform(0, 180)),
                0,
                360,
                colour,
                -1,
                cv2.LINE_AA,
            )
    return picture


_GROUNDS: list[Callable[[Rng, Palette, int, int], Picture]] = [
    _gradient,
    _clouds,
    _clouds,
    _waves,
    _rays,
    _cells,
    _landscape,
    _landscape,
    _landscape,
    _blocks,
]


def _shaded(colour: Colour, by: float) -> Colour:
    r, g, b = (int(np.clip(v * by, 0, 255)) for v in colour)
    return r, g, b


def _creature(rng: Rng, colours: Palette, picture: Picture) -> None:
    """A body of blobs along a spine, with limbs, horns or wings, and eyes."""
    height, width = picture.shape[:2]
    unit = min(width, height) * rng.uniform(0.5, 1.1)
    at = np.array([width * rng.uniform(0.25, 0.75), height * rng.uniform(0.35, 0.75)])
    heading, skin, ink = rng.uniform(0, 2 * np.pi), colours[rng.integers(6)], _shaded(colours[0], 0.3)
    outlined = rng.random() < 0.5
    spine, radii = [at], [unit * rng.uniform(0.12, 0.25)]
    for _ in range(int(rng.integers(3, 8))):
        heading += rng.normal(0, 0.6)
        spine.append(spine[-1] + radii[-1] * rng.uniform(0.6, 1.1) * np.array([np.cos(heading), np.sin(heading)]))
        radii.append(radii[-1] * rng.uniform(0.7, 1.1))
    if rng.random() < 0.4:
        for side in (-1, 1):
            reach = unit * rng.uniform(0.3, 0.7)
            wing = [at, *(at + reach * np.array([side * rng.uniform(0.3, 1), rng.uniform(-1, 0.3)]) for _ in range(4))]
            cv2.fillPoly(picture, [np.int32(wing)], colours[rng.integers(6)], cv2.LINE_AA)
    for _ in range(int(rng.integers(2, 7))):
        start = spine[rng.integers(len(spine))]
        knee = start + unit * rng.uniform(-0.25, 0.25, 2)
        foot = knee + unit * np.array([rng.uniform(-0.12, 0.12), rng.uniform(0.05, 0.25)])
        thick = max(1, int(unit * rng.uniform(0.02, 0.07)))
        cv2.polylines(picture, [np.int32([start, knee, foot])], False, _shaded(skin, 0.8), thick, cv2.LINE_AA)
    for point, radius in zip(reversed(spine), reversed(radii), strict=True):
        axes = (max(1, int(radius)), max(1, int(radius * rng.uniform(0.7, 1.0))))
        centre, turn = (int(point[0]), int(point[1])), float(rng.uniform(0, 180))
        cv2.ellipse(picture, centre, axes, turn, 0, 360, _shaded(skin, rng.uniform(0.75, 1.15)), -1, cv2.LINE_AA)
        if outlined:
            cv2.ellipse(picture, centre, axes, turn, 0, 360, ink, max(1, width // 180), cv2.LINE_AA)
        if rng.random() < 0.4:
            tip = point + radius * 2.0 * np.array([rng.uniform(-1, 1), -1])
            cv2.fillPoly(
                picture,
                [np.int32([point - np.array([radius / 2, 0]), point + np.array([radius / 2, 0]), tip])],
                colours[rng.integers(6)],
                cv2.LINE_AA,
            )
    for side in (-0.4, 0.4):
        eye = (int(at[0] + side * radii[0]), int(at[1] - 0.2 * radii[0]))
        cv2.circle(picture, eye, max(1, int(radii[0] * 0.22)), (245, 245, 240), -1, cv2.LINE_AA)
        cv2.circle(picture, eye, max(1, int(radii[0] * 0.11)), ink, -1, cv2.LINE_AA)


def _person(rng: Rng, colours: Palette, picture: Picture) -> None:
    """Head, hair, cloak, limbs and something held."""
    height, width = picture.shape[:2]
    tall = height * rng.uniform(0.6, 1.4)
    x, top = width * rng.uniform(0.3, 0.7), height * rng.uniform(0.05, 0.25)
    head = tall * rng.uniform(0.07, 0.12)
    skin = ((236, 196, 160), (190, 130, 90), (110, 70, 50), (150, 190, 140))[rng.integers(4)]

    def limb(ax: float, ay: float, bx: float, by: float, thick: float, colour: Colour) -> None:
        cv2.line(picture, (int(ax), int(ay)), (int(bx), int(by)), colour, max(1, int(thick)), cv2.LINE_AA)

    shoulder = top + 2.2 * head
    hip = shoulder + tall * 0.35
    cloak = [
        [x - head, shoulder],
        [x + head, shoulder],
        [x + tall * rng.uniform(0.1, 0.3), hip + tall * 0.3],
        [x - tall * rng.uniform(0.1, 0.3), hip + tall * 0.3],
    ]
    cv2.fillPoly(picture, [np.int32(cloak)], colours[1], cv2.LINE_AA)
    for side in (-1, 1):
        limb(
            x + side * head * 0.6,
            hip,
            x + side * tall * rng.uniform(0.02, 0.2),
            hip + tall * 0.45,
            head * 0.8,
            colours[2],
        )
    body = [[x - 1.3 * head, shoulder], [x + 1.3 * head, shoulder], [x + 0.8 * head, hip], [x - 0.8 * head, hip]]
    cv2.fillPoly(picture, [np.int32(body)], colours[3], cv2.LINE_AA)
    for side in (-1, 1):
        hand = (x + side * tall * rng.uniform(0.08, 0.3), shoulder + tall * rng.uniform(-0.2, 0.3))
        limb(x + side * 1.2 * head, shoulder + 0.3 * head, *hand, head * 0.5, colours[4])
        if rng.random() < 0.5:
            end = (hand[0] + tall * rng.uniform(-0.4, 0.4), hand[1] + tall * rng.uniform(-0.4, 0.4))
            limb(*hand, *end, head * rng.uniform(0.1, 0.4), colours[5])
    centre = (int(x), int(top + head))
    cv2.circle(picture, centre, int(head * 1.15), colours[rng.integers(6)], -1, cv2.LINE_AA)
    cv2.ellipse(
        picture,
        (centre[0], int(centre[1] + 0.25 * head)),
        (max(1, int(head * 0.8)), max(1, int(head * 0.9))),
        0,
        0,
        360,
        skin,
        -1,
        cv2.LINE_AA,
    )
    for side in (-0.35, 0.35):
        cv2.circle(
            picture,
            (int(x + side * head), int(top + 1.2 * head)),
            max(1, int(head * 0.1)),
            (20, 20, 20),
            -1,
            cv2.LINE_AA,
        )


def _thing(rng: Rng, colours: Palette, picture: Picture) -> None:
    """Nested stars, rings or crystals around one middle."""
    height, width = picture.shape[:2]
    cx, cy = width * rng.uniform(0.25, 0.75), height * rng.uniform(0.25, 0.75)
    size = min(width, height) * rng.uniform(0.15, 0.45)
    points, turn, stretch = int(rng.integers(3, 11)), rng.uniform(0, 6.3), rng.uniform(0.5, 1.3)
    for i in range(int(rng.integers(2, 6))):
        reach = size * (1 - 0.18 * i)
        angles = turn + np.arange(2 * points) * np.pi / points
        lengths = np.where(np.arange(2 * points) % 2 == 0, reach, reach * rng.uniform(0.35, 1.0))
        star = np.column_stack([cx + lengths * np.cos(angles), cy + stretch * lengths * np.sin(angles)])
        cv2.fillPoly(picture, [np.int32(star)], colours[rng.integers(6)], cv2.LINE_AA)
        turn += rng.uniform(-0.3, 0.3)


def _swarm(rng: Rng, colours: Palette, picture: Picture) -> None:
    """Many small shapes: leaves, sparks, fish, bricks."""
    height, width = picture.shape[:2]
    small = min(width, height) * rng.uniform(0.01, 0.07)
    for _ in range(int(rng.integers(12, 70))):
        at = (int(rng.random() * width), int(rng.random() * height))
        axes = (max(1, int(small * rng.uniform(0.5, 2))), max(1, int(small)))
        cv2.ellipse(picture, at, axes, float(rng.uniform(0, 180)), 0, 360, colours[rng.integers(6)], -1, cv2.LINE_AA)


_FIGURES: list[Callable[[Rng, Palette, Picture], None]] = [_creature, _creature, _person, _person, _thing, _swarm]


def _effects(rng: Rng, colours: Palette, picture: Picture) -> None:
    """Streaks and sparks of light over everything."""
    height, width = picture.shape[:2]
    over = picture.copy()
    if rng.random() < 0.5:
        centre = rng.random(2) * (width, height)
        for _ in range(int(rng.integers(6, 40))):
            angle, near, far = rng.uniform(0, 6.3), rng.uniform(0.1, 0.4) * width, rng.uniform(0.4, 1.0) * width
            way = np.array([np.cos(angle), np.sin(angle)])
            cv2.line(
                over,
                tuple(np.int32(centre + near * way)),
                tuple(np.int32(centre + far * way)),
                colours[5],
                max(1, width // 150),
                cv2.LINE_AA,
            )
    else:
        for _ in range(int(rng.integers(3, 12))):
            at = (int(rng.random() * width), int(rng.random() * height))
            cv2.circle(over, at, max(1, int(width * rng.uniform(0.01, 0.12))), (255, 250, 220), -1, cv2.LINE_AA)
    share = float(rng.uniform(0.2, 0.7))
    cv2.addWeighted(over, share, picture, 1 - share, 0, picture)


def _lit(rng: Rng, picture: Picture) -> Picture:
    """Uneven light, and the grain of paint or pencil."""
    height, width = picture.shape[:2]
    light = 0.65 + 0.7 * noise(rng, width, height, int(rng.integers(2, 5)), 2)
    if rng.random() < 0.6:
        grain = noise(rng, width, height, int(rng.integers(30, 90)), 1)
        light *= 1 + rng.uniform(0.05, 0.4) * (grain - 0.5)
    return np.clip(picture * light[..., None], 0, 255).astype(np.uint8)
