"""`import_rates [FILE]`: keep reference rates of currencies, out of a file of the European Central Bank or from its site."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.valuations.rates import fetch_rates, keep_rates


class Command(BaseCommand):
    """Import exchange rates."""

    help = "Keep exchange rates by day; a repeat changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """A file, or how much to ask the bank for."""
        parser.add_argument(
            "path", type=Path, nargs="?", help="a file of the bank, XML, CSV or zip; none: ask its site"
        )
        parser.add_argument("--whole", action="store_true", help="ask for all days since 1999, not for the last one")

    def handle(self, *, path: Path | None, whole: bool, **options: object) -> None:
        """Keep them and say how many are new."""
        try:
            kept = keep_rates(path.read_bytes()) if path else fetch_rates(whole=whole)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"{kept} rate{'' if kept == 1 else 's'} new or corrected")
