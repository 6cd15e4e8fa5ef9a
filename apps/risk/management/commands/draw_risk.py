"""manage.py draw_risk: write the tables of docs/risk.md from the rules, or check that they are up to date."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.risk.drawing import drawn

PATH = Path(settings.BASE_DIR) / "docs" / "risk.md"


class Command(BaseCommand):
    """The table of rules in the documentation."""

    help = "Write the tables of docs/risk.md from the rules and their settings."

    def add_arguments(self, parser: CommandParser) -> None:
        """--check writes nothing."""
        parser.add_argument("--check", action="store_true", help="fail when the document is out of date")

    def handle(self, **options: object) -> None:
        """Write or compare."""
        text = drawn(PATH.read_text())
        if not options["check"]:
            PATH.write_text(text)
        elif PATH.read_text() != text:
            raise CommandError("docs/risk.md is out of date: run manage.py draw_risk")
