"""`manage.py index_images`: take in or fetch reference pictures and fingerprint them. Resumes where it stopped."""

from __future__ import annotations

import csv
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from apps.catalog import images as catalog_images
from apps.catalog import queries as catalog
from apps.catalog.models import Product, ProductImage
from apps.core.errors import DomainError
from apps.core.http import fetch_bytes
from apps.scans.indexing import index_pending, unindexed
from apps.scans.references import catalogue_game


class Command(BaseCommand):
    """From files (a CSV that says which picture is which card), from image addresses, or just what is stored."""

    help = "Take in reference pictures from files or addresses, and index those that are not indexed yet."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where pictures come from."""
        parser.add_argument("--csv", type=Path, help="columns file, game, set, number and optional name, language")
        parser.add_argument(
            "--folder", type=Path, help="what the CSV's file names are relative to (default: its folder)"
        )
        parser.add_argument("--fetch", action="store_true", help="download pictures whose address is known")
        parser.add_argument("--per-second", type=float, default=2.0, help="downloads a second (default 2)")
        parser.add_argument("--limit", type=int, default=0, help="at most so many downloads")

    def handle(
        self, *, csv: Path | None, folder: Path | None, fetch: bool, per_second: float, limit: int, **options: object
    ) -> None:
        """Take in, download, index."""
        if csv:
            self._take_in(csv, folder or csv.parent)
        if fetch:
            if per_second <= 0:
                raise CommandError("--per-second is a number above 0.")
            self._download(per_second, limit)
        self._index()

    def _take_in(self, path: Path, folder: Path) -> None:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        if rows and not {"file", "set", "number"} <= set(rows[0]):
            raise CommandError(f"{path} needs the columns file, set and number.")
        stored = known = 0
        rejected: list[str] = []
        for line, row in enumerate(tqdm(rows, desc="pictures", unit="picture", disable=None), 2):
            product = self._product(row)
            if product is None:
                rejected.append(
                    f"line {line}: no card {row.get('game', '')} {row['set']} {row['number']} in the catalogue"
                )
                continue
            if product.images.filter(is_primary=True).exclude(file="").exists():
                known += 1
                continue
            try:
                catalog_images.store_reference(product, (folder / row["file"]).read_bytes())
                stored += 1
            except (OSError, DomainError) as error:
                rejected.append(f"line {line}: {row['file']}: {error}")
        self.stdout.write(f"{stored} pictures stored, {known} known before, {len(rejected)} rejected")
        for reason in rejected[:20]:
            self.stdout.write(f"  {reason}")
        if len(rejected) > 20:
            self.stdout.write(f"  … and {len(rejected) - 20} more")

    def _product(self, row: dict[str, str]) -> Product | None:
        """The one card that the row means: by game, set and number; the name decides between several."""
        found = catalog.find_printing(
            game=catalogue_game(row.get("game", "")), release=row["set"], number=row["number"], name=row.get("name", "")
        )
        exact = [product for product in found if product.number == row["number"]]
        return next(iter(exact or found), None)

    def _download(self, per_second: float, limit: int) -> None:
        wanted = ProductImage.objects.filter(file="").exclude(source_url="").select_related("product")
        rows = wanted.order_by("pk")[:limit] if limit else wanted.order_by("pk")
        stored = failed = 0
        for row in tqdm(rows.iterator(chunk_size=200), total=rows.count(), desc="downloads", disable=None):
            started = time.monotonic()
            try:
                content = fetch_bytes(row.source_url, most_bytes=15 * 2**20)
                catalog_images.store_reference(row.product, content, source_url=row.source_url, credit=row.credit)
                stored += 1
            except (OSError, DomainError) as error:
                failed += 1
                self.stderr.write(f"{row.source_url}: {error}")
            time.sleep(max(0.0, 1 / per_second - (time.monotonic() - started)))
        self.stdout.write(f"{stored} pictures downloaded, {failed} failed (they are tried again next time)")

    def _index(self) -> None:
        done = unreadable = 0
        with tqdm(total=unindexed().count(), desc="fingerprints", unit="picture", disable=None) as bar:
            for indexed, missing in index_pending():
                done, unreadable = done + indexed, unreadable + missing
                bar.update(indexed + missing)
        self.stdout.write(f"{done} pictures indexed, {unreadable} without a readable file")
