"""Trading cards that never were, drawn by our own code: frames of many games, art, text, numbers, reprints and backs.

A `Design` says what is printed; `render` prints it at any size. A reprint of the same art is a `replace` of the design.
How cards look when photographed is not here: see `crops` and `light`.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ml.generate.artwork import Colour, Rng, artwork, noise, palette
from ml.generate.card_layouts import BORDERS, KINDS, KNOWN, Box, Layout, layout
from ml.generate.lettering import SYLLABLES, glyphs, words
from ml.types import Picture


@dataclass(frozen=True, slots=True)
class Design:
    """What is printed on one card. Equal `art` is the same picture, whatever surrounds it."""

    art: int
    family: int
    kind: int
    name: str
    number: str
    total: str
    set_code: str
    symbol: int
    border: str
    text: int
    foreign: bool = False
    stretched: bool = False
    """The art reaches to the card's edge, as on alternate printings."""


_STARTS = [
    "Ash",
    "Bram",
    "Cor",
    "Dusk",
    "Ember",
    "Fen",
    "Gale",
    "Hollow",
    "Iron",
    "Jade",
    "Kel",
    "Lum",
    "Moss",
    "Night",
    "Oak",
    "Pyre",
    "Quill",
    "Rime",
    "Sol",
    "Thorn",
    "Um",
    "Vale",
    "Wisp",
    "Yar",
    "Zeph",
]
_ENDS = [
    "back",
    "born",
    "claw",
    "drift",
    "eye",
    "fang",
    "guard",
    "heart",
    "ling",
    "maw",
    "mere",
    "mind",
    "pike",
    "root",
    "scale",
    "shade",
    "song",
    "stone",
    "tail",
    "walker",
    "ward",
    "wing",
    "wolf",
    "wyrm",
]
_LAST = [
    "Adept",
    "Colossus",
    "Drake",
    "Envoy",
    "Golem",
    "Heron",
    "Hunter",
    "Jester",
    "Keeper",
    "Knight",
    "Lancer",
    "Mage",
    "Oracle",
    "Pilot",
    "Raider",
    "Sage",
    "Scout",
    "Serpent",
    "Titan",
    "Warden",
]


def designed(rng: Rng, *, family: int | None = None) -> Design:
    """A new card of a random game, or of the given one."""
    if family is None:
        family = int(rng.integers(len(KNOWN))) if rng.random() < 0.5 else int(rng.integers(len(KNOWN), 1_000_000))
    name = _STARTS[rng.integers(len(_STARTS))] + _ENDS[rng.integers(len(_ENDS))]
    if rng.random() < 0.7:
        name += " " + _LAST[rng.integers(len(_LAST))]
    design = Design(
        art=int(rng.integers(2**62)),
        family=family,
        kind=int(rng.integers(KINDS)),
        name=name,
        number="",
        total="",
        set_code="",
        symbol=0,
        border="",
        text=int(rng.integers(2**62)),
        stretched=bool(rng.random() < 0.15),
    )
    return _printed(design, rng)


def _printed(design: Design, rng: Rng) -> Design:
    total = int(rng.integers(60, 320))
    return replace(
        design,
        number=f"{int(rng.integers(1, total + 20)):03d}",
        total=f"{total:03d}" if rng.random() < 0.7 else "",
        set_code="".join(rng.choice(list("ABCDEFGHKLMNOPRSTVX"), 3)) if rng.random() < 0.8 else "",
        symbol=int(rng.integers(2**31)),
        border=str(rng.choice(list(BORDERS), p=[0.2, 0.2, 0.35, 0.15, 0.1])),
    )


def reprint(design: Design, rng: Rng) -> Design:
    """The same art in another printing: always another number and set, at times another border, frame or language."""
    again = _printed(design, rng)
    if rng.random() < 0.6:
        again = replace(again, border=design.border)
    if rng.random() < 0.15:
        again = replace(again, stretched=not design.stretched)
    if rng.random() < 0.2:
        again = replace(again, foreign=not design.foreign, text=int(rng.integers(2**62)))
    return again


def draw_card(rng: Rng, *, size: tuple[int, int] = (360, 504)) -> Picture:
    """A new card's picture. size: width and height in pixels -> (height, width, 3) RGB."""
    return render(designed(rng), size)


