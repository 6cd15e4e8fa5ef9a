"""The sandbox as the process that the demo starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import stripe

from apps.escrow.sandbox.__main__ import arguments

ROOT = Path(__file__).resolve().parents[3]


class Process:
    """`python -m apps.escrow.sandbox`, ready."""

    def __init__(self, data, *more):
        command = [sys.executable, "-m", "apps.escrow.sandbox", "--port", "0", "--data", str(data), *more]
        self.child = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        self.line = self.child.stdout.readline().strip()
        self.address = self.line.rsplit(" ", 1)[-1]
        self.v1 = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": self.address}).v1

    def stop(self, sign=signal.SIGTERM):
        self.child.send_signal(sign)
        return self.child.wait(10)


@pytest.fixture
def start(tmp_path):
    made = []

    def begin(*more):
        made.append(Process(tmp_path / "payments", *more))
        return made[-1]

    yield begin
    for process in made:
        if process.child.poll() is None:
            process.child.kill()
            process.child.wait()
        process.child.stdout.close()


def test_it_says_one_line_and_ends_at_once_when_told(start):
    process = start()
    assert process.line == f"payments sandbox ready at {process.address}"
    assert process.v1.balance.retrieve().object == "balance"
    assert process.stop() in (0, -signal.SIGTERM)
    assert process.child.stdout.read() == ""


def test_its_levers_need_the_key(http_shop):
    address = f"{http_shop.sandbox.public_url}/_sandbox/"
    key = {"Authorization": "Bearer sk_test_sandbox"}
    before = http_shop.sandbox.now()
    assert httpx.post(f"{address}advance", data={"days": 2}).status_code == 401
    assert httpx.post(f"{address}advance", data={"days": 2}, headers=key).json()["now"] >= before + 2 * 86_400
    turned = httpx.post(f"{address}config", data={"latency": "0.01", "duplicate_webhooks": "true"}, headers=key).json()
    assert (turned["latency"], turned["duplicate_webhooks"], turned["fail_next"]) == (0.01, True, 0)
    for lever, fields in [("config", {"colour": "1"}), ("config", {"latency": "x"}), ("advance", {"seconds": "-1"})]:
        assert httpx.post(address + lever, data=fields, headers=key).status_code == 400
    charge = http_shop.pay().latest_charge
    opened = httpx.post(f"{address}dispute", data={"charge": charge}, headers=key).json()
    assert http_shop.v1.disputes.retrieve(opened["id"]).charge == charge
    assert httpx.post(f"{address}nothing", headers=key).status_code == 404


def test_killed_without_warning_it_comes_back_with_everything(start):
    process = start()
    params = {"amount": 5000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    made = process.v1.payment_intents.create(params | {"payment_method_types": ["card"]}, {"idempotency_key": "k"})
    process.stop(signal.SIGKILL)
    again = start()
    found = again.v1.payment_intents.create(params | {"payment_method_types": ["card"]}, {"idempotency_key": "k"})
    assert (found.id, len(again.v1.charges.list().data)) == (made.id, 1)


def test_a_live_key_is_refused(capsys):
    with pytest.raises(SystemExit):
        arguments(["--data", "x", "--secret-key", "sk_live_1"])
    assert "sk_test_" in capsys.readouterr().err
