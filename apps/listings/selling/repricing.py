"""Repricing many listings: a rule proposes, the seller looks, applies, and may take it back. Sets, no loops of queries."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import asdict

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.core.outbox import emit_all
from apps.listings.events import ListingChanged
from apps.listings.photos import needs_photo
from apps.listings.queries import picture_of
from apps.listings.selling.models import RepricedListing, Repricing
from apps.listings.selling.pricing import PriceRule, price_by

MOST_LISTINGS = 20_000

# The lowest offer of the same printing in the same state by somebody else: never one's own.
_STANDING = """
select l.id, l.price_minor, l.currency, i.grade is not null,
    exists (select from inventory_itemphoto f where f.item_id = i.id), listings_minor(w.value, w.currency), (
    select min(o.price_minor) from listings_searchrow s join listings_listing o on o.id = s.listing_id
    join inventory_inventoryitem c on c.id = o.item_id
    where s.variant_id = i.variant_id and s.seller_id <> l.seller_id and s.currency = l.currency
      and (c.condition, c.grade_company, c.grade) is not distinct from (i.condition, i.grade_company, i.grade))
from listings_listing l join inventory_inventoryitem i on i.id = l.item_id
left join valuations_currentprice w on w.variant_id = i.variant_id and w.currency = l.currency
    and w.condition = listings_state(i.condition, i.grade_company, i.grade)
where l.seller_id = %(seller)s and l.state in ('active', 'paused', 'away') and (%(all)s or l.id = any(%(ids)s::uuid[]))
order by l.id limit %(most)s
"""


@transaction.atomic
def propose(*, by: User, rule: PriceRule, listing_ids: Iterable[uuid.UUID] | None = None) -> Repricing:
    """New prices for these listings of the seller, or for all open ones; nothing changes yet.

    Raises InvalidInput (the rule says why), Conflict (no price would change).
    """
    if wrong := rule.wrong():
        raise InvalidInput(wrong, field="kind")
    ids = None if listing_ids is None else sorted(set(listing_ids))
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"seller": by.pk, "all": ids is None, "ids": ids or [], "most": MOST_LISTINGS})
        standing = cursor.fetchall()
    repricing = Repricing.objects.create(seller=by, rule=asdict(rule))
    lines = [
        RepricedListing(repricing=repricing, listing_id=pk, old_minor=old, new_minor=new)
        for pk, old, currency, is_graded, has_photo, fair, lowest in standing
        if (new := price_by(rule, fair_minor=fair, lowest_minor=lowest)) is not None
        and new != old
        and (has_photo or not _becomes_dear(old, new, currency, is_graded=is_graded))
    ]
    if not lines:
        raise Conflict("No price would change by this rule.")
    RepricedListing.objects.bulk_create(lines, batch_size=2000)
    return repricing


def _becomes_dear(old: int, new: int, currency: str, *, is_graded: bool) -> bool:
    """Whether only the new price asks for a photo. Such a listing waits for one, at the price that it has."""
    now, then = (needs_photo(is_graded=is_graded, price_minor=minor, currency=currency) for minor in (new, old))
    return now and not then


# A price that was changed since it was looked at stays as its seller has set it.
_APPLY = """
with locked as (
    select l.id, r.id as line, r.new_minor, r.old_minor
    from listings_repricedlisting r join listings_listing l on l.id = r.listing_id
    where r.repricing_id = %(repricing)s and l.seller_id = %(seller)s and l.state in ('active', 'paused', 'away')
      and {which} order by l.id for no key update of l),
marked as (update listings_repricedlisting r set is_applied = {applied} from locked k where k.line = r.id)
update listings_listing l set price_minor = k.{price}, updated_at = %(at)s from locked k where k.id = l.id
returning l.id, k.{was}
"""


@transaction.atomic
def apply(*, repricing: Repricing, by: User) -> int:
    """Put the proposed prices on; how many listings changed. Prices changed meanwhile stay.

    Raises NotYours, Conflict (applied already). Emits listing.changed for each.
    """
    repricing = _locked(repricing, by)
    if repricing.applied_at:
        raise Conflict("These prices were applied already.")
    which = "l.price_minor = r.old_minor and not r.is_applied"
    return _put(repricing, by, which=which, price="new_minor", was="old_minor", applied="true", field="applied_at")


@transaction.atomic
def undo(*, repricing: Repricing, by: User) -> int:
    """Put the old prices back where the new ones still stand; how many listings changed.

    Raises NotYours, Conflict (not applied, or taken back already). Emits listing.changed for each.
    """
    repricing = _locked(repricing, by)
    if not repricing.applied_at or repricing.undone_at:
        raise Conflict("There is nothing to take back.")
    which = "l.price_minor = r.new_minor and r.is_applied"
    return _put(repricing, by, which=which, price="old_minor", was="new_minor", applied="false", field="undone_at")


def _put(repricing: Repricing, by: User, *, which: str, price: str, was: str, applied: str, field: str) -> int:
    at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _APPLY.format(which=which, price=price, was=was, applied=applied),
            {"repricing": repricing.pk, "seller": by.pk, "at": at},
        )
        changed = cursor.fetchall()
    setattr(repricing, field, at)
    repricing.save(update_fields=[field])
    emit_all([ListingChanged(listing_id=pk, seller_id=by.pk, was_minor=minor) for pk, minor in changed])
    audit.record(action=f"listings.repriced.{field}", target=repricing, by=by, before={}, after={"count": len(changed)})
    return len(changed)


def _locked(repricing: Repricing, by: User) -> Repricing:
    if repricing.seller_id != by.pk:
        raise NotYours
    return Repricing.objects.select_for_update(no_key=True).get(pk=repricing.pk)


def own_repricing(*, seller: User, pk: uuid.UUID) -> Repricing:
    """One repricing of the seller. Raises NotFound for everybody else."""
    found = Repricing.objects.filter(seller=seller, pk=pk).first()
    if found is None:
        raise NotFound("This is not one of your repricings.")
    return found


def lines_of(repricing: Repricing, *, limit: int, offset: int) -> list[RepricedListing]:
    """Old and new prices, the largest change first."""
    rows = repricing.lines.select_related("listing__item__variant__product__release")
    rows = rows.annotate(image_name=picture_of("listing__item__variant__product")).extra(
        order_by=["-change", "id"],
        select={"change": "abs(listings_repricedlisting.new_minor - listings_repricedlisting.old_minor)"},
    )
    return list(rows[offset : offset + limit])
