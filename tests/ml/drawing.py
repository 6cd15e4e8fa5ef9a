"""Cards and photographs of them, drawn from a seed: no real card is needed to test recognition."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 504, 704


@dataclass(frozen=True)
class DrawnCard:
    """What is printed on a drawn card. Equal `art` means equal picture and frame."""

    art: int
    name: str = "Mossback Heron"
    number: str = "026/159"
    set_code: str = "JTG EN"
    border: tuple[int, int, int] = (235, 205, 60)


def drawn(card: DrawnCard) -> np.ndarray:
    """(704, 504, 3) RGB: border, name bar, picture, text box, number strip."""
    rng = np.random.default_rng(card.art)
    image = Image.new("RGB", (WIDTH, HEIGHT), card.border)
    draw = ImageDraw.Draw(image)
    paper = tuple(int(v) for v in rng.integers(190, 245, 3))
    draw.rectangle((20, 20, WIDTH - 20, HEIGHT - 20), fill=paper)
    draw.text((34, 26), card.name, fill=(20, 20, 20), font=ImageFont.load_default(34))
    box = (36, 78, WIDTH - 36, 372)
    picture = Image.new("RGB", (box[2] - box[0], box[3] - box[1]), tuple(int(v) for v in rng.integers(0, 255, 3)))
    brush = ImageDraw.Draw(picture)
    for _ in range(26):
        x, y = rng.integers(-40, picture.width), rng.integers(-40, picture.height)
        w, h = rng.integers(20, 180, 2)
        colour = tuple(int(v) for v in rng.integers(0, 255, 3))
        shape = brush.ellipse if rng.random() < 0.5 else brush.rectangle
        shape((int(x), int(y), int(x + w), int(y + h)), fill=colour, outline=(0, 0, 0))
    image.paste(picture, box[:2])
    draw.rectangle(box, outline=(40, 40, 40), width=3)
    for line in range(4):
        words = " ".join("".join(rng.choice(list("aeionrst"), 5)) for _ in range(6))
        draw.text((44, 400 + 44 * line), words, fill=(30, 30, 30), font=ImageFont.load_default(24))
    if card.set_code:
        draw.text((36, 648), card.set_code, fill=(20, 20, 20), font=ImageFont.load_default(22))
    draw.text((140, 648), card.number, fill=(20, 20, 20), font=ImageFont.load_default(22))
    draw.text((300, 652), "Illus. nobody", fill=(60, 60, 60), font=ImageFont.load_default(16))
    return np.array(image, np.uint8)


def table(width: int, height: int, colour: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    """A background with a little grain and a slope of light."""
    rng = np.random.default_rng(seed)
    ground = np.ones((height, width, 3), np.float32) * np.array(colour, np.float32)
    ground *= np.linspace(0.9, 1.08, width, dtype=np.float32)[None, :, None]
    ground += rng.normal(0, 3.0, (height, width, 1)).astype(np.float32)
    return np.clip(ground, 0, 255).astype(np.uint8)


def placed(photo: np.ndarray, card: np.ndarray, corners: np.ndarray) -> None:
    """Lay a card into a photo, its corners (clockwise from its top left) at the given pixels, with rounded corners."""
    height, width = card.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    radius = round(width * 0.045)
    cv2.rectangle(mask, (radius, 0), (width - radius - 1, height - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (width - 1, height - radius - 1), 255, -1)
    for x, y in (
        (radius, radius),
        (width - radius - 1, radius),
        (radius, height - radius - 1),
        (width - radius - 1, height - radius - 1),
    ):
        cv2.circle(mask, (x, y), radius, 255, -1)
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(source, np.asarray(corners, np.float32))
    size = (photo.shape[1], photo.shape[0])
    shrink = max(1.0, height / float(np.linalg.norm(corners[3] - corners[0])))
    soft = cv2.GaussianBlur(card, (0, 0), 0.4 * shrink)
    warped = cv2.warpPerspective(soft, matrix, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(mask, matrix, size, flags=cv2.INTER_LINEAR)[..., None] / 255.0
    photo[:] = np.clip(photo * (1 - cover) + warped * cover, 0, 255).astype(np.uint8)


def rectangle(x: float, y: float, width: float, degrees: float = 0.0) -> np.ndarray:
    """(4, 2) corners of a card with its middle at x, y, turned clockwise."""
    height = width * 88 / 63
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (corners @ turn.T + (x, y)).astype(np.float32)


def jpeg(photo: np.ndarray, quality: int = 80) -> np.ndarray:
    """What a phone's compression leaves."""
    _, content = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1].copy()
