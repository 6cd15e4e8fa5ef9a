"""Pictures that people send: checked by content, size and pixel count, turned upright, stripped, stored with thumbnails.

What is stored is always our own re-encoding, so that no metadata (EXIF, GPS) and no hidden payload of the upload
survives. Thumbnails lie beside the picture as `<stem>.<size>.webp`.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.core.errors import TooLarge, UnsupportedType
from apps.core.ids import uuid7
from apps.core.scanning import check_upload
from ml import filetypes

SIZES = (128, 256, 512)
FORMATS = ("JPEG", "PNG", "WEBP")
_MOVING = ("PNG", "WEBP")  # a JPEG of several pictures is a photo with its depth or its brightness beside it
_READABLE = "JPEG, PNG or WebP"


@dataclass(frozen=True)
class StoredImage:
    """A picture in storage: `name` there, pixels, and the SHA-256 of what was uploaded."""

    name: str
    width: int
    height: int
    digest: str


def accept_upload(file: BinaryIO, *, folder: str, thumbnails: bool = True) -> StoredImage:
    """Check an upload, make it safe and store it under `folder`.

    Raises TooLarge (bytes or pixels over settings.UPLOAD_MAX_*), UnsupportedType (not a picture, a broken one, or one
    that the virus scanner knows) and ScannerAway.
    """
    content = file.read(settings.UPLOAD_MAX_BYTES + 1)
    if len(content) > settings.UPLOAD_MAX_BYTES:
        raise TooLarge(f"The picture is over {settings.UPLOAD_MAX_BYTES // 2**20} MB. Send a smaller one.")
    check_upload(content)
    picture = upright(content)
    return store(
        picture,
        folder=folder,
        digest=hashlib.sha256(content).hexdigest(),
        thumbnails=thumbnails,
    )


def upright(content: bytes) -> Image.Image:
    """The decoded picture in RGB, turned as the camera meant it, without metadata. Raises like `accept_upload`."""
    if not content:
        raise UnsupportedType("The file is empty.")
    if known := filetypes.known_as(content):
        raise UnsupportedType(known)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
            _check(picture)
            picture.load()
    except UnidentifiedImageError:
        raise UnsupportedType(f"This is not a picture that we can read. Send {_READABLE}.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLarge(f"The picture has far too many pixels. {_smaller()}") from None
    except (OSError, ValueError, SyntaxError):
        raise UnsupportedType("The picture is damaged or cut off. Send it again.") from None
    # In place, and copied only where the pixels change: a camera's photo is 50 MB and more when it is unpacked.
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode.startswith("I"):  # sixteen bits: converting would cut off the upper values instead of scaling them
        picture = picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if picture.mode in ("RGBA", "LA", "PA", "P"):
        layered = picture.convert("RGBA")
        picture = Image.new("RGB", layered.size, "white")
        picture.paste(layered, mask=layered.getchannel("A"))
    elif picture.mode != "RGB":
        picture = picture.convert("RGB")
    picture.info.clear()
    return picture


def _smaller() -> str:
    most = settings.UPLOAD_MAX_PIXELS // 1_000_000
    return f"At most {most} million pixels are taken: choose a smaller size in the camera's settings."


def _check(picture: Image.Image) -> None:
    """Raises TooLarge and UnsupportedType on what the header alone forbids."""
    if picture.width * picture.height > settings.UPLOAD_MAX_PIXELS:
        raise TooLarge(f"The picture has {picture.width} x {picture.height} pixels. {_smaller()}")
    if picture.format in _MOVING and getattr(picture, "is_animated", False):
        raise UnsupportedType(filetypes.ANIMATED)


def store(picture: Image.Image, *, folder: str, digest: str = "", thumbnails: bool = True) -> StoredImage:
    """Store an RGB picture as JPEG with its thumbnails; returns where it lies."""
    stem = f"{folder.strip('/')}/{uuid7().hex}"
    name = default_storage.save(f"{stem}.jpg", ContentFile(_encoded(picture, "JPEG", quality=90)))
    if thumbnails:
        small = picture
        for size in sorted(SIZES, reverse=True):  # each from the one before: the whole picture is gone through once
            small = small.resize(_within(picture.size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
            default_storage.save(
                thumbnail_name(name, size),
                ContentFile(_encoded(small, "WEBP", quality=82, method=2)),
            )
    return StoredImage(name, picture.width, picture.height, digest)


def _within(pixels: tuple[int, int], size: int) -> tuple[int, int]:
    """Width and height of a thumbnail: not wider than `size`, not higher than twice that, never larger than it was."""
    width, height = pixels
    scale = min(1.0, size / width, 2 * size / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def thumbnail_name(name: str, size: int) -> str:
    """Where the thumbnail of that width (128, 256 or 512) lies."""
    if size not in SIZES:
        raise ValueError(f"thumbnails are {SIZES} pixels wide")
    return f"{name.rsplit('.', 1)[0]}.{size}.webp"


def url(name: str, size: int | None = None) -> str:
    """The address of a stored picture, or of its thumbnail; empty for an empty name."""
    if not name:
        return ""
    return default_storage.url(thumbnail_name(name, size) if size else name)


def remove(name: str) -> None:
    """Delete a picture and its thumbnails; what is gone already is fine."""
    for each in (name, *(thumbnail_name(name, size) for size in SIZES)):
        default_storage.delete(each)
