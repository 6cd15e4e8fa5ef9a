"""manage.py restore_media: stored files that are missing, from their copies."""

from django.core.management.base import BaseCommand, CommandError

from apps.backups import media


class Command(BaseCommand):
    """See apps.backups.media."""

    help = "Put back every stored file that has a copy and is missing; what is there is left alone."

    def handle(self, **options: object) -> None:
        """Restore, and say how many."""
        try:
            self.stdout.write(f"{media.restore_media()} files put back")
        except media.CopiesOff as error:
            raise CommandError(str(error)) from None
