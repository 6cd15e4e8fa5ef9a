"""How often an answer of the API was kept and not worked out again, by kind."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.core import answers


class Command(BaseCommand):
    """Shares of hits, of today or of the last days."""

    help = "How often answers of the API were kept and not worked out again, by kind."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--days, --json."""
        parser.add_argument("--days", type=int, default=1, choices=range(1, 15), help="today and the days before it")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """A line for each kind that was asked for, and one for all."""
        told = [count for count in answers.counts(days=options["days"]) if count.asked]
        if options["json"]:
            rows = [vars(count) | {"ratio": None if count.ratio is None else round(count.ratio, 4)} for count in told]
            self.stdout.write(json.dumps(rows, indent=2))
            return
        if not told:
            self.stdout.write("Nobody has asked the API for cards, prices or sets yet.")
        for count in told:
            last = f", {count.last_known} without the database" if count.last_known else ""
            self.stdout.write(f"{count.kind:<9} {count.ratio:>6.1%} of {count.asked}{last}")
