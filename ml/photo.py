"""From uploaded bytes to pixels: bounded size, upright as the camera meant it, RGB."""

import io
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ml import filetypes
from ml.types import Picture

MOST_PIXELS = 60_000_000
SMALLEST = 32
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
_MOVING = ("GIF", "WEBP", "PNG")
"""Formats that move; a JPEG of several pictures is a photo with its depth or its brightness beside it."""


class UnreadablePhoto(ValueError):
    """The bytes are no picture that we accept; the message can be shown to the person who sent them."""


def decoded(content: bytes, *, most_pixels: int = MOST_PIXELS) -> Picture:
    """The photo as (height, width, 3) uint8 RGB, turned as its EXIF orientation says; transparency over white.

    Raises UnreadablePhoto: no picture, a broken or a moving one, or more than `most_pixels`, which is read from the header
    before anything is unpacked.
    """
    if not content:
        raise UnreadablePhoto("The file is empty.")
    if known := filetypes.known_as(content):
        raise UnreadablePhoto(known)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            _check(image, most_pixels)
            image.load()
            return _pixels(ImageOps.exif_transpose(image))
    except UnreadablePhoto:
        raise
    except UnidentifiedImageError as error:
        raise UnreadablePhoto("This is not a picture that we can read. Send JPEG, PNG or WebP.") from error
    except Image.DecompressionBombError as error:
        raise UnreadablePhoto(f"The photo has far too many pixels. {_smaller(most_pixels)}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadablePhoto("The photo is damaged or cut off. Send it again.") from error


def _smaller(most_pixels: int) -> str:
    return f"At most {most_pixels / 1e6:.0f} megapixels are accepted: choose a smaller size in the camera's settings."


def _check(image: Image.Image, most_pixels: int) -> None:
    """Raises UnreadablePhoto on what the header alone forbids."""
    width, height = image.size
    if width * height > most_pixels:
        raise UnreadablePhoto(f"The photo has {width * height / 1e6:.0f} megapixels. {_smaller(most_pixels)}")
    if width < SMALLEST or height < SMALLEST:
        raise UnreadablePhoto("The photo is too small to show a card.")
    if image.format in _MOVING and getattr(image, "is_animated", False):
        raise UnreadablePhoto(filetypes.ANIMATED)


def _pixels(image: Image.Image) -> Picture:
    """RGB of any mode."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if image.mode.startswith("I"):
        # Sixteen bits a pixel: converting would cut off the upper values instead of scaling them.
        deep = np.asarray(image, np.float64)
        grey = np.clip(deep / (257.0 if deep.max() > 255 else 1.0), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))
    return np.array(image.convert("RGB"), np.uint8)
