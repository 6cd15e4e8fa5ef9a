"""The members of a crowd: each with a client of their own, doing whatever can be done with trades and swaps, at random.

They know of each other's trades only what is on the table that they share; whether a step is allowed is for the product
to say. Needs Django; import it after System.attach.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import httpx

from apps.accounts import actions as accounts
from apps.accounts.models import Scope, User
from tests.factories import ADDRESS, make_item, make_listing, make_price, make_variant

PRICE_MINOR = 300
EACH = 3  # copies of a card at the beginning


@dataclass
class Table:
    """What everybody knows: listings, trades and swaps by id, with whom they are of. Refused: answers of 4xx by code."""

    listings: list[str] = field(default_factory=list)
    trades: dict[str, tuple[str, str]] = field(default_factory=dict)
    swaps: dict[str, tuple[str, str]] = field(default_factory=dict)
    items: dict[str, list[str]] = field(default_factory=dict)
    requests: int = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def _route(method: str, path: str) -> str:
    """What was asked for, without ids and questions."""
    return f"{method} /{re.sub(r'[0-9a-f-]{36}', '<id>', path.partition('?')[0])}"


def _said(answer: httpx.Response) -> str:
    """Code and sentence of an error, or how a page of another server begins."""
    try:
        problem = answer.json()["error"]
        return f"{problem['code']}: {problem['message']}"
    except (ValueError, KeyError, TypeError):
        return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())[:160]


class Member:
    """Somebody with an API key."""

    def __init__(self, table: Table, site: str, user: User, chance: random.Random) -> None:
        self.table, self.user, self.name, self.chance = table, user, str(user.pk), chance
        _, secret = accounts.create_api_key(user=user, name="crowd", scopes=list(Scope.values), by=user)
        self.site, self.headers = f"{site}/api/v1/", {"X-API-Key": secret}

    async def live(self, until: float, pause: float) -> None:
        """Act until the monotonic time `until`, with pauses of `pause` seconds on average."""
        async with httpx.AsyncClient(base_url=self.site, headers=self.headers, timeout=120) as self.http:
            await asyncio.sleep(self.chance.uniform(0, pause))
            while time.monotonic() < until:
                await self.chance.choices(*self._ways())[0]()
                await asyncio.sleep(self.chance.expovariate(1 / pause))

    def _ways(self) -> tuple[list[object], list[int]]:
        ways = {self.buy: 5, self.go_on: 12, self.list_again: 2, self.look: 2, self.propose: 2, self.go_on_swapping: 4}
        return list(ways), list(ways.values())

    async def ask(self, what: str, method: str, path: str, **body: object) -> dict[str, object]:
        """The answer's body; empty when it was refused or failed, which is written down."""
        began = time.monotonic()
        self.table.requests += 1
        try:
            answer = await self.http.request(method, path, **({"json": body} if method != "GET" else {}))
        except httpx.HTTPError as error:
            cause = error.__cause__ or error.__context__
            self.table.failed.append(f"{what}: {_route(method, path)}: no answer: {error!r} of {cause!r}")
            return {}
        self.table.seconds.append(time.monotonic() - began)
        if answer.status_code >= 500:
            self.table.failed.append(f"{what}: {_route(method, path)}: {answer.status_code} {_said(answer)}")
        elif answer.status_code >= 400:
            problem = answer.json().get("error", {})  # a declined card is answered with the payment
            self.table.refused[f"{what}: {problem.get('code', answer.status_code)}"] += 1
        else:
            self.table.done[what] += 1
            return answer.json() if answer.content else {"ok": True}
        return {}

    # -- sales -----------------------------------------------------------------
    async def buy(self) -> None:
        """One of the listings that everybody is after, sometimes by a double click, sometimes paid at once."""
        listing = self.chance.choice(self.table.listings)
        given = {
            "listing_id": listing,
            "ship_to": ADDRESS,
            "request_key": str(uuid.UUID(int=self.chance.getrandbits(128))),
        }
        clicks = [self.ask("buy", "POST", "trades", **given) for _ in range(1 + (self.chance.random() < 0.1))]
        for trade in await asyncio.gather(*clicks):
            if trade:
                self.table.trades[trade["id"]] = (self.name, trade["seller_id"])
        if trade and self.chance.random() < 0.8:
            await self.step_of_trade(trade["id"], "pay")

    async def go_on(self) -> None:
        """Some step of some trade, mostly of one's own, whether or not it is its turn."""
        mine = [pk for pk, people in self.table.trades.items() if self.name in people]
        if not mine:
            return await self.buy()
        trade = self.chance.choice(mine[-6:])
        steps = [
            "pay",
            "ship",
            "receive",
            "release",
            "release",
            "receive",
            "ship",
            "cancel",
            "dispute",
            "withdraw",
            "refund",
        ]
        step = self.chance.choice(steps)
        await asyncio.gather(*[self.step_of_trade(trade, step) for _ in range(1 + (self.chance.random() < 0.1))])
        return None

    async def step_of_trade(self, trade: str, step: str) -> None:
        """One step, with what it takes."""
        given = {
            "pay": {"payment_method": self.chance.choice(["pm_card_visa"] * 5 + ["pm_card_visa_chargeDeclined"])},
            "ship": {"tracking_number": "T1"},
            "dispute": {"reason": "damaged", "statement": "Bent."},
        }.get(step, {})
        await self.ask(step, "POST", f"trades/{trade}/{step}", **given)

    async def list_again(self) -> None:
        """What one has bought is offered to the others, so that the same cards go round."""
        found = await self.ask("look at inventory", "GET", "inventory?limit=20")
        items = [item for item in found.get("items", []) if item["quantity"] > item.get("reserved", 0)]
        if items:
            given = {"item_id": self.chance.choice(items)["id"], "price_minor": PRICE_MINOR, "quantity": 1}
            if listing := await self.ask("list", "POST", "listings", **given):
                self.table.listings.append(listing["id"])

    async def look(self) -> None:
        """Read as people do between two steps."""
        path = self.chance.choice(["trades", "listings/search?limit=20", "swaps", "portfolio", "cart"])
        await self.ask("look", "GET", path)

    # -- swaps -----------------------------------------------------------------
    async def propose(self) -> None:
        """One card for one card of somebody else, sometimes with cash."""
        other = self.chance.choice(list(self.table.items))
        mine, theirs = self.table.items.get(self.name), self.table.items[other]
        if not mine or other == self.name:
            return
        swap = await self.ask(
            "propose", "POST", "swaps", member_id=other, gives=[{"item_id": self.chance.choice(mine)}],
            takes=[{"item_id": self.chance.choice(theirs)}], cash_minor=self.chance.choice([0, 0, 100, -100]),
            ship_to=ADDRESS,
        )  # fmt: skip
        if swap:
            self.table.swaps[swap["id"]] = (self.name, other)

    async def go_on_swapping(self) -> None:
        """Some step of a swap of one's own."""
        mine = [pk for pk, people in self.table.swaps.items() if self.name in people]
        if not mine:
            return await self.propose()
        swap = self.chance.choice(mine[-6:])
        step = self.chance.choice(
            ["agree", "agree", "pay", "pay", "ship", "receive", "content", "cancel", "decline", "object"]
        )
        given = {
            "agree": {"ship_to": ADDRESS},
            "pay": {"payment_method": "pm_card_visa"},
            "ship": {"tracking_number": "T1"},
            "object": {"reason": "damaged", "statement": "Bent."},
        }.get(step, {})
        await self.ask(f"swap: {step}", "POST", f"swaps/{swap}/{step}", **given)
        return None


def make_crowd(site: str, members: int, cards: int, seed: int) -> tuple[Table, list[Member], dict[uuid.UUID, int]]:
    """People, and `cards` cards of which some of them have EACH copies for sale; and how many copies of each there are."""
    from django.utils import timezone

    from apps.listings.wants.models import Have

    table = Table()
    users = []
    for number in range(members):
        user = User.objects.create_user(f"crowd{number}@example.com", None, display_name=f"Crowd {number}")
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        users.append(user)
    copies: dict[uuid.UUID, int] = {}
    for number in range(cards):
        variant, seller = make_variant(), users[number % members]
        make_price(variant, "3.00")
        item = make_item(seller, variant, quantity=EACH)  # one of them is for swaps
        table.listings.append(str(make_listing(item=item, quantity=EACH - 1, price_minor=PRICE_MINOR).pk))
        Have.objects.create(item=item, owner=seller, since=timezone.now())
        table.items.setdefault(str(seller.pk), []).append(str(item.pk))
        copies[variant.pk] = EACH
    people = [Member(table, site, user, random.Random(seed + place)) for place, user in enumerate(users)]
    return table, people, copies
