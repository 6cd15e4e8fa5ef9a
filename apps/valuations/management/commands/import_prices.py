"""`import_prices KIND PATH`: put market prices in; says what it did with every row."""

import datetime as dt
import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from apps.core.errors import DomainError
from apps.valuations.actions import import_quotes


class Command(BaseCommand):
    """Import prices."""

    help = "Import market prices; a replay changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The format, the file, and what it does not tell itself."""
        parser.add_argument("kind", choices=["generic", "tcgcsv"])
        parser.add_argument("path", type=Path)
        parser.add_argument("--source", default="file", help="slug of the source of lines that name none (generic)")
        parser.add_argument("--date", type=dt.date.fromisoformat, help="day of prices that tell none (tcgcsv)")
        parser.add_argument(
            "--add-finishes", action="store_true", help="add printings that are priced and not in the catalogue"
        )
        parser.add_argument("--no-refresh", action="store_true", help="leave the current prices to the scheduler")

    def handle(self, *, kind: str, path: Path, **options: object) -> None:
        """Run the import and print its report."""
        quiet = not sys.stderr.isatty() or options["verbosity"] == 0
        started = time.monotonic()
        try:
            report = import_quotes(
                kind=kind,
                path=path,
                source=options["source"],
                on=options["date"],
                add_finishes=options["add_finishes"],
                refresh=not options["no_refresh"],
                progress=lambda rows: tqdm(rows, unit=" prices", disable=quiet, leave=False),
            )
        except DomainError as error:
            raise CommandError(error.message) from None
        if options["verbosity"]:
            self.stdout.write("\n".join(report.lines()))
            self.stdout.write(f"in {time.monotonic() - started:.1f} s")
