"""docs/examples/first_sale.py runs from its first line to its last, as docs/tutorial.md says."""

from __future__ import annotations

import functools
import importlib.util
import re
from types import ModuleType

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from apps.core import outbox
from apps.escrow import ledger
from apps.inventory.models import InventoryItem
from apps.scans import actions as scans
from apps.scans.models import ScanPhoto
from apps.trades.models import Trade
from config.env import ROOT
from tests.escrow.conftest import Company, company  # noqa: F401 - a fixture
from tests.factories import make_price, make_user, make_variant
from tests.scans.conftest import Engine, engine, media, photo_bytes  # noqa: F401 - fixtures

EXAMPLE = ROOT / "docs/examples/first_sale.py"
TUTORIAL = (ROOT / "docs/tutorial.md").read_text()


class Site(httpx.WSGITransport):
    """The site in this process. Between two requests its worker has a turn, as it has in service."""

    def __init__(self) -> None:
        super().__init__(app=get_wsgi_application())
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        answer.read()
        self.asked.append(f"{request.method} {request.url.path.removeprefix('/api/v1/')}")
        for photo in ScanPhoto.objects.filter(done_at=None):
            scans.process_photo(photo_id=photo.pk)
        outbox.relay()
        return answer


@pytest.fixture
def the_tests_connection():
    """A WSGI server's requests close connections when they begin and end; these run inside the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def example() -> ModuleType:
    told = importlib.util.spec_from_file_location("first_sale", EXAMPLE)
    module = importlib.util.module_from_spec(told)
    told.loader.exec_module(module)
    return module


@pytest.mark.django_db
@pytest.mark.usefixtures("the_tests_connection")
def test_the_example_goes_from_a_photograph_to_released_money(
    monkeypatch,
    capsys,
    tmp_path,
    company: Company,  # noqa: F811
    engine: Engine,  # noqa: F811
):
    variant = make_variant()
    make_price(variant)
    engine.found = [(variant, 0.97)]
    seller, buyer = (make_user(email=f"{name}@demo.cardvault.example") for name in ("seller", "buyer"))
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photo_bytes())
    site = Site()
    program = example()
    monkeypatch.setattr(program.httpx, "Client", functools.partial(httpx.Client, transport=site))
    program.main(photo)

    trade = Trade.objects.get()
    assert (trade.buyer, trade.seller, trade.state) == (buyer, seller, "completed")
    assert InventoryItem.objects.get(owner=buyer).variant == variant
    assert ledger.check() == []
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == ["found", "kept", "listed", "paid", "done"]
    assert said[-1].startswith("done   released")

    # The tutorial's calls are those that were made, in their order.
    made = [re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", line) for line in site.asked]
    told = re.findall(r"^\| `([A-Z]+ [^`]+)` \|", TUTORIAL, re.MULTILINE)
    assert told == list(dict.fromkeys(made))


def test_the_programs_of_the_tutorial_are_there():
    programs = re.findall(r"^    \.venv/bin/python (\S+)", TUTORIAL, re.MULTILINE)
    assert "docs/examples/first_sale.py" in programs
    assert [each for each in programs if not (ROOT / each).is_file()] == []
