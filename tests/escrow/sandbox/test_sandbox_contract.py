"""Our objects against the library's annotations and, where it is there, Stripe's own fixture file."""

from __future__ import annotations

import json
import os
import types
import typing
from pathlib import Path

import pytest
import stripe

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = Path(os.environ.get("CARDVAULT_SAMPLE_DATA", ROOT.parent / "shared" / "data"))
FIXTURES = SAMPLES / "stripe" / "fixtures3.json"
# What Stripe sends only when it is asked to expand it, and what only other kinds of the same object have.
ABSENT = {"charge": {"refunds"}, "account": set(), "event": set()}
LOOSE = {"balance_transaction.source", "charge.payment_method_details"}


@pytest.fixture
def objects(shop):
    """One of every kind that we make, as the answers hold them."""
    paid = shop.pay(card="pm_card_createDispute", transfer_group="g")
    seller = shop.seller()
    plain = shop.pay(transfer_group="g")
    sent = shop.transfer(1000, seller, plain.latest_charge)
    shop.pay(90_000, card="pm_card_bypassPending")
    waiting = shop.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "usd",
            "payment_method": "pm_card_threeDSecure2Required",
            "confirm": True,
            "return_url": "https://example.com/back",
        }
    )
    with pytest.raises(stripe.CardError):
        shop.pay(card="pm_card_chargeDeclined")
    declined = next(intent for intent in shop.v1.payment_intents.list().data if intent.last_payment_error)
    session = shop.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"price_data": {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Card"}}}],
            "success_url": "https://example.com/ok",
            "expand": ["line_items"],
        }
    )
    link = {"account": seller, "refresh_url": "https://e.com/r", "return_url": "https://e.com/b"}
    charge = shop.v1.charges.retrieve(plain.latest_charge, {"expand": ["balance_transaction", "refunds"]})
    return [
        shop.v1.customers.create({"email": "buyer@example.com"}),
        shop.v1.payment_methods.create({"type": "card", "card": {"token": "pm_card_visa"}}),
        paid,
        waiting,
        declined,
        session,
        charge,
        charge.balance_transaction,
        shop.v1.refunds.create({"charge": plain.latest_charge, "amount": 100}),
        shop.v1.accounts.retrieve(seller),
        shop.v1.account_links.create(link | {"type": "account_onboarding"}),
        shop.v1.accounts.login_links.create(seller),
        shop.v1.accounts.capabilities.retrieve(seller, "transfers"),
        sent,
        shop.v1.transfers.reversals.create(sent.id, {"amount": 10}),
        shop.v1.balance.retrieve(),
        shop.v1.payouts.create({"amount": 100, "currency": "usd"}),
        shop.v1.disputes.list().data[0],
        shop.v1.events.list().data[0],
        shop.v1.webhook_endpoints.create({"url": "https://example.com/hook", "enabled_events": ["*"]}),
    ]


def fits(value, annotation, where):
    """Whether a JSON value is one that the annotation allows; nested classes are looked into."""
    loose = isinstance(annotation, (typing.TypeVar, typing.ForwardRef, str)) or annotation is typing.Any
    if where in LOOSE or loose:
        return
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        fits_one_of(value, args, where)
    elif origin is typing.Literal:
        assert value in args, f"{where} = {value!r} is not one of {args[:8]}…"
    elif origin is list:
        assert isinstance(value, list), f"{where} is no list"
        for index, member in enumerate(value):
            fits(member, args[0], f"{where}[{index}]")
    elif origin is not None:
        assert isinstance(value, dict), f"{where} = {value!r} is no object"
    else:
        fits_class(value, annotation, where)


def fits_one_of(value, options, where):
    if isinstance(value, dict) and any(isinstance(option, typing.ForwardRef) for option in options):
        return  # a class that the module names but does not import
    problems = []
    for option in options:
        try:
            fits(value, option, where)
        except AssertionError as error:
            problems.append(str(error))
        else:
            return
    raise AssertionError(f"{where} = {value!r} fits none: {problems}")


def fits_class(value, kind, where):
    if issubclass(kind, stripe.StripeObject):
        assert isinstance(value, dict), f"{where} = {value!r} is no object"
        matches(value, kind, where)
        return
    plain = (int, float) if kind is float else kind
    assert isinstance(value, plain), f"{where} = {value!r} is no {kind.__name__}"
    assert kind is bool or not isinstance(value, bool), f"{where} is a boolean"


def hints(kind):
    """All annotations of a class; the names that they mention are left as they are."""
    found = {}
    for base in reversed(kind.__mro__):
        found |= getattr(base, "__annotations__", {})
    return found


def optional(annotation):
    return type(None) in typing.get_args(annotation)


def matches(value, kind, where):
    """Every field known to the class and of its type; every field that is never null there."""
    known = {name: hint for name, hint in hints(kind).items() if not name.startswith("_") and not name.isupper()}
    for name, inner in value.items():
        assert name in known, f"{where}.{name} is unknown to the library"
        fits(inner, known[name], f"{where}.{name}")
    missing = [name for name, hint in known.items() if name not in value and not optional(hint)]
    assert not missing, f"{where} lacks {missing}"


def test_every_object_fits_the_librarys_annotations(objects):
    for each in objects:
        matches(each.to_dict(), type(each), each.object)


def test_every_kind_becomes_its_own_class_in_the_library(objects):
    assert len({type(each).__name__ for each in objects}) == 18
    assert not any(type(each) is stripe.StripeObject for each in objects)


@pytest.mark.skipif(not FIXTURES.exists(), reason="Stripe's fixture file is not in CARDVAULT_SAMPLE_DATA")
def test_every_object_has_the_fields_of_stripes_own_fixtures(objects):
    resources = json.loads(FIXTURES.read_text())["resources"]
    lacking = {}
    for each in objects:
        kind = each.object
        missing = set(resources[kind]) - set(each.to_dict()) - ABSENT.get(kind, set())
        if missing:
            lacking[kind] = sorted(missing)
    assert lacking == {}


@pytest.mark.skipif(not FIXTURES.exists(), reason="Stripe's fixture file is not in CARDVAULT_SAMPLE_DATA")
def test_plain_fields_have_the_types_of_stripes_own_fixtures(objects):
    resources = json.loads(FIXTURES.read_text())["resources"]
    for each in objects:
        for name, theirs in resources[each.object].items():
            ours = each.to_dict().get(name)
            if isinstance(theirs, (bool, int, str)) and isinstance(ours, (bool, int, str)):
                assert type(ours) is type(theirs), f"{each.object}.{name}"
