"""How fast cards, prices and sets are served: the API and the pages over HTTP, against an empty view of the same run.

A made-up catalogue with its quotes (quoted_world) on embedded servers of its own, with everything as in production: uvicorn
with two workers and the whole middleware. Each kind of request is asked three times over, with other cards every time:

cold  the database, Redis and the web processes have just been started, with the files dropped from the system's memory
      where it allows that; one client, the first request by itself (it loads templates)
anew  everything runs, but this answer was not asked for yet; one client
warm  two clients, among addresses that were asked before: the API tells what it has kept, pages are made each time

Then from empty caches a mix of all kinds, cards and words asked for by Zipf's law, as collectors do: how often the API had
the answer ready. `ratio`: milliseconds of the empty view over those of the request. 2,000
cards and a quarter of a million quotes; with --large 24,000 and ten million. A folder keeps the world for the next run.

    python -m tests.benchmarks.bench_price_api [--large] [FOLDER]
"""

from __future__ import annotations

import itertools
import json
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.benchmarks.bench_listings import FIRST, SECOND, THIRD
from tests.benchmarks.quoted_world import make_world
from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of
from tests.benchmarks.web import served


@dataclass(frozen=True, slots=True)
class Load:
    """Cards, days of quotes; requests cold, anew, among how many warm and for how many seconds, and of the mix."""

    cards: int
    days: int
    cold: int = 40
    anew: int = 60
    pool: int = 40
    seconds: float = 2.0
    mixed: int = 2_000
    clients: int = 2


SIZES = {
    Size.TINY: Load(8, 3, cold=1, anew=1, pool=1, seconds=0.0, mixed=8, clients=1),
    Size.USUAL: Load(2_000, 120),
    Size.LARGE: Load(24_000, 365, seconds=4.0, mixed=4_000),
}
EXPONENT = 1.0
_TYPED = ["dragn", "levithan", "serpnt", "gloem", "palladn", "griffn", "kraken", "titn", "lynx", "hydra"]


@dataclass(frozen=True)
class World:
    """What can be asked for, the most popular first."""

    cards: list[str]
    releases: list[str]


_CARDS = "/api/v1/cards"
KINDS = {
    "empty view": "/healthz",
    "search, two words": _CARDS + "/search?q={first}+{second}&offset={few}",
    "search, one word by price": _CARDS + "/search?q={second}&sort=price&offset={many}",
    "search, mistyped half word": _CARDS + "/search?q={typed}+{third:.4}&limit={count}",
    "search, number in a set": _CARDS + "/search?q={place}&set_identifier={release}",
    "search page with facets": "/search/?q={first}+{second}",
    "card": _CARDS + "/{card}",
    "card page": "/cards/{card}/",
    "history, 30 days": _CARDS + "/{card}/prices/history?period=30d",
    "history, a year": _CARDS + "/{card}/prices/history?period=1y",
    "history, all": _CARDS + "/{card}/prices/history?period=all",
    "movers": "/api/v1/prices/trending?trend_type={trend}&period={period}&limit={count}",
    "movers page": "/movers/?side={side}&period={period}",
    "set": "/api/v1/sets/{release}",
    "set page": "/sets/{release}/",
}
"""What is asked for, by the name of its figures."""
LEFT_OUT = {
    Size.USUAL: {
        "search, one word by price", "search, number in a set", "history, 30 days", "history, all", "movers page", "set page",
    }
}  # fmt: skip
"""Each kind has servers started cold for it, a quarter of a minute: the usual run asks for one of those that are alike."""


def addresses(world: World, kind: str, rng: random.Random) -> Iterator[str]:
    """Addresses of a kind without end; no card or set again before all others had their turn."""
    cards, releases = (itertools.cycle(rng.sample(each, len(each))) for each in (world.cards, world.releases))
    while True:
        yield KINDS[kind].format(
            card=next(cards), release=next(releases), first=rng.choice(FIRST), second=rng.choice(SECOND),
            third=rng.choice(THIRD), typed=rng.choice(_TYPED), few=rng.randrange(9), many=rng.randrange(900),
            count=rng.randrange(5, 50), place=rng.randrange(1, 120), side=rng.choice(["both", "gainers", "losers"]),
            trend=rng.choice(["gainers", "losers", "most_watched"]), period=rng.choice(["24h", "7d", "30d"]),
        )  # fmt: skip


