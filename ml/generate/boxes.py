"""Toy boxes and photographs of them, drawn by our own code, for measuring and for the demo: what is printed where is known.

A box is one face: the line it belongs to, perhaps its name, its number, the count of pieces, an age, small print, a barcode.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ml import barcode, gtin
from ml.generate import light
from ml.generate.backgrounds import Backgrounds
from ml.types import Floats, Picture

Rng = np.random.Generator

FACES = (
    "DejaVuSans-Bold.ttf",
    "LiberationSans-Bold.ttf",
    "DejaVuSansCondensed-Bold.ttf",
    "LiberationSansNarrow-Bold.ttf",
)
"""Looked for among the system's; where none is, the face that the picture library carries is taken."""
_SMALL_PRINT = (
    "Building toy", "Jouet de construction", "Bausatz", "www.example.com", "Warning: small parts", "Made in the EU",
    "Keep the box for reference", "Conserver ces informations",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """What is printed on a box; blank, None: it is not. barcode: 13 digits."""

    line: str
    number: str
    name: str = ""
    pieces: int | None = None
    barcode: str = ""


@dataclass(frozen=True, slots=True)
class BoxPhoto:
    """A photograph of a box. corners: (4, 2) of the box's face in photo pixels, clockwise from its top left."""

    picture: Picture
    corners: Floats


def face(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A typeface by its file's name, in pixels."""
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return ImageFont.load_default(size)


def restricted(number: int) -> str:
    """A barcode for use inside of a company, as GS1 keeps prefixes 200 to 299 for: it never is anybody's product."""
    body = f"2{number % 10**11:011d}"
    return body + str(gtin.check_digit(body))


def draw(facts: BoxFacts, rng: Rng, *, width: int = 1200, ratio: float = 0.72) -> Picture:
    """The face of a box. ratio: its height by its width."""
    height = round(width * ratio)
    ground = tuple(int(v) for v in rng.integers(20, 200, 3))
    ink = (255, 255, 255) if sum(ground) < 380 else (20, 20, 24)
    box = Image.new("RGB", (width, height), ground)
    pen = ImageDraw.Draw(box)
    _scenery(pen, rng, (round(width * 0.42), round(height * 0.06), round(width * 0.97), round(height * 0.9)))
    typeface = FACES[int(rng.integers(len(FACES)))]
    left = round(width * 0.03)

    def text(at: tuple[float, float], words: str, share: float, most: float = 0.37) -> None:
        size = round(height * share)
        while size > 9 and face(typeface, size).getlength(words) > most * width:
            size -= 1
        pen.text((at[0], at[1]), words, fill=ink, font=face(typeface, size))

    text((left, height * 0.04), facts.line.upper(), 0.085)
    if facts.name:
        text((left, height * 0.15), facts.name, 0.06)
    text((left, height * 0.30), facts.number, rng.uniform(0.05, 0.075))
    text((left, height * 0.39), f"{int(rng.integers(4, 18))}+", 0.07)
    if facts.pieces:
        words = ("pcs/pzs", "pcs", "pieces", "Teile")[int(rng.integers(4))]
        text((left, height * 0.49), f"{facts.pieces} {words}", 0.045)
    for place, line in enumerate(rng.permutation(list(_SMALL_PRINT))[:3]):
        text((left, height * (0.80 + 0.05 * place)), str(line), 0.022)
    if facts.barcode:
        _print_barcode(box, facts.barcode, width)
    return np.array(box, np.uint8)


def _scenery(pen: ImageDraw.ImageDraw, rng: Rng, box: tuple[int, int, int, int]) -> None:
    """Blocks piled up in front of a sky."""
    left, top, right, bottom = box
    pen.rectangle(box, fill=tuple(int(v) for v in rng.integers(120, 255, 3)))
    unit = (right - left) // 18
    for column in range(18):
        for row in range(int(rng.integers(2, 14))):
            x, y = left + column * unit, bottom - (row + 1) * unit
            if y > top:
                colour = tuple(int(v) for v in rng.integers(0, 255, 3))
                pen.rectangle((x, y, x + unit - 2, y + unit - 2), fill=colour, outline=(30, 30, 30))


def _print_barcode(box: Image.Image, value: str, width: int) -> None:
    """Bottom right, about a fifth of the box wide, as on a box of thirty centimetres."""
    bars = Image.fromarray(barcode.drawn(value, module=max(1, round(width * 0.2 / 113))))
    framed = Image.new("RGB", (bars.width + 24, bars.height + 16), "white")
    framed.paste(bars, (12, 8))
    box.paste(framed, (box.width - framed.width - 20, box.height - framed.height - 20))


def photograph(
    box: Picture, rng: Rng, *, width: int = 1600, fill: float = 0.75, turn: float = 0.0, lean: float = 0.1,
    blur: float = 0.6, glare: float = 0.0, quality: int = 85, grounds: Backgrounds | None = None,
) -> BoxPhoto:  # fmt: skip
    """A box on some ground, as a camera sees it.

    width: of the photo in pixels, three by four upright. fill: the box's share of it. turn: degrees clockwise. lean: how much
    nearer one side is than the other. blur: sigma in pixels. glare: strength of a reflection on the box, 0..1.
    """
    height = round(width * 4 / 3)
    scene = (grounds or Backgrounds()).draw(rng, (height, width))
    half = np.array([fill * width / 2, fill * width / 2 * box.shape[0] / box.shape[1]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) * half
    corners *= 1 - lean * rng.uniform(-1, 1, (4, 1)) / 2
    angle = np.radians(turn)
    corners = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    room = np.maximum([width / 2 - np.abs(corners[:, 0]).max(), height / 2 - np.abs(corners[:, 1]).max()], 0.0)
    corners = (corners + [width / 2, height / 2] + rng.uniform(-1, 1, 2) * room * 0.8).astype(np.float32)
    source = np.array([[0, 0], [box.shape[1], 0], [box.shape[1], box.shape[0]], [0, box.shape[0]]], np.float32) - 0.5
    if glare:
        box = light.glare(box, rng, strength=glare)
    shrink = box.shape[1] / max(1.0, float(np.linalg.norm(corners[1] - corners[0])))
    if shrink > 1.5:  # what a lens does: pixels in between are averaged, not skipped
        box = np.asarray(cv2.GaussianBlur(box, (0, 0), 0.4 * shrink), np.uint8)
    matrix = cv2.getPerspectiveTransform(source, corners)
    cv2.warpPerspective(box, matrix, (width, height), dst=scene, borderMode=cv2.BORDER_TRANSPARENT)
    scene = light.cast(scene, rng, amount=0.5)
    if blur:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), blur), np.uint8)
    scene = light.noise(scene, rng, sigma=3.0)
    return BoxPhoto(light.jpeg(scene, rng, quality=quality), corners)


def side_by_side(pictures: Sequence[Picture]) -> Picture:
    """A contact sheet, to look at."""
    height = min(p.shape[0] for p in pictures)
    return np.hstack([np.asarray(cv2.resize(p, (round(p.shape[1] * height / p.shape[0]), height))) for p in pictures])
