"""manage.py copy_media: copies of stored files that have none yet, as the schedule does too."""

from django.core.management.base import BaseCommand, CommandError

from apps.backups import media


class Command(BaseCommand):
    """See apps.backups.media."""

    help = "Copy stored files that have no copy yet to the place named in BACKUP_MEDIA, sealed."

    def handle(self, **options: object) -> None:
        """Copy, and say how much."""
        try:
            done = media.copy_media()
        except media.CopiesOff as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{done.copied} files copied ({done.size / 1e6:.1f} MB), {done.gone} found gone, "
            f"{done.dropped} old copies dropped"
        )
