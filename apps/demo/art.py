"""Card pictures drawn by our own code: a scene that follows from the card's identity, in a frame of our own.

`draw` is deterministic and knows no Django. Scenes live in scenes.py. No trademark, no imitation of anybody's frame.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from apps.demo.scenes import Palette, palette_for, scene_for

WIDTH, HEIGHT = 756, 1056
CORNER = 36


@dataclass(frozen=True)
class Style:
    """How the frame of one game looks: border, paper and ink colours, and where the picture lies."""

    border: tuple[int, int, int]
    paper: tuple[int, int, int]
    ink: tuple[int, int, int]
    picture: tuple[int, int, int, int]
    radius: int


_STYLES = {
    "pokemon": Style((236, 233, 220), (250, 248, 240), (32, 36, 44), (46, 128, 710, 630), 22),
    "magic": Style((26, 27, 31), (232, 227, 214), (28, 26, 24), (52, 124, 704, 600), 8),
    "onepiece": Style((246, 246, 244), (252, 252, 250), (24, 26, 34), (34, 34, 722, 800), 14),
}
_DEFAULT = Style((52, 70, 86), (244, 245, 242), (24, 30, 36), (40, 120, 716, 760), 18)


def font(size: int) -> ImageFont.FreeTypeFont:
    """The free face that the picture library carries."""
    return ImageFont.load_default(size)


def printable(text: str) -> str:
    """The text in letters that the face has: without accents, signs of sex as words."""
    named = text.replace("♀", " F").replace("♂", " M")
    return unicodedata.normalize("NFKD", named).encode("ascii", "ignore").decode()


def seed_of(*words: object) -> int:
    """A number that follows from the card's identity alone."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, words)).encode()).digest()[:8], "big")


def draw(
    *,
    name: str,
    number: str,
    total: int | None,
    set_code: str,
    set_name: str,
    rarity: str,
    game: str,
    finish: str = "normal",
) -> Image.Image:
    """The picture of one card: RGB, 756 x 1056 pixels (12 px/mm). The same card is always the same picture."""
    random = np.random.default_rng(seed_of(game, set_code, number, name))
    palette = palette_for(random)
    if game == "lego":
        return _box(random, palette, name, number, set_name)
    name, set_name = printable(name), printable(set_name)
    style = _STYLES.get(game, _DEFAULT)
    card = Image.new("RGB", (WIDTH, HEIGHT), style.border)
    pen = ImageDraw.Draw(card)
    pen.rounded_rectangle((22, 22, WIDTH - 22, HEIGHT - 22), style.radius, fill=_tinted(style.paper, palette, 0.10))
    left, top, right, bottom = style.picture
    scene = scene_for(random, palette, (right - left, bottom - top))
    if "foil" in finish or "holo" in rarity.lower() or "secret" in rarity.lower():
        scene = _shimmer(scene, random)
    mask = Image.new("L", scene.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *(edge - 1 for edge in scene.size)), style.radius, fill=255)
    card.paste(scene, (left, top), mask)
    pen.rounded_rectangle((left - 3, top - 3, right + 2, bottom + 2), style.radius + 3, outline=palette.deep, width=5)
    if game == "onepiece":
        _lower_band(card, pen, style, palette, name)
    else:
        _name_bar(pen, style, palette, name, game)
    _text_panel(pen, style, palette, random, rarity, set_name)
    _number_line(pen, style, palette, number, total, set_code, rarity, game)
    return card


def _box(random: np.random.Generator, palette: Palette, name: str, number: str, line: str) -> Image.Image:
    """A toy's box seen a little from the side: front with a picture built of bricks, spine, lid."""
    card = Image.new("RGB", (WIDTH, HEIGHT), (238, 240, 238))
    pen = ImageDraw.Draw(card)
    left, top, right, bottom, depth = 60, 150, 640, 980, 66
    pen.polygon(
        [(left, top), (left + depth, top - depth), (right + depth, top - depth), (right, top)], fill=palette.light
    )
    pen.polygon(
        [(right, top), (right + depth, top - depth), (right + depth, bottom - depth), (right, bottom)],
        fill=palette.deep,
    )
    pen.rectangle((left, top, right, bottom), fill=palette.middle)
    _bricks(pen, random, palette, (left + 26, top + 150, right - 26, bottom - 150))
    pen.text((left + 30, top + 48), line, fill=(255, 255, 255), font=_fitted(line, 30, 500), anchor="lm")
    pen.text(
        (left + 30, top + 104), name, fill=(255, 255, 255), font=_fitted(name, 46, 510), anchor="lm", stroke_width=1
    )
    pen.text((left + 30, bottom - 70), number, fill=(255, 255, 255), font=font(64), anchor="lm", stroke_width=1)
    return card


