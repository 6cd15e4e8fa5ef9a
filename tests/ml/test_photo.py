"""Uploaded bytes: turned upright, bounded, and refused in words a person can read."""

import io

import numpy as np
import pytest
from PIL import Image

from ml.photo import UnreadablePhoto, decoded


def encoded(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def test_photo_is_turned_as_the_camera_meant():
    image = Image.new("RGB", (80, 40), "red")
    exif = image.getexif()
    exif[274] = 6
    assert decoded(encoded(image, format="JPEG", exif=exif)).shape == (80, 40, 3)


def test_transparency_lies_on_white():
    picture = decoded(encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), format="PNG"))
    assert (picture == 255).all()


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_every_colour_mode_becomes_rgb(mode):
    picture = decoded(encoded(Image.new(mode, (40, 40)), format="TIFF"))
    assert picture.shape == (40, 40, 3)
    assert picture.dtype == np.uint8


def test_too_many_pixels_are_refused_from_the_header():
    with pytest.raises(UnreadablePhoto, match="megapixels"):
        decoded(encoded(Image.new("1", (4000, 3000)), format="PNG"), most_pixels=1_000_000)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xd8\xff\xe0broken", b"GIF89a"])
def test_rubbish_is_refused(content):
    with pytest.raises(UnreadablePhoto):
        decoded(content)


def test_cut_off_photo_is_refused():
    content = encoded(Image.effect_noise((400, 400), 90).convert("RGB"), format="JPEG")
    with pytest.raises(UnreadablePhoto):
        decoded(content[: len(content) // 3])


def test_tiny_picture_is_refused():
    with pytest.raises(UnreadablePhoto, match="too small"):
        decoded(encoded(Image.new("RGB", (8, 8)), format="PNG"))
