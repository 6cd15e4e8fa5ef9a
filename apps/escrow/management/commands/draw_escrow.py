"""manage.py draw_escrow: write docs/escrow.md from the tables of states.py, or check that it is up to date."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.escrow.drawing import document

PATH = Path(settings.BASE_DIR) / "docs" / "escrow.md"


class Command(BaseCommand):
    """The picture of the state machine in the documentation."""

    help = "Write docs/escrow.md from the state machine."

    def add_arguments(self, parser: CommandParser) -> None:
        """--check writes nothing."""
        parser.add_argument("--check", action="store_true", help="fail when the document is out of date")

    def handle(self, **options: object) -> None:
        """Write or compare."""
        text = document()
        if options["check"]:
            if not PATH.exists() or PATH.read_text() != text:
                raise CommandError("docs/escrow.md is out of date: run manage.py draw_escrow")
            return
        PATH.parent.mkdir(exist_ok=True)
        PATH.write_text(text)
        self.stdout.write(f"wrote {PATH}")
