"""What would make the settings of risk useless is told when the process starts."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Error

from apps.risk.rules import RULES


def weights_fit(**_: object) -> list[CheckMessage]:
    """Every rule has a weight from 0 to 99, and a refusal needs more than a review."""
    given = settings.RISK
    if set(given["weights"]) != set(RULES):
        unlike = ", ".join(sorted(set(given["weights"]) ^ set(RULES)))
        return [Error(f"RISK['weights'] and the rules differ: {unlike}", id="risk.E001")]
    if not all(0 <= weight < 100 for weight in given["weights"].values()):
        return [Error("Each of RISK['weights'] is from 0 (off) to 99.", id="risk.E002")]
    if not 0 < given["review_at"] < given["refuse_at"] <= 100:
        return [Error("RISK: 0 < review_at < refuse_at <= 100.", id="risk.E003")]
    return []
