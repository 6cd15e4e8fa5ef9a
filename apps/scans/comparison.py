"""How versions fare by what members made of their answers: confirmed cards and "none of these", by stage and version.

Truth is what was put into the inventory: also a first candidate that nobody disputed. A share is of cards, an interval
is Wilson's.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from ml.proportions import difference, wilson


@dataclass(frozen=True)
class Outcome:
    """Cards whose truth is known. right: the first candidate was the printing. sure: taken without asking, wrong of them."""

    cards: int = 0
    right: int = 0
    sure: int = 0
    sure_wrong: int = 0

    @property
    def right_share(self) -> float:
        """Of all cards; 0 where there is none."""
        return self.right / self.cards if self.cards else 0.0

    @property
    def right_interval(self) -> tuple[float, float]:
        """Of `right_share`, 95 %."""
        return wilson(self.right, self.cards)

    @property
    def wrong_share(self) -> float:
        """Of those that were sure; 0 where there is none."""
        return self.sure_wrong / self.sure if self.sure else 0.0

    @property
    def wrong_interval(self) -> tuple[float, float]:
        """Of `wrong_share`, 95 %."""
        return wilson(self.sure_wrong, self.sure)

    def against(self, other: Outcome) -> str:
        """Whether this is better or worse than another by first candidates, as far as the cards tell."""
        low, high = difference((self.right, self.cards), (other.right, other.cards))
        if low > 0:
            return "better"
        return "worse" if high < 0 else "not told apart yet"


# Printings are compared, not finishes: the finish is the member's to say.
_OUTCOMES = """
select v.key, v.value, count(*), count(*) filter (where c.is_right), count(*) filter (where c.decided),
       count(*) filter (where c.decided and not c.is_right)
from (
    select card.decided,
           coalesce(proposed.product_id = truth.product_id, false) as is_right,
           coalesce(nullif(photo.engine_versions, '{}'::jsonb), scan.engine_versions) as versions
    from scans_detectedcard card
    join scans_scanphoto photo on photo.id = card.photo_id
    join scans_scan scan on scan.id = photo.scan_id
    left join scans_correction correction on correction.card_id = card.id
    left join scans_candidate candidate on candidate.card_id = card.id and candidate.rank = 0
    left join catalog_variant proposed on proposed.id = candidate.variant_id
    left join catalog_variant truth on truth.id = card.variant_id and card.state = 'confirmed'
    where (truth.id is not null
           or (card.state = 'open' and correction.id is not null and correction.chosen_id is null))
      and scan.created_at >= %s
) c
cross join lateral jsonb_each_text(c.versions) v
group by v.key, v.value
"""


def outcomes(*, since: dt.datetime | None = None) -> dict[tuple[str, str], Outcome]:
    """What became of the answers of each (stage, version) in scans sent `since`: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_OUTCOMES, [since or dt.datetime(2000, 1, 1, tzinfo=dt.UTC)])
        return {(stage, version): Outcome(*counts) for stage, version, *counts in cursor.fetchall()}
