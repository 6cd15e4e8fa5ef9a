"""What people send that is no photo of a trading card: files of every wrong kind, pictures of other things, all drawn here."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ml.types import Picture
from tests.factories import picture_bytes

JPEG_PLEASE = "Send it as JPEG, PNG or WebP."


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A file's content."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def of_pixels(picture: Picture, kind: str = "JPEG") -> bytes:
    """A photo as a phone saves it."""
    return encoded(Image.fromarray(picture), kind, quality=90)


def huge_png(width: int, height: int) -> bytes:
    """A picture of so many pixels by its header; hardly anything is in it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def moving(kind: str) -> bytes:
    """Two pictures, one after the other."""
    frames = [Image.new("RGB", (80, 120), colour) for colour in ("red", "blue")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def boxed_format(brand: bytes) -> bytes:
    """The beginning of a file of the family that HEIC, AVIF and films belong to."""
    return b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00mif1" + bytes(400)


UNUSABLE: dict[str, tuple[bytes, str]] = {
    "empty.jpg": (b"", "The file is empty."),
    "list.jpg": (b"these are my cards", "This is not a picture that we can read. Send JPEG, PNG or WebP."),
    "cut.jpg": (picture_bytes(800, 800)[:2000], "damaged or cut off. Send it again."),
    "cut.png": (picture_bytes(800, 800, "PNG")[:900], "damaged or cut off. Send it again."),
    "huge.png": (huge_png(20_000, 10_000), "pixels"),
    "phone.heic": (boxed_format(b"heic"), "This is a HEIC photo. Send it as JPEG: in the phone's camera settings"),
    "photo.avif": (boxed_format(b"avif"), f"This is an AVIF picture. {JPEG_PLEASE}"),
    "film.mov": (boxed_format(b"qt  "), "This is a film. Send a photo"),
    "raw.cr3": (boxed_format(b"crx "), "This is a camera's raw file."),
    "list.pdf": (b"%PDF-1.7 a list of cards", "This is a PDF. Photograph or scan the cards"),
    "cards.zip": (b"PK\x03\x04 cards", "Send the photos themselves"),
    "logo.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is a drawing made of lines"),
    "page.html": (b"<!DOCTYPE html><title>card</title>", "This is a web page, not a photo."),
    "moving.webp": (moving("WEBP"), "This is an animation. Send a photo"),
    "moving.png": (moving("PNG"), "This is an animation. Send a photo"),
}
"""File name: content, and what is said of it, whoever is asked."""


def deep_rgb() -> bytes:
    """Sixteen bits a colour, three colours: from cameras and scanners."""
    pixels = np.full((120, 80, 3), (40_000, 20_000, 60_000), np.uint16)
    return bytes(cv2.imencode(".png", pixels)[1])


def cmyk() -> bytes:
    """Inks rather than light, as a print shop sends it: pure magenta."""
    return encoded(Image.new("CMYK", (80, 120), (0, 255, 0, 0)), "JPEG", quality=95)


def several_in_one() -> bytes:
    """A JPEG that carries a second picture, as phones add depth or brightness: a photo like any other."""
    frames = [Image.new("RGB", (80, 120), colour) for colour in ("red", "blue")]
    return encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])


USABLE: dict[str, bytes] = {
    "deep.png": deep_rgb(),
    "grey16.png": encoded(Image.fromarray(np.full((120, 80), 40_000, np.uint16))),
    "inks.jpg": cmyk(),
    "palette.png": encoded(Image.new("P", (80, 120), 3)),
    "clear.png": encoded(Image.new("RGBA", (80, 120), (0, 0, 0, 0))),
    "two-in-one.jpg": several_in_one(),
}


def _suit(pen: ImageDraw.ImageDraw, x: float, y: float, size: float, colour: tuple[int, int, int]) -> None:
    pen.polygon([(x, y - size), (x + 0.7 * size, y), (x, y + size), (x - 0.7 * size, y)], fill=colour)


