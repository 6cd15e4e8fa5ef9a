"""Saved searches: kept by members, held against what is newly listed or repriced, all of them in one statement."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import Count
from django.http import QueryDict

from apps.accounts.models import User
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.core.money import Money
from apps.listings.models import SavedSearch
from apps.listings.search.asking import FACETS, Wanted, wanted_from
from apps.listings.search.conditions import resolved
from apps.listings.search.facets import label_of
from apps.listings.search.meaning import Meaning, meaning_of

MOST_SEARCHES = 100


@dataclass(frozen=True)
class Hit:
    """New listings that one saved search was told of: how many, and the cheapest of them."""

    search_id: uuid.UUID
    owner_id: uuid.UUID
    search: str
    listings: int
    listing_id: uuid.UUID
    variant_id: uuid.UUID
    condition: str
    price: Decimal
    currency: str
    card: str


def save_search(*, by: User, wanted: Wanted, name: str = "", is_on: bool = True) -> SavedSearch:
    """Keep a search and be told of what is newly listed for it.

    Raises InvalidInput (nothing is asked for, or no card is known by these words), Conflict (kept already, too many).
    """
    wanted = replace(resolved(wanted), after=None)
    if not wanted.text and not wanted.is_narrowed:
        raise InvalidInput("Search for something first: everything new would be told.", field="q")
    meaning = meaning_of(wanted.text)
    words, sellers = _written_out(wanted, meaning)
    name = (name.strip() or _name_of(wanted))[:80]
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)  # one at a time for a member
        if by.saved_searches.count() >= MOST_SEARCHES:
            raise Conflict(f"You keep {MOST_SEARCHES} searches already. Delete one first.")
        question = wanted.query()
        if len(question) > 2000:
            raise InvalidInput("This search has too many choices to be kept.", field="q")
        try:
            with transaction.atomic():
                return SavedSearch.objects.create(
                    owner=by,
                    name=name,
                    question=question,
                    country=wanted.country,
                    words=words,
                    sellers=sellers,
                    tags=list(wanted.tags.values()),
                    least_minor=wanted.least_minor,
                    most_minor=wanted.most_minor,
                    is_on=is_on,
                )
        except IntegrityError as error:
            if "saved_search_once" not in str(error):
                raise
            raise Conflict("You keep this very search already.") from None


def _written_out(wanted: Wanted, meaning: Meaning) -> tuple[str, list[uuid.UUID]]:
    """What the text means, as it is held against new listings: a full-text condition, and sellers."""
    if not wanted.text:
        return "", []
    if meaning.ranks == {}:
        if meaning.or_sellers:
            return "", meaning.or_sellers
        raise InvalidInput("No card and no seller is known by these words.", field="q")
    return meaning.understood.tsquery, meaning.sellers


def _name_of(wanted: Wanted) -> str:
    """The words, the choices but for those that only the database can name, and the price."""
    chosen = [label_of(name, value) for name, values in wanted.facets.items() if name != "set" for value in values]
    least, most = (str(Money(minor or 0)) for minor in (wanted.least_minor, wanted.most_minor))
    price = {(True, True): f"{least} to {most}", (True, False): f"from {least}", (False, True): f"up to {most}"}
    said = price.get((wanted.least_minor is not None, wanted.most_minor is not None), "")
    return " · ".join(filter(None, [wanted.text, ", ".join(chosen), said])) or "Saved search"


@transaction.atomic
def set_search_on(*, search: SavedSearch, on: bool, by: User) -> SavedSearch:
    """Be told of new listings, or not for now. Raises NotYours."""
    if search.owner_id != by.pk:
        raise NotYours
    search.is_on = on
    search.save(update_fields=["is_on"])
    return search


@transaction.atomic
def delete_search(*, search: SavedSearch, by: User) -> None:
    """Forget a search. Raises NotYours."""
    if search.owner_id != by.pk:
        raise NotYours
    search.delete()


def own_search(*, owner: User, pk: uuid.UUID) -> SavedSearch:
    """One search of the member. Raises NotFound for others', so that ids tell nothing."""
    found = SavedSearch.objects.filter(owner=owner, pk=pk).annotate(found=Count("hits")).first()
    if found is None:
        raise NotFound("This is not one of your searches.")
    return found


