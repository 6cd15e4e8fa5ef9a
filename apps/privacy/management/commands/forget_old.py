"""`manage.py forget_old [--dry-run]`: what is kept too long goes, by the table of retention."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.privacy import retention


class Command(BaseCommand):
    """The nightly round by hand, or what it would take."""

    help = "Remove what has been kept for as long as it may be (docs/privacy.md). Safe to stop and to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to look only."""
        parser.add_argument("--dry-run", action="store_true", help="only say how many rows would go")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        """One line for each kind of record."""
        told = {one.what: count for one, count in retention.due()} if dry_run else retention.forget()
        for what, count in told.items():
            self.stdout.write(f"{count:>8}  {what}")
