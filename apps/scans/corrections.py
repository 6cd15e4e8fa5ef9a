"""What members confirmed, as training data: for each card its straightened picture and what it is. Written by
`export_corrections`, read by `ml/train/corrections.py`.

Nothing of a person goes out: only the card itself is pictured, drawn anew from its pixels, and the record names the card.
Only cards of members who said that their photos may improve recognition; whoever takes that back is gone from the next
export. Visitors' scans are left out, and everything where the operator has not turned it on.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import default_storage
from django.db.models import OuterRef, Q, QuerySet, Subquery
from PIL import Image, UnidentifiedImageError

from apps.accounts.consent.queries import agreed
from apps.accounts.consent.texts import Purpose
from apps.catalog.models import Variant
from apps.scans.models import Candidate, DetectedCard
from apps.scans.references import ml_game

LISTING = "corrections.jsonl"
PICTURES = "cards"


@dataclass(frozen=True)
class Exported:
    """What an export wrote. removed: pictures of an earlier export whose card is no longer to be trained on."""

    cards: int
    disputed: int
    without_picture: int
    removed: int


def usable() -> QuerySet[DetectedCard]:
    """Members' cards whose truth is known: in the inventory, or said to be none of the candidates."""
    first = Candidate.objects.filter(card=OuterRef("pk"), rank=0).values("variant")[:1]
    known = Q(state=DetectedCard.State.CONFIRMED, variant__isnull=False)
    none_of_these = Q(state=DetectedCard.State.OPEN, correction__isnull=False, correction__chosen__isnull=True)
    return (
        DetectedCard.objects.filter(known | none_of_these, agreed(path="photo__scan__owner", purpose=Purpose.PHOTOS))
        .exclude(crop="")
        .annotate(proposed=Subquery(first))
        .select_related("photo__scan", "variant__product__release", "variant__product__category")
        .order_by("pk")
    )


def export(folder: Path) -> Exported:
    """Write pictures and listing into a folder, so that it holds what may be trained on now and nothing else.

    A picture that an earlier export wrote stays as it is. The listing takes its place last. Raises OSError.
    """
    pictures = folder / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{LISTING}.new"
    written: set[str] = set()
    disputed = without_picture = 0
    with beside.open("w", encoding="utf-8") as listing:
        for card, record in _records():
            if not _write_picture(card, pictures / f"{card.pk}.jpg"):
                without_picture += 1
                continue
            written.add(f"{card.pk}.jpg")
            disputed += record["chosen"] != record["proposed"]
            listing.write(json.dumps(record, ensure_ascii=False) + "\n")
    beside.replace(folder / LISTING)
    old = [path for path in pictures.glob("*.jpg") if path.name not in written]
    for path in old:
        path.unlink()
    return Exported(len(written), disputed, without_picture, len(old))


def _records() -> Iterator[tuple[DetectedCard, dict[str, object]]]:
    """Each usable card with its line of the listing; a fixed number of queries per thousand cards."""
    rows = usable().iterator(chunk_size=1000)
    while batch := [card for card, _ in zip(rows, range(1000), strict=False)]:
        proposed = Variant.objects.select_related("product__release", "product__category").in_bulk(
            [card.proposed for card in batch if card.proposed]
        )
        for card in batch:
            yield card, _record(card, proposed.get(card.proposed))


def _record(card: DetectedCard, proposed: Variant | None) -> dict[str, object]:
    chosen = _printing(card.variant) if card.state == DetectedCard.State.CONFIRMED else None
    named = chosen or dict.fromkeys(("game", "set", "number", "name", "language"), "")
    return {
        "file": f"{PICTURES}/{card.pk}.jpg",
        "quad": card.quad,
        **named,
        "proposed": _printing(proposed) if proposed else None,
        "chosen": chosen,
        "decided": card.decided,
        "engine_versions": card.photo.engine_versions or card.photo.scan.engine_versions,
    }


def _printing(variant: Variant) -> dict[str, str]:
    """A printing as recognition's other lists name it."""
    product = variant.product
    return {
        "game": ml_game(product.category.game),
        "set": product.release.code,
        "number": product.number,
        "name": product.name,
        "language": variant.language,
    }


def _write_picture(card: DetectedCard, path: Path) -> bool:
    """The straightened card, drawn anew so that no byte but its pixels goes along; False where storage has lost it."""
    if path.exists():
        return True
    try:
        with default_storage.open(card.crop) as file, Image.open(file) as stored:
            pixels = stored.convert("RGB")
    except (OSError, UnidentifiedImageError):
        return False
    buffer = io.BytesIO()
    Image.frombytes("RGB", pixels.size, pixels.tobytes()).save(buffer, "JPEG", quality=92)
    path.write_bytes(buffer.getvalue())
    return True
