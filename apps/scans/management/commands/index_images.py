"""`manage.py index_images`: take in or fetch reference pictures and fingerprint them. Resumes where it stopped."""

from __future__ import annotations

import csv
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from apps.scans import engines, pictures
from apps.scans.indexing import index_pending, kept, unindexed

SHOWN = 20


class Command(BaseCommand):
    """From files or addresses (a CSV says which picture is which card), from the importers' addresses, or what is stored."""

    help = (
        "Take in reference pictures from files or addresses, and index those that are not indexed yet. Every picture "
        "is kept as soon as it is there: after a stop, the same command goes on with the rest."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where pictures come from."""
        parser.add_argument("--csv", type=Path, help="columns game, set, number, name, and file or url (a web address)")
        parser.add_argument("--folder", type=Path, help="where the CSV's files lie (default: the CSV's own folder)")
        parser.add_argument("--fetch", action="store_true", help="download pictures whose address is known")
        parser.add_argument("--per-second", type=float, default=2.0, help="downloads a second at most (default 2)")
        parser.add_argument("--limit", type=int, default=0, help="at most so many downloads")
        parser.add_argument("--private", action="store_true", help="also download from addresses of your own network")
        parser.add_argument("--engine", default="", help="the embedder to index for (default: all that are kept up)")

    def handle(
        self,
        *,
        csv: Path | None,
        folder: Path | None,
        fetch: bool,
        per_second: float,
        limit: int,
        private: bool,
        engine: str = "",
        **options: object,
    ) -> None:
        """Take in, download, index."""
        if per_second <= 0:
            raise CommandError("--per-second is a number above 0.")
        self._insist_known(engine)
        try:
            if csv:
                self._take_in(csv, folder or csv.parent)
            gone = self._download(per_second, limit, private) if fetch else ""
            self._index(engine)
        except KeyboardInterrupt:
            raise CommandError("Stopped. What was done is kept; the same command goes on with the rest.") from None
        if gone:
            raise CommandError(f"{gone}. The same command goes on with the rest later.")

    def _take_in(self, path: Path, folder: Path) -> None:
        outcomes = {"stored": 0, "noted": 0, "known": 0}
        rejected: list[str] = []
        for line, row in enumerate(tqdm(self._rows(path), desc="pictures", unit="picture", disable=None), 2):
            outcome = pictures.take_in(row, folder)
            if outcome in outcomes:
                outcomes[outcome] += 1
            else:
                rejected.append(f"line {line}: {outcome}")
        self.stdout.write(
            f"{outcomes['stored']} pictures stored, {outcomes['noted']} addresses noted, "
            f"{outcomes['known']} known before, {len(rejected)} rejected"
        )
        for reason in rejected[:SHOWN]:
            self.stdout.write(f"  {reason}")
        if len(rejected) > SHOWN:
            self.stdout.write(f"  … and {len(rejected) - SHOWN} more")

    def _rows(self, path: Path) -> list[dict[str, str]]:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except (UnicodeDecodeError, csv.Error):
            raise CommandError(f"{path} is no CSV in UTF-8.") from None
        columns = set(rows[0]) if rows else {"file", "set", "number"}
        if not {"set", "number"} <= columns or not {"file", "url"} & columns:
            raise CommandError(f"{path} needs the columns set, number, and file or url.")
        return rows

    def _download(self, per_second: float, limit: int, private: bool) -> str:
        """Empty, or why the source was given up."""
        waiting = pictures.awaited().count()
        stored, failed, gone = 0, 0, ""
        found = pictures.download(per_second=per_second, limit=limit, allow_private=private)
        try:
            for address, wrong in tqdm(found, total=min(waiting, limit or waiting), desc="downloads", disable=None):
                stored, failed = stored + (not wrong), failed + bool(wrong)
                if wrong:
                    self.stderr.write(f"{address}: {wrong}")
        except pictures.SourceGone as error:
            gone = str(error)
        self.stdout.write(f"{stored} pictures downloaded, {failed} failed (they are tried again next time)")
        return gone

    def _insist_known(self, engine: str) -> None:
        from ml.engines import versions_of

        known = versions_of("embed", engines.setup())
        if engine and engine not in known:
            raise CommandError(f"There is no embedder {engine} here, only: {', '.join(known)}.")

    def _index(self, engine: str) -> None:
        for version in [engine] if engine else kept():
            done = unreadable = 0
            with tqdm(total=unindexed(version).count(), desc=version, unit="picture", disable=None) as bar:
                for indexed, missing in index_pending(version):
                    done, unreadable = done + indexed, unreadable + missing
                    bar.update(indexed + missing)
            self.stdout.write(f"{version}: {done} pictures indexed, {unreadable} without a readable file")
