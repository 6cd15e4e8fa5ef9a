"""The money steps: how each is prepared, done over HTTP by whom it is for, and known to have ended well.

Needs Django; import it after System.attach.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from apps.accounts import actions as accounts
from apps.accounts.models import Role, Scope, User
from apps.escrow import actions as escrow
from apps.escrow.models import Hold, SellerPayout, Settlement
from apps.inventory.models import InventoryItem
from apps.trades import actions as trades
from apps.trades.models import Trade
from apps.trades.swaps.models import Swap
from tests.factories import ADDRESS, make_listing, make_user
from tests.trades.swaps.conftest import Table

# What a seller and a buyer type into the company's pages.
PAYEE = {
    "first_name": "Ada", "last_name": "Byron", "birthday": "1990-12-10", "line1": "1 Card Lane", "city": "Springfield",
    "postal_code": "12345", "routing_number": "110000000", "account_number": "000123456789", "outcome": "approve",
    "agree": "yes", "email": "ada@example.com", "answer": "send",
}  # fmt: skip
CARD = {"email": "buyer@example.com", "number": "4242 4242 4242 4242", "expiry": "12 / 40", "cvc": "123", "name": "Ada"}


class Person:
    """A member with a client of their own, signed in by an API key."""

    def __init__(self, site: str, user: User) -> None:
        self.user = user
        _, secret = accounts.create_api_key(user=user, name="faults", scopes=list(Scope.values), by=user)
        self.http = httpx.Client(base_url=f"{site}/api/v1/", headers={"X-API-Key": secret}, timeout=60)

    def post(self, path: str, **body: object) -> int:
        """The status; 0 when the connection broke."""
        try:
            return self.http.post(path, json=body).status_code
        except httpx.HTTPError:
            return 0


class Moderator:
    """Who decides cases on the moderators' page, signed in by a session."""

    def __init__(self, site: str) -> None:
        user, session = make_user(role=Role.MODERATOR), SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        self.site, self.cookies = site, {"sessionid": session.session_key}

    def decides(self, case: str) -> int:
        """The status; 0 when the connection broke."""
        try:
            with httpx.Client(base_url=self.site, cookies=self.cookies, timeout=60) as http:
                page = http.get(f"/admin/cases/{case}/")
                found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
                if found is None:
                    return page.status_code if page.status_code >= 400 else 500
                form = {"csrfmiddlewaretoken": found[1], "outcome": "release", "decision": "So be it."}
                return http.post(f"/admin/cases/{case}/", data=form, headers={"Referer": self.site}).status_code
        except httpx.HTTPError:
            return 0


@dataclass
class Case:
    """One step in one round: `do` it, and `ended` says whether all that must follow has followed."""

    step: str
    do: Callable[[], int]
    ended: Callable[[], bool]
    about: str
    first: int | None = None  # what the request was answered that the victim's death met; 0: nothing


def onboarded_seller(site: str, system: Any) -> Person:
    """Somebody whom the company pays."""
    user = make_user()
    link = escrow.start_onboarding(user=user, refresh_url=f"{site}/r", return_url=f"{site}/b")
    answer = httpx.post(link, data=PAYEE, headers={"Origin": origin(link)})
    assert answer.status_code < 400, answer.text
    escrow.refresh_seller_account(user=user)
    user.refresh_from_db()
    assert user.seller_account.transfers_active
    return Person(site, user)


def origin(address: str) -> str:
    """Scheme, host and port."""
    return "/".join(address.split("/")[:3])


def bought(seller: Person, buyer: Person) -> Trade:
    """A sale that waits for its payment."""
    listing = make_listing(seller.user, price_minor=300)
    return trades.buy(listing=listing, quantity=1, ship_to=ADDRESS, by=buyer.user)


def brought(seller: Person, buyer: Person, stage: str) -> Trade:
    """A sale brought to `stage`."""
    trade = bought(seller, buyer)
    assert trades.pay(trade=trade, by=buyer.user, payment_method="pm_card_visa").state == "succeeded"
    if stage in {"shipped", "delivered", "disputed"}:
        trades.ship(trade=trade, by=seller.user, carrier="Post", tracking_number="T1")
    if stage in {"delivered", "disputed"}:
        trades.confirm_delivery(trade=trade, by=buyer.user)
    if stage == "disputed":
        trades.open_dispute(trade=trade, by=buyer.user, reason="damaged", statement="Bent.")
    return trade


def state_is(trade: Trade, state: str) -> Callable[[], bool]:
    """The hold has come to `state`, and its trade knows of it when that is an end."""

    def holds() -> bool:
        hold = Hold.objects.get(pk=trade.hold_id)
        follows = {"released": "completed", "refunded": "cancelled"}.get(state)
        return hold.state == state and (follows is None or Trade.objects.get(pk=trade.pk).state == follows)

    return holds


