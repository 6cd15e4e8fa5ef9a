"""manage.py reconcile_payments: our ledger against the processor's movements. Exits with 1 on a difference."""

import datetime as dt

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.escrow.gateway import GatewayError
from apps.escrow.reconciliation import reconcile


class Command(BaseCommand):
    """Ours against theirs."""

    help = "Compare the ledger with the payment processor's movements, book its fees and payouts, print differences."

    def add_arguments(self, parser: CommandParser) -> None:
        """How far back."""
        parser.add_argument("--days", type=int, help="only the last so many days; without it everything, with totals")

    def handle(self, **options: object) -> None:
        """Print what was compared and every difference."""
        since = timezone.now() - dt.timedelta(days=options["days"]) if options["days"] else None
        try:
            report = reconcile(since=since)
        except GatewayError as error:
            raise CommandError(error.message) from None
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(report.by_kind.items()))
        self.stdout.write(f"{report.movements} movements ({kinds or 'none'}), {report.booked} booked now")
        self.stdout.write(f"{report.matched} agree, {len(report.differences)} differ")
        for difference in report.differences:
            self.stderr.write(self.style.ERROR(str(difference)))
        if report.differences:
            raise CommandError("The two sides do not agree.", returncode=1)
