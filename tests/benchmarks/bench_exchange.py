"""How many lines a second an inventory's file goes through: sent, read, matched, added; and out of the inventory again.

The ratio is to a bare COPY of the same file's lines into a table without indexes, in the same run. Memory is the growth of
this process's peak, after a first small import has warmed everything up, for a tenth of the lines and for all of them: it
stays flat.

    python -m tests.benchmarks exchange
"""

from __future__ import annotations

import csv
import resource
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.bench_import import rows as cards
from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (40, 200, 1), Size.USUAL: (10_000, 100_000, 3)}
"""Cards of the catalogue, lines of the file, rounds."""
WARM = 2_000
"""Lines at most of the import that warms everything up."""
_HEAD = "Quantity,Name,Simple Name,Set,Card Number,Set Code,Printing,Condition,Language,Rarity,Product ID,SKU\n"
_CONDITIONS = ("Near Mint", "Lightly Played", "Moderately Played", "Heavily Played", "Damaged")


def lines(count: int, of_cards: int) -> Iterator[str]:
    """Lines as the TCGplayer app writes them: every card in both printings and five conditions; one in fifty is unknown."""
    known = list(cards(of_cards))
    for n in range(count):
        card = known[n % of_cards]
        turn = n // of_cards
        number = "9999" if n % 50 == 49 else card["number"]
        printing = "Reverse Holofoil" if turn % 2 else "Normal"
        yield (
            f"{n % 4 + 1},{card['name']},{card['name']},{card['release_name']},{number},{card['release_code']},{printing},"
            f"{_CONDITIONS[turn // 2 % 5]},English,Rare,,\n"
        )


def copied(path: Path) -> float:
    """The baseline: the same lines into a table of texts by COPY. Lines a second."""
    from django.db import connection, transaction

    count = 0
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("create table bare (line integer, said text)")
        with path.open(encoding="utf-8") as stream, cursor.copy("copy bare from stdin") as copy:
            for count, line in enumerate(stream, 1):
                copy.write_row((count, line))
        cursor.execute("drop table bare")
    return count / (time.perf_counter() - began)


def imported(path: Path, owner: object) -> dict[str, float]:
    """The whole path, in this process; seconds of each step, and what became of the lines."""
    from apps.inventory.exchange import actions, queries, work

    began = time.perf_counter()
    with path.open("rb") as upload:
        origin = actions.start_import(upload=upload, file_name=path.name, by=owner)
    actions.read_import(origin=origin, by=owner)
    origin.refresh_from_db()
    while origin.state == "reading":
        work.carry_on(import_id=origin.pk)
        origin.refresh_from_db()
    read = time.perf_counter()
    actions.add_matched(origin=origin, by=owner)
    origin.refresh_from_db()
    while origin.state == "adding":
        work.carry_on(import_id=origin.pk)
        origin.refresh_from_db()
    done = time.perf_counter()
    counts = queries.counts_of(origin)
    return {
        "lines": counts.total, "added": counts.added, "waiting": counts.waiting, "read seconds": read - began,
        "add seconds": done - read, "lines/s": counts.total / (done - began),
    }  # fmt: skip


def exported(owner: object) -> float:
    """Items a second out as our own format."""
    from apps.inventory.exchange import exporting
    from apps.inventory.exchange.formats import FORMATS

    began = time.perf_counter()
    count = sum(1 for _ in exporting.lines_of(exporting.items_of(owner), FORMATS["cardvault"]))
    return count / (time.perf_counter() - began)


def peak() -> float:
    """Megabytes that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(size: Size = Size.USUAL) -> dict[str, dict[str, float]]:
    """Measure and print; returns the figures by name."""
    of_cards, whole_file, rounds = of(SIZES, size)
    warm, tenth = min(WARM, whole_file // 5), whole_file // 10
    with scratch() as folder:
        from django.db import connection

        from apps.accounts.models import User
        from apps.catalog.actions import import_catalog

        catalogue = folder / "cards.csv"
        with catalogue.open("w", newline="", encoding="utf-8") as stream:
            known = list(cards(of_cards))
            table = csv.DictWriter(stream, fieldnames=list(known[0]))
            table.writeheader()
            table.writerows(known)
        import_catalog(kind="generic", path=catalogue)
        paths = {}
        for count in (warm, tenth, whole_file):
            paths[count] = folder / f"{count}.csv"
            paths[count].write_text(_HEAD + "".join(lines(count, of_cards)), encoding="utf-8")
        owners = (User.objects.create_user(f"b{n}@example.com", "x") for n in range(99))
        imported(paths[warm], next(owners))
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze")
        grown = {}
        for count in (tenth, whole_file):
            before = peak()
            imported(paths[count], next(owners))
            grown[count] = peak() - before
        whole, bare, out = [], [], []
        for _ in range(rounds):
            owner = next(owners)
            whole.append(imported(paths[whole_file], owner))
            bare.append(copied(paths[whole_file]))
            out.append(exported(owner))
        base = statistics.median(bare)
        best = sorted(whole, key=lambda each: each["lines/s"])[rounds // 2]
        found = {
            "bare COPY (baseline)": {"lines/s": base},
            "import, whole path": {**best, "ratio": best["lines/s"] / base},
            "export": {"items/s": statistics.median(out)},
            "memory": {"grown MB for a tenth": grown[tenth], "grown MB for all": grown[whole_file]},
        }
        for what, figures in found.items():
            print(f"{what:<24}" + "  ".join(f"{name} {value:,.2f}" for name, value in figures.items()))
    return found


if __name__ == "__main__":
    run()