class Servers:
    """PostgreSQL, Redis and the web processes, which can be started anew with nothing in memory."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder, self.size = folder, size
        self.port = 0
        self._web = ExitStack()

    def start_cold(self) -> None:
        """Stop what runs, drop what the system has of the database's files, empty Redis, start everything.

        Tiny, the database is somebody else's and goes on."""
        from django.core.cache import cache
        from django.db import connections

        from config.embedded import attach, leave

        self.stop_web()
        cache.clear()
        if self.size is not Size.TINY:
            connections.close_all()
            leave(self.folder)
            for path in self.folder.rglob("postgres/data/**/*"):
                drop(path)
            attach(self.folder)
        self.port, _ = self._web.enter_context(served(self.size))

    def stop_web(self) -> None:
        """Stop the web processes."""
        self._web.close()


def drop(path: Path) -> None:
    """Have the system forget what it holds of a file in memory, where it allows that."""
    if not path.is_file() or not hasattr(os, "posix_fadvise"):
        return
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def ask(client: HTTPConnection, path: str) -> float:
    """Milliseconds until the whole answer is there. Raises RuntimeError unless it is one."""
    began = time.perf_counter()
    client.request("GET", path, headers={"Host": "127.0.0.1", "Accept-Encoding": "gzip"})
    answer = client.getresponse()
    answer.read()
    spent = 1000 * (time.perf_counter() - began)
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return spent


def one_by_one(port: int, paths: Iterable[str]) -> list[float]:
    """Milliseconds of each, of one client."""
    client = HTTPConnection("127.0.0.1", port, timeout=120)
    return [ask(client, path) for path in paths]


