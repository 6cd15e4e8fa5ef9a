"""What one thing costs: bytes of a row in each table that grows, CPU of a page in web and in PostgreSQL, of events and notices.

The demo is loaded into a database of its own, which stays for the next run. Of each table a row's size is measured after its rows
were multiplied with keys drawn anew, so that indexes are as deep and as loosely filled as in service. CPU is that of the
process and of its PostgreSQL backend alone, so that other programs on the machine matter little. docs/capacity.md is drawn
from these figures.

    python -m tests.benchmarks units
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from config.launcher.probes import port_answers
from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (200, 2), Size.USUAL: (20_000, 40)}
"""Rows of a table, requests of a page."""
TICK = os.sysconf("SC_CLK_TCK")
KEPT = Path(__file__).parents[2] / "build" / "units"

GROUPS: dict[str, tuple[str, ...]] = {
    "a member": ("accounts_user", "account_emailaddress", "accounts_consent", "accounts_address"),
    "a copy": ("inventory_inventoryitem",),
    "a movement": ("inventory_movement",),
    "a photo of a copy": ("inventory_itemphoto",),
    "a listing": ("listings_listing", "listings_searchrow", "risk_photoprint"),
    "a want": ("wants_want", "wants_wantedcard"),
    "a sale": (
        "trades_trade", "trades_tradeline", "trades_shipment", "trades_message", "trades_review", "escrow_hold", "escrow_payment",
        "escrow_settlement",
    ),
    "a ledger entry": ("escrow_ledgerentry",),
    "a ledger transaction": ("escrow_ledgertransaction",),
    "a scanned card": ("scans_detectedcard", "scans_candidate"),
    "a photo to scan": ("scans_scan", "scans_scanphoto"),
    "a notice": ("notifications_notification", "notifications_dispatch"),
    "an e-mail": ("notifications_mail",),
    "an event": ("core_outboxevent", "core_delivery"),
    "an audit entry": ("core_auditentry",),
    "a day of a portfolio": ("inventory_portfolioday",),
    "a quote": ("valuations_quote",),
}  # fmt: skip
"""Things of the model and the tables that they fill; one that is not there, or empty in the demo, is left out and told."""

_LIKE = """
select a.attname, format_type(a.atttypid, null), a.atttypmod,
 exists (select from pg_index i where i.indrelid = a.attrelid and i.indisunique and i.indkey[0] = a.attnum
  and not exists (select from pg_attribute b where b.attrelid = i.indrelid and b.attnum = any(i.indkey)
   and b.atttypid = 'uuid'::regtype))
