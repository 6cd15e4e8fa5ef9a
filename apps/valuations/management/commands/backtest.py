"""`manage.py backtest [--data PATH ...] [--json]`: how far off past fair values would have been, beside simpler ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.valuations.backtest import history, report, sweep
from apps.valuations.backtest.series import NoPrices, Series, read


class Command(BaseCommand):
    """Back-test fair value."""

    help = (
        "At each past cut date foretell the next period from what was known then; median error in percent (weighted error "
        "in brackets) of fair value, last price, means and medians, and how often the 90 % interval held."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which prices, which dates, which form."""
        parser.add_argument(
            "--data",
            nargs="+",
            type=Path,
            metavar="PATH",
            help="CSV files or folders; without it, this installation's own",
        )
        parser.add_argument(
            "--part",
            choices=["late", "early", "all"],
            default="late",
            help="the later two fifths of the dates (default), on which nothing was tuned, the earlier ones, or all",
        )
        parser.add_argument(
            "--sweep",
            action="store_true",
            help="which half-life and trend would have been best on the earlier dates, instead",
        )
        parser.add_argument("--about", action="store_true", help="say what each series is, too")
        parser.add_argument("--json", action="store_true", help="the figures as one JSON object")

    def handle(self, *, data: list[Path] | None, part: str, about: bool, **options: Any) -> None:
        """Test and tell."""
        try:
            series = [each for path in data for each in read(path)] if data else history.own()
        except NoPrices as error:
            raise CommandError(str(error)) from None
        if options["sweep"]:
            self.stdout.write("\n".join(sweep.as_table(sweep.sweep(series))))
            return
        found = report.report(series, part=part)
        if not found:
            raise CommandError("There are too few dates to foretell any from those before it.")
        if options["json"]:
            self.stdout.write(json.dumps({"part": part, **report.as_figures(found)}, indent=1))
            return
        self.stdout.write("\n".join(report.as_table(found)))
        if about:
            self.stdout.write("\n".join(["", *_described(series)]))


def _described(series: list[Series]) -> list[str]:
    return [f"{each.name}: {each.about}; {each.items:,} items, {each.period} days ahead." for each in series]
