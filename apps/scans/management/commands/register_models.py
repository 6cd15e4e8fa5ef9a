"""`manage.py register_models`: note which versions of recognition the installed program can run. After every migrate."""

from django.core.management.base import BaseCommand

from apps.scans import registry


class Command(BaseCommand):
    """What is new, what is gone; a stage without a version in service gets the program's default."""

    help = "Note which versions of recognition the installed program can run, with their figures. Safe to repeat."

    def handle(self, **options: object) -> None:
        """Register."""
        done = registry.register()
        self.stdout.write(f"{len(done.new)} versions registered, {len(done.gone)} no longer there")
        for row in done.new:
            self.stdout.write(f"  {row}")
        for row in done.changed:
            self.stderr.write(
                f"  {row} has other weights than were registered under this name; give changed weights a new version"
            )
