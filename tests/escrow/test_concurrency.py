"""Many at once: exactly one wins, nobody deadlocks, and a worker that is killed loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from apps.core.money import Money
from apps.escrow import actions, ledger
from apps.escrow.models import Payment, Settlement, WebhookEvent
from tests.escrow.conftest import minor, receive
from tests.together import together
from tests.waiting import eventually, is_connected

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


def at_once(works):
    """What each returned or raised, by name, when all begin together."""
    outcomes = together(works, refusals=(Exception,))  # whatever it is, the test looks at its name
    return [type(each).__name__ if isinstance(each, Exception) else each or "done" for each in outcomes]


def named(name, work):
    def run():
        work()
        return name

    return run


def test_of_twenty_releases_exactly_one_succeeds(sale):
    sale.delivered()
    outcomes = Counter(at_once([lambda: actions.release(hold=sale.hold, by=sale.buyer) and "released"] * 20))
    assert outcomes == {"released": 1, "WrongState": 19}
    assert (sale.held, sale.sellers, minor(ledger.FEES), Settlement.objects.count()) == (0, 9470, 530, 1)
    assert ledger.check() == []


def test_release_refund_dispute_and_clock_race_to_one_end(make_sale):
    for _ in range(3):
        sale = make_sale().delivered()
        at = sale.hold.due_at
        outcomes = at_once(
            [
                named("release", lambda sale=sale: actions.release(hold=sale.hold, by=sale.buyer)),
                named("refund", lambda sale=sale: actions.refund(hold=sale.hold, by=sale.seller)),
                lambda at=at: "clock" if actions.sweep_deadlines(now=at) else "idle",
                named(
                    "dispute",
                    lambda sale=sale: actions.open_dispute(
                        hold=sale.hold, by=sale.buyer, reason="damaged", statement="x"
                    ),
                ),
            ]
        )
        assert not {"OperationalError", "IntegrityError", "InternalError"} & set(outcomes)
        assert sale.state in {"released", "refunded", "disputed"}
        assert ledger.check() == []


def test_several_clocks_sweep_together_and_each_hold_once(make_sale):
    sales = [make_sale() for _ in range(12)]
    at = max(sale.hold.due_at for sale in sales)
    swept = at_once([lambda: actions.sweep_deadlines(now=at)["expire"] or "none"] * 4)
    assert sum(count for count in swept if count != "none") == 12
    assert {sale.state for sale in sales} == {"cancelled"}


def test_several_workers_settle_each_payment_once(make_sale, company):
    sales = [make_sale().onboarded().delivered() for _ in range(4)]
    for sale in sales:
        actions.release(hold=sale.hold, by=sale.buyer)
    sent = at_once([lambda: actions.settle_due() or "none"] * 4)
    assert sum(count for count in sent if count != "none") == 4
    assert len(company.objects("transfer")) == 4
    assert ledger.check() == []


def test_the_same_message_is_handled_by_many_workers_to_one_end(sale, company):
    payment = sale.start()
    company.pay_on_page(payment)
    company.sandbox.deliver(receive)
    outcomes = at_once(
        [lambda: actions.handle_webhooks() or "none"] * 3
        + [named("refreshed", lambda: actions.refresh_payment(payment=payment))] * 3
    )
    assert "refreshed" in outcomes
    assert (sale.state, sale.held, ledger.check()) == ("funded", 10_000, [])


def test_a_double_click_on_pay_makes_one_attempt(sale, company):
    outcomes = at_once([named("paid", lambda: sale.start("pm_card_visa"))] * 5)
    assert "paid" in outcomes
    assert set(outcomes) <= {"paid", "WrongState", "GatewayError"}
    assert len(company.objects("charge")) == 1
    assert (sale.state, sale.held, Payment.objects.filter(state="succeeded").count()) == ("funded", 10_000, 1)


def test_postings_in_opposite_directions_do_not_deadlock():
    names = [f"member:{letter}:available" for letter in "abcdef"]
    for number, name in enumerate(names):
        ledger.post(
            kind="seed",
            idempotency_key=f"seed:{number}",
            cause="",
            entries=[(ledger.CLEARING, Money(-1000)), (name, Money(1000))],
        )

    def move(start):
        def work():
            for step in range(15):
                one, other = names[(start + step) % 6], names[(start - step - 1) % 6]
                if one != other:
                    ledger.post(
                        kind="move",
                        idempotency_key=f"move:{start}:{step}",
                        cause="",
                        entries=[(one, Money(-1)), (other, Money(1))],
                    )
            return "done"

        return work

    assert at_once([move(start) for start in range(8)]) == ["done"] * 8
    assert sum(minor(name) for name in names) == 6000
    # These members' money was made up: nothing is to be sent to them.
    assert {finding.invariant for finding in ledger.check()} <= {
        "what members are owed is what is still to be sent to them"
    }


def test_one_key_in_many_hands_is_posted_once():
    entries = [(ledger.CLEARING, Money(-5)), ("member:new:available", Money(5))]
    outcomes = at_once(
        [lambda: ledger.post(kind="x", idempotency_key="one", cause="", entries=entries)] * 10  # also opens the account
    )
    assert len(set(outcomes)) == 1
    assert minor("member:new:available") == 5


# A worker of its own that stops in the middle of acting on a message, with the hold locked and half of it written.
_DYING_WORKER = """
import os, sys, time
os.environ["DATABASE_URL"] = sys.argv[1]
import django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[2]
from django.db import connections
connections["default"].settings_dict["NAME"] = sys.argv[2]
from apps.escrow import actions, gateway, ledger
from apps.escrow.processor import Checkout, Payment

def told(**given):
    return lambda *args, **kwargs: given["answer"]

gateway.retrieve_checkout = told(answer=Checkout(sys.argv[3], None, sys.argv[4], "complete", True))
gateway.retrieve_payment = told(
    answer=Payment(sys.argv[4], "succeeded", 10000, 10000, "USD", "ch_1", None, None, None, None, {})
)
post = ledger.post

def post_and_hang(**given):
    post(**given)
    print("posted", flush=True)
    time.sleep(600)

ledger.post = post_and_hang
actions.handle_webhooks()
"""


def test_a_worker_killed_in_the_middle_of_a_message_loses_nothing(sale, company):
    payment = sale.start()
    intent = company.pay_on_page(payment)
    found = []
    company.sandbox.deliver(lambda *given: found.append(given))
    completed = next(each for each in found if b'"type": "checkout.session.completed"' in each[0])
    receive(*completed)
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _DYING_WORKER,
            os.environ["DATABASE_URL"],
            connection.settings_dict["NAME"],
            payment.checkout_id,
            intent["id"],
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "PYTHONPATH": str(ROOT),
            "PGAPPNAME": "dies",
        },
    )
    try:
        assert worker.stdout.readline() == b"posted\n"
        worker.send_signal(signal.SIGKILL)
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
    eventually(lambda: not is_connected("dies"))
    assert sale.held == 0
    message = WebhookEvent.objects.get()
    assert (message.attempts, message.handled_at, sale.state) == (1, None, "created")
    assert actions.handle_webhooks(now=message.next_attempt_at) == 1
    assert (sale.state, sale.held, ledger.check()) == ("funded", 10_000, [])
