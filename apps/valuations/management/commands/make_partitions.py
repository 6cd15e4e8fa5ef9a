"""`make_partitions`: make the months of quotes ahead, or those of a span; detach those that are too old."""

import datetime as dt

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.valuations.partitions import detach_partitions, make_partitions


class Command(BaseCommand):
    """Make partitions."""

    help = "Make the monthly partitions of quotes; what is there stays."

    def add_arguments(self, parser: CommandParser) -> None:
        """The span."""
        today = timezone.now().date()
        parser.add_argument("--from", dest="start", type=dt.date.fromisoformat, default=today)
        parser.add_argument("--to", dest="end", type=dt.date.fromisoformat, default=today + dt.timedelta(days=93))
        parser.add_argument(
            "--detach-before", type=dt.date.fromisoformat, metavar="DAY", help="let go of the months that end before it"
        )

    def handle(self, *, start: dt.date, end: dt.date, detach_before: dt.date | None, **options: object) -> None:
        """Make them and say how many are new, and which were detached."""
        made = make_partitions(from_on=start, to_on=end)
        self.stdout.write(f"{made} partition{'' if made == 1 else 's'} made")
        if detach_before:
            for name in detach_partitions(before=detach_before):
                self.stdout.write(f"{name} detached")
