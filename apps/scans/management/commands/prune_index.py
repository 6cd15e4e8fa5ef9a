"""`manage.py prune_index VERSION`: remove the fingerprints of an embedder that is out of use."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.scans import indexing
from apps.scans.actions import versions
from apps.scans.models import ModelVersion


class Command(BaseCommand):
    """At once, unlike the admin, which leaves it to a worker."""

    help = "Remove the fingerprints of an embedder that is neither in service nor on trial."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which."""
        parser.add_argument("version", help="as the admin lists it")

    def handle(self, *, version: str, **options: object) -> None:
        """Prune."""
        row = ModelVersion.objects.filter(stage=ModelVersion.Stage.EMBED, version=version).first()
        if row is None:
            raise CommandError(f"No embedder {version} is registered.")
        try:
            versions.prune_index(version=row, by=None, in_background=False, reason="prune_index")
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"{indexing.prune(version)} fingerprints removed")
