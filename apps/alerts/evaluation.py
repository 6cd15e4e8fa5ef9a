"""Which rules fire by what changed: sets of prices and offers in, alerts and their facts out. No loop over rules.

What fired is a row each (Alert) and a fact (alert.triggered), committed together with the watches that turned. Safe to
repeat with the same changes, and from several workers at once.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from apps.alerts import statements
from apps.alerts.events import AlertTriggered
from apps.alerts.words import Firing, firing_in_words
from apps.core.ids import uuid7
from apps.core.outbox import emit_all


@dataclass(frozen=True)
class PriceChange:
    """One price that is another one now."""

    variant_id: uuid.UUID
    condition: str
    old: Decimal
    new: Decimal
    currency: str
    at: dt.datetime


@dataclass(frozen=True)
class Offer:
    """A copy for sale. `condition` is empty for a graded one."""

    listing_id: uuid.UUID
    seller_id: uuid.UUID
    variant_id: uuid.UUID
    condition: str
    price: Decimal
    currency: str
    at: dt.datetime


@transaction.atomic
def prices_changed(changes: Sequence[PriceChange]) -> int:
    """Hold these changes against every rule about a card's price and about inventories; how many fired.

    Several changes of one price are taken in their order. Emits: alert.triggered.
    """
    if not changes:
        return 0
    found: list[Firing] = []
    with connection.cursor() as cursor:
        cursor.execute(statements.STAGE_CHANGES)
        with cursor.copy(statements.COPY_CHANGES) as copy:
            for position, each in enumerate(changes):
                copy.write_row((each.variant_id, each.condition, each.old, each.new, each.currency, each.at, position))
        variants = list({each.variant_id for each in changes})
        which = statements.OF_NEW_PRINTINGS
        cursor.execute(statements.ADD_WATCHES.format(which=which), {"variants": variants})
        cursor.execute(statements.COMPLETE_CHANGES)
        cursor.execute("select max(round) from alerts_change")
        for number in range(1, cursor.fetchone()[0] + 1):
            cursor.execute(statements.REMEMBER, {"round": number})
            for statement in statements.CROSSINGS:
                cursor.execute(statement, {"round": number})
                found += [Firing(*row) for row in cursor.fetchall()]
        cursor.execute(statements.STAGE_WORTH)
        for statement in (statements.MOVE, *statements.WORTHS):
            cursor.execute(statement)
            found += [Firing(*row) for row in cursor.fetchall()]
        cursor.execute("drop table alerts_change, alerts_worth")
    return _keep(found)


@transaction.atomic
def offers_appeared(offers: Iterable[Offer]) -> int:
    """Hold these offers against the rules about availability and about offers under fair value; how many fired.

    A rule fires once for a listing, and never for its owner's own. Emits: alert.triggered.
    """
    rows = list(offers)
    if not rows:
        return 0
    found: list[Firing] = []
    with connection.cursor() as cursor:
        cursor.execute(statements.STAGE_OFFERS)
        with cursor.copy(statements.COPY_OFFERS) as copy:
            for each in rows:
                copy.write_row(
                    (
                        each.listing_id,
                        each.seller_id,
                        each.variant_id,
                        each.condition,
                        each.price,
                        each.currency,
                        each.at,
                    )
                )
        variants = list({each.variant_id for each in rows})
        which = statements.OF_NEW_PRINTINGS
        cursor.execute(statements.ADD_WATCHES.format(which=which), {"variants": variants})
        cursor.execute("analyze alerts_offer")
        for statement in statements.OFFERED:
            cursor.execute(statement)
            found += [Firing(*row) for row in cursor.fetchall()]
        cursor.execute("drop table alerts_offer")
    return _keep(found)


def _keep(found: Sequence[Firing]) -> int:
    """Write what fired and state it; what was written before for the same cause is left out."""
    if not found:
        return 0
    keyed = {uuid7(): each for each in found}
    created_at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(statements.STAGE_ALERTS)
        with cursor.copy(statements.COPY_ALERTS) as copy:
            for pk, each in keyed.items():
                copy.write_row(
                    (
                        pk,
                        created_at,
                        each.owner_id,
                        each.rule_id,
                        each.kind,
                        each.variant_id,
                        each.condition,
                        each.value,
                        each.before,
                        each.percent,
                        each.currency,
                        firing_in_words(each)[:500],
                        each.cause,
                        each.listing_id,
                        each.at,
                    )
                )
        cursor.execute(statements.WRITE_ALERTS)
        written = [pk for (pk,) in cursor.fetchall()]
        cursor.execute("drop table alerts_firing")
    emit_all(
        [
            AlertTriggered(alert_id=pk, rule_id=each.rule_id, owner_id=each.owner_id, kind=each.kind, at=each.at)
            for pk, each in ((pk, keyed[pk]) for pk in written)
        ]
    )
    return len(written)
