"""`identify` answers for whatever file it is given: cards, nothing, or a sentence that says what is wrong."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from apps.catalog import images as catalog_images
from apps.demo.art import draw
from apps.demo.photographs import one_card
from tests.factories import make_product, picture_bytes


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def known(capsys):
    """A drawn card in the catalogue, indexed, and its picture."""
    product = make_product("Ember Drake", number="4", code="emb1")
    picture = draw(
        name="Ember Drake", number="4", total=102, set_code="EMB", set_name="Ember", rarity="Rare", game="pokemon"
    )
    content = io.BytesIO()
    picture.save(content, "PNG")
    catalog_images.store_reference(product, content.getvalue())
    call_command("index_images")
    capsys.readouterr()
    return product, picture


def written(path, picture, kind="PNG", **options):
    picture.save(path, kind, **options)
    return path


@pytest.mark.django_db
def test_a_photo_is_answered_with_quads_candidates_and_seconds(known, tmp_path, capsys):
    product, picture = known
    photograph = one_card([("k", picture)])
    path = written(tmp_path / "photo.jpg", photograph.picture, "JPEG", quality=90)
    call_command("identify", [str(path)], json=True)
    answer = json.loads(capsys.readouterr().out)
    (card,) = answer["cards"]
    assert np.abs(np.array(card["quad"]) - photograph.truth[0]["quad"]).max() < 15
    assert card["candidates"][0]["card_id"] == str(product.pk)
    assert card["candidates"][0]["name"] == "Ember Drake"
    assert card["decided"]
    assert {"detect", "read", "verify"} <= set(answer["seconds"])
    call_command("identify", [str(path)])
    assert "1. Ember Drake (emb1 4)" in capsys.readouterr().out


@pytest.mark.django_db
def test_every_kind_of_picture_gets_an_answer(tmp_path, capsys):
    grey = Image.new("L", (300, 400), 130)
    kinds = {
        "black.png": (Image.new("RGB", (640, 480)), "PNG"),
        "clear.png": (Image.new("RGBA", (300, 400), (0, 0, 0, 0)), "PNG"),
        "print.jpg": (grey.convert("CMYK"), "JPEG"),
        "deep.png": (Image.fromarray(np.full((400, 300), 40_000, np.uint16)), "PNG"),
    }
    for name, (picture, kind) in kinds.items():
        call_command("identify", [str(written(tmp_path / name, picture, kind))], json=True)
        assert json.loads(capsys.readouterr().out)["cards"] == []


@pytest.mark.django_db
def test_what_is_no_photo_is_said_and_does_not_stop_the_rest(tmp_path, capsys):
    heic = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(400)
    (tmp_path / "phone.heic").write_bytes(heic)
    (tmp_path / "cut.jpg").write_bytes(picture_bytes(600, 800)[:2000])
    written(tmp_path / "dot.png", Image.new("RGB", (1, 1)))
    written(tmp_path / "huge.png", Image.new("1", (9000, 9000)))
    written(tmp_path / "empty.png", Image.new("RGB", (200, 200), "white"))
    names = ["phone.heic", "cut.jpg", "dot.png", "huge.png", "absent.jpg", "empty.png"]
    call_command("identify", [str(tmp_path / name) for name in names], json=True)
    told = capsys.readouterr()
    assert [json.loads(line)["photo"] for line in told.out.splitlines()] == [str(tmp_path / "empty.png")]
    assert "phone.heic: This is a HEIC photo" in told.err
    assert "cut.jpg: The photo is damaged or cut off. Send it again." in told.err
    assert "dot.png: The photo is too small to show a card." in told.err
    assert "huge.png: The photo has 81 megapixels. At most 60 megapixels are accepted" in told.err
    assert "absent.jpg" in told.err
    with pytest.raises(CommandError, match="None of the photos"):
        call_command("identify", [str(tmp_path / "dot.png")])
