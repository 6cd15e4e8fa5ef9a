"""manage.py check_ledger: prove the books and print them by account kind. Exits with 1 on a broken invariant."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from apps.core.money import Money
from apps.escrow import ledger


class Command(BaseCommand):
    """Recompute every invariant of the ledger from its entries."""

    help = "Prove every invariant of the ledger and print the totals by kind of account."

    def add_arguments(self, parser: CommandParser) -> None:
        """--holds also lists the holds that hold money."""
        parser.add_argument("--holds", action="store_true", help="list every hold that holds money")

    def handle(self, **options: object) -> None:
        """Print the totals, then what is broken."""
        self.stdout.write(f"{'account':<24}{'accounts':>10}{'balance':>20}")
        for row in ledger.totals():
            self.stdout.write(f"{row.kind:<24}{row.accounts:>10}{Money(row.balance_minor, row.currency)!s:>20}")
        if options["holds"]:
            self._print_holds()
        findings = ledger.check()
        for finding in findings:
            self.stderr.write(self.style.ERROR(str(finding)))
        if findings:
            raise CommandError(f"{len(findings)} findings: the books are not right.", returncode=1)
        self.stdout.write(self.style.SUCCESS("Every invariant holds."))

    def _print_holds(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("""
                select h.id, h.state, a.balance, a.currency from escrow_hold h
                  join escrow_ledgeraccount a on a.code = 'hold:' || h.id
                 where a.balance <> 0 order by h.id
            """)
            for hold_id, state, minor, currency in cursor.fetchall():
                self.stdout.write(f"  hold {hold_id} {state:<12}{Money(minor, currency)!s:>20}")
