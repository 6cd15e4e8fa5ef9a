"""How much of everything so many members need: assumptions that are named, unit costs out of docs/benchmarks/figures, arithmetic.

    python -m tests.benchmarks.capacity [--check]    # writes the tables of docs/capacity.md, or says whether they are up to date

Nothing is measured here. All figures are means but where `peak` stands in a name; what is bought is bought for the peak.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FIGURES, PAGE = ROOT / "docs" / "benchmarks" / "figures", ROOT / "docs" / "capacity.md"
MEMBERS = (10_000, 100_000, 1_000_000, 10_000_000)
DAY, YEAR = 86_400, 365
GB, TB, MB = 1e9, 1e12, 1e6

MIX = {
    "front page": 0.08, "search": 0.14, "market": 0.10, "card": 0.22, "listing": 0.14, "inventory": 0.09,
    "portfolio": 0.03, "trades": 0.05, "notifications": 0.05, "REST: sets": 0.10,
}  # fmt: skip
"""Shares of requests by page; pages that are not measured cost what these do in the mean."""
FROM_REPLICAS = ("front page", "search", "market", "card", "listing", "REST: sets")
"""Pages whose reads of catalogue, prices and listings may go to a replica (config/replicas.py)."""


def assumed(default: float, said: str) -> Any:
    """An assumption with its words."""
    return field(default=default, metadata={"said": said})


@dataclass(frozen=True)
class Assumptions:
    """What nobody can measure before there are members. Change them here, and draw the tables anew."""

    active: float = assumed(0.10, "share of members who come on a day")
    requests: float = assumed(30, "requests of one who comes, pages and parts of pages")
    visitors: float = assumed(1.0, "requests of visitors, programs and search engines, for each of a member's")
    peak: float = assumed(5, "the busiest minutes over the mean of the day")
    online: float = assumed(0.15, "share of those who come that have a page open at the peak")
    copies: float = assumed(150, "copies in the inventory of a member")
    movements: float = assumed(1.3, "movements of a copy in its life")
    photographed: float = assumed(0.10, "share of copies with a photo of their own")
    listings: float = assumed(15, "listings of a member, open and past")
    wants: float = assumed(20, "wants of a member")
    sales: float = assumed(3, "sales a year for each member")
    transactions: float = assumed(4, "ledger transactions of a sale, from payment to payout")
    entries: float = assumed(2.2, "ledger entries of a transaction")
    photos: float = assumed(0.5, "photos to scan a day of one who comes")
    cards: float = assumed(4, "cards on such a photo")
    notices: float = assumed(2, "notices a day of one who comes")
    mails: float = assumed(0.4, "e-mails of a notice")
    events: float = assumed(6, "events a day of one who comes")
    audits: float = assumed(0.5, "audit entries a day of one who comes")
    quotes: float = assumed(1_500_000, "quotes a day of all sources together; the catalogue does not grow with members")
    quote_months: float = assumed(25, "months of single quotes that are kept (QUOTES_KEPT_MONTHS)")
    event_days: float = assumed(90, "days for which events are kept (docs/privacy.md)")
    notice_days: float = assumed(200, "days for which notices are kept, between read and unread")
    mail_days: float = assumed(30, "days for which e-mails are kept")
    scan_days: float = assumed(365, "days for which scans are kept")
    years: float = assumed(2, "years after which the site is looked at: sales, audit and portfolio have grown so long")
    photo_bytes: float = assumed(2.5e6, "bytes of a stored photo with its thumbnails")
    crop_bytes: float = assumed(80e3, "bytes of a cut-out card with its thumbnails")
    page_bytes: float = assumed(14e3, "bytes of an answer, compressed")
    picture_bytes: float = assumed(120e3, "bytes of pictures with a request, out of bucket or CDN")
    busy: float = assumed(0.6, "share of a core's time that may be busy at the peak")
    hot: float = assumed(
        0.25, "share of the database but quotes that is asked for all the time; it should fit into memory"
    )
    hot_quotes: float = assumed(0.03, "the same of quotes: those of the newest month")
    replica_cores: float = assumed(16, "cores of a replica")
    process_bytes: float = assumed(250e6, "memory of a web process (a test holds it to that)")
    worker_bytes: float = assumed(1.5e9, "memory of a worker process (WORKER_MAX_MEMORY_MB)")
    writes: float = assumed(0.15, "commits that change something, for each request")
    misses: float = assumed(0.3, "reads of the disk for each request, with the hot part in memory")
    gpu_cards: float = assumed(
        200, "cards a second of one GPU; none is here: to be measured by `make bench ARGS=serving`"
    )


@dataclass(frozen=True)
class Units:
    """What was measured: milliseconds of CPU, bytes, things a second."""

    web_ms: float
    database_ms: float
    replica_share: float
    event_ms: float
    notice_ms: float
    worker_database_ms: float
    card_seconds: float
    postings: float
    sockets: float
    socket_bytes: float
    messages: float
    bytes_of: Mapping[str, float]

    @classmethod
    def of(cls, figures: Mapping[str, Any]) -> Units:
        """Out of the kept records by name. Raises KeyError where one is missing."""
        units, live = figures["units"], figures["live"]["ours"]
        pages, work = units["pages"], units["work"]
        web = sum(share * pages[name]["web ms"] for name, share in MIX.items())
        database = sum(share * pages[name]["database ms"] for name, share in MIX.items())
        read = sum(MIX[name] * pages[name]["database ms"] for name in FROM_REPLICAS)
        scanned = figures["recognition_speed"]["page of nine"]["1 thread, with reading"]["seconds a card"]
        return cls(
            web_ms=web,
            database_ms=database,
            replica_share=read / database,
            event_ms=work["an event handled"]["web ms"],
            notice_ms=work["a notice told"]["web ms"],
            worker_database_ms=work["an event handled"]["database ms"] + work["a notice told"]["database ms"],
            card_seconds=scanned,
            postings=figures["ledger"]["distinct accounts, 8 connections"]["postings"],
            sockets=10_000,
            socket_bytes=live["KiB a client"] * 1024,
            messages=live["messages/s"],
            bytes_of=units["bytes of a thing"],
        )


@dataclass(frozen=True)
class Need:
    """What so many members need; bytes, cores and things a second."""

    members: int
    requests_a_second: float
    web_cores: int
    web_bytes: float
    sockets: float
    socket_processes: int
    worker_cores: int
    cards_a_second: float
    vision_cores: int
    gpus: int
    database_cores: float
    replicas: int
    primary_cores: float
    stored: Mapping[str, float]
    commits_a_second: float
    disk_reads_a_second: float
    ledger_share: float
    redis_bytes: float
    files_bytes: float
    site_out_bytes: float
    pictures_out_bytes: float
    mails: float
    worker_bytes: float
    hot_bytes: float

    @property
    def database_bytes(self) -> float:
        """All of it, with indexes."""
        return sum(self.stored.values())

    @property
    def copies_bytes(self) -> float:
        """The inventory alone."""
        return self.stored["copies and movements"]


def need(members: int, a: Assumptions, u: Units) -> Need:
    """The arithmetic."""
    comes = members * a.active
    mean = comes * a.requests * (1 + a.visitors) / DAY
    peak = mean * a.peak
    cards = comes * a.photos * a.cards / DAY * a.peak
    database = peak * u.database_ms / 1000
    work = comes / DAY * a.peak * (a.events * u.event_ms + a.notices * u.notice_ms) / 1000
    behind = comes / DAY * a.peak * max(a.events, a.notices) * u.worker_database_ms / 1000
    reads = database * u.replica_share
    # Replicas are taken when one machine of their size would not do.
    replicas = math.ceil(reads / a.busy / a.replica_cores) if (database + behind) / a.busy > a.replica_cores else 0
    primary = (database - reads if replicas else database) + behind
    b, copies, sales = u.bytes_of, members * a.copies, members * a.sales * a.years
    stored = {
        "members": members * b["a member"],
        "copies and movements": copies
        * (b["a copy"] + a.movements * b["a movement"] + a.photographed * b["a photo of a copy"]),
        "listings and wants": members * (a.listings * b["a listing"] + a.wants * b["a want"]),
        "sales and ledger": sales
        * (b["a sale"] + a.transactions * (b["a ledger transaction"] + a.entries * b["a ledger entry"])),
        "scans": comes * a.photos * a.scan_days * (b["a photo to scan"] + a.cards * b["a scanned card"]),
        "notices and e-mails": comes * a.notices * (a.notice_days * b["a notice"] + a.mails * a.mail_days * b["an e-mail"]),
        "events": comes * a.events * a.event_days * b["an event"],
        "audit trail": comes * a.audits * YEAR * a.years * b["an audit entry"],
        "days of portfolios": members * YEAR * a.years * b["a day of a portfolio"],
        "quotes": a.quotes * a.quote_months * YEAR / 12 * b["a quote"],
    }  # fmt: skip
    files = comes * a.photos * a.scan_days * (a.photo_bytes + a.cards * a.crop_bytes)
    files += copies * a.photographed * a.photo_bytes
    sockets = comes * a.online
    web = math.ceil(peak * u.web_ms / 1000 / a.busy)
    return Need(
        members=members,
        requests_a_second=peak,
        web_cores=max(2, web),
        web_bytes=max(2, web) * a.process_bytes + sockets * u.socket_bytes,
        sockets=sockets,
        socket_processes=max(2, math.ceil(sockets / u.sockets)),
        worker_cores=max(2, math.ceil(work / a.busy)),
        cards_a_second=cards,
        vision_cores=max(1, math.ceil(cards * u.card_seconds / a.busy)),
        gpus=math.ceil(cards / a.gpu_cards / a.busy),
        database_cores=max(2.0, (database + behind) / a.busy),
        replicas=replicas,
        primary_cores=max(2.0, primary / a.busy),
        stored=stored,
        commits_a_second=peak * a.writes,
        disk_reads_a_second=peak * a.misses,
        ledger_share=members * a.sales * a.transactions / YEAR / DAY * a.peak / u.postings,
        redis_bytes=0.2 * GB + sockets * 20_000 + comes * 2_000,
        files_bytes=files,
        site_out_bytes=mean * DAY * 30 * a.page_bytes,
        pictures_out_bytes=mean * DAY * 30 * a.picture_bytes,
        mails=comes * a.notices * a.mails * 30,
        worker_bytes=max(2, math.ceil(work / a.busy)) * a.worker_bytes,
        hot_bytes=a.hot * (sum(stored.values()) - stored["quotes"]) + a.hot_quotes * stored["quotes"],
    )


def size(count: float) -> str:
    """Bytes in the unit that reads best."""
    for unit, name in ((1e15, "PB"), (TB, "TB"), (GB, "GB")):
        if count >= unit:
            return f"{number(count / unit)} {name}"
    return f"{number(count / MB)} MB"


def number(count: float) -> str:
    """Two digits that mean something."""
    if count == 0:
        return "0"
    rounded = round(count, 1 - math.floor(math.log10(abs(count))))
    return f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:g}"


NEEDS: list[tuple[str, Callable[[Need], str]]] = [
    ("requests a second at the peak", lambda n: number(n.requests_a_second)),
    ("web: cores, one process each", lambda n: number(n.web_cores)),
    ("web: memory, with websockets", lambda n: size(n.web_bytes)),
    ("websockets at the peak", lambda n: number(n.sockets)),
    ("processes that these need at least", lambda n: number(n.socket_processes)),
    ("workers on `default`, `feeds`, `notify`: cores", lambda n: number(n.worker_cores)),
    ("their memory", lambda n: size(n.worker_bytes)),
    ("cards to recognise a second at the peak", lambda n: number(n.cards_a_second)),
    ("workers on `vision`: CPU cores, or", lambda n: number(n.vision_cores)),
    ("… GPUs", lambda n: number(n.gpus)),
    ("PostgreSQL: cores in all", lambda n: number(n.database_cores)),
    ("… of these the primary", lambda n: number(n.primary_cores)),
    ("… replicas of 16 cores", lambda n: number(n.replicas)),
    ("PostgreSQL: size after two years", lambda n: size(n.database_bytes)),
    ("PostgreSQL: memory for what is hot", lambda n: size(n.hot_bytes)),
    ("commits a second at the peak", lambda n: number(n.commits_a_second)),
    ("reads of its disk a second at the peak", lambda n: number(n.disk_reads_a_second)),
    ("postings, share of what one ledger takes", lambda n: f"{number(100 * n.ledger_share)} %"),
    ("Redis, all together: memory", lambda n: size(n.redis_bytes)),
]
MONTHLY: list[tuple[str, Callable[[Need], str]]] = [
    ("core hours, web and workers, if all run all day", lambda n: number(730 * (n.web_cores + n.worker_cores))),
    ("core hours, vision at the mean (a fifth of the peak)", lambda n: number(730 * n.vision_cores / 5)),
    ("core hours, PostgreSQL", lambda n: number(730 * (n.primary_cores + 16 * n.replicas))),
    ("database, stored", lambda n: size(n.database_bytes)),
    ("its backups (base, log of 14 days), about", lambda n: size(n.database_bytes * 0.3)),
    ("files, stored", lambda n: size(n.files_bytes)),
    ("sent out by the site", lambda n: size(n.site_out_bytes)),
    ("sent out by bucket and CDN", lambda n: size(n.pictures_out_bytes)),
    ("e-mails", lambda n: number(n.mails)),
]


def table(first: str, rows: list[tuple[str, Callable[[Need], str]]], needs: list[Need]) -> str:
    """One row for each figure, one column for each number of members."""
    head = f"| {first} | " + " | ".join(f"{each.members:,}" for each in needs) + " |"
    lines = [head, "|---|" + "---:|" * len(needs)]
    return "\n".join([*lines, *(f"| {name} | " + " | ".join(map(says, needs)) + " |" for name, says in rows)])


def drawn(page: str, figures: Mapping[str, Any]) -> str:
    """The page with its tables made anew."""
    a, u = Assumptions(), Units.of(figures)
    needs = [need(members, a, u) for members in MEMBERS]
    parts = [(name, lambda n, name=name: size(n.stored[name])) for name in needs[0].stored]
    units = [
        ("CPU of a request in web, in the mix below", f"{number(u.web_ms)} ms"),
        ("CPU of a request in PostgreSQL", f"{number(u.database_ms)} ms"),
        ("… share of it that may go to replicas", f"{number(100 * u.replica_share)} %"),
        ("CPU of an event with all its handlers", f"{number(u.event_ms)} ms"),
        ("CPU of a notice", f"{number(u.notice_ms)} ms"),
        ("CPU of a card on a page of nine, read", f"{number(u.card_seconds)} s"),
        ("postings a second of one ledger", number(u.postings)),
        ("memory of a websocket", f"{number(u.socket_bytes / 1024)} KiB"),
        ("messages a second of one process to its websockets", number(u.messages)),
        *((f"bytes of {name}, with indexes", number(count)) for name, count in u.bytes_of.items()),
    ]
    tables = {
        "needs": table("members", NEEDS, needs),
        "stored": table("bytes after two years", parts, needs),
        "monthly": table("a month", MONTHLY, needs),
        "units": "\n".join(["| unit | measured |", "|---|---:|", *(f"| {name} | {said} |" for name, said in units)]),
        "assumptions": "\n".join(
            ["| assumption | value |", "|---|---:|"]
            + [f"| {each.metadata['said']} | {number(getattr(a, each.name))} |" for each in fields(a)]
        ),
        "mix": "\n".join(
            ["| page | share |", "|---|---:|", *(f"| {name} | {100 * share:.0f} % |" for name, share in MIX.items())]
        ),
    }
    for name, made in tables.items():
        page = re.sub(
            rf"(<!-- drawn: {name} -->\n).*?(<!-- end -->)",
            lambda found, made=made: f"{found[1]}\n{made}\n\n{found[2]}",
            page,
            flags=re.DOTALL,
        )
    return page


def kept() -> dict[str, Any]:
    """The figures of every record, by its name."""
    return {path.stem: json.loads(path.read_text())["figures"] for path in FIGURES.glob("*.json")}


def main() -> None:
    """Draw, or with --check say whether it is as drawn."""
    page = PAGE.read_text()
    new = drawn(page, kept())
    if "--check" in sys.argv:
        sys.exit("docs/capacity.md is out of date: run python -m tests.benchmarks.capacity" if new != page else 0)
    PAGE.write_text(new)


if __name__ == "__main__":
    main()
