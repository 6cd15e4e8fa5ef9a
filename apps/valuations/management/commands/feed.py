"""`feed list|run|status|on|off`: which sources are asked by themselves, how their runs went, and running one here and now."""

import datetime as dt
import json

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.models import RejectedInput
from apps.valuations.feeds import actions, queries, runs
from apps.valuations.models import FeedRun


def age(span: dt.timedelta | None) -> str:
    """In the largest unit that says it: "3 h"."""
    if span is None:
        return "-"
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"


class Command(BaseCommand):
    """Feeds of prices."""

    help = "List, run, watch and switch the feeds of prices."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and with which."""
        doing = parser.add_subparsers(dest="what", required=True)
        doing.add_parser("list", help="every feed, and why one is off")
        status = doing.add_parser("status", help="how the runs of a feed went, newest first; of all: the last of each")
        status.add_argument("slug", nargs="?")
        status.add_argument("--last", type=int, default=5, metavar="N", help="so many runs")
        run = doing.add_parser("run", help="run one now, to its end; a run that was stopped goes on")
        run.add_argument("slug")
        for word in ("on", "off"):
            doing.add_parser(word, help=f"let one run by itself{'' if word == 'on' else ' no longer'}").add_argument(
                "slug"
            )

    def handle(self, *, what: str, **options: object) -> None:
        """Do it."""
        try:
            getattr(self, what)(**options)
        except DomainError as error:
            raise CommandError(error.message) from None

    def list(self, **options: object) -> None:
        """One line a feed."""
        for each in queries.statuses():
            told = each.why_off or f"every {age(dt.timedelta(minutes=each.feed.pace_minutes))}"
            self.stdout.write(f"{each.feed.slug:<16} {each.title:<26} {'off' if each.why_off else 'on':<4} {told}")

    def status(self, *, slug: str | None, last: int, **options: object) -> None:
        """Runs of one feed, or the last run of each."""
        if slug is None:
            for each in queries.statuses():
                rest = f", left alone until {each.resting_until:%H:%M} UTC" if each.resting_until else ""
                self.stdout.write(f"{each.feed.slug:<16} {each.state}, newest price {age(each.lag)} old{rest}")
                if each.last:
                    self._tell(each.last)
            return
        found = actions.feed_named(slug).runs.order_by("-started_at")[:last]
        for run in found:
            self._tell(run)
            self._tell_rejects(run)
        if not found:
            self.stdout.write("It has not run yet.")

    def run(self, *, slug: str, **options: object) -> None:
        """Run one, and fail where it did."""
        run = runs.run(feed=actions.feed_named(slug), trigger=FeedRun.Trigger.COMMAND)
        self._tell(run)
        self._tell_rejects(run)
        if run.state == FeedRun.State.FAILED:
            raise CommandError(run.error)

    def on(self, *, slug: str, **options: object) -> None:
        """Let one run by itself."""
        feed = actions.feed_named(slug)
        actions.switch(feed=feed, on=True)
        self.stdout.write(queries.why_off(feed) or "It is on.")

    def off(self, *, slug: str, **options: object) -> None:
        """No longer."""
        actions.switch(feed=actions.feed_named(slug), on=False)
        self.stdout.write("It is off.")

    def _tell(self, run: FeedRun) -> None:
        lag = age((run.ended_at or timezone.now()) - run.newest_at) if run.newest_at else "-"
        resumed = f", resumed {run.resumed} times" if run.resumed else ""
        self.stdout.write(
            f"  {run.started_at:%Y-%m-%d %H:%M} {run.state}: {run.rows} rows, {run.created} new, {run.updated} changed, "
            f"{run.unchanged} unchanged, {run.repeated} said twice, {run.unpriced} without a price, "
            f"{run.rejected} rejected; {run.requests} requests in {run.seconds:.1f} s, lag {lag}{resumed}"
        )
        if run.error:
            self.stdout.write(f"    {run.error}")

    def _tell_rejects(self, run: FeedRun) -> None:
        for reject in RejectedInput.objects.filter(batch_id=run.pk).order_by("at", "id")[:5]:
            self.stdout.write(f"    {reject.reason}: {json.dumps(reject.content)[:120]}")
