"""Money is never held for longer than the processor allows, whatever anybody does or leaves undone."""

from __future__ import annotations

import datetime as dt

from django.core.checks import run_checks

from apps.escrow.payouts.holding import can_hold_for, limit_for, longest_path


def test_the_longest_path_ends_within_what_is_allowed():
    assert longest_path() == dt.timedelta(days=10 + 40 + 3 + 14 + 3 + 7 + 3 + 5 + 5)
    assert longest_path() <= limit_for("DE")
    assert can_hold_for("US")
    assert can_hold_for("de")
    assert not can_hold_for("TH")


def test_deadlines_that_are_too_long_are_refused_at_the_start(settings):
    assert not [message for message in run_checks() if message.id == "escrow.E001"]
    settings.TRADE_DEADLINES = settings.TRADE_DEADLINES | {"unclaimed": dt.timedelta(days=50)}
    (message,) = [message for message in run_checks() if message.id == "escrow.E001"]
    assert "100 days" in message.msg
