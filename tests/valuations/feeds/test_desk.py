"""Feeds as operators and moderators meet them: the schedule, the command line, the admin and its page of feeds."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.valuations.feeds import actions, queries
from apps.valuations.feeds.errors import FeedOff
from apps.valuations.feeds.registry import ADAPTERS
from apps.valuations.models import Feed, FeedRun
from config.env import ROOT
from tests.valuations.feeds.conftest import price, results
from tests.valuations.feeds.playing import no

pytestmark = pytest.mark.django_db
DOCUMENT = (ROOT / "docs/feeds.md").read_text()


@pytest.fixture
def day(source, cards):
    """TCGCSV, switched on, with one price and one that the catalogue lacks."""
    Feed.objects.filter(slug="tcgcsv").update(options={"categories": [3]}, is_on=True)
    source.says("/tcgcsv/last-updated.txt", "2026-07-07T20:05:27+0000")
    source.says("/tcgcsv/tcgplayer/3/groups", results({"groupId": 21}))
    source.says("/tcgcsv/tcgplayer/3/21/prices", results(price(101), price(999)))
    return source


def told(capsys, *words: str) -> str:
    call_command("feed", *words)
    return re.sub(" +", " ", capsys.readouterr().out)


def test_every_feed_is_there_from_the_start_and_is_described(db):
    assert set(Feed.objects.values_list("kind", flat=True)) == set(ADAPTERS) - {"csv"}
    listed = DOCUMENT.partition("| feed | asks |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", listed, re.MULTILINE)) == set(ADAPTERS) - {"csv"}


def test_nothing_runs_before_somebody_wants_it(db):
    assert queries.statuses()
    assert all(each.state == "off" for each in queries.statuses())
    assert actions.queue_due(queue=lambda *_: None) == []


def test_what_is_due_is_queued_once(day):
    queued = []
    now = timezone.now()
    for minutes in (0, 1, 10, 16):
        actions.queue_due(now=now + dt.timedelta(minutes=minutes), queue=lambda *named: queued.append(named))
    assert queued == [("tcgcsv", "schedule")] * 2, "again only when nothing was heard of it"


def test_after_a_run_the_next_is_due_at_its_pace(day, run):
    done = run("tcgcsv")
    due = done.started_at + dt.timedelta(hours=1)
    assert actions.queue_due(now=due - dt.timedelta(minutes=1), queue=lambda *_: None) == []
    assert actions.queue_due(now=due, queue=lambda *_: None) == ["tcgcsv"]


def test_a_workers_turn(day):
    actions.take_turn(slug="tcgcsv", trigger="schedule")
    assert FeedRun.objects.get().state == "done"
    Feed.objects.filter(slug="tcgcsv").update(is_on=False)
    for slug, trigger in (("tcgcsv", "schedule"), ("tcgplayer", "admin"), ("gone", "admin")):
        actions.take_turn(slug=slug, trigger=trigger)
    assert FeedRun.objects.count() == 1


def test_the_command_line_lists_why_a_feed_is_off(day, capsys):
    listed = told(capsys, "list")
    assert "tcgcsv TCGCSV, daily on every 1 h" in listed
    assert "tcgplayer TCGplayer API off TCGPLAYER_CLIENT_ID and TCGPLAYER_CLIENT_SECRET are not set." in listed
    assert "ebay-sales eBay, sales off EBAY_CLIENT_ID and" in listed
    assert "cardmarket Cardmarket price guides off Switched off" in listed


def test_the_command_line_runs_and_tells(day, capsys):
    assert told(capsys, "status", "tcgcsv") == "It has not run yet.\n"
    out = told(capsys, "run", "tcgcsv")
    assert (
        "done: 2 rows, 1 new, 0 changed, 0 unchanged, 0 said twice, 0 without a price, 1 rejected; 3 requests in" in out
    )
    assert "the catalogue knows no tcgplayer id 999: {" in out
    assert told(capsys, "status", "tcgcsv").count("done:") == 1
    assert "tcgcsv done, newest price" in told(capsys, "status")


def test_the_command_line_fails_where_the_run_failed(day, capsys):
    day.says("/tcgcsv/last-updated.txt", no(403))
    with pytest.raises(CommandError, match="answered 403"):
        call_command("feed", "run", "tcgcsv")
    with pytest.raises(CommandError, match="There is no feed 'grapevine'"):
        call_command("feed", "run", "grapevine")
    with pytest.raises(CommandError, match="are not set"):
        call_command("feed", "run", "tcgplayer")


def test_the_command_line_switches(db, capsys):
    assert told(capsys, "on", "cardmarket") == "It is on.\n"
    assert Feed.objects.get(slug="cardmarket").is_on
    assert told(capsys, "off", "cardmarket") == "It is off.\n"
    assert "are not set" in told(capsys, "on", "tcgplayer")
    assert AuditEntry.objects.filter(action="feed.switched").count() == 2


@pytest.fixture
def desk(client, moderator):
    client.force_login(moderator)
    return client


def test_moderators_see_how_feeds_stand(day, run, desk):
    run("tcgcsv")
    Feed.objects.filter(slug="cardmarket").update(is_on=True)
    day.says("/cardmarket/priceGuide/price_guide_1.json", no(403))
    run("cardmarket")
    page = desk.get(reverse("admin:feeds")).content.decode()
    assert "TCGCSV, daily" in page
    assert "downloads.s3.cardmarket.com: answered 403." in page
    assert "EBAY_CLIENT_ID and EBAY_CLIENT_SECRET are not set." in page
    assert f"?q={FeedRun.objects.get(feed__slug='tcgcsv').pk}" in page, "its rejects"
    assert page.count(">Run now<") == 4, "TCGCSV, its catalogue, its archive, Cardmarket"
    for name in ("feed", "feedrun"):
        assert desk.get(reverse(f"admin:valuations_{name}_changelist")).status_code == 200
    assert (
        desk.get(reverse("admin:valuations_feed_change", args=[Feed.objects.get(slug="tcgcsv").pk])).status_code == 200
    )
    assert desk.get(reverse("admin:valuations_feedrun_change", args=[FeedRun.objects.first().pk])).status_code == 200


def test_moderators_start_a_feed(day, desk, moderator, django_capture_on_commit_callbacks):
    page = desk.post(reverse("admin:feeds"), {"feed": "tcgcsv"}, follow=True).content.decode()
    assert "tcgcsv is queued" in page
    assert AuditEntry.objects.get(action="feed.started").actor_id == moderator.pk
    assert "are not set" in desk.post(reverse("admin:feeds"), {"feed": "tcgplayer"}, follow=True).content.decode()
    assert "There is no feed" in desk.post(reverse("admin:feeds"), {"feed": "x"}, follow=True).content.decode()
    chosen = {"action": "start", "_selected_action": list(Feed.objects.values_list("pk", flat=True))}
    page = desk.post(reverse("admin:valuations_feed_changelist"), chosen, follow=True).content.decode()
    assert "tcgcsv is queued" in page
    assert "bricklink: BRICKLINK_CONSUMER_KEY" in page


def test_admins_add_a_csv_and_moderators_do_not(client, admin, moderator):
    new = {
        "slug": "mine",
        "kind": "csv",
        "is_on": "on",
        "pace_minutes": "60",
        "options": '{"url": "https://a.example/p.csv"}',
    }
    runs = {"runs-TOTAL_FORMS": "0", "runs-INITIAL_FORMS": "0"}
    client.force_login(moderator)
    assert client.post(reverse("admin:valuations_feed_add"), new | runs).status_code == 403
    client.force_login(admin)
    wrong = client.post(reverse("admin:valuations_feed_add"), new | runs | {"options": '{"writes": "poems"}'})
    assert "The option writes is quotes or sales." in wrong.content.decode()
    wrong = client.post(reverse("admin:valuations_feed_add"), new | runs | {"kind": "magic"})
    assert "is not a kind of feed" in wrong.content.decode()
    assert client.post(reverse("admin:valuations_feed_add"), new | runs).status_code == 302
    feed = Feed.objects.get(slug="mine")
    assert queries.why_off(feed) == ""
    change = reverse("admin:valuations_feed_change", args=[feed.pk])
    Feed.objects.filter(pk=feed.pk).update(validators={"https://a.example/p.csv": ["x", ""]})
    client.post(change, {"pace_minutes": "30", "options": '{"url": "https://b.example/p.csv"}'} | runs)
    feed.refresh_from_db()
    assert (feed.pace_minutes, feed.is_on, feed.kind, feed.validators) == (30, False, "csv", {})
    assert AuditEntry.objects.filter(action__in=["feed.added", "feed.changed"]).count() == 2


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("tcgcsv", {"categories": "all"}), ("tcgcsv", {"categories": [True]}), ("tcgcsv", {"format": "xml"}),
        ("tcgcsv-archive", {"from": "lately"}), ("tcgcsv-archive", {"from": 7}), ("ebay-asks", {"printings_per_run": 0}),
        ("ebay-asks", {"least_value": "much"}), ("cardmarket", {"games": [2]}), ("cardmarket", {"games": "all"}),
        ("pricecharting", {"categories": ["../x"]}), ("bricklink", {"printings_per_run": "all"}),
        ("bricklink", {"currency": "dollars"}), ("csv", {"writes": "poems"}), ("csv", []), ("magic", {}),
    ],
)  # fmt: skip
def test_options_that_cannot_be_are_told_and_nothing_runs(db, kind, options, run):
    Feed.objects.filter(kind=kind).delete()
    Feed.objects.create(slug="odd", kind=kind, options=options, pace_minutes=60, is_on=True)
    with pytest.raises(FeedOff):
        run("odd")
    assert {each.feed.slug: each.state for each in queries.statuses()}["odd"] == "off"
