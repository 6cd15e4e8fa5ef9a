"""How much of a set a member has, and what the rest costs. A read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

from apps.accounts.models import User


@dataclass(frozen=True)
class Completion:
    """Cards of a set, how many of them the member has (in any printing and condition), and what the others cost.

    cost: the Near Mint fair values of the ordinary printings of the missing cards that have one, None where none has.
    unpriced: missing cards that it leaves out.
    """

    cards: int
    owned: int
    cost: Decimal | None
    unpriced: int
    currency: str

    @property
    def missing(self) -> int:
        """How many cards are missing."""
        return self.cards - self.owned

    @property
    def words(self) -> str:
        """How many of how many."""
        return f"{self.owned} of {self.cards} cards"

    @property
    def rest(self) -> str:
        """What is missing, in words."""
        told = f"{self.missing} missing, Near Mint"
        return f"{told}; {self.unpriced} without a price left out" if self.unpriced else told


_COMPLETION = """
select count(*), count(own.product_id), sum(cp.value) filter (where own.product_id is null),
       count(*) filter (where own.product_id is null and cp.value is null)
from catalog_product p
left join (select distinct v.product_id from inventory_inventoryitem i join catalog_variant v on v.id = i.variant_id
           where i.owner_id = %(owner)s and i.quantity > 0) own on own.product_id = p.id
left join catalog_variant v on v.product_id = p.id and v.is_default
left join valuations_currentprice cp on cp.variant_id = v.id and cp.condition = 'NM' and cp.currency = %(currency)s
where p.release_id = %(release)s
"""


def completion_of(*, owner: User, release_id: UUID, currency: str = "USD") -> Completion:
    """How much of a set somebody has; one query. Prices in another currency count as none."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETION, {"owner": owner.pk, "release": release_id, "currency": currency})
        return Completion(*cursor.fetchone(), currency)
