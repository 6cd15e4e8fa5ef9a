"""manage.py figure_standings: work out every seller's standing anew, in sets."""

from django.core.management.base import BaseCommand

from apps.trades.reputation.standing import refigure_all


class Command(BaseCommand):
    """After the formula has changed, or to be sure."""

    help = "Work out every seller's standing anew from trades and visible reviews."

    def handle(self, **options: object) -> None:
        """Say how many."""
        self.stdout.write(f"{refigure_all()} sellers")
