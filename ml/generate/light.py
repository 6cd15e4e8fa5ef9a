"""What light and a camera do to a picture: glare, foil shine, shadow, casts, blur, noise, JPEG. All keep size and type.

Pictures are (height, width, 3) uint8 RGB. Masks are made small and enlarged: light is smooth, and it is ten times quicker.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.types import Floats, Picture

Rng = np.random.Generator
_MASK = 64


def _lit(picture: Picture, mask: Floats, colour: Floats | float) -> Picture:
    """The picture moved towards `colour` by the mask's share, 0..1, of any size."""
    height, width = picture.shape[:2]
    share = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    values = picture.astype(np.float32)
    return np.clip(values + (colour - values) * share, 0, 255).astype(np.uint8)


def _blob(rng: Rng, *, reach: tuple[float, float] = (0.05, 0.35)) -> Floats:
    mask = np.zeros((_MASK, _MASK), np.float32)
    centre = rng.uniform(0, _MASK, 2)
    axes = rng.uniform(*reach, 2) * _MASK
    cv2.ellipse(mask, (tuple(map(float, centre)), tuple(map(float, 2 * axes)), float(rng.uniform(0, 180))), 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(1, 6))), np.float32)


def _band(rng: Rng) -> Floats:
    ys, xs = np.mgrid[0:_MASK, 0:_MASK].astype(np.float32) / _MASK
    angle, width = rng.uniform(0, np.pi), rng.uniform(0.02, 0.2)
    along = xs * np.cos(angle) + ys * np.sin(angle) - rng.uniform(-0.3, 1.3)
    return np.asarray(np.exp(-((along / width) ** 2)), np.float32)


def glare(picture: Picture, rng: Rng, *, strength: float | None = None) -> Picture:
    """A lamp's reflection: a spot or a band that washes the picture out. strength: share of white at its middle, 0..1."""
    mask = _band(rng) if rng.random() < 0.5 else _blob(rng)
    return _lit(picture, mask * np.float32(strength or rng.uniform(0.3, 1.0)), 255.0)


def foil(picture: Picture, rng: Rng) -> Picture:
    """Rainbow bands, brightest where the picture is bright, as a holographic card shines."""
    ys, xs = np.mgrid[0:_MASK, 0:_MASK].astype(np.float32) / _MASK
    angle = rng.uniform(0, np.pi)
    along = (xs * np.cos(angle) + ys * np.sin(angle)) * rng.uniform(2, 14) + rng.uniform(0, 6)
    colours = np.stack([0.5 + 0.5 * np.sin(along + shift) for shift in (0.0, 2.1, 4.2)], axis=2).astype(np.float32)
    height, width = picture.shape[:2]
    shine = cv2.resize(colours, (width, height), interpolation=cv2.INTER_LINEAR) * np.float32(
        255 * rng.uniform(0.15, 0.6)
    )
    values = picture.astype(np.float32)
    return np.clip(values + shine * (0.25 + 0.75 * values / 255), 0, 255).astype(np.uint8)


def shadow(picture: Picture, rng: Rng) -> Picture:
    """Something between the lamp and the table: one side, or a blob, darker by up to 70 %."""
    if rng.random() < 0.6:
        ys, xs = np.mgrid[0:_MASK, 0:_MASK].astype(np.float32) / _MASK
        angle = rng.uniform(0, 2 * np.pi)
        side = (xs - 0.5) * np.cos(angle) + (ys - 0.5) * np.sin(angle) - rng.uniform(-0.3, 0.3)
        mask = np.asarray(1 / (1 + np.exp(-side * rng.uniform(4, 60))), np.float32)
    else:
        mask = _blob(rng, reach=(0.15, 0.5))
    return _lit(picture, mask * np.float32(rng.uniform(0.15, 0.7)), 0.0)


def cast(picture: Picture, rng: Rng, *, amount: float = 1.0) -> Picture:
    """White balance, exposure, contrast and gamma as cameras and lamps have them; amount scales all of it."""
    gains = np.exp(rng.normal(0, 0.12 * amount, 3)) * np.exp(rng.normal(0, 0.22 * amount))
    gamma = float(np.exp(rng.normal(0, 0.22 * amount)))
    lift = rng.normal(0, 12 * amount)
    levels = np.arange(256, dtype=np.float32) / 255
    table = np.stack([255 * (levels**gamma) * gain + lift for gain in gains], axis=1)
    return np.asarray(cv2.LUT(picture, np.clip(table, 0, 255).astype(np.uint8)[None].repeat(1, 0)), np.uint8)


def blur(picture: Picture, rng: Rng, *, pixels: float | None = None) -> Picture:
    """Out of focus, or moved. pixels: the blur's size; at most 0.9 % of the shorter side unless given."""
    size = pixels if pixels is not None else rng.uniform(0.3, max(0.6, 0.009 * min(picture.shape[:2])))
    if rng.random() < 0.6:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), size), np.uint8)
    length = max(3, int(2 * size) | 1)
    kernel = np.zeros((length, length), np.float32)
    angle, middle = rng.uniform(0, np.pi), length // 2
    step = np.array([np.cos(angle), np.sin(angle)]) * middle
    start, end = (middle - step).round().astype(int), (middle + step).round().astype(int)
    cv2.line(kernel, tuple(map(int, start)), tuple(map(int, end)), 1.0)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def noise(picture: Picture, rng: Rng, *, sigma: float | None = None) -> Picture:
    """Grain of a sensor, in grey levels; a little of it is coloured."""
    sigma = sigma if sigma is not None else rng.uniform(1, 14)
    grain: NDArray[np.int16] = np.empty(picture.shape, np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(grain, (0, 0, 0), (sigma, sigma, sigma))
    return np.clip(picture.astype(np.int16) + grain, 0, 255).astype(np.uint8)


def jpeg(picture: Picture, rng: Rng, *, quality: int | None = None) -> Picture:
    """Saved and loaded as JPEG."""
    quality = quality if quality is not None else int(rng.integers(25, 95))
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    loaded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert loaded is not None
    return np.ascontiguousarray(loaded[..., ::-1])


def photographed(picture: Picture, rng: Rng, *, strength: float = 1.0) -> Picture:
    """All of it at random, as one photograph has it. strength: 0 leaves the picture nearly as it is, 1 is a poor phone."""
    for effect, chance in ((shadow, 0.35), (glare, 0.25)):
        if rng.random() < chance * strength:
            picture = effect(picture, rng)
    picture = cast(picture, rng, amount=strength)
    if rng.random() < 0.5 * strength:
        picture = blur(picture, rng)
    if rng.random() < 0.6 * strength:
        picture = noise(picture, rng, sigma=float(rng.uniform(1, 14)) * strength)
    if rng.random() < 0.6:
        picture = jpeg(picture, rng)
    return picture
