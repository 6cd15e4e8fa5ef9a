"""django-oscar's catalogue, search and product page, each as a ratio to an empty view of the same Django, beside our own.

Wanted: OSCAR_PYTHON names a Python that has django-oscar, Whoosh, psycopg and uvicorn (`pip install django-oscar whoosh
sorl-thumbnail "psycopg[binary]" uvicorn` into an environment of its own); without it nothing is measured. Its shop
(`oscar/shop.py`) has products of its own and is asked as bench_listings asks our market: two uvicorn workers, two clients.
The ratios of `listings` are to be read beside these: same machine, same server, same way of asking.

    OSCAR_PYTHON=... python -m tests.benchmarks oscar
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg

from tests.benchmarks.bench_listings import FIRST, SECOND, asked
from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import NotHere, Size, of

PRODUCTS = {Size.USUAL: 1_000, Size.LARGE: 10_000}
SHOP = Path(__file__).parent / "oscar"


def questions(paths: list[str]) -> dict[str, Callable[[random.Random], Iterator[str]]]:
    """What is asked, by the name of the figure."""

    def forever(one: Callable[[random.Random], str]) -> Callable[[random.Random], Iterator[str]]:
        def ask(rng: random.Random) -> Iterator[str]:
            while True:
                yield one(rng)

        return ask

    return {
        "empty view": forever(lambda rng: "/healthz"),
        "product page": forever(lambda rng: rng.choice(paths)),
        "catalogue": forever(lambda rng: "/catalogue/"),
        "search, two words": forever(lambda rng: f"/search/?q={rng.choice(FIRST)}+{rng.choice(SECOND)}"),
        "search, one frequent word": forever(lambda rng: f"/search/?q={rng.choice(SECOND)}"),
    }


def serve(python: str, port: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """The shop on two workers; returns once it answers."""
    command = [
        python,
        "-m",
        "uvicorn",
        "shop:application",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "2",
    ]
    server = subprocess.Popen([*command, "--log-level", "warning", "--lifespan", "off"], cwd=SHOP, env=env)
    for _ in range(300):
        try:
            client = HTTPConnection("127.0.0.1", port, timeout=5)
            client.request("GET", "/healthz")
            if client.getresponse().status == 200:
                return server
        except OSError:
            time.sleep(0.1)
    server.terminate()
    raise RuntimeError("the shop did not start")


def run(size: Size = Size.USUAL) -> dict[str, Any]:
    """Figures by page. Raises NotHere where OSCAR_PYTHON is not set."""
    python = os.environ.get("OSCAR_PYTHON", "")
    if not python:
        raise NotHere("OSCAR_PYTHON names no Python with django-oscar")
    count = of(PRODUCTS, size)
    with scratch() as folder:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("create database oscar")
        env = os.environ | {"WHOOSH": str(folder / "whoosh")}
        filled = subprocess.run(
            [python, "shop.py", str(count)], cwd=SHOP, env=env, check=True, stdout=subprocess.PIPE, text=True
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = serve(python, port, env)
        told: dict[str, Any] = {"products": count}
        try:
            for name, ways in questions(filled.stdout.split()).items():
                figures = told[name] = asked(port, ways)
                if name != "empty view":
                    empty = told["empty view"]["requests a second"]
                    figures["ratio to the empty view"] = round(figures["requests a second"] / empty, 4)
                print(f"{name:<32}{figures}", flush=True)
        finally:
            server.terminate()
            server.wait(20)
    return told
