"""`import_catalog KIND PATH`: put a file of printings into the catalogue; says what it did with every row."""

import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from apps.catalog.actions import import_catalog
from apps.catalog.importers import IMPORTERS
from apps.core.errors import DomainError


class Command(BaseCommand):
    """Import a catalogue file."""

    help = "Import a catalogue file; a repeat changes nothing. Formats:\n" + "\n".join(
        f"  {kind}: {what}" for kind, (what, _) in IMPORTERS.items()
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The format and the file."""
        parser.add_argument("kind", choices=sorted(IMPORTERS))
        parser.add_argument("path", type=Path)

    def handle(self, *, kind: str, path: Path, **options: object) -> None:
        """Run the import and print its report."""
        quiet = not sys.stderr.isatty() or options["verbosity"] == 0
        started = time.monotonic()
        try:
            report = import_catalog(
                kind=kind, path=path, progress=lambda rows: tqdm(rows, unit=" cards", disable=quiet, leave=False)
            )
        except DomainError as error:
            raise CommandError(error.message) from None
        if options["verbosity"]:
            self.stdout.write("\n".join(report.lines()))
            self.stdout.write(f"in {time.monotonic() - started:.1f} s")
