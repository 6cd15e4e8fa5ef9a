"""`manage.py export_corrections --to DIR`: what members confirmed, as training data for `ml/train`."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.scans import corrections


class Command(BaseCommand):
    """Refuses until the operator says that the terms with members allow it."""

    help = "Write what members confirmed as training data: straightened pictures of single cards and what they are."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument(
            "--to", type=Path, required=True, help="a folder; it is made to hold exactly what may be used"
        )

    def handle(self, *, to: Path, **options: object) -> None:
        """Export."""
        if not settings.TRAIN_ON_CORRECTIONS:
            raise CommandError(
                "TRAIN_ON_CORRECTIONS is off. Turn it on where your terms with members allow that what they confirmed"
                " is used to train recognition."
            )
        try:
            done = corrections.export(to)
        except OSError as error:
            raise CommandError(f"{to} cannot be written: {error.strerror}.") from None
        self.stdout.write(
            f"{done.cards} cards, {done.disputed} of them against the first candidate; {done.without_picture} without a"
            f" picture left out, {done.removed} of an earlier export removed"
        )