def sent(trade: Trade, state: str, kind: str) -> Callable[[], bool]:
    """The hold has ended, and what it owes is with whom it belongs."""
    is_there = state_is(trade, state)
    return lambda: (
        is_there()
        and [(row.kind, row.state) for row in Settlement.objects.filter(hold=trade.hold_id)] == [(kind, "sent")]
    )


def cases_of_a_round(site: str, system: Any, seller: Person, moderator: Moderator) -> tuple[list[Case], list[Case]]:
    """Every step once: those of which the money is on its way when the victim dies, and those that ask just then."""
    people = [Person(site, make_user()) for _ in range(4)]
    each = iter(people * 4)
    made: list[Case] = []
    payout = _payout(system, seller, next(each))  # first: days pass

    def step(name: str, path: str, stage: str, by: str, state: str, kind: str = "", **body: object) -> Case:
        buyer = next(each)
        trade = brought(seller, buyer, stage) if stage != "created" else bought(seller, buyer)
        who = {"buyer": buyer, "seller": seller}[by]
        ended = sent(trade, state, kind) if kind else state_is(trade, state)
        case = Case(name, lambda: who.post(f"trades/{trade.pk}/{path}", **body), ended, str(trade.hold_id))
        made.append(case)
        return case

    step("transfer", "release", "delivered", "buyer", "released", "transfer")
    step("refund, sent", "refund", "funded", "seller", "refunded", "refund")
    early = made[:]
    step("pay", "pay", "created", "buyer", "funded", payment_method="pm_card_visa")
    step("ship", "ship", "funded", "seller", "shipped", tracking_number="T2")
    step("deliver", "receive", "shipped", "buyer", "delivered")
    step("release", "release", "delivered", "buyer", "released", "transfer")
    step("refund", "refund", "funded", "seller", "refunded", "refund")
    step("cancel unpaid", "cancel", "created", "buyer", "cancelled")
    made += [_funded_by_message(seller, next(each)), _decision(seller, next(each), moderator)]
    made += [_swap_release(site), payout]
    return early, made[len(early) :]


def _funded_by_message(seller: Person, buyer: Person) -> Case:
    """Paid on the company's own page, and the buyer never comes back: the message alone tells of it."""
    trade = bought(seller, buyer)
    payment = trades.pay(trade=trade, by=buyer.user, success_url="http://127.0.0.1/", cancel_url="http://127.0.0.1/")

    def pay_on_page() -> int:
        try:
            answer = httpx.post(
                payment.checkout_url, data=CARD, headers={"Origin": origin(payment.checkout_url)},
                timeout=60,
            )  # fmt: skip
            return answer.status_code
        except httpx.HTTPError:
            return 0

    return Case("fund", pay_on_page, state_is(trade, "funded"), str(trade.hold_id))


def _decision(seller: Person, buyer: Person, moderator: Moderator) -> Case:
    """After an appeal: that decision is the last, and moves the money at once."""
    trade = brought(seller, buyer, "disputed")
    dispute = trade.hold.disputes.get()
    first = make_user(role=Role.MODERATOR)
    escrow.decide_dispute(dispute=dispute, by=first, outcome="refund", decision="So be it.")
    escrow.appeal(dispute=dispute, by=seller.user, statement="Look again.")
    case = str(dispute.pk)
    return Case(
        "dispute decision", lambda: moderator.decides(case), sent(trade, "released", "transfer"),
        str(trade.hold_id),
    )  # fmt: skip


def _swap_release(site: str) -> Case:
    """The second of the two says that all is well: cards change hands, deposits go back, cash goes over."""
    from apps.trades.swaps import course

    table = Table(cash=500).exchanged()
    course.content(swap=table.swap, by=table.ada)
    bob = Person(site, table.bob)

    def ended() -> bool:
        holds = Hold.objects.filter(swap_side__swap=table.swap.pk)
        owners = {item.variant_id: item.owner_id for item in InventoryItem.objects.filter(quantity__gt=0)}
        changed = (owners.get(table.hers.variant_id), owners.get(table.his.variant_id)) == (table.bob.pk, table.ada.pk)
        return (
            Swap.objects.get(pk=table.swap.pk).state == "completed"
            and changed
            and all(hold.state in {"released", "split", "refunded"} for hold in holds)
        )

    return Case("swap release", lambda: bob.post(f"swaps/{table.swap.pk}/content"), ended, f"swap {table.swap.pk}")


def _payout(system: Any, seller: Person, buyer: Person) -> Case:
    """What the seller has at the company is on its way to their bank; it arrives, and the company tells of it."""
    trade = brought(seller, buyer, "delivered")
    trades.release(trade=trade, by=buyer.user)
    escrow.settle_due()
    system.company("advance", days=3)
    paid = SellerPayout.objects.filter(account__user=seller.user, state="paid")
    before = paid.count()

    def pass_days() -> int:
        time.sleep(0.6)  # after the others, whose pages would expire meanwhile
        try:
            system.company("advance", days=3)
            return 200
        except httpx.HTTPError:
            return 0

    return Case("payout", pass_days, lambda: paid.count() > before, f"payouts of {seller.user.pk}")
