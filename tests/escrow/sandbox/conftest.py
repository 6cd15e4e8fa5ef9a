"""A sandbox in process and one behind real HTTP, both spoken to with Stripe's own library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import stripe

from apps.escrow.sandbox.client import SandboxHTTPClient
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.resources import onboarding
from apps.escrow.sandbox.server import application
from tests.site import serving

stripe.enable_telemetry = False
START = 1_790_000_000


@dataclass
class Shop:
    """A platform with its sandbox: shorthand for what the tests do again and again."""

    sandbox: Sandbox
    client: stripe.StripeClient

    @property
    def v1(self):
        return self.client.v1

    def pay(self, amount=5000, card="pm_card_visa", **more):
        params = {"amount": amount, "currency": "usd", "payment_method": card, "confirm": True}
        return self.v1.payment_intents.create(params | {"payment_method_types": ["card"]} | more)

    def seller(self, *, onboarded=True, interval="manual"):
        account = self.v1.accounts.create(
            {
                "type": "express",
                "country": "US",
                "email": "seller@example.com",
                "capabilities": {"transfers": {"requested": True}},
                "settings": {"payouts": {"schedule": {"interval": interval}}},
            }
        )
        if onboarded:
            with self.sandbox.work() as desk:
                onboarding.onboard(desk, desk.get("account", account.id), {"account_number": "000123456789"})
        return account.id

    def transfer(self, amount, seller, charge=None, **more):
        params = {"amount": amount, "currency": "usd", "destination": seller} | more
        return self.v1.transfers.create(params | ({"source_transaction": charge} if charge else {}))

    def balance(self, account=None):
        options = {"stripe_account": account} if account else {}
        found = self.v1.balance.retrieve(options=options)
        return sum(row.amount for row in found.available), sum(row.amount for row in found.pending)


def in_process(**settings) -> Shop:
    sandbox = Sandbox(**{"seed": 7, "clock": lambda: START} | settings)
    client = stripe.StripeClient("sk_test_sandbox", http_client=SandboxHTTPClient(sandbox), max_network_retries=2)
    return Shop(sandbox, client)


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = in_process()
    yield made
    made.sandbox.close()


@pytest.fixture
def make_shop():
    """Shops with other settings."""
    made = []

    def make(**settings):
        made.append(in_process(**settings))
        return made[-1]

    yield make
    for each in made:
        each.sandbox.close()


@pytest.fixture
def served() -> Iterator[Callable[[Sandbox], str]]:
    """Serve sandboxes over HTTP for the length of a test; each is told its address, which comes back."""
    with ExitStack() as stack:

        def begin(sandbox: Sandbox) -> str:
            port = stack.enter_context(serving(application(sandbox)))
            sandbox.public_url = f"http://127.0.0.1:{port}"
            return sandbox.public_url

        yield begin


@pytest.fixture
def http_shop(served) -> Iterator[Shop]:
    """The same, over real HTTP with the library's own transport."""
    sandbox = Sandbox()
    address = served(sandbox)
    yield Shop(sandbox, stripe.StripeClient("sk_test_sandbox", base_addresses={"api": address}, max_network_retries=2))
    sandbox.close()


@pytest.fixture(params=["in process", "over http"])
def any_shop(request) -> Shop:
    """Both ways to reach a sandbox."""
    return request.getfixturevalue("shop" if request.param == "in process" else "http_shop")
