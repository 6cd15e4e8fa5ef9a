"""Which grades members own of a printing, so that each gets a fair value although nobody traded one. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from apps.core.conditions import state_key
from apps.inventory.models import InventoryItem


def held_grades(variant_ids: Sequence[UUID]) -> Iterable[tuple[UUID, str]]:
    """Variant and grade ("PSA 9.5") of all graded copies of these; one query."""
    rows = InventoryItem.objects.filter(variant__in=variant_ids, grade__isnull=False, quantity__gt=0)
    known = rows.values_list("variant", "grade_company", "grade").distinct()
    return [(variant, state_key("", company, grade)) for variant, company, grade in known]
