"""`import_sales generic PATH`: put sold comparables in; says what it did with every row."""

import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from apps.core.errors import DomainError
from apps.valuations.actions import import_sales


class Command(BaseCommand):
    """Import sales."""

    help = "Import sales from our own CSV; a replay changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The format and the file."""
        parser.add_argument("kind", choices=["generic"])
        parser.add_argument("path", type=Path)
        parser.add_argument("--source", default="file", help="slug of the source of lines that name none")
        parser.add_argument("--no-refresh", action="store_true", help="leave the current prices to the scheduler")

    def handle(self, *, path: Path, **options: object) -> None:
        """Run the import and print its report."""
        quiet = not sys.stderr.isatty() or options["verbosity"] == 0
        started = time.monotonic()
        try:
            report = import_sales(
                path=path,
                source=options["source"],
                refresh=not options["no_refresh"],
                progress=lambda rows: tqdm(rows, unit=" sales", disable=quiet, leave=False),
            )
        except DomainError as error:
            raise CommandError(error.message) from None
        if options["verbosity"]:
            self.stdout.write("\n".join(report.lines()))
            self.stdout.write(f"in {time.monotonic() - started:.1f} s")
