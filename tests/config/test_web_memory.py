"""The web process as the launcher starts it stays small while it serves."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from config.launcher import probes
from tests.config.launches import free_port
from tests.factories import make_item, make_listing, make_price, make_product, make_trade, make_user, make_variant
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

MOST_MIB = 250
ROUNDS = 3


def resident_mib(pid: int) -> float:
    """Memory that the process holds, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def this_database() -> str:
    """The address of the test's own database."""
    address = urlsplit(os.environ["DATABASE_URL"])
    return address._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


@pytest.fixture
def market():
    """A member with a little of everything."""
    member, seller = make_user(), make_user()
    for number in range(20):
        variant = make_variant(make_product(f"Drake {number}"))
        make_price(variant)
        item = make_item(member, variant)
        listing = make_listing(seller, variant=variant, price_minor=100 + number)
    trade = make_trade(listing, member)
    browser = Client()
    browser.force_login(member)
    pages = [
        reverse(name) for name in ("home", "search", "sets", "inventory", "sell", "trades", "profile", "fees", "method")
    ]
    pages += [
        reverse("search") + "?q=drake",
        reverse("card", args=[variant.product_id]),
        reverse("item", args=[item.pk]),
        reverse("list-item", args=[item.pk]),
        trade.get_absolute_url(),
        reverse("scan-new"),
        reverse("api-cards-search") + "?q=drake",
        reverse("api-docs"),
    ]
    return pages, browser.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc, which this system has not")
def test_the_web_process_stays_small_while_it_serves(market, tmp_path):
    pages, session = market
    port = free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "DATABASE_URL": this_database(),
        "CARDVAULT_DATA_DIR": str(tmp_path),
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "SECRET_KEY": settings.SECRET_KEY,  # so that the session is known there
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),  # and addresses can be read
    }
    command = ["uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port), "--lifespan", "off"]
    errors = (tmp_path / "web.log").open("wb")
    web = subprocess.Popen([sys.executable, "-m", *command], env=environment, stdout=errors, stderr=errors)
    try:
        ready = probes.web_answers(port)
        eventually(lambda: ready() or web.poll() is not None)
        assert web.poll() is None, (tmp_path / "web.log").read_text()[-2000:]
        for _ in range(ROUNDS):
            for page in pages:
                line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                line.request("GET", page, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"})
                answer = line.getresponse()
                assert answer.status == 200, (page, answer.status, answer.read()[:500])
                answer.read()
                line.close()
        used = resident_mib(web.pid)
        assert used < MOST_MIB, f"{used:.0f} MiB after {ROUNDS * len(pages)} pages"
    finally:
        web.send_signal(signal.SIGTERM)
        try:
            web.wait(15)
        except subprocess.TimeoutExpired:
            web.kill()
            web.wait()
        errors.close()
