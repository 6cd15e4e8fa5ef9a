"""manage.py draw_escrow: draw the pictures and tables of docs/escrow.md, or check that they are up to date."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.escrow.drawing import drawn

PATH = Path(settings.BASE_DIR) / "docs" / "escrow.md"


class Command(BaseCommand):
    """The picture of the state machine in the documentation."""

    help = "Draw the pictures and tables of docs/escrow.md from the code."

    def add_arguments(self, parser: CommandParser) -> None:
        """--check writes nothing."""
        parser.add_argument("--check", action="store_true", help="fail when the document is out of date")

    def handle(self, **options: object) -> None:
        """Write or compare."""
        page = PATH.read_text()
        new = drawn(page)
        if options["check"]:
            if new != page:
                raise CommandError("docs/escrow.md is out of date: run manage.py draw_escrow")
            return
        PATH.write_text(new)
        self.stdout.write(f"wrote {PATH}")