from pg_attribute a where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
order by a.attnum
"""


def multiplied(connection: psycopg.Connection, table: str, wanted: int) -> dict[str, float] | None:
    """Bytes of a row and of its index entries in a table of `wanted` rows like those there; None where none are."""
    there = connection.execute(f"select count(*) from {table}").fetchone()[0]
    if not there:
        return None
    connection.execute(f"create table bench_like (like {table} including all)")
    columns = connection.execute(_LIKE, [table]).fetchall()
    kept = [(name, drawn(name, *rest)) for name, *rest in columns]
    names = ", ".join(f'"{name}"' for name, _ in kept)
    values = ", ".join(f"{expression} as c{n}" for n, (_, expression) in enumerate(kept))
    connection.execute(
        f"insert into bench_like ({names}) overriding system value select * from (select {values}"
        f" from generate_series(1, {-(-wanted // there)}) with ordinality as many(x, n), {table} r limit {wanted}) as made"
        f" on conflict do nothing"
    )
    connection.execute("vacuum (analyze) bench_like")
    rows, data, indexes = connection.execute(
        "select count(*), pg_table_size('bench_like'), pg_indexes_size('bench_like') from bench_like"
    ).fetchone()
    connection.execute("drop table bench_like")
    return {"rows": rows, "bytes": data / rows, "index bytes": indexes / rows}


def drawn(name: str, kind: str, longest: int, leads: bool) -> str:
    """SQL of a column's value in a copied row: keys drawn anew, everything else as it was.

    longest: PostgreSQL's type modifier. leads: whether a unique index without a key in it begins with this column.
    """
    if kind == "uuid":  # ids of ours rise with time; what they name lies anywhere
        return "uuidv7()" if name == "id" else f'case when r."{name}" is null then null else gen_random_uuid() end'
    if not leads:
        return f'r."{name}"'
    if kind in ("bigint", "integer"):
        return "(random() * 2000000000)::int"
    if kind in ("text", "character varying", "citext"):
        most = longest - 4 if longest > 4 else 64
        return f'left(md5(random()::text) || md5(random()::text), least({most}, greatest(length(r."{name}"), 12)))'
    return f'r."{name}"'


NOTHING = "nothing (baseline)"


class Cpu:
    """CPU seconds of this process and of one PostgreSQL backend, from one moment on."""

    def __init__(self, backend: int) -> None:
        self.backend = backend
        self.process, self.server = time.process_time(), self._of_server()

    def _of_server(self) -> float:
        with open(f"/proc/{self.backend}/stat") as file:
            fields = file.read().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def since(self, count: int) -> dict[str, float]:
        """Milliseconds for each of `count` things."""
        server = self._of_server() - self.server
        return {
            "web ms": 1000 * (time.process_time() - self.process) / count,
            "database ms": 1000 * server / count,
        }


def pages(seller: Any, asked: int) -> dict[str, dict[str, float]]:
    """CPU of what people ask for most, by a seller and by visitors; each as a ratio to a page that does nothing."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from apps.catalog.models import Product
    from apps.listings.models import Listing

    visitor, member = Client(headers={"Host": "127.0.0.1"}), Client(headers={"Host": "127.0.0.1"})
    member.force_login(seller)
    cards = [reverse("card", args=[pk]) for pk in Product.objects.values_list("pk", flat=True)[:asked]]
    listings = [reverse("listing", args=[pk]) for pk in Listing.objects.values_list("pk", flat=True)[:asked]]
    ways: dict[str, tuple[Client, list[str]]] = {
        NOTHING: (visitor, [reverse("healthz")]),
        "front page": (visitor, [reverse("home")]),
        "search": (visitor, [f"{reverse('search')}?q={word}" for word in ("dragon", "drake", "ember", "a", "storm")]),
        "market": (visitor, [reverse("market")]),
        "card": (visitor, cards),
        "listing": (visitor, listings),
        "inventory": (member, [reverse("inventory")]),
        "portfolio": (member, [reverse("portfolio")]),
        "trades": (member, [reverse("trades")]),
        "notifications": (member, [reverse("notifications")]),
        "REST: sets": (member, [reverse("api-sets")]),
    }
    found = {}
    for name, (client, paths) in ways.items():
        for path in paths[:3]:
            assert client.get(path).status_code == 200, path
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            (backend,) = cursor.fetchone()
        with CaptureQueriesContext(connection) as queries:
            client.get(paths[0])
        cpu = Cpu(backend)
        for number in range(asked):
            client.get(paths[number % len(paths)])
        found[name] = cpu.since(asked) | {"queries": len(queries)}
        found[name] |= (
            {"ratio": found[NOTHING]["web ms"] / max(found[name]["web ms"], 0.001)} if name != NOTHING else {}
        )
    return found


def work(owner: Any) -> dict[str, dict[str, float]]:
    """CPU of what workers do: events carried to their handlers, notices told."""
    from django.db import connection

    from apps.accounts.models import User
    from apps.catalog.models import Variant
    from apps.core import outbox
    from apps.core.conditions import Condition
    from apps.core.models import Delivery
    from apps.inventory import actions as inventory
    from apps.notifications.telling import Told, tell

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (backend,) = cursor.fetchone()
    outbox.relay(limit=100_000)
    variants = list(Variant.objects.all()[:200])
    found: dict[str, dict[str, float]] = {}

    def timed(name: str, count: int, does: Callable[[], object]) -> None:
        cpu = Cpu(backend)
        does()
        found[name] = cpu.since(count)

    def add() -> None:
        for variant in variants:
            inventory.add_item(owner=owner, variant=variant, by=owner, condition=Condition.NM, quantity=1)

    timed("a copy added", len(variants), add)
    handled = Delivery.objects.exclude(delivered_at=None)
    before, cpu = handled.count(), Cpu(backend)
    outbox.relay(limit=100_000)
    found["an event handled"] = cpu.since(max(handled.count() - before, 1))
    people = list(User.objects.values_list("pk", flat=True)[:20])
    facts = {"author": "Ada", "message": "Is it centred?", "goods": "Ember drake", "partner": "Ada"}
    news = [
        Told("trade.message", people[n % len(people)], f"bench:{n}", f"trade:{n % 997}", "/trades/", facts)
        for n in range(600)
    ]
    timed("a notice told", len(news), lambda: tell(news))
    return found


