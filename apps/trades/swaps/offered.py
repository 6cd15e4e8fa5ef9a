"""What feeds the matching: who would give which card to whom, out of wants, haves and fair values. Two statements."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from apps.accounts.models import User
from apps.core.money import Money
from apps.inventory.models import InventoryItem
from apps.listings.queries import picture_of
from apps.trades.swaps import table
from apps.trades.swaps.matching import Edge, Proposal, proposals
from apps.valuations.queries import Price

MOST_NEIGHBOURS = 60
"""Members on each side of whom rings are looked for: those with the most cards in common."""

# A want is met by one card of a giver, the dearest that will do. The matches themselves are kept up by the wants.
_EDGES = """
select distinct on (i.owner_id, w.owner_id, w.id) i.owner_id, w.owner_id, i.id, round(p.value * 100)::bigint
from wants_match m
join wants_want w on w.id = m.want_id and w.state = 'open'
join wants_have h on h.item_id = m.have_id
join inventory_inventoryitem i on i.id = h.item_id
join accounts_user g on g.id = i.owner_id and g.is_active
join accounts_user t on t.id = w.owner_id and t.is_active
join valuations_currentprice p on p.variant_id = i.variant_id and p.currency = 'USD'
 and p.condition = case when i.grade is null then i.condition else i.grade_company || ' ' || trim_scale(i.grade) end
where i.quantity > i.reserved + coalesce((select sum(l.quantity) from listings_listing l
                                          where l.item_id = i.id and l.state in ('active', 'paused', 'away')), 0)
and (w.most_minor is null or (w.currency = 'USD' and w.most_minor >= p.value * 100))
and not exists (select from accounts_block b
                where (b.owner_id, b.other_id) in ((i.owner_id, w.owner_id), (w.owner_id, i.owner_id)))
"""
_ORDER = " order by i.owner_id, w.owner_id, w.id, p.value desc, i.id"


@dataclass(frozen=True)
class Shown:
    """A match as its page shows it. `gives` and `gets` are the reader's; `first` is whom they swap with first."""

    proposal: Proposal
    first: User
    last: User
    gives: list[InventoryItem]
    between: list[InventoryItem]
    gets: list[InventoryItem]

    @property
    def is_ring(self) -> bool:
        """Whether three take part."""
        return len(self.proposal.members) == 3

    @property
    def asked(self) -> str:
        """What fills in the builder, or the page of the ring."""
        piles = (("give", self.gives), ("between", self.between), ("take", self.gets))
        return "&".join(f"{name}-{item.pk}=1" for name, pile in piles for item in pile)


@dataclass(frozen=True)
class RingPile:
    """What one of a ring gives to the next: shown, and named in the form as `<name>-<item>`."""

    name: str
    giver: User
    taker: User
    items: list[InventoryItem]
    values: dict[uuid.UUID, Price]

    @property
    def value_minor(self) -> int | None:
        """At today's values what the taker leaves as a deposit; None where a card has none."""
        if any(item.pk not in self.values for item in self.items):
            return None
        return sum(Money.from_decimal(price.amount, price.currency).amount_minor for price in self.values.values())


def ring_piles(asked: Mapping[str, str], *, people: tuple[User, User, User]) -> list[RingPile]:
    """The three piles that an address or a form names, of the reader's own cards and what the others trade away."""
    found = []
    for place, name in enumerate(("give", "between", "take")):
        copies = table.copies_asked({key: value for key, value in asked.items() if key.startswith(f"{name}-")})
        rows = table.open_for_trade(owner=people[place], viewer=people[0]).filter(pk__in=list(copies))
        items = list(rows)
        values = table.values_of(items, currency="USD")
        found.append(RingPile(name, people[place], people[(place + 1) % 3], items, values))
    return found


def edges_around(member: uuid.UUID, *, rings: bool = True) -> list[Edge]:
    """Cards that go from and to the member, and, for rings, from who wants theirs to who has what they want."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_EDGES} and %s in (i.owner_id, w.owner_id) {_ORDER}", [member])
        near = _once(cursor.fetchall())
        takers = _most([edge.taker for edge in near if edge.giver == member])
        givers = _most([edge.giver for edge in near if edge.taker == member])
        if not rings or not takers or not givers:
            return near
        scope = "and i.owner_id = any(%s) and w.owner_id = any(%s)"
        cursor.execute(f"{_EDGES} {scope} {_ORDER}", [takers, givers])
        return near + _once(cursor.fetchall())


def _once(rows: list[tuple]) -> list[Edge]:
    """A copy goes once from one member to another, however many of the taker's wants it would do for."""
    return list({(giver, taker, item): Edge(giver, taker, item, minor) for giver, taker, item, minor in rows}.values())


def _most(members: list[uuid.UUID]) -> list[uuid.UUID]:
    counts = {member: members.count(member) for member in members}
    return sorted(counts, key=lambda member: (-counts[member], member))[:MOST_NEIGHBOURS]


def matches_of(*, member: User, most: int = 20, rings: bool = True) -> list[Shown]:
    """The member's best matches with everything that the page shows; without rings pairs alone. Four queries."""
    found = proposals(edges_around(member.pk, rings=rings), of=member.pk, most=most)
    ids = {edge.item for made in found for pile in made.piles for edge in pile}
    rows = InventoryItem.objects.filter(pk__in=ids).select_related("variant__product__release")
    rows = rows.annotate(image_name=picture_of("variant__product"))
    items = {item.pk: item for item in rows}
    people = {user.pk: user for user in User.objects.filter(pk__in={pk for made in found for pk in made.members})}
    shown = []
    for made in found:
        piles = [[items[edge.item] for edge in pile] for pile in made.piles]
        between = piles[1] if len(piles) == 3 else []
        shown.append(Shown(made, people[made.members[1]], people[made.members[-1]], piles[0], between, piles[-1]))
    return shown
