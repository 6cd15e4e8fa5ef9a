"""What `manage.py check` says about escrow's settings."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from apps.escrow.payouts.holding import HOLDING_LIMIT, longest_path


def deadlines_end_in_time(app_configs: list[AppConfig] | None, **options: object) -> list[checks.CheckMessage]:
    """Money may not be held for longer than the payment processor allows."""
    longest = longest_path()
    if longest <= HOLDING_LIMIT:
        return []
    return [
        checks.Error(
            f"With these TRADE_DEADLINES money may be held for {longest.days} days; the payment processor allows"
            f" {HOLDING_LIMIT.days} in most countries.",
            hint="Shorten unclaimed, ship_final or escalate_dispute.",
            id="escrow.E001",
        )
    ]
