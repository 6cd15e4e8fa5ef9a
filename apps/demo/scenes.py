"""Scenes for the demo's cards: landscapes, crystals, blooms, waves, spirits, from shapes and noise. No Django here."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Palette:
    """Five colours that go together, from one hue and its neighbours."""

    deep: Colour
    middle: Colour
    light: Colour
    accent: Colour
    glow: Colour


def _colour(hue: float, lightness: float, saturation: float) -> Colour:
    return tuple(round(255 * part) for part in colorsys.hls_to_rgb(hue % 1, lightness, saturation))


def palette_for(random: np.random.Generator) -> Palette:
    """A palette by one random hue; the accent lies across the wheel."""
    hue = random.random()
    drift = random.uniform(-0.09, 0.09)
    return Palette(
        deep=_colour(hue, 0.17, 0.55),
        middle=_colour(hue + drift, 0.42, 0.5),
        light=_colour(hue + 2 * drift, 0.82, 0.55),
        accent=_colour(hue + 0.5 + drift, 0.55, 0.75),
        glow=_colour(hue + 0.42, 0.86, 0.85),
    )


def noise(random: np.random.Generator, size: tuple[int, int], cells: int, octaves: int = 4) -> Floats:
    """Smooth noise in [0, 1], (height, width): sums of ever finer random grids."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    weight = 1.0
    for octave in range(octaves):
        n = cells * 2**octave
        grid = Image.fromarray((random.random((n, max(2, n * width // height))) * 255).astype(np.uint8))
        total += weight * np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
        weight /= 2
    return (total - total.min()) / (np.ptp(total) + 1e-6)


def gradient(size: tuple[int, int], top: Colour, bottom: Colour, bend: float = 1.0) -> Image.Image:
    """A vertical gradient."""
    width, height = size
    share = (np.linspace(0, 1, height, dtype=np.float32) ** bend)[:, None, None]
    rows = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
    return Image.fromarray(np.broadcast_to(rows, (height, width, 3)).astype(np.uint8))


def _lit(picture: Image.Image, at: tuple[float, float], radius: float, colour: Colour, strength: float) -> Image.Image:
    """A soft light."""
    width, height = picture.size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    share = np.exp(-(((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * radius**2)))[..., None] * strength
    return Image.fromarray(
        (np.asarray(picture, np.float32) * (1 - share) + np.array(colour, np.float32) * share).astype(np.uint8)
    )


def _between(one: Colour, other: Colour, share: float) -> Colour:
    return tuple(round(a * (1 - share) + b * share) for a, b in zip(one, other, strict=True))


def mountains(random: np.random.Generator, palette: Palette, size: tuple[int, int]) -> Image.Image:
    """Ridges one behind the other under a low sun."""
    width, height = size
    sky = gradient(size, palette.middle, palette.glow, 0.8)
    sun = (random.uniform(0.2, 0.8) * width, random.uniform(0.25, 0.5) * height)
    picture = _lit(sky, sun, width * 0.22, palette.glow, 0.9)
    pen = ImageDraw.Draw(picture)
    radius = width * random.uniform(0.07, 0.13)
    pen.ellipse((sun[0] - radius, sun[1] - radius, sun[0] + radius, sun[1] + radius), fill=palette.light)
    for layer in range(5):
        share = layer / 4
        base = height * (0.48 + 0.12 * layer)
        steps = 2 ** (3 + layer % 3) + 2
        ridge = np.cumsum(random.normal(0, 1, 8 * steps))
        ridge = (ridge - ridge.mean()) / (np.ptp(ridge) + 1e-6) * height * (0.34 - 0.045 * layer)
        xs = np.linspace(0, width, len(ridge))
        points = [(x, base - r) for x, r in zip(xs, ridge, strict=True)]
        pen.polygon(
            [*points, (width, height), (0, height)], fill=_between(palette.light, palette.deep, 0.25 + 0.75 * share)
        )
    return picture


def crystals(random: np.random.Generator, palette: Palette, size: tuple[int, int]) -> Image.Image:
    """A cluster of faceted crystals growing out of the dark."""
    width, height = size
    picture = _lit(
        gradient(size, palette.deep, palette.middle), (width / 2, height * 0.62), width * 0.34, palette.glow, 0.65
    )
    pen = ImageDraw.Draw(picture)
    for angle in sorted(random.uniform(-1.15, 1.15, random.integers(7, 13)), key=abs, reverse=True):
        length, girth = height * random.uniform(0.35, 0.78), width * random.uniform(0.05, 0.11)
        foot = np.array([width / 2 + angle * width * 0.16, height * 0.96])
        along = np.array([np.sin(angle), -np.cos(angle)])
        across = np.array([along[1], -along[0]])
        tip, shoulder = foot + along * length, foot + along * length * 0.78
        left, right = shoulder - across * girth, shoulder + across * girth
        middle = shoulder + along * girth * 0.3
        tone = random.random()
        pen.polygon([tuple(p) for p in (foot, left, tip, middle)], fill=_between(palette.accent, palette.light, tone))
        pen.polygon(
            [tuple(p) for p in (foot, middle, tip, right)],
            fill=_between(palette.accent, palette.deep, 0.2 + 0.5 * tone),
        )
        pen.line([tuple(foot), tuple(middle), tuple(tip)], fill=palette.light, width=2)
    return picture


def bloom(random: np.random.Generator, palette: Palette, size: tuple[int, int]) -> Image.Image:
    """One great flower of many rings of petals."""
    width, height = size
    picture = _lit(
        gradient(size, palette.deep, palette.middle, 1.6), (width / 2, height / 2), width * 0.4, palette.light, 0.35
    )
    pen = ImageDraw.Draw(picture, "RGBA")
    centre = np.array([width * random.uniform(0.42, 0.58), height * random.uniform(0.42, 0.58)])
    petals = int(random.integers(5, 12))
    for ring in range(7, 0, -1):
        radius, turn = min(size) * 0.072 * ring, random.uniform(0, np.pi)
        colour = _between(palette.glow, palette.accent, ring / 7)
        for petal in range(petals + ring):
            angle = turn + 2 * np.pi * petal / (petals + ring)
            t = np.linspace(0, np.pi, 16)
            outline = np.stack([np.sin(t) * radius * 0.24, (1 - np.cos(t)) / 2 * radius], axis=1)
            outline = np.concatenate([outline, outline[::-1] * [-1, 1]])
            turned = outline @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + centre
            pen.polygon([tuple(p) for p in turned], fill=(*colour, 215), outline=(*palette.deep, 120))
    core = min(size) * 0.05
    pen.ellipse((*(centre - core), *(centre + core)), fill=palette.glow)
    return picture


def waves(random: np.random.Generator, palette: Palette, size: tuple[int, int]) -> Image.Image:
    """A sea of layered waves under a moon."""
    width, height = size
    picture = gradient(size, palette.deep, palette.middle, 0.7)
    moon = (width * random.uniform(0.2, 0.8), height * random.uniform(0.15, 0.35))
    picture = _lit(picture, moon, width * 0.2, palette.glow, 0.8)
    pen = ImageDraw.Draw(picture)
    radius = width * random.uniform(0.06, 0.11)
    pen.ellipse((moon[0] - radius, moon[1] - radius, moon[0] + radius, moon[1] + radius), fill=palette.glow)
    x = np.linspace(0, width, 160)
    for layer in range(9):
        base = height * (0.4 + 0.075 * layer)
        length, phase = width / random.uniform(1.2, 4.5), random.uniform(0, 6.28)
        crest = height * random.uniform(0.025, 0.07) * np.abs(np.sin(x / length * np.pi + phase)) ** 0.7
        points = list(zip(x, base - crest, strict=True))
        pen.polygon([*points, (width, height), (0, height)], fill=_between(palette.light, palette.deep, layer / 8))
        pen.line(points, fill=palette.light, width=3)
    return picture


def spirit(random: np.random.Generator, palette: Palette, size: tuple[int, int]) -> Image.Image:
    """A creature of mirrored ink: a body with limbs, horns and two eyes."""
    width, height = size
    picture = _lit(
        gradient(size, palette.light, palette.middle), (width / 2, height * 0.45), width * 0.42, palette.glow, 0.8
    )
    half = noise(random, (width // 2, height), 3, 4)
    y, x = np.mgrid[0:height, 0 : width // 2].astype(np.float32)
    inner = 1 - x / (width / 2)
    # The body is dense near the mirror line and fades towards the edges; noise makes its outline.
    upright = np.exp(-(((y - height * 0.54) / (height * 0.33)) ** 2))
    field = half * 0.55 + (1 - inner) * 0.75 * upright + 0.22 * upright - 0.2 * (1 - upright)
    body = field > np.quantile(field, random.uniform(0.62, 0.72))
    mask = Image.fromarray((np.concatenate([body, body[:, ::-1]], axis=1) * 255).astype(np.uint8)).resize(size)
    mask = (
        mask.filter(ImageFilter.GaussianBlur(5))
        .point(lambda v: 255 if v > 128 else 0)
        .filter(ImageFilter.GaussianBlur(1))
    )
    skin = noise(random, size, 6, 5)[..., None]
    ink = np.array(palette.deep, np.float32) * (1 - skin) + np.array(palette.accent, np.float32) * skin
    picture.paste(Image.fromarray(ink.astype(np.uint8)), (0, 0), mask)
    pen = ImageDraw.Draw(picture)
    eye, apart, level = (
        width * random.uniform(0.03, 0.05),
        width * random.uniform(0.07, 0.12),
        height * random.uniform(0.38, 0.5),
    )
    for side in (-1, 1):
        at = width / 2 + side * apart
        pen.ellipse((at - eye, level - eye, at + eye, level + eye), fill=palette.glow, outline=palette.deep, width=4)
        pen.ellipse((at - eye * 0.35, level - eye * 0.7, at + eye * 0.35, level + eye * 0.7), fill=palette.deep)
    return picture


def nebula(random: np.random.Generator, palette: Palette, size: tuple[int, int]) -> Image.Image:
    """Clouds of light, stars, and a ringed world."""
    width, height = size
    clouds, dust = noise(random, size, 2, 6)[..., None], noise(random, size, 4, 5)[..., None]
    sky = np.array(palette.deep, np.float32) * (1 - clouds) + np.array(palette.accent, np.float32) * clouds
    sky = sky * (1 - 0.55 * dust**2) + np.array(palette.glow, np.float32) * 0.55 * dust**2
    stars = random.random((height, width)) > 0.9988
    sky[stars] = 255
    picture = Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8))
    radius = width * random.uniform(0.14, 0.24)
    centre = (width * random.uniform(0.3, 0.7), height * random.uniform(0.35, 0.65))
    pen = ImageDraw.Draw(picture)
    ring = (centre[0] - radius * 1.9, centre[1] - radius * 0.5, centre[0] + radius * 1.9, centre[1] + radius * 0.5)
    pen.arc(ring, 180, 360, fill=palette.light, width=9)
    pen.ellipse((centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius), fill=palette.middle)
    picture = _lit(picture, (centre[0] - radius * 0.4, centre[1] - radius * 0.4), radius * 0.5, palette.light, 0.75)
    ImageDraw.Draw(picture).arc(ring, 0, 180, fill=palette.light, width=9)
    return picture


def spires(random: np.random.Generator, palette: Palette, size: tuple[int, int]) -> Image.Image:
    """Towers of a city in haze, windows lit."""
    width, height = size
    picture = gradient(size, palette.middle, palette.glow, 0.9)
    pen = ImageDraw.Draw(picture)
    for layer in range(4):
        colour = _between(palette.light, palette.deep, 0.2 + 0.27 * layer)
        x = -20.0
        while x < width:
            broad = width * random.uniform(0.05, 0.13)
            top = height * (random.uniform(0.12, 0.5) + 0.11 * layer)
            pen.rectangle((x, top, x + broad, height), fill=colour)
            pen.polygon(
                [(x - 4, top), (x + broad / 2, top - broad * random.uniform(0.4, 1.8)), (x + broad + 4, top)],
                fill=colour,
            )
            if layer >= 2:
                for row in range(int(top) + 16, height, 34):
                    for column in np.arange(x + 8, x + broad - 12, 20):
                        if random.random() < 0.45:
                            pen.rectangle((column, row, column + 8, row + 14), fill=palette.glow)
            x += broad + width * random.uniform(0.0, 0.05)
    return picture


SCENES: tuple[Callable[[np.random.Generator, Palette, tuple[int, int]], Image.Image], ...] = (
    mountains, crystals, bloom, waves, spirit, nebula, spires,
)  # fmt: skip


def scene_for(random: np.random.Generator, palette: Palette, size: tuple[int, int]) -> Image.Image:
    """One of the scenes, drawn large and scaled down so that its edges are clean."""
    draw = SCENES[int(random.integers(len(SCENES)))]
    large = draw(random, palette, (int(size[0] * 1.25), int(size[1] * 1.25)))
    return large.resize(size, Image.Resampling.LANCZOS)
