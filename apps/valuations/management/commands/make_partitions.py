"""`make_partitions`: make the months of quotes ahead, or those of a span."""

import datetime as dt

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.valuations.actions import make_partitions


class Command(BaseCommand):
    """Make partitions."""

    help = "Make the monthly partitions of quotes; what is there stays."

    def add_arguments(self, parser: CommandParser) -> None:
        """The span."""
        today = timezone.now().date()
        parser.add_argument("--from", dest="start", type=dt.date.fromisoformat, default=today)
        parser.add_argument("--to", dest="end", type=dt.date.fromisoformat, default=today + dt.timedelta(days=93))

    def handle(self, *, start: dt.date, end: dt.date, **options: object) -> None:
        """Make them and say how many are new."""
        made = make_partitions(from_on=start, to_on=end)
        self.stdout.write(f"{made} partition{'' if made == 1 else 's'} made")
