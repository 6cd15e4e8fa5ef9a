"""Whatever is sent is answered clearly, on the site, over REST and by `identify`, and no wrong card with confidence."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from PIL import Image

from apps.catalog import images as catalog_images
from apps.scans import actions
from apps.scans.models import DetectedCard, Scan
from ml.generate import light
from ml.oddities import BACK, PLAYING_CARD, SCREEN, SCREENSHOT
from ml.photo import UnreadablePhoto, decoded
from tests.factories import make_product, make_variant
from tests.ml.drawing import DrawnCard, drawn, placed, rectangle, table
from tests.odd_pictures import (
    UNUSABLE,
    USABLE,
    card_back,
    huge_png,
    of_pixels,
    on_a_screen,
    page_with,
    playing_card,
)

pytestmark = pytest.mark.django_db

FOX = DrawnCard(art=201, name="Ember Fox", number="002/159")


def file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/jpeg")


@pytest.mark.parametrize("name", UNUSABLE)
def test_the_site_says_what_it_is_and_keeps_nothing(client, name, queued):
    content, said = UNUSABLE[name]
    page = client.post(reverse("scan-new"), {"photos": file(name, content)})
    assert page.status_code == 422
    # as text: the page escapes what a reader sees as an apostrophe
    assert said.replace("'", "&#x27;") in page.content.decode()
    assert not Scan.objects.exists()


@pytest.mark.parametrize("name", UNUSABLE)
def test_rest_says_the_same(api, member, name, queued):
    content, said = UNUSABLE[name]
    api.force_authenticate(member)
    answer = api.post(reverse("api-scans"), {"photos": [file(name, content)]}, format="multipart")
    assert answer.status_code in (413, 415)
    error = answer.json()["error"]
    assert error["code"] in ("TOO_LARGE", "UNSUPPORTED_TYPE")
    assert said in error["message"]


@pytest.mark.parametrize("name", UNUSABLE)
def test_recognition_says_the_same_of_files_that_it_reads_itself(name):
    content, said = UNUSABLE[name]
    with pytest.raises(UnreadablePhoto) as refused:
        decoded(content)
    assert said in str(refused.value)


def test_identify_says_it_with_the_files_name_and_does_not_trace_back(tmp_path, capsys):
    names = ["phone.heic", "huge.png", "moving.webp"]
    for name in names:
        (tmp_path / name).write_bytes(UNUSABLE[name][0])
    with pytest.raises(CommandError, match="None of the photos"):
        call_command("identify", [str(tmp_path / name) for name in names])
    told = capsys.readouterr().err
    assert all(f"{name}: " in told and UNUSABLE[name][1] in told for name in names)


@pytest.mark.parametrize("pixels", [(20_000, 10_000), (12_000, 6_000)])
def test_many_megapixels_are_refused_before_they_are_unpacked(pixels):
    with pytest.raises(UnreadablePhoto, match="choose a smaller size"):
        decoded(huge_png(*pixels))


@pytest.mark.parametrize("name", USABLE)
def test_uncommon_pictures_are_taken_by_the_site_as_by_recognition(member, queued, name):
    scan = actions.start_scan(uploads=[file(name, USABLE[name])], owner=member)
    assert scan.refused == []
    assert (scan.photos.get().width, scan.photos.get().height) == (80, 120)
    assert decoded(USABLE[name]).shape == (120, 80, 3)


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("deep.png", (233, 78, 156)),
        ("grey16.png", (156, 156, 156)),
        ("inks.jpg", (255, 0, 255)),
        ("two-in-one.jpg", (255, 0, 0)),
    ],
)
def test_their_colours_are_those_that_were_meant(name, colour):
    middle = decoded(USABLE[name])[60, 40].astype(int)
    assert np.abs(middle - colour).max() < 12


class TestOtherThings:
    """Pictures of something else go through the real engines: a sentence each, and never a decided card."""

    @pytest.fixture
    def known(self):
        """Pixels of a card that the catalogue knows, as the reference shows it."""
        return drawn(FOX)

    @pytest.fixture
    def catalogue(self, known, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path / "media"
        product = make_variant(make_product("Ember Fox", number="2")).product
        content = io.BytesIO()
        Image.fromarray(known).save(content, "PNG")
        catalog_images.store_reference(product, content.getvalue())
        call_command("index_images", verbosity=0)
        return product

    def pictures(self, known):
        lying = table(600, 720, (96, 82, 70))
        playing, back = lying.copy(), lying.copy()
        placed(playing, playing_card(), rectangle(300, 360, 330, 3))
        placed(back, card_back(), rectangle(300, 360, 330, 3))
        grain = np.random.default_rng(3)
        return {
            "playing card": (light.noise(playing, grain, sigma=2.0), PLAYING_CARD.message),
            "back": (light.noise(back, grain, sigma=2.0), BACK.message),
            "screenshot": (page_with(known), SCREENSHOT.message),
            "screen": (on_a_screen(page_with(known)), SCREEN.message),
        }

    def test_identify_never_decides_and_says_why(self, catalogue, known, tmp_path, capsys):
        for name, (picture, said) in self.pictures(known).items():
            path = tmp_path / f"{name}.jpg"
            path.write_bytes(of_pixels(picture))
            call_command("identify", [str(path)], json=True)
            cards = json.loads(capsys.readouterr().out)["cards"]
            assert not any(card["decided"] for card in cards), name
            assert cards, name
            assert said in cards[0]["warnings"], name

    def test_the_review_and_rest_show_the_sentence(self, catalogue, known, client, api, member, queued):
        picture, said = self.pictures(known)["playing card"]
        scan = actions.start_scan(uploads=[file("table.jpg", of_pixels(picture))], owner=member)
        actions.process_photo(photo_id=scan.photos.get().pk)
        card = DetectedCard.objects.get()
        assert (card.decided, card.variant) == (False, None)
        client.force_login(member)
        assert said in client.get(reverse("scan", args=[scan.pk])).content.decode()
        api.force_authenticate(member)
        (photo,) = api.get(reverse("api-scan", args=[scan.pk])).json()["photos"]
        assert said in photo["cards"][0]["warnings"]

    def test_nothing_at_all_is_said_to_be_nothing(self, catalogue, client, member, queued):
        empty = light.noise(table(600, 720, (120, 110, 96)), np.random.default_rng(4), sigma=2.0)
        scan = actions.start_scan(uploads=[file("table.jpg", of_pixels(empty))], owner=member)
        actions.process_photo(photo_id=scan.photos.get().pk)
        client.force_login(member)
        page = client.get(reverse("scan", args=[scan.pk])).content.decode()
        assert "No card was found" in page
