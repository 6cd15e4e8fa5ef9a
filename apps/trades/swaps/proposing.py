"""What every proposal needs, of two or of three: the limits, the lines at today's values, free copies, an address."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db.models import F, Q, Sum

from apps.accounts.models import User
from apps.accounts.restrictions.models import From
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.inventory import actions as inventory
from apps.inventory.models import InventoryItem
from apps.listings.models import Listing
from apps.trades.swaps import table
from apps.trades.swaps.models import Swap, SwapLine
from apps.trades.swaps.states import SwapState

KEPT_FROM = (From.OFFERS, From.BUYING)  # a swap is both: who is kept from either proposes and agrees to none


class TooManySwaps(Conflict):
    """A limit on proposals is reached."""

    code = "TOO_MANY_SWAPS"


class NotFree(Conflict):
    """Copies are promised or offered for sale."""

    code = "NOT_FREE"


def proposed_before(by: User, request_key: str) -> Swap | None:
    """The proposal of the same request, if there is one; the member's row is locked. Raises TooManySwaps."""
    User.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.pk)
    if request_key and (earlier := Swap.objects.filter(proposer=by, request_key=request_key).first()):
        return earlier
    most = settings.SWAPS["most_open"]
    if Swap.objects.filter(proposer=by, state=SwapState.PROPOSED).count() >= most:
        raise TooManySwaps(f"You have {most} open proposals, which is the most. Withdraw some, or wait for answers.")
    return None


def put_down(lines: Sequence[SwapLine]) -> None:
    """Write the lines of a new proposal. Raises NotFree."""
    for line in lines:
        if line.quantity > line.item.available:
            raise NotFree(f"Not enough free copies of {line.item.variant.product.name}.", item=str(line.item_id))
    check_unlisted(lines)
    SwapLine.objects.bulk_create(lines)


def lines_of(swap: Swap, giver: User, copies: Mapping[uuid.UUID, int]) -> list[SwapLine]:
    """The lines of one pile. Of the other side only what is marked for trade or was on the table before."""
    allowed = Q(owner=giver)
    if giver.pk != swap.proposer_id:
        before = SwapLine.objects.filter(swap=swap.answers_id, giver=giver).values("item")
        allowed &= Q(have__isnull=False) | Q(pk__in=before)
    items = InventoryItem.objects.filter(allowed, pk__in=list(copies)).select_related("variant__product").order_by("pk")
    found = list(items)
    if len(found) != len(copies):
        raise NotYours("A card of this pile is not there any more, or is not for trade.")
    if any(not 1 <= quantity <= inventory.MOST_COPIES for quantity in copies.values()):
        raise InvalidInput("At least one copy of each.", field="quantity")
    values = table.values_of(found, currency=swap.currency)
    return [
        SwapLine(
            swap=swap,
            giver=giver,
            item=item,
            quantity=copies[item.pk],
            condition_label=item.condition_label,
            **table.line_values(values.get(item.pk)),
        )
        for item in found
    ]


def check_unlisted(lines: Sequence[SwapLine]) -> None:
    """No copy stands in a listing and in a swap. Raises NotFree."""
    offered = dict(
        Listing.objects.filter(item__in=[line.item_id for line in lines], state__in=["active", "paused", "away"])
        .values("item")
        .annotate(copies=Sum("quantity"))
        .values_list("item", "copies")
    )
    copies = dict(InventoryItem.objects.filter(pk__in=offered).values_list("pk", F("quantity") - F("reserved")))
    for line in lines:
        asked = line.quantity if line._state.adding else 0  # once it is reserved it is not free any more
        if line.item_id in offered and offered[line.item_id] + asked > copies[line.item_id]:
            raise NotFree("A card of this swap is offered for sale. Its owner takes it off sale first.")