@contextmanager
def paid(folder: Path) -> Iterator[None]:
    """The payments sandbox of a folder, through which the demo's sales are paid."""
    from config.launcher.payments import sandbox_of

    sandbox = sandbox_of(folder)
    os.environ |= sandbox.environment
    nobody = "http://127.0.0.1:9/webhooks/stripe/"  # messages are asked for instead
    place = ["--port", str(sandbox.port), "--data", str(folder / "sandbox"), "--webhook-url", nobody]
    keys = ["--secret-key", sandbox.secret_key, "--webhook-secret", sandbox.webhook_secret]
    with (folder / "sandbox" / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "apps.escrow.sandbox", *place, *keys], stdout=log, stderr=log)
    try:
        answers = port_answers(sandbox.port)
        while process.poll() is None and not answers():
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def servers(size: Size) -> Iterator[None]:
    """All that runs: for a tiny world the database alone; else the demo stays in KEPT for the next run."""
    if size is Size.TINY:
        with scratch():
            yield
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    with paid(KEPT), scratch(KEPT):
        yield


def world(size: Size) -> Any:
    """The demo, or hardly anything; a seller in it."""
    from django.core.management import call_command

    from apps.accounts.models import User
    from apps.catalog.models import Variant
    from apps.inventory.portfolio.actions import take_days
    from apps.notifications.mail.sending import send_due
    from tests.factories import make_trade
    from tests.scans.conftest import make_scan

    if size is Size.TINY:
        return make_trade().seller
    call_command("load_demo", pictures=20, verbosity=0)
    make_scan(owner=User.objects.first(), cards=9, variants=list(Variant.objects.all()[:5]))
    take_days()
    send_due()
    return User.objects.get(email="seller@demo.cardvault.example")


def run(size: Size = Size.USUAL) -> dict[str, Any]:
    """Start servers, load the demo, measure, print."""
    rows, asked = of(SIZES, size)
    with servers(size):
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["127.0.0.1"]
        settings.DEBUG = False
        seller = world(size)
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            there = {
                name for (name,) in connection.execute("select tablename from pg_tables where schemaname = 'public'")
            }
            named = {table for tables in GROUPS.values() for table in tables}
            measured = {table: multiplied(connection, table, rows) for table in sorted(named & there)}
        tables = {table: figures for table, figures in measured.items() if figures}
        stored = [path for path in (Path(settings.MEDIA_ROOT) / "catalog").rglob("*") if path.is_file()]
        pictures = [path for path in stored if path.suffix == ".jpg"]
        found = {
            "rows": tables,
            "bytes of a thing": {
                name: round(
                    sum(tables[table]["bytes"] + tables[table]["index bytes"] for table in group if table in tables)
                )
                for name, group in GROUPS.items()
            },
            "bytes of a stored picture": round(sum(path.stat().st_size for path in stored) / max(len(pictures), 1)),
            "pages": pages(seller, asked),
            "work": work(seller),
            "not measured": sorted(named - set(tables)),
        }
    print(f"{'bytes':<28}" + "".join(f"\n  {name:<26}{size:>8,}" for name, size in found["bytes of a thing"].items()))
    print(f"{'CPU of one':<28}{'web ms':>10}{'database ms':>13}")
    for name, figures in (found["pages"] | found["work"]).items():
        print(f"  {name:<26}{figures['web ms']:>10.1f}{figures['database ms']:>13.1f}")
    print(f"not there or empty: {', '.join(found['not measured']) or 'nothing'}")
    return found
