"""manage.py check_ledger: prove the books; totals by kind of account and by trade. Exits with 1 on a broken invariant."""

import json
from argparse import ArgumentTypeError
from collections.abc import Iterator
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.money import Money
from apps.escrow import ledger


class Command(BaseCommand):
    """Recompute every invariant of the ledger from its entries."""

    help = "Prove every invariant of the ledger and print the totals by kind of account, and by trade where asked."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to list, in which form, and which seals were kept elsewhere."""
        parser.add_argument("--trades", action="store_true", help="list what became of every payment held")
        parser.add_argument("--holds", action="store_true", help="of these, only what is still held")
        parser.add_argument("--json", action="store_true", help="one JSON object for each line instead of a table")
        parser.add_argument(
            "--known", action="append", default=[], type=_seal, metavar="NUMBER:HASH",
            help="a seal's hash as the log told it once; the chain must still go through it",
        )  # fmt: skip

    def handle(self, **options: object) -> None:
        """Print the totals, then what was proved and what is broken."""
        write = self._write_json if options["json"] else self._write_text
        checked = ledger.examine(dict(options["known"]))
        write("account", ledger.totals())
        if options["trades"] or options["holds"]:
            write("trade", (row for row in ledger.totals_by_hold() if row.held or options["trades"]))
        waiting = ledger.unsealed()
        if options["json"]:
            said = {
                "accounts": checked.accounts, "transactions": checked.transactions, "entries": checked.entries,
                "seals": checked.seals, "head": checked.head, "unsealed": checked.unsealed,
                "unsealed_since": waiting.since.isoformat() if waiting.since else None,
                "findings": [asdict(finding) for finding in checked.findings],
            }  # fmt: skip
            self.stdout.write(json.dumps({"checked": said}))
        else:
            self.stdout.write(
                f"{checked.transactions} transactions, {checked.entries} entries, {checked.accounts} accounts;"
                f" {checked.seals} seals, {checked.unsealed} transactions not sealed yet"
            )
            if checked.head:
                self.stdout.write(f"seal {checked.seals} has the hash {checked.head}")
            for finding in checked.findings:
                self.stderr.write(self.style.ERROR(str(finding)))
        if checked.findings:
            raise CommandError(f"{len(checked.findings)} findings: the books are not right.", returncode=1)
        if not options["json"]:
            self.stdout.write(self.style.SUCCESS("Every invariant holds."))

    def _write_json(self, name: str, rows: Iterator[ledger.Totals | ledger.HoldTotals]) -> None:
        for row in rows:
            self.stdout.write(json.dumps({name: asdict(row)}))

    def _write_text(self, name: str, rows: Iterator[ledger.Totals | ledger.HoldTotals]) -> None:
        if name == "account":
            self.stdout.write(f"{'account':<24}{'accounts':>10}{'balance':>22}")
        else:
            self.stdout.write(
                f"{'held for':<44}{'state':<11}" + "".join(f"{column:>15}" for column in _COLUMNS).replace("_", " ")
            )
        for row in rows:
            if isinstance(row, ledger.Totals):
                self.stdout.write(f"{row.kind:<24}{row.accounts:>10}{Money(row.balance_minor, row.currency)!s:>22}")
            else:
                figures = "".join(f"{Money(getattr(row, column), row.currency)!s:>15}" for column in _COLUMNS)
                self.stdout.write(f"{row.cause:<44}{row.state:<11}{figures}")


_COLUMNS = ("paid", "held", "to_seller", "to_buyer", "fees", "drawn")


def _seal(text: str) -> tuple[int, str]:
    number, _, kept = text.partition(":")
    if not number.isdigit() or len(kept) != 64:
        raise ArgumentTypeError("a seal's number, a colon, and its hash in hexadecimal")
    return int(number), kept.lower()
