"""When a notification goes out: quiet hours, digests, pauses, whatever the zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.notifications.deciding import (
    Choice,
    Manners,
    after_quiet,
    allowed,
    decide,
    default_choice,
    digest_due,
    is_quiet,
)
from apps.notifications.kinds import KINDS, Cadence, Priority

ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]
)
CLOCKS = st.times().map(lambda at: at.replace(second=0, microsecond=0))
INSTANTS = st.integers(1_704_067_200, 1_798_761_600).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC))


@st.composite
def manners(draw):
    begin, end = draw(CLOCKS), draw(CLOCKS)
    quiet = None if begin == end else (begin, end)
    return Manners(draw(ZONES), quiet, draw(st.integers(0, 23)), draw(st.booleans()))


@given(manners(), INSTANTS)
def test_what_waits_for_the_end_of_quiet_hours_never_lies_in_them_nor_beyond_a_day(ways, at):
    due = after_quiet(at, ways)
    assert at <= due <= at + dt.timedelta(hours=26)
    assert due == at or not is_quiet(due, ways)


@given(st.sampled_from(sorted(KINDS)), st.sampled_from(Cadence), st.booleans(), st.booleans(), manners(), INSTANTS)
def test_critical_ones_are_never_held_back_and_required_ones_never_lost(key, email, in_app, push, ways, at):
    kind = KINDS[key]
    found = decide(kind, Choice(in_app, email, push), ways, at)
    if kind.required:
        assert found.in_app
    if kind.priority is Priority.CRITICAL:
        assert found.email_at in (None, at)
        assert found.push_at == (at if push else None)
        assert found.email_at == at or (email is Cadence.OFF and not kind.required)
    elif ways.is_paused:
        assert (found.email_at, found.push_at) == (None, None)
    else:
        assert (found.email_at is None) == (allowed(kind, Choice(in_app, email, push)).email is Cadence.OFF)
    for due in (found.email_at, found.push_at):
        assert due is None or due >= at


@given(manners(), INSTANTS)
def test_a_digest_comes_at_the_members_hour_within_a_day(ways, at):
    due = digest_due(Cadence.DAILY, ways, at)
    assert at < due <= at + dt.timedelta(hours=26)
    assert due.astimezone(ZoneInfo(ways.time_zone)).minute in (0, 30)


def test_a_message_at_night_waits_for_the_morning_of_the_reader():
    ways = Manners("Europe/Berlin", (dt.time(22), dt.time(7, 30)))
    night = dt.datetime(2026, 1, 10, 22, 15, tzinfo=dt.UTC)
    found = decide(KINDS["offer.made"], default_choice(KINDS["offer.made"]), ways, night)
    assert found.email_at == found.push_at == dt.datetime(2026, 1, 11, 6, 30, tzinfo=dt.UTC)
    assert found.held


@pytest.mark.parametrize(("zone", "hour"), [("Europe/Berlin", 2), ("America/New_York", 2)])
def test_an_hour_that_a_change_of_clocks_leaves_out_still_brings_the_digest(zone, hour):
    ways = Manners(zone, None, hour)
    for day in (8, 29):
        start = dt.datetime(2026, 3, day, 0, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
        assert dt.timedelta(0) < digest_due(Cadence.DAILY, ways, start) - start <= dt.timedelta(hours=3)
