"""From uploaded bytes to pixels: bounded size, upright as the camera meant it, RGB."""

import io
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ml.types import Picture

MOST_PIXELS = 60_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")


class UnreadablePhoto(ValueError):
    """The bytes are no picture that we accept; the message can be shown to the person who sent them."""


def decoded(content: bytes, *, most_pixels: int = MOST_PIXELS) -> Picture:
    """The photo as (height, width, 3) uint8 RGB, turned as its EXIF orientation says; transparency over white.

    Raises UnreadablePhoto: no picture, a broken one, or more than `most_pixels`, which is read from the header before
    anything is unpacked.
    """
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS:
        raise UnreadablePhoto("This is a HEIC photo. Send it as JPEG: phones call this setting 'most compatible'.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
            width, height = image.size
            if width * height > most_pixels:
                raise UnreadablePhoto(
                    f"The photo has {width * height / 1e6:.0f} megapixels; at most {most_pixels / 1e6:.0f} are accepted."
                )
            if width < 32 or height < 32:
                raise UnreadablePhoto("The photo is too small to show a card.")
            image = ImageOps.exif_transpose(image)
            if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image)
            if image.mode.startswith("I"):
                # Sixteen bits a pixel: converting would cut off the upper values instead of scaling them.
                deep = np.asarray(image, np.float64)
                grey = np.clip(deep / (257.0 if deep.max() > 255 else 1.0), 0, 255).astype(np.uint8)
                return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))
            return np.array(image.convert("RGB"), np.uint8)
    except UnreadablePhoto:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadablePhoto("This file could not be read as a photo.") from error