def playing_card(rank: str = "8", *, width: int = 504) -> Picture:
    """A diamond of a pack of cards; the same on its head, as they all are."""
    height = round(width * 88 / 63)
    card = Image.new("RGB", (width, height), (250, 249, 245))
    pen = ImageDraw.Draw(card)
    red = (196, 30, 40)
    pen.text((width * 0.06, height * 0.03), rank, fill=red, font=ImageFont.load_default(round(width * 0.16)))
    _suit(pen, width * 0.11, height * 0.2, width * 0.05, red)
    for x, y in ((0.3, 0.2), (0.7, 0.2), (0.3, 0.4), (0.7, 0.4), (0.5, 0.3)):
        _suit(pen, x * width, y * height, width * 0.07, red)
    upper = np.array(card)
    half = height // 2
    upper[height - half :] = upper[:half][::-1, ::-1]
    return upper


def card_back(*, width: int = 504) -> Picture:
    """A back of our own: a border, rays and rings around the middle, the same on its head."""
    height = round(width * 88 / 63)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = x - (width - 1) / 2, y - (height - 1) / 2
    far, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    swirl = np.sin(far / 19 + 6 * angle) * 0.5 + 0.5
    back = np.stack([30 + 60 * swirl, 50 + 110 * swirl, 150 + 90 * swirl], axis=2)
    back[far < width * 0.16] = (220, 180, 60)
    edge = round(width * 0.05)
    framed = np.full_like(back, (24, 32, 96))
    framed[edge:-edge, edge:-edge] = back[edge:-edge, edge:-edge]
    return framed.astype(np.uint8)


def page_with(card: Picture) -> Picture:
    """A page of a shop on a phone, as the phone itself pictures it: bars, a card, lines of text, buttons."""
    page = Image.new("RGB", (780, 1500), (244, 242, 238))
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, 780, 120), fill=(32, 60, 92))
    pen.text((30, 40), "9:41   The Card Shop", fill="white", font=ImageFont.load_default(34))
    small = Image.fromarray(card).resize((420, 587))
    page.paste(small, (180, 170))
    for row in range(9):
        words = "Near Mint  12.50  in stock, ships tomorrow"[: 20 + 5 * (row % 5)]
        pen.text((60, 820 + 52 * row), words, fill=(40, 40, 48), font=ImageFont.load_default(28))
    pen.rounded_rectangle((60, 1350, 720, 1440), 20, fill=(208, 84, 44))
    return np.array(page)


def on_a_screen(shown: Picture, *, ratio: float = 2.6, seed: int = 1, size: tuple[int, int] = (640, 540)) -> Picture:
    """A photo of a screen that shows a picture: dots of three colours, seen through a lens and a sensor's own mosaic.

    ratio: camera pixels per pixel of the screen. size: (height, width) of the photo.
    """
    rng = np.random.default_rng(seed)
    height, width = size
    y, x = np.mgrid[0 : 2 * height, 0 : 2 * width].astype(np.float32) / 2
    x, y = x - width / 2, y - height / 2
    angle = np.radians(3.0)
    u = (np.cos(angle) * x - np.sin(angle) * y) / ratio + shown.shape[1] / 2
    v = (np.sin(angle) * x + np.cos(angle) * y) / ratio + shown.shape[0] / 2
    column, row = np.floor(u).astype(int), np.floor(v).astype(int)
    lit = shown[np.clip(row, 0, shown.shape[0] - 1), np.clip(column, 0, shown.shape[1] - 1)] / 255.0
    light = np.float32(lit) ** 2.2 * 3.0
    for channel in range(3):
        dot = (
            (u - column > channel / 3 + 0.03)
            & (u - column < (channel + 1) / 3 - 0.03)
            & (v - row > 0.08)
            & (v - row < 0.92)
        )
        light[..., channel] *= dot
    seen = cv2.GaussianBlur(light, (0, 0), 1.5).reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    seen += rng.normal(0, 0.01, seen.shape)
    mosaic = np.zeros((height, width))
    for (top, left), channel in {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 2}.items():
        mosaic[top::2, left::2] = seen[top::2, left::2, channel]
    stored = (np.clip(mosaic, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.cvtColor(stored, cv2.COLOR_BayerRGGB2RGB))