def _bricks(
    pen: ImageDraw.ImageDraw, random: np.random.Generator, palette: Palette, box: tuple[int, int, int, int]
) -> None:
    """A skyline of bricks with their studs, the same on every printing of the box."""
    left, top, right, bottom = box
    pen.rectangle(box, fill=palette.glow)
    unit, rows = 33, (bottom - top) // 33
    colours = [palette.deep, palette.accent, palette.light, (214, 60, 48), (236, 190, 58), (250, 250, 246)]
    for column in range((right - left) // unit):
        high = int(rows * (0.25 + 0.65 * abs(np.sin(column * random.uniform(0.28, 0.34) + random.uniform(0, 0.6)))))
        for row in range(high):
            x, y = left + column * unit, bottom - (row + 1) * unit
            colour = colours[int(random.integers(len(colours)))]
            pen.rectangle((x, y, x + unit - 2, y + unit - 2), fill=colour, outline=palette.deep)
            if row == high - 1:
                pen.rectangle((x + 8, y - 8, x + unit - 10, y - 1), fill=colour, outline=palette.deep)


def _tinted(colour: tuple[int, int, int], palette: Palette, share: float) -> tuple[int, int, int]:
    return tuple(round(c * (1 - share) + p * share) for c, p in zip(colour, palette.light, strict=True))


def _fitted(text: str, size: int, width: int) -> ImageFont.FreeTypeFont:
    """The largest face at most `size` high in which the text fits into `width`."""
    while size > 16 and font(size).getlength(text) > width:
        size -= 2
    return font(size)


def _name_bar(pen: ImageDraw.ImageDraw, style: Style, palette: Palette, name: str, game: str) -> None:
    if game == "magic":
        pen.rounded_rectangle(
            (46, 44, WIDTH - 46, 110), 30, fill=_tinted(style.paper, palette, 0.25), outline=palette.deep, width=3
        )
    face = _fitted(name, 50, WIDTH - 190)
    pen.text((66, 77), name, fill=style.ink, font=face, anchor="lm", stroke_width=1, stroke_fill=style.ink)
    x, y = WIDTH - 82, 77
    pen.ellipse((x - 22, y - 22, x + 22, y + 22), fill=palette.accent, outline=palette.deep, width=3)
    pen.ellipse((x - 9, y - 9, x + 9, y + 9), fill=palette.light)


def _lower_band(card: Image.Image, pen: ImageDraw.ImageDraw, style: Style, palette: Palette, name: str) -> None:
    pen.polygon([(34, 736), (721, 700), (721, 800), (34, 800)], fill=palette.deep)
    face = _fitted(name, 56, WIDTH - 130)
    pen.text(
        (WIDTH / 2, 762),
        name,
        fill=(255, 255, 255),
        font=face,
        anchor="mm",
        stroke_width=1,
        stroke_fill=(255, 255, 255),
    )


def _text_panel(
    pen: ImageDraw.ImageDraw, style: Style, palette: Palette, random: np.random.Generator, rarity: str, set_name: str
) -> None:
    top = style.picture[3] + 26
    pen.rounded_rectangle((46, top, WIDTH - 46, 962), 14, fill=_tinted(style.paper, palette, 0.16))
    pen.text((66, top + 30), set_name, fill=style.ink, font=_fitted(set_name, 28, 560), anchor="lm")
    y = top + 74
    while y < 930:
        # Lines in place of rules text: what the card does is nobody's to copy.
        length = int(random.uniform(0.45, 0.95) * (WIDTH - 150))
        pen.rounded_rectangle((66, y, 66 + length, y + 9), 4, fill=_tinted(style.paper, palette, 0.75))
        y += 30


def _number_line(
    pen: ImageDraw.ImageDraw, style: Style, palette: Palette, number: str, total: int | None, set_code: str,
    rarity: str, game: str,
) -> None:  # fmt: skip
    printed = number.split("_")[0]
    if total and game != "onepiece" and printed.isdigit():
        printed = f"{printed}/{total}"
    y = 998
    pen.text((58, y), printed, fill=style.ink, font=font(34), anchor="lm", stroke_width=1, stroke_fill=style.ink)
    if game != "onepiece" and set_code:
        pen.text(
            (WIDTH - 104, y),
            f"{set_code} EN" if game != "magic" else f"{set_code} - EN",
            fill=style.ink,
            font=font(30),
            anchor="rm",
        )
    _rarity_mark(pen, (WIDTH - 74, y), palette, rarity, style.ink)


def _rarity_mark(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], palette: Palette, rarity: str, ink: tuple[int, int, int]
) -> None:
    """Our own marks: the rarer, the more points the figure has."""
    x, y = at
    word = rarity.lower()
    points = (
        3
        if "uncommon" in word
        else 0
        if "common" in word or not word
        else 4
        if "rare" in word and "holo" not in word
        else 6
    )
    if not points:
        pen.ellipse((x - 10, y - 10, x + 10, y + 10), fill=ink)
        return
    corners = []
    for i in range(points * 2):
        radius = 16 if i % 2 == 0 else 7
        angle = np.pi * i / points - np.pi / 2
        corners.append((x + radius * np.cos(angle), y + radius * np.sin(angle)))
    pen.polygon(corners, fill=palette.accent if points == 6 else ink, outline=ink)


def _shimmer(scene: Image.Image, random: np.random.Generator) -> Image.Image:
    """Diagonal bands of colour and fine sparks, as light on foil."""
    width, height = scene.size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    slope, wave = random.uniform(0.4, 0.9), random.uniform(90, 160)
    phase = (x * slope + y) / wave
    bands = np.stack([np.sin(phase * 2 * np.pi + shift) for shift in (0, 2.1, 4.2)], axis=-1)
    base = np.asarray(scene, np.float32)
    sparks = (random.random((height, width)) > 0.9985).astype(np.float32) * 255
    glow = np.asarray(Image.fromarray(sparks.astype(np.uint8)).filter(ImageFilter.GaussianBlur(2.2)), np.float32)
    lit = base + bands * 13 + glow[..., None] * 5
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