def searches_of(*, owner: User) -> list[SavedSearch]:
    """The member's searches, newest first, with how many listings each was told of (`found`); one query."""
    return list(
        SavedSearch.objects.filter(owner=owner).annotate(found=Count("hits")).order_by("-created_at")[:MOST_SEARCHES]
    )


def asked_by(search: SavedSearch) -> Wanted:
    """What a kept search asks."""
    return wanted_from(QueryDict(search.question), country=search.country)


_PRICE_FITS = """(w.least_minor is null or s.{price} >= w.least_minor) and (w.most_minor is null or s.{price} <= w.most_minor)
    and not exists (select 1 from jsonb_array_elements(w.tags) as chosen
        where not s.{tags} && array(select jsonb_array_elements_text(chosen))::varchar[])"""

# Of what was repriced: its tags at the price before. What fitted a search before is nothing new for it.
_MATCH = f"""
with fresh as (
    select s.*, p.search, p.name, i.condition, t.was_minor, array(
        select case left(tag, 2) when 'p:' then 'p:' || listings_price_band(t.was_minor)
            when 'd:' then 'd:' || listings_verdict(t.was_minor, s.fair_minor, s.low_minor, s.high_minor) else tag end
        from unnest(s.tags) tag)::varchar[] as was_tags
    from unnest(%(listings)s::uuid[], %(was)s::bigint[]) as t (id, was_minor)
    join listings_searchrow s on s.listing_id = t.id
    join catalog_product p on p.id = s.product_id
    join listings_listing l on l.id = s.listing_id
    join inventory_inventoryitem i on i.id = l.item_id),
hit as (
    insert into listings_searchhit (search_id, listing_id, at)
    select w.id, s.listing_id, %(at)s from fresh s join listings_savedsearch w on
        w.is_on and w.owner_id <> s.seller_id
        and (w.words = '' or s.search @@ to_tsquery('simple', w.words))
        and (cardinality(w.sellers) = 0 or s.seller_id = any(w.sellers))
        and {_PRICE_FITS.format(price="price_minor", tags="tags")}
        and not (s.was_minor is not null and {_PRICE_FITS.format(price="was_minor", tags="was_tags")})
    order by w.id, s.listing_id
    on conflict (search_id, listing_id) do nothing
    returning search_id, listing_id)
select distinct on (w.id) w.id, w.owner_id, w.name, count(*) over (partition by w.id), s.listing_id, s.variant_id, s.condition,
       s.price_minor, s.currency, s.name
from hit h join fresh s on s.listing_id = h.listing_id join listings_savedsearch w on w.id = h.search_id
order by w.id, s.price_minor, s.listing_id
"""  # noqa: S608 - composed of constants


@transaction.atomic
def new_for_searches(
    *, listing_ids: Iterable[uuid.UUID] = (), repriced: Mapping[uuid.UUID, int] | None = None, at: dt.datetime
) -> list[Hit]:
    """Hold listings against every search that is on; each search is told once of a listing, and never of its owner's own.

    listing_ids: new ones. repriced: their prices before; they are told where they fit now and did not then. Safe to repeat:
    what was told before is left out. Raises nothing.
    """
    was: dict[uuid.UUID, int | None] = {**(repriced or {}), **dict.fromkeys(listing_ids)}
    if not was:
        return []
    ids = sorted(was)
    with connection.cursor() as cursor:
        cursor.execute(_MATCH, {"listings": ids, "was": [was[pk] for pk in ids], "at": at})
        return [
            Hit(*row[:7], Money(minor, currency).decimal, currency, card)
            for *row, minor, currency, card in cursor.fetchall()
        ]


def facets_in_words(search: SavedSearch) -> str:
    """Which facets a search has chosen, by their labels."""
    asked = asked_by(search)
    return ", ".join(FACETS[name][1] for name in asked.facets)
