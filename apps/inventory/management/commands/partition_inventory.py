"""manage.py partition_inventory: the inventory in partitions by owner, step by step, for sites that have outgrown one table."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from apps.inventory import partitioning


class Command(BaseCommand):
    """See apps.inventory.partitioning and docs/scale.md."""

    help = "Take one step: prepare, copy, compare, switch, validate. Try it on a restored copy first (restore_drill --keep)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which step, and how."""
        parser.add_argument("step", choices=["prepare", "copy", "compare", "switch", "validate"])
        parser.add_argument("--partitions", type=int, default=partitioning.PARTITIONS, help="for prepare")
        parser.add_argument("--batch", type=int, default=partitioning.BATCH, help="rows of one transaction, for copy")

    def handle(self, **options: object) -> None:
        """Take it, and say what comes next."""
        try:
            self.stdout.write(getattr(self, f"_{options['step']}")(options))
        except partitioning.NotReady as error:
            raise CommandError(str(error)) from None

    def _prepare(self, options: dict[str, object]) -> str:
        partitioning.prepare(partitions=options["partitions"])
        return f"{options['partitions']} partitions; what changes is written there too. Next: copy"

    def _copy(self, options: dict[str, object]) -> str:
        rows = 0
        with tqdm(unit=" items", disable=None) as bar:
            while True:
                done = partitioning.copy(batch=options["batch"])
                rows += done.rows
                bar.update(done.rows)
                if done.is_done:
                    return f"{rows} items copied. Next: compare"

    def _compare(self, options: dict[str, object]) -> str:
        if amiss := partitioning.differences():
            raise CommandError(f"{amiss} rows differ. Copy again, or look why.")
        return "Both tables hold the same. Next: switch"

    def _switch(self, options: dict[str, object]) -> str:
        partitioning.switch()
        return f"Switched; the former table is {partitioning.BEFORE}, drop it when you are content. Next: validate"

    def _validate(self, options: dict[str, object]) -> str:
        return f"{len(partitioning.validate())} foreign keys are checked."
