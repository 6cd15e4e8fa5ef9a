"""Seals encrypted fields anew with the newest key of FIELD_KEYS."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from apps.accounts.resealing import how_many, reseal
from apps.core.encryption import Unreadable


class Command(BaseCommand):
    """reseal_fields [--batch 500]."""

    help = "Seal encrypted fields anew with the newest key. May be stopped and run again."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many rows a transaction holds."""
        parser.add_argument("--batch", type=int, default=500)

    def handle(self, *, batch: int, **options: object) -> None:
        """Run, with a bar."""
        changed = 0
        with tqdm(total=how_many(), unit="row", disable=None) as bar:
            try:
                for seen, anew in reseal(batch=max(1, batch)):
                    bar.update(seen)
                    changed += anew
            except Unreadable as error:
                raise CommandError(f"{error}; add the key that made it to FIELD_KEYS") from None
        self.stdout.write(f"{changed} rows sealed anew")
