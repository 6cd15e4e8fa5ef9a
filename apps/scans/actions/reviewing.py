"""What the member makes of the cards that were found: chosen, corrected, dismissed, confirmed into the inventory."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable

import structlog
from django.core.files.storage import default_storage
from django.db import transaction

from apps.accounts.models import User
from apps.catalog.models import Variant
from apps.core import outbox
from apps.core.conditions import Condition
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.inventory import actions as inventory
from apps.inventory.models import InventoryItem, Movement
from apps.scans import states
from apps.scans.events import ScanConfirmed
from apps.scans.models import Correction, DetectedCard, Scan

log = structlog.get_logger()


class AlreadyKept(Conflict):
    """The card was confirmed before."""

    code, message = "ALREADY_KEPT", "This card is in the inventory already. Change it there."


@transaction.atomic
def choose(
    *,
    card: DetectedCard,
    by: User | None,
    variant: Variant | None = None,
    none_of_these: bool = False,
    condition: str = "",
    quantity: int | None = None,
    dismissed: bool | None = None,
) -> DetectedCard:
    """What the member makes of a detected card; a choice against the first candidate is kept as a correction.

    What is not named stays as it is. The caller has checked that the scan is the member's (see queries.card_for).
    Raises AlreadyKept once it is in the inventory, InvalidInput.
    """
    card = DetectedCard.objects.select_for_update(no_key=True).get(pk=card.pk)
    if card.state == DetectedCard.State.CONFIRMED:
        raise AlreadyKept(item_id=str(card.item_id or ""))
    if dismissed is not None:
        card.state = DetectedCard.State.DISMISSED if dismissed else DetectedCard.State.OPEN
    if variant is not None or none_of_these:
        card.variant = variant
        _note_correction(card, by)
    if condition:
        if condition not in Condition.values:
            raise InvalidInput("Choose one of the five conditions.", field="condition")
        card.condition = condition
    if quantity is not None:
        if not 1 <= quantity <= 999:
            raise InvalidInput("The quantity is a whole number from 1 to 999.", field="quantity")
        card.quantity = quantity
    card.save()
    return card


def _note_correction(card: DetectedCard, by: User | None) -> None:
    """Keep what was chosen against the engines' first candidate; agreeing with it takes the note back."""
    proposed = card.candidates.order_by("rank").values_list("variant", flat=True).first()
    if proposed == card.variant_id:
        Correction.objects.filter(card=card).delete()
        return
    told = {"proposed_id": proposed, "chosen_id": card.variant_id, "by": by}
    Correction.objects.update_or_create(card=card, defaults=told)


@transaction.atomic
def confirm(*, scan: Scan, by: User, cards: Iterable[uuid.UUID] | None = None) -> list[InventoryItem]:
    """Put chosen cards into the inventory; equal ones become one item. Cards without a choice stay open.

    Safe to repeat: a confirmed card is not added twice. Raises NotYours, Conflict. Emits scan.confirmed.
    """
    scan = Scan.objects.select_for_update(no_key=True).get(pk=scan.pk)
    if scan.owner_id != by.pk:
        raise NotYours
    confirmed = states.after(scan.state, "confirm")
    rows = DetectedCard.objects.select_for_update(of=("self",), no_key=True).filter(
        photo__scan=scan, state=DetectedCard.State.OPEN, variant__isnull=False
    )
    if cards is not None:
        rows = rows.filter(pk__in=list(cards))
    chosen = sorted(rows.select_related("variant"), key=lambda c: (str(c.variant_id), c.condition, c.pk))
    items = []
    for (_, condition), group in itertools.groupby(chosen, key=lambda c: (str(c.variant_id), c.condition)):
        items.append(_add_group(scan, list(group), condition, by))
    still_open = DetectedCard.objects.filter(photo__scan=scan, state=DetectedCard.State.OPEN).exists()
    if not still_open:
        scan.state = confirmed
        scan.save(update_fields=["state"])
    if items:
        outbox.emit(ScanConfirmed(scan_id=scan.pk, items=len(items)))
    return items


def _add_group(scan: Scan, group: list[DetectedCard], condition: str, by: User) -> InventoryItem:
    first = group[0]
    best = first.candidates.filter(variant=first.variant_id).first()
    item = inventory.add_item(
        owner=by,
        variant=first.variant,
        by=by,
        condition=condition,
        quantity=sum(card.quantity for card in group),
        kind=Movement.Kind.SCANNED,
        cause=f"scan-card:{first.pk}",
        provenance={
            "from": "scan",
            "scan_id": str(scan.pk),
            "card_ids": [str(card.pk) for card in group],
            "probability": round(best.probability, 4) if best else None,
            "engines": scan.engine_versions,
            **({"grading": first.grading} if first.grading and len(group) == 1 else {}),
        },
    )
    if item.quantity == sum(card.quantity for card in group):  # a new item, not one that grew
        for card in group[: inventory.MOST_PHOTOS]:
            _attach_crop(item, card, by)
    DetectedCard.objects.filter(pk__in=[card.pk for card in group]).update(
        state=DetectedCard.State.CONFIRMED, item=item
    )
    return item


def _attach_crop(item: InventoryItem, card: DetectedCard, by: User) -> None:
    """The card as photographed becomes a photo of the item; a picture that storage has lost keeps nobody from it."""
    if not card.crop:
        return
    try:
        with default_storage.open(card.crop) as file:
            inventory.attach_photo(item=item, upload=file, by=by)
    except FileNotFoundError:
        log.warning("scan.crop_missing", card=str(card.pk))