def render(design: Design, size: tuple[int, int] = (360, 504)) -> Picture:
    """The card upright, filling the picture, corners square. size: width, height -> (height, width, 3) RGB."""
    width, height = size
    place = layout(design.family)
    rng = np.random.default_rng([design.family, design.kind, 3])
    tone = palette(rng)
    frame, paper, ink = _scheme(place, design.kind)
    over = place.over or design.stretched
    picture = np.empty((height, width, 3), np.uint8)
    if over:
        picture[:] = artwork(design.art, width, height)
    else:
        texture = 0.85 + 0.3 * noise(rng, width, height, int(rng.integers(3, 40)), 1)
        picture[:] = np.clip(np.array(frame, np.float32) * texture[..., None], 0, 255)
        left, top, right, bottom = _pixels(place.art, size)
        picture[top:bottom, left:right] = artwork(design.art, right - left, bottom - top)
        cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), tone[0], max(1, width // 150))
    for box in (place.text, place.name, place.kind_bar):
        if box is not None:
            _plate(picture, _pixels(box, size), frame if box is place.kind_bar else paper, place.plate, over)
    _body(picture, _pixels(place.text, size), design, ink)
    name = _pixels(place.name, size)
    script = glyphs if design.foreign else words
    script(
        picture,
        design.name,
        (name[0] + width * 0.012, name[1] + 0.1 * (name[3] - name[1])),
        0.75 * (name[3] - name[1]),
        ink,
        design.text,
    )
    for i, spot in enumerate((place.cost, place.stat)):
        if spot is not None:
            _token(picture, spot, f"{(design.art >> 8 * i) % (10, 200)[i]}", tone[1 + i], 0.045)
    if design.border != "none" and not (design.stretched and place.over):
        edge = max(1, round(place.border * width))
        colour = BORDERS[design.border]
        picture[:edge], picture[-edge:], picture[:, :edge], picture[:, -edge:] = colour, colour, colour, colour
    _strip(picture, design, place)
    return picture


def draw_back(family: int, size: tuple[int, int] = (360, 504)) -> Picture:
    """The back that all cards of a game share. size: width, height -> (height, width, 3) RGB."""
    width, height = size
    rng = np.random.default_rng([family, 11])
    colours = palette(rng)
    ground = artwork(int(rng.integers(2**31)), (width + 1) // 2, (height + 1) // 2)
    # A back looks the same from both ends.
    upper = cv2.resize(ground, (width, (height + 1) // 2), interpolation=cv2.INTER_LINEAR)
    picture = np.concatenate([upper, upper[::-1, ::-1]])[:height]
    edge = max(1, int(width * rng.uniform(0.02, 0.08)))
    picture[:edge], picture[-edge:], picture[:, :edge], picture[:, -edge:] = (
        colours[0],
        colours[0],
        colours[0],
        colours[0],
    )
    middle = (width // 2, height // 2)
    for i in range(int(rng.integers(2, 5))):
        axes = (int(width * (0.42 - 0.08 * i)), int(height * (0.3 - 0.06 * i)))
        cv2.ellipse(picture, middle, axes, 0, 0, 360, colours[1 + i], -1, cv2.LINE_AA)
    words(
        picture,
        "".join(_STARTS[family % len(_STARTS)]).upper(),
        (width * 0.3, height * 0.47),
        height * 0.06,
        (250, 240, 200),
        0,
    )
    return np.ascontiguousarray(picture)


def _scheme(place: Layout, kind: int) -> tuple[Colour, Colour, Colour]:
    """Frame, paper and ink of one kind of a game's cards."""
    hue = (place.hue + kind * 180 // KINDS) % 180
    dark = place.plate == 2
    pixels = np.array([[[hue, 140, 175], [hue, 60 if dark else 28, 60 if dark else 235]]], np.uint8)
    frame, paper = cv2.cvtColor(pixels, cv2.COLOR_HSV2RGB)[0].tolist()
    return tuple(frame), tuple(paper), (240, 240, 236) if dark else (18, 16, 16)


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    x0, y0 = round(left * size[0]), round(top * size[1])
    return x0, y0, max(x0 + 2, round(right * size[0])), max(y0 + 2, round(bottom * size[1]))


def _plate(picture: Picture, box: tuple[int, int, int, int], colour: Colour, style: int, over: bool) -> None:
    left, top, right, bottom = box
    part = picture[top:bottom, left:right]
    if over:
        part[:] = (part * 0.3 + np.array(colour, np.float32) * 0.7).astype(np.uint8)
    elif style == 0:
        part[:] = (part * 0.5 + np.array(colour, np.float32) * 0.5).astype(np.uint8)
    else:
        part[:] = colour
    if style == 1:
        cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), (30, 26, 24), max(1, picture.shape[1] // 200))


def _body(picture: Picture, box: tuple[int, int, int, int], design: Design, ink: Colour) -> None:
    """Rules and flavour: paragraphs that end short, sometimes with a heading."""
    rng = np.random.default_rng(design.text)
    left, top, right, bottom = box
    line = picture.shape[0] * float(rng.uniform(0.022, 0.034))
    y = top + 0.3 * line
    script = glyphs if design.foreign else words
    while y + line < bottom:
        letters = (right - left) / (0.48 * line)
        share = 0.95 if rng.random() < 0.65 else rng.uniform(0.2, 0.9)
        count = max(1, int(letters * share / 2.6))
        picks = rng.integers(len(SYLLABLES), size=count)
        gaps = rng.random(count) < 0.4
        text = "".join(SYLLABLES[p] + (" " if gap else "") for p, gap in zip(picks, gaps, strict=True))
        heading = rng.random() < 0.15
        script(
            picture,
            text[: int(letters * share)],
            (left + 0.4 * line, y),
            line * (1.0 if heading else 0.8),
            ink,
            design.text,
        )
        y += line * (1.0 if share > 0.9 else rng.uniform(1.0, 1.8))
        if rng.random() < 0.08:
            y += 2 * line


def _token(picture: Picture, at: tuple[float, float], text: str, colour: Colour, size: float) -> None:
    """A round badge with a number, as a cost or a strength."""
    height, width = picture.shape[:2]
    centre, radius = (int(at[0] * width), int(at[1] * height)), max(2, int(size * width))
    cv2.circle(picture, centre, radius, colour, -1, cv2.LINE_AA)
    cv2.circle(picture, centre, radius, (20, 20, 20), max(1, width // 250), cv2.LINE_AA)
    words(
        picture, text, (centre[0] - 0.3 * radius * len(text), centre[1] - 0.7 * radius), 1.3 * radius, (250, 250, 250)
    )


def _strip(picture: Picture, design: Design, place: Layout) -> None:
    """Collector number, set code and set symbol in a line at the bottom."""
    height, width = picture.shape[:2]
    tall = 0.026 * height
    y = place.strip * height - tall / 2
    y = min(y, height - tall - 1)
    ground = picture[round(y) : round(y + tall), width // 8 : width // 3].mean()
    ink = (240, 240, 240) if ground < 110 else (20, 20, 20)
    text = design.number + (f"/{design.total}" if design.total else "")
    if design.set_code:
        text = f"{design.set_code} {text}" if design.symbol % 2 else f"{design.set_code}-{design.number}"
    x = 0.06 * width if place.number_left else 0.94 * width - 0.55 * tall * len(text)
    words(picture, text, (x, y), tall, ink)
    words(picture, "Illus. " + design.name[:6], (0.42 * width, y), 0.75 * tall, ink)
    rng = np.random.default_rng(design.symbol)
    points = int(rng.integers(3, 8))
    angles = rng.uniform(0, 6.3) + np.arange(2 * points) * np.pi / points
    reach = tall * 0.6 * np.where(np.arange(2 * points) % 2 == 0, 1.0, rng.uniform(0.3, 0.9))
    middle = (0.06 * width + 0.6 * tall if not place.number_left else 0.94 * width - 0.6 * tall, y + tall / 2)
    if place.kind_bar is not None and design.family != 2:
        # Where there is a bar of kinds, the symbol stands at its end.
        _left, top, right, bottom = place.kind_bar
        middle = ((right - 0.05) * width, (top + bottom) / 2 * height)
    star = np.column_stack([middle[0] + reach * np.cos(angles), middle[1] + reach * np.sin(angles)])
    cv2.fillPoly(picture, [np.int32(star)], palette(rng)[0], cv2.LINE_AA)
