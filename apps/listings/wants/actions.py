"""Writes: lists, the lines put on them, repairs, haves, and what becomes of wants when cards are matched or bought."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Product
from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.inventory.models import InventoryItem
from apps.listings.models import Listing
from apps.listings.wants import matching
from apps.listings.wants.drafts import MOST_COPIES, drafts_of, take_any_printing
from apps.listings.wants.events import HaveMarked, WantMatched, WantsChanged
from apps.listings.wants.models import Have, Want, WantedCard, WantList

MOST_LISTS = 50
MOST_WANTS = 2000
"""On one list."""
_State = Want.State


def make_list(*, by: User, name: str, is_public: bool = False) -> WantList:
    """Begin a list. Raises InvalidInput (no name), Conflict (the name is taken, or there are too many lists)."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60:
        raise InvalidInput("A list has a name of 1 to 60 characters.", field="name")
    if WantList.objects.filter(owner=by).count() >= MOST_LISTS:
        raise Conflict(f"You have {MOST_LISTS} lists; that is the most.")
    try:
        with transaction.atomic():
            return WantList.objects.create(owner=by, name=name, is_public=is_public)
    except IntegrityError:
        raise Conflict("You have a list of this name.", field="name") from None


@transaction.atomic
def set_public(*, wanted: WantList, is_public: bool, by: User) -> WantList:
    """Let other members see the list, or not. Raises NotYours."""
    wanted = _locked(wanted, by)
    wanted.is_public = is_public
    wanted.save(update_fields=["is_public"])
    return wanted


@transaction.atomic
def delete_list(*, wanted: WantList, by: User) -> None:
    """Remove the list with its wants. Raises NotYours."""
    _locked(wanted, by).delete()


@transaction.atomic
def add_lines(
    *,
    wanted: WantList,
    text: str,
    by: User,
    conditions: Sequence[str] = (),
    languages: Sequence[str] = (),
    finishes: Sequence[str] = (),
    most_minor: int | None = None,
    any_printing: bool = False,
) -> list[Want]:
    """Put a pasted or exported list onto a list of wants; what is accepted holds for all its lines.

    A line whose card is not certain is kept, to be repaired; one that wants the same as an earlier one raises that.
    most_minor: in the member's own currency. any_printing: a line that names no set takes every card of its name, later ones too.
    Raises NotYours, InvalidInput (nothing in it, too many). Emits wants.changed.
    """
    wanted = _locked(wanted, by)
    drafts = drafts_of(
        text, most=MOST_WANTS - wanted.wants.count(), conditions=conditions, languages=languages, finishes=finishes,
        most_minor=most_minor,
    )  # fmt: skip
    if any_printing:
        take_any_printing(drafts)
    before = _same_as_before(wanted)
    kept: list[Want] = []
    cards: list[WantedCard] = []
    for draft in drafts:
        want = draft.want
        want.list, want.owner_id, want.currency = wanted, wanted.owner_id, by.currency
        earlier = before.get(_key(want, draft.cards)) if want.state == _State.OPEN else None
        if earlier is not None:
            earlier.quantity = min(earlier.quantity + want.quantity, MOST_COPIES)
            kept.append(earlier)
            continue
        kept.append(want)
        cards += [WantedCard(want=want, product_id=card) for card in draft.cards]
        if want.state == _State.OPEN:
            before[_key(want, draft.cards)] = want
    made = list({want.pk: want for want in kept if want._state.adding}.values())
    Want.objects.bulk_create(made)
    Want.objects.bulk_update({w.pk: w for w in kept if w not in made}.values(), ["quantity"])
    WantedCard.objects.bulk_create(cards)
    outbox.emit(WantsChanged(list_id=wanted.pk))
    return kept


def _key(want: Want, cards: Collection[UUID]) -> tuple[object, ...]:
    asked = (want.conditions, want.languages, want.finishes)
    return (frozenset(cards), want.any_name, *(tuple(sorted(each)) for each in asked), want.most_minor, want.currency)


def _same_as_before(wanted: WantList) -> dict[tuple[object, ...], Want]:
    rows = wanted.wants.filter(state=_State.OPEN).prefetch_related("cards")
    return {_key(want, [card.product_id for card in want.cards.all()]): want for want in rows}


@transaction.atomic
def pick_cards(*, want: Want, products: Collection[UUID], by: User) -> Want:
    """Say which cards an unclear line means: one of those shown, several, or another. Raises NotYours, InvalidInput.

    Emits wants.changed.
    """
    want = _locked_want(want, by)
    known = list(Product.objects.filter(pk__in=set(products)).values_list("pk", flat=True))
    if not known or len(known) != len(set(products)) or len(known) > matching.MOST_CARDS:
        raise InvalidInput("Choose at least one of the cards.", field="card")
    want.cards.exclude(product__in=known).delete()
    WantedCard.objects.bulk_create([WantedCard(want=want, product_id=pk) for pk in known], ignore_conflicts=True)
    want.matches.all().delete()
    want.state, want.reason, want.any_name, want.any_category = _State.OPEN, "", "", None
    want.save(update_fields=["state", "reason", "any_name", "any_category"])
    outbox.emit(WantsChanged(list_id=want.list_id))
    return want


