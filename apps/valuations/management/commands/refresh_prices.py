"""`refresh_prices`: work the current prices out anew, of all variants with evidence or of those that are behind."""

import sys
import time

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from apps.valuations import actions


class Command(BaseCommand):
    """Refresh current prices."""

    help = "Work current prices out anew."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which."""
        parser.add_argument("--stale", action="store_true", help="only those that are behind")

    def handle(self, *, stale: bool, **options: object) -> None:
        """Refresh and say what changed."""
        started = time.monotonic()
        quiet = not sys.stderr.isatty()
        if stale:
            done = actions.refresh_stale()
        else:
            done = actions.refresh_prices(
                actions.variants_with_evidence(),
                progress=lambda chunks: tqdm(chunks, unit=" chunks", disable=quiet, leave=False),
            )
        self.stdout.write(
            f"{done.variants} variants, {done.prices} prices, {done.changed} changed in {time.monotonic() - started:.1f} s"
        )
