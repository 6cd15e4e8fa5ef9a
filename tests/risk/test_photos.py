"""Photographs of other members' listings: copies are found, other photographs of the same card are not."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from apps.core import outbox
from apps.inventory import actions as inventory
from apps.listings.models import Listing
from apps.risk.models import Assessment, PhotoPrint
from ml.sameness import likeness, looked_at
from tests.factories import make_item, make_listing, make_user, make_variant


def drawn(seed: int) -> np.ndarray:
    """A picture with as much to hold on to as a card: boxes, lines and letters."""
    dice = np.random.default_rng(seed)
    picture = np.full((560, 400, 3), dice.integers(90, 160, 3), np.uint8)
    for _ in range(90):
        x, y, w, h = (int(each) for each in dice.integers((0, 0, 5, 5), (380, 540, 90, 90)))
        colour = tuple(int(each) for each in dice.integers(0, 255, 3))
        cv2.rectangle(picture, (x, y), (x + w, y + h), colour, -1 if dice.random() < 0.5 else 2)
        cv2.putText(picture, chr(65 + int(dice.integers(26))), (x, y), 0, 0.7, colour[::-1], 2)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


def photographed(picture: np.ndarray, seed: int) -> np.ndarray:
    """Taken anew: light from another side, a little off, a little noise."""
    dice = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    moved = np.float32(corners + dice.uniform(-0.01, 0.01, (4, 2)) * [width, height])
    laid = cv2.warpPerspective(picture, cv2.getPerspectiveTransform(corners, moved), (width, height))
    light = np.linspace(dice.uniform(0.7, 0.85), dice.uniform(1.0, 1.15), width)[None, :, None]
    return np.clip(laid * light + dice.normal(0, 4, laid.shape), 0, 255).astype(np.uint8)


def stolen(picture: np.ndarray, *, cut: float = 0.1, quality: int = 40, mirrored: bool = False) -> np.ndarray:
    """Saved from the page: cut, made smaller, compressed again."""
    height, width = picture.shape[:2]
    top, left = int(height * cut), int(width * cut / 2)
    part = picture[top:, left : width - left]
    part = cv2.resize(part, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    part = cv2.imdecode(cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return np.ascontiguousarray(part[:, ::-1]) if mirrored else part


def test_a_copy_has_the_same_light_and_another_photograph_has_not():
    for seed in range(3):
        card = drawn(seed)
        photo = photographed(card, seed)
        mine = looked_at(photo)
        assert likeness(mine, looked_at(stolen(photo))).is_same
        assert likeness(looked_at(photo, mirrored=True), looked_at(stolen(photo, mirrored=True))).is_same
        assert not likeness(mine, looked_at(photographed(card, seed + 100))).is_same
        assert not likeness(mine, looked_at(drawn(seed + 50))).is_same


def test_a_picture_of_nothing_is_like_none():
    empty = looked_at(np.zeros((300, 200, 3), np.uint8))
    assert not likeness(empty, empty).is_same


def listed(owner, variant, picture: np.ndarray) -> Listing:
    item = make_item(owner, variant)
    content = ContentFile(cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    inventory.attach_photo(item=item, upload=io.BytesIO(content.read()), by=owner)
    made = make_listing(item=item)
    outbox.relay(limit=10_000)
    return Listing.objects.get(pk=made.pk)


@pytest.mark.django_db
def test_a_listing_with_anothers_photograph_waits(settings, tmp_path):
    settings.RISK_MODE = "on"
    settings.MEDIA_ROOT = tmp_path
    ada, variant = make_user("Ada"), make_variant()
    photo = photographed(drawn(1), 1)
    first = listed(ada, variant, photo)
    again = listed(ada, make_variant(variant.product, finish="foil"), stolen(photo))
    honest = listed(make_user(), variant, photographed(drawn(1), 2))
    assert {first.state, again.state, honest.state} == {"active"}  # one's own pictures are one's own
    thief = listed(make_user(), variant, stolen(photo, mirrored=True))
    assert (thief.state, thief.checked_since is not None) == ("paused", True)
    reason = Assessment.objects.get(subject_id=thief.pk).reasons.get(rule="photo-of-another")
    assert "Ada" in reason.words
    assert reason.evidence["mirrored"] is True
    assert PhotoPrint.objects.count() == 4


@pytest.mark.django_db
def test_a_photograph_that_comes_later_is_looked_at_too(settings, tmp_path):
    settings.RISK_MODE = "off"
    settings.MEDIA_ROOT = tmp_path
    variant = make_variant()
    photo = photographed(drawn(3), 3)
    listed(make_user(), variant, photo)
    settings.RISK_MODE = "on"
    call_command("print_photos")
    assert PhotoPrint.objects.count() == 1
    item = make_item(make_user(), variant)
    listing = make_listing(item=item)
    outbox.relay(limit=10_000)
    stream = io.BytesIO(cv2.imencode(".jpg", stolen(photo)[..., ::-1])[1].tobytes())
    inventory.attach_photo(item=item, upload=stream, by=item.owner)
    outbox.relay(limit=10_000)
    listing.refresh_from_db()
    assert listing.checked_since is not None