@transaction.atomic
def change_want(
    *, want: Want, by: User, quantity: int, most_minor: int | None, any_printing: bool | None = None
) -> Want:
    """Change copies, the most that is paid, and whether any printing will do (None: as before).

    Any printing: every card of the name in its category, with those that are printed later. No longer any: the cards
    that are known by then stay, and can be picked from. Raises NotYours, InvalidInput. Emits wants.changed.
    """
    want = _locked_want(want, by)
    if not 1 <= quantity <= MOST_COPIES:
        raise InvalidInput(f"Between 1 and {MOST_COPIES} copies.", field="quantity")
    if most_minor is not None and most_minor < 1:
        raise InvalidInput("The most you pay is more than nothing.", field="most")
    want.quantity, want.most_minor = quantity, most_minor
    if want.state == _State.DONE:
        want.state = _State.OPEN
    if any_printing is not None and any_printing != want.takes_any_printing:
        _set_any_printing(want, any_printing)
    want.save(update_fields=["quantity", "most_minor", "state", "any_name", "any_category"])
    outbox.emit(WantsChanged(list_id=want.list_id))
    return want


def _set_any_printing(want: Want, any_printing: bool) -> None:
    if not any_printing:
        want.any_name, want.any_category = "", None
        return
    card = want.cards.select_related("product__category").order_by("pk").first()
    if card is None or want.state != _State.OPEN:
        raise InvalidInput("First say which card it is.", field="any_printing")
    want.any_name, want.any_category = card.product.name, card.product.category
    known = Product.objects.filter(category=want.any_category, name=want.any_name).values_list("pk", flat=True)
    WantedCard.objects.bulk_create([WantedCard(want=want, product_id=pk) for pk in known], ignore_conflicts=True)


@transaction.atomic
def set_told(*, want: Want, is_told: bool, by: User) -> Want:
    """Be told of new matches of a want, or not. Raises NotYours."""
    want = _locked_want(want, by)
    want.is_told = is_told
    want.save(update_fields=["is_told"])
    return want


@transaction.atomic
def remove_want(*, want: Want, by: User) -> None:
    """Take a line off its list. Raises NotYours."""
    _locked_want(want, by).delete()


@transaction.atomic
def set_have(*, item: InventoryItem, for_trade: bool, by: User) -> None:
    """Mark an item as one that may be traded for, or no longer. Raises NotYours. Emits wants.have_marked."""
    if item.owner_id != by.pk:
        raise NotYours
    if not for_trade:
        Have.objects.filter(item=item).delete()
        return
    _, made = Have.objects.get_or_create(item=item, defaults={"owner": by, "since": timezone.now()})
    if made:
        outbox.emit(HaveMarked(item_id=item.pk))


@transaction.atomic
def look_for_matches(
    *,
    listing_ids: Collection[UUID] = (),
    item_ids: Collection[UUID] = (),
    list_ids: Collection[UUID] = (),
    at: dt.datetime | None = None,
) -> int:
    """Match what is new in one set; how many matches are new. Each is told once. Emits wants.matched, one for each want."""
    found = matching.new_matches(at=at or timezone.now(), listing_ids=listing_ids, item_ids=item_ids, list_ids=list_ids)
    by_want: dict[UUID, list[UUID | None]] = defaultdict(list)
    for want_id, listing_id in found:
        by_want[want_id].append(listing_id)
    listings = Listing.objects.in_bulk({listing_id for _, listing_id in found if listing_id})
    owners = dict(Want.objects.filter(pk__in=by_want).values_list("pk", "owner_id"))
    events = []
    for want_id, ids in by_want.items():
        offers = [listings[each] for each in ids if each in listings]
        best = min(offers, key=lambda each: (each.price_minor, each.pk), default=None)
        events.append(
            WantMatched(
                owner_id=owners[want_id],
                want_id=want_id,
                found=len(ids),
                listing_id=best.pk if best else None,
                price_minor=best.price_minor if best else None,
                currency=best.currency if best else "",
            )
        )
    if events:
        outbox.emit_all(events)
    return len(found)


@transaction.atomic
def bought(*, owner: User, copies: Sequence[tuple[UUID, str, str, str, int]]) -> None:
    """Tick wants down by what their owner bought: (product, condition, language, finish, how many), oldest wants first.

    A copy ticks one want only. To be called once for a purchase.
    """
    open_wants = list(
        Want.objects.select_for_update(no_key=True)
        .filter(owner=owner, state=_State.OPEN, pk__in=_wanting({each[0] for each in copies}))
        .prefetch_related("cards")
        .order_by("created_at", "pk")
    )
    for product_id, condition, language, finish, count in copies:
        left = count
        for want in open_wants:
            if left and want.state == _State.OPEN and _does(want, product_id, condition, language, finish):
                taken = min(left, want.quantity)
                left -= taken
                want.quantity -= taken
                want.state = _State.DONE if want.quantity == 0 else _State.OPEN
    Want.objects.bulk_update(open_wants, ["quantity", "state"])


def _wanting(products: Collection[UUID]) -> object:
    return WantedCard.objects.filter(product__in=products).values("want")


def _does(want: Want, product_id: UUID, condition: str, language: str, finish: str) -> bool:
    return (
        any(card.product_id == product_id for card in want.cards.all())
        and (not want.conditions or condition in want.conditions)
        and (not want.languages or language in want.languages)
        and (not want.finishes or finish in want.finishes)
    )


def _locked(wanted: WantList, by: User) -> WantList:
    found = WantList.objects.select_for_update(no_key=True).filter(pk=wanted.pk).first()
    if found is None:
        raise NotFound("This list is gone.")
    if found.owner_id != by.pk:
        raise NotYours
    return found


def _locked_want(want: Want, by: User) -> Want:
    found = Want.objects.select_for_update(no_key=True).filter(pk=want.pk).first()
    if found is None:
        raise NotFound("This line is gone.")
    if found.owner_id != by.pk:
        raise NotYours
    return found