def together(port: int, paths: list[Iterator[str]], seconds: float = 3600) -> list[float]:
    """Milliseconds of each, one client for each iterator, until they end or the time is over."""
    spent: list[list[float]] = [[] for _ in paths]
    until = time.perf_counter() + seconds

    def asking(number: int) -> None:
        client = HTTPConnection("127.0.0.1", port, timeout=120)
        for path in paths[number]:
            spent[number].append(ask(client, path))
            if time.perf_counter() > until:
                return

    threads = [threading.Thread(target=asking, args=(number,)) for number in range(len(paths))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [each for one in spent for each in one]


def figures(spent: list[float]) -> dict[str, float]:
    """p50 and p95 in milliseconds."""
    ordered = sorted(spent)
    return {
        "p50 ms": round(statistics.median(ordered), 1),
        "p95 ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 1),
    }


def of_kind(servers: Servers, world: World, kind: str, load: Load) -> dict[str, Any]:
    """Cold, anew and warm figures of one kind of request."""
    paths = addresses(world, kind, random.Random(kind))
    servers.start_cold()
    first, *cold = one_by_one(servers.port, itertools.islice(paths, load.cold + 1))
    anew = one_by_one(servers.port, itertools.islice(paths, load.anew))
    pool = list(itertools.islice(paths, load.pool))
    together(servers.port, [iter(pool * 2) for _ in range(load.clients)])
    ways = [itertools.cycle(random.Random(n).sample(pool, load.pool)) for n in range(load.clients)]
    began = time.perf_counter()
    warm = together(servers.port, ways, load.seconds)
    seconds = time.perf_counter() - began
    return {
        "first ms": round(first, 1),
        "cold": figures(cold),
        "anew": figures(anew),
        "warm": figures(warm) | {"requests a second": round(len(warm) / seconds, 1)},
    }


def zipf(rng: random.Random, count: int, size: int) -> list[int]:
    """Ranks 0 .. size - 1, the r-th as often as 1 / r to the power of EXPONENT."""
    return rng.choices(range(size), weights=[1 / (rank + 1) ** EXPONENT for rank in range(size)], k=count)


def mix(world: World, rng: random.Random, count: int) -> Iterator[str]:
    """Requests as they come: half for cards and their histories, a third searches, the rest movers and sets."""
    texts = [f"{one}+{other}" for one in (*FIRST, *THIRD) for other in SECOND]
    rng.shuffle(texts)
    cards = (world.cards[rank] for rank in zipf(rng, count, len(world.cards)))
    words = (texts[rank] for rank in zipf(rng, count, len(texts)))
    sets = (world.releases[rank] for rank in zipf(rng, count, len(world.releases)))
    for card, text, of_set in zip(cards, words, sets, strict=True):
        yield rng.choices(
            [
                f"{_CARDS}/{card}",
                f"{_CARDS}/{card}/prices/history?period={rng.choice(['7d', '30d', '30d', '1y'])}",
                f"{_CARDS}/search?q={text}",
                f"/api/v1/prices/trending?period={rng.choice(['24h', '7d'])}",
                f"/api/v1/sets/{of_set}",
            ],
            weights=[30, 25, 30, 5, 10],
        )[0]


def mixed(servers: Servers, world: World, load: Load) -> dict[str, Any]:
    """The mix from empty caches: times, and how often the answer was ready."""
    from apps.core import answers

    servers.start_cold()
    each = [mix(world, random.Random(seed), load.mixed // load.clients) for seed in range(load.clients)]
    told: dict[str, Any] = {"requests": load.mixed} | figures(together(servers.port, each))
    for counted in answers.counts():
        if counted.ratio is not None and counted.kind not in answers.BESIDE:
            told[f"had ready: {counted.kind}"] = round(counted.ratio, 3)
    return told


def prepared(load: Load) -> World:
    """The world, made where it is not there yet."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select exists (select from catalog_release where code = 'b1')")
        if not cursor.fetchone()[0]:
            print(json.dumps(make_world(load.cards, load.days)), flush=True)
        cursor.execute("select id::text from catalog_product order by md5(id::text)")
        cards = [pk for (pk,) in cursor.fetchall()]
        cursor.execute("select id::text from catalog_release where code like 'b%' order by released_on desc")
        return World(cards, [pk for (pk,) in cursor.fetchall()])


def run(size: Size = Size.USUAL, *, folder: Path | None = None) -> dict[str, Any]:
    """Figures by kind of request."""
    load = of(SIZES, size)
    kinds = [kind for kind in KINDS if kind not in LEFT_OUT.get(size, ())]
    with scratch(folder) as place:
        os.environ |= {"API_RATE_PER_HOUR": "100000000", "API_RATE_PER_MINUTE": "100000000"}
        world = prepared(load)
        servers = Servers(place, size)
        told: dict[str, Any] = {"cards": len(world.cards), "load before": round(os.getloadavg()[0], 1)}
        try:
            for kind in kinds:
                found = told[kind] = of_kind(servers, world, kind, load)
                for name in ("cold", "anew", "warm"):
                    empty = told["empty view"]["warm"]["p50 ms"]
                    found[name]["ratio"] = round(empty / found[name]["p50 ms"], 3)
                print(f"{kind:<28}{json.dumps(found)}", flush=True)
            told["mix by Zipf's law"] = mixed(servers, world, load)
        finally:
            servers.stop_web()
        told["load after"] = round(os.getloadavg()[0], 1)
    return told


def main() -> None:
    """Run it with a folder that stays, and print the figures."""
    folders = [Path(each) for each in sys.argv[1:] if not each.startswith("--")]
    for each in folders:
        each.mkdir(exist_ok=True)
    size = Size.LARGE if "--large" in sys.argv else Size.USUAL
    print(json.dumps(run(size, folder=next(iter(folders), None)), indent=1))


if __name__ == "__main__":
    main()
