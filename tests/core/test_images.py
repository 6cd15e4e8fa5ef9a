"""Uploads are judged by content, made upright, stripped, and stored with their thumbnails."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from apps.core import images
from apps.core.errors import TooLarge, UnsupportedType
from tests.factories import picture_bytes


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def accept(content: bytes) -> images.StoredImage:
    return images.accept_upload(io.BytesIO(content), folder="scans/2026/01")


def stored(name: str) -> bytes:
    with default_storage.open(name) as file:
        return file.read()


def with_exif(**options: object) -> bytes:
    """A wide picture, red on its left, that the camera says is to be turned; with a place and a camera's name."""
    picture = Image.new("RGB", (200, 100), "blue")
    picture.paste("red", (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif, comment=b"SecretComment", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_content_counts_and_not_the_name(kind):
    upload = io.BytesIO(picture_bytes(kind=kind))
    upload.name = "cards.jpg"
    image = images.accept_upload(upload, folder="scans")
    assert (image.width, image.height) == (120, 160)
    assert Image.open(io.BytesIO(stored(image.name))).format == "JPEG"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The file is empty."),
        (b"these are my cards", "Send JPEG, PNG or WebP"),
        (b"%PDF-1.7 a list of cards", "This is a PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "made of lines"),
        (picture_bytes(kind="GIF"), "Send JPEG, PNG or WebP"),
        (picture_bytes(800, 800)[:2000], "damaged or cut off"),
        (picture_bytes(800, 800, "PNG")[:900], "damaged or cut off"),
    ],
    ids=["zero bytes", "text", "pdf", "svg", "gif", "cut jpeg", "cut png"],
)
def test_what_is_no_picture_is_refused_with_what_to_do(content, told):
    with pytest.raises(UnsupportedType, match=told):
        accept(content)


def test_too_many_bytes_are_refused_without_reading_on(settings):
    settings.UPLOAD_MAX_BYTES = 1024
    upload = io.BytesIO(b"\xff" * 5000)
    with pytest.raises(TooLarge, match="Send a smaller one"):
        images.accept_upload(upload, folder="scans")
    assert upload.tell() == 1025


def test_too_many_pixels_are_refused_unless_a_camera_takes_so_many(settings):
    settings.UPLOAD_MAX_PIXELS = 10_000
    with pytest.raises(TooLarge, match="120 x 160"):
        accept(picture_bytes())


def test_a_pixel_bomb_is_refused_by_its_header():
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(TooLarge):
        accept(bomb)


def test_the_picture_is_turned_as_the_camera_meant_it():
    image = accept(with_exif())
    assert (image.width, image.height) == (100, 200)
    top = Image.open(io.BytesIO(stored(image.name))).getpixel((50, 20))
    assert top[0] > 200 > top[2]  # what was left is on top


def test_nothing_of_the_uploads_metadata_is_stored():
    content = with_exif()
    assert b"SecretCamera" in content
    image = accept(content)
    for name in [image.name, *(images.thumbnail_name(image.name, size) for size in images.SIZES)]:
        kept = stored(name)
        assert not any(mark in kept for mark in (b"Exif", b"EXIF", b"Secret", b"GPS", b"http://ns.adobe.com"))
        assert not Image.open(io.BytesIO(kept)).getexif()


def test_what_hides_behind_the_picture_is_not_stored():
    image = accept(picture_bytes() + b"PK\x03\x04 <script>alert(1)</script>")
    assert b"<script>" not in stored(image.name)


@pytest.mark.parametrize("size", images.SIZES)
def test_thumbnails_are_webp_of_their_width(size):
    image = accept(picture_bytes(960, 1280))
    small = Image.open(io.BytesIO(stored(images.thumbnail_name(image.name, size))))
    assert (small.format, small.size) == ("WEBP", (size, round(size * 4 / 3)))


def test_a_small_picture_is_not_blown_up():
    image = accept(picture_bytes(100, 140))
    assert Image.open(io.BytesIO(stored(images.thumbnail_name(image.name, 512)))).size == (100, 140)


def test_transparency_becomes_white():
    buffer = io.BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(buffer, "PNG")
    image = accept(buffer.getvalue())
    assert min(Image.open(io.BytesIO(stored(image.name))).getpixel((20, 20))) > 250


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_every_kind_of_pixels_is_taken(mode):
    buffer = io.BytesIO()
    Image.new(mode, (40, 40)).save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    assert accept(buffer.getvalue()).width == 40


def test_sixteen_bits_a_pixel_are_scaled():
    deep = Image.new("I;16", (40, 40), 128 * 257)
    buffer = io.BytesIO()
    deep.save(buffer, "PNG")
    assert images.upright(buffer.getvalue()).getpixel((20, 20)) == (128, 128, 128)


def test_removing_takes_the_thumbnails_along_and_may_be_repeated(tmp_path):
    image = accept(picture_bytes())
    images.remove(image.name)
    images.remove(image.name)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


_PICTURES = {kind: picture_bytes(40, 40, kind) for kind in ("JPEG", "PNG", "WEBP")} | {"turned": with_exif()}


@given(
    st.sampled_from(sorted(_PICTURES)),
    st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=6)), max_size=6),
    st.floats(0, 1),
)
def test_broken_pictures_are_refused_and_never_break_us(kind, changes, kept):
    content = bytearray(_PICTURES[kind])
    for place, change in changes:
        start = int(place * len(content))
        content[start : start + len(change)] = change
    try:
        assert images.upright(bytes(content[: int(kept * len(content))])).mode == "RGB"
    except (UnsupportedType, TooLarge):
        pass


def test_a_bucket_in_the_settings_is_where_files_go(tmp_path):
    """The setting alone decides; nothing is sent."""
    told = (
        "import django; django.setup()\n"
        "from django.core.files.storage import storages\n"
        "store = storages['default']\n"
        "print(type(store).__name__, store.bucket_name, store.endpoint_url, store.region_name, store.file_overwrite,"
        " store.querystring_auth)"
    )
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.base", "S3_BUCKET": "cards",
        "S3_ENDPOINT_URL": "http://127.0.0.1:9", "S3_REGION": "eu-central-1", "SECRET_KEY": "x" * 60,
        "CARDVAULT_DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://x@127.0.0.1:9/x",
        "REDIS_URL": "redis://127.0.0.1:9",
    }  # fmt: skip
    answer = subprocess.run(
        [sys.executable, "-c", told],
        env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert answer.stdout.split() == ["Media", "cards", "http://127.0.0.1:9", "eu-central-1", "False", "True"], (
        answer.stderr
    )
