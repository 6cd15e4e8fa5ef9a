"""`manage.py load_demo`: a world to look at. Safe to repeat: what is there stays as it is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.catalog.models import Variant
from apps.demo import catalogue, dealings, market, people, trades
from apps.demo.tasks import draw_more
from apps.valuations import actions as valuations
from apps.valuations.queries import movers

# So that every category has its share and the composed photographs have their cards.
_FEWEST = 20


class Command(BaseCommand):
    """Facts, pictures, prices, people, inventories, listings, trades, and what members have going on beside them."""

    help = "Load the demo: catalogue, pictures, prices, people, listings and trades in every state. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """How to run."""
        parser.add_argument("--print-accounts", action="store_true", help="print the accounts as JSON and stop")
        parser.add_argument(
            "--pictures",
            type=int,
            help="how many cards to draw at once (about 150 unless told); the worker draws the rest",
        )
        parser.add_argument("--processes", type=int, default=2, help="how many processes draw them (default 2)")
        parser.add_argument("--force", action="store_true", help="load into a production database all the same")

    def handle(
        self, *, print_accounts: bool, force: bool, pictures: int | None, processes: int, **options: object
    ) -> None:
        """Load what is not there yet."""
        if print_accounts:
            self.stdout.write(json.dumps(people.accounts()))
            return
        if not force and settings.SETTINGS_MODULE.endswith("production"):
            raise CommandError("This is a production database. The demo has known passwords; use --force to insist.")
        if pictures is not None and pictures < _FEWEST:
            raise CommandError(f"The photographs need {_FEWEST} pictures or more.")
        self._tell_accounts()
        if trades.are_made() and dealings.are_made(people.known_people()):
            self.stdout.write("demo data are loaded already")
            return
        self._catalogue(pictures, processes)
        self._market()
        self._people()
        draw_more.apply_async(countdown=20, retry=False)

    def _catalogue(self, pictures: int | None, processes: int) -> None:
        with self._step("facts") as told:
            told(catalogue.load_facts(), "products")
        with self._step("pictures") as told:
            told(catalogue.draw_pictures(most=pictures, processes=processes), "cards drawn")
        with self._step("photographs") as told:
            told(len(catalogue.compose_photographs()), "photographs")

    def _market(self) -> None:
        with self._step("market") as told:
            told(market.make_market(now=timezone.now()), "quotes and sales")
        with self._step("fair values") as told:
            variants = list(Variant.objects.values_list("pk", flat=True))
            valuations.refresh_prices(variants)
            told(len(variants), "printings valued")
        with self._step("pictures of the movers") as told:
            told(catalogue.draw_faces(mover.product_id for mover in movers(limit=8)), "cards drawn")

    def _people(self) -> None:
        with self._step("people, inventories, listings") as told, transaction.atomic():
            members = people.make_people()
            offered = trades.make_inventories(members)
            told(sum(len(rows) for rows in offered.values()), "listings")
        with self._step("trades") as told:
            told(sum(1 for _ in trades.make_trades(members, offered)), "trades")
        with self._step("wants, offers, alerts") as told:
            told(sum(1 for _ in dealings.make_dealings(members)), "kinds of dealings")

    def _tell_accounts(self) -> None:
        path = settings.DATA_DIR / "demo_accounts.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(people.accounts()), encoding="utf-8")

    @contextmanager
    def _step(self, name: str) -> Iterator[object]:
        started = time.monotonic()
        said: list[str] = []
        yield lambda count, what: said.append(f"{count} {what}")
        self.stdout.write(f"demo: {name}: {', '.join(said)} in {time.monotonic() - started:.1f} s")
