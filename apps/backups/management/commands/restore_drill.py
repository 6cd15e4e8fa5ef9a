"""manage.py restore_drill: restore the backup onto a scratch server and prove it. Exits with 1 when it is not good."""

import datetime as dt
import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.backups.drill import Aims, DrillFailed, Order, drill
from apps.backups.models import RestoreDrill


class Command(BaseCommand):
    """See apps.backups.drill."""

    help = (
        "Restore the newest backup onto a scratch server, prove its books, compare rows and media, print RPO and RTO."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """To when, where, and how much is compared."""
        parser.add_argument("--at", help="a point in time, 2026-11-22T01:30:00+00:00; else the latest there is")
        parser.add_argument("--scratch", type=Path, help="a folder with room for the database; else the system's own")
        parser.add_argument("--keep", action="store_true", help="leave the restored files there")
        parser.add_argument("--settled", type=float, default=600, help="seconds before the end that are not compared")
        parser.add_argument("--media-sample", type=int, default=200, help="copies of media that are opened")
        parser.add_argument("--rpo", type=float, default=900, help="fail when more seconds of work would be lost")
        parser.add_argument("--rto", type=float, default=3600, help="fail when it takes longer")
        parser.add_argument("--patience", type=float, default=7200, help="seconds for the replay of the log")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")

    def handle(self, **options: object) -> None:
        """Drill, print, fail where anything is amiss."""
        order = Order(
            at=_moment(options["at"]),
            scratch=options["scratch"],
            settled=dt.timedelta(seconds=options["settled"]),
            media_sample=options["media_sample"],
            patience=options["patience"],
            keep=options["keep"],
        )
        try:
            run = drill(order)
        except DrillFailed as error:
            raise CommandError(f"The backup is NOT good.\n{error}", returncode=1) from None
        if missed := Aims(rpo=options["rpo"], rto=options["rto"]).missed(run):
            run.trouble = "\n".join(missed)
            run.save(update_fields=["trouble"])
        self._tell(run, as_json=bool(options["json"]))
        if missed:
            raise CommandError(f"The backup is good, but: {run.trouble}", returncode=1)

    def _tell(self, run: RestoreDrill, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(model_to_dict(run) | {"id": str(run.pk)}, default=str))
            return
        self.stdout.write(f"backup      {run.backup}, {run.database_bytes / 1e9:.2f} GB")
        self.stdout.write(f"reached     {run.reached_at:%Y-%m-%d %H:%M:%S.%f} UTC")
        self.stdout.write(f"RPO         {run.rpo_seconds:.2f} s")
        self.stdout.write(
            f"RTO         {run.rto_seconds:.1f} s  ("
            + ", ".join(f"{name} {s:.1f}" for name, s in run.stages.items())
            + ")"
        )
        for label, rows in run.counts.items():
            if "restored" in rows:
                self.stdout.write(f"{label:<28}{rows['restored']:>12} restored{rows['in_service']:>12} in service")
        ledger = run.counts["ledger"]
        self.stdout.write(f"ledger      {ledger['transactions']} transactions proven, {ledger['seals']} seals")
        if run.media:
            self.stdout.write("media       " + ", ".join(f"{value} {name}" for name, value in run.media.items()))
        self.stdout.write(self.style.SUCCESS("The backup is good."))


def _moment(text: object) -> dt.datetime | None:
    if not text:
        return None
    try:
        at = parse_datetime(str(text))
    except ValueError:
        at = None
    if at is None or timezone.is_naive(at):
        raise CommandError("--at takes a moment with its offset, such as 2026-11-22T01:30:00+00:00.")
    if at > timezone.now():
        raise CommandError("--at lies in the future.")
    return at
