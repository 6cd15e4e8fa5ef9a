"""The sandbox as the process that the demo starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
    before = time.monotonic()
    assert process.stop() in (0, -signal.SIGTERM)
    assert time.monotonic() - before < 5
    assert process.child.stdout.read() == ""


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
