"""What the tests of scans stand on: a media store of their own, photos, an engine that finds what it is told, scans."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.accounts.models import User
from apps.catalog.models import Variant
from apps.core import images
from apps.scans import engines
from apps.scans.models import Candidate, DetectedCard, Scan, ScanPhoto
from ml.grade.grading import Grading
from ml.types import Candidate as Found
from ml.types import CardResult, PhotoResult, Picture, Quad, Reading
from tests.factories import make_variant
from tests.scans.embedders import second_embedder, versions  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Files of one test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def photo_bytes(seed: int = 0, *, size: tuple[int, int] = (240, 320), kind: str = "JPEG", **options: object) -> bytes:
    """A photo unlike others of another seed."""
    pixels = np.random.default_rng(seed).integers(0, 255, (4, 3, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(buffer, kind, **options)
    return buffer.getvalue()


def upload(content: bytes | None = None, name: str = "cards.jpg", seed: int = 0) -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, photo_bytes(seed) if content is None else content, "image/jpeg")


def quad(x: float = 20, y: float = 20, width: float = 60, height: float = 84) -> Quad:
    """A card that lies straight."""
    return Quad(np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32))


@dataclass
class Engine:
    """Stands where the real engines stand: finds the printings that it is told, or fails as it is told."""

    found: list[tuple[Variant, float]] = field(default_factory=list)
    cards: int = 1
    decided: bool = True
    failures: list[Exception] = field(default_factory=list)
    looked: int = 0
    versions: dict[str, str] = field(default_factory=lambda: {"detector": "stand-in 1"})
    batches: list[int] = field(default_factory=list)
    grading: Grading | None = None

    def identify_many(self, pictures: list[Picture], games: list[str | None]) -> list[PhotoResult]:
        """Several at once: it fails where one of them does."""
        self.batches.append(len(pictures))
        return [self.identify(picture, game) for picture, game in zip(pictures, games, strict=True)]

    def identify(self, picture: Picture, game: str | None = None) -> PhotoResult:
        """Every card has the same candidates."""
        self.looked += 1
        if self.failures:
            raise self.failures.pop(0)
        candidates = tuple(
            Found(str(variant.product_id), probability, {"image": probability}, ("the picture agrees",))
            for variant, probability in self.found
        )
        cards = tuple(
            CardResult(
                quad(20 + 5 * i),
                0.9,
                candidates,
                Reading(number="4", name_text="Drake"),
                self.decided,
                0.0,
                4.0,
                grading=self.grading,
            )
            for i in range(self.cards)
        )
        height, width = picture.shape[:2]
        return PhotoResult(cards, {"detect": 0.1234567, "total": 0.2}, width, height, self.versions)


@pytest.fixture
def engine(monkeypatch) -> Engine:
    """The engines of this process, replaced by one that is told what to find."""
    stand_in = Engine()
    monkeypatch.setattr(engines, "pipeline_for", lambda scan: stand_in)
    return stand_in


@pytest.fixture
def queued(monkeypatch) -> Iterator[list[str]]:
    """What was given to the queue, instead of the queue."""
    from apps.scans import tasks

    sent: list[str] = []
    monkeypatch.setattr(tasks.process_photo, "apply_async", lambda arguments, **options: sent.extend(arguments))
    return sent


def make_scan(
    owner: User | None = None,
    *,
    cards: int = 1,
    photos: int = 1,
    state: str = Scan.State.REVIEW,
    variants: list[Variant] | None = None,
    decided: bool = True,
    candidates: int = 2,
    visitor_token: str = "",
) -> Scan:
    """A scan as the engines leave it, pictures included. `variants` are the candidates of every card, best first."""
    scan = Scan.objects.create(owner=owner, visitor_token=visitor_token, state=state)
    picture = Image.new("RGB", (240, 320), "white")
    for place in range(photos):
        stored = images.store(picture, folder="scans/2026/01")
        photo = ScanPhoto.objects.create(
            scan=scan, file=stored.name, original_name=f"photo {place + 1}.jpg", digest=f"{place:064}", width=240,
            height=320, position=place, done_at=scan.created_at, attempts=1,
        )  # fmt: skip
        for position in range(cards):
            shown = variants or [make_variant() for _ in range(candidates)]
            crop = images.store(picture.crop((0, 0, 60, 84)), folder=f"scans/cards/{photo.pk}")
            card = DetectedCard.objects.create(
                photo=photo,
                position=position,
                quad=quad().to_list(),
                crop=crop.name,
                decided=decided,
                variant=shown[0] if decided and shown else None,
            )
            Candidate.objects.bulk_create(
                Candidate(card=card, rank=rank, variant=variant, probability=0.9 / (rank + 1), reasons=["it agrees"])
                for rank, variant in enumerate(shown)
            )
    return scan


def cards_of(scan: Scan) -> list[DetectedCard]:
    """Its cards in order."""
    return list(DetectedCard.objects.filter(photo__scan=scan).order_by("photo__position", "position"))


def stored_files(media) -> list[str]:
    """What lies in the media store."""
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()) if media.exists() else []


Sent = Callable[..., object]
