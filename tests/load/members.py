"""Locust's users: visitors who browse and search; members who also scan, list, buy, swap, set alerts, look at what is theirs.

Each asks one request after the other, each at its turn: turns come at random as independent people's do, at the rate of the
step. A browser's pictures, styles and scripts are not asked for: they are cached there for good, or come from a bucket.
"""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import gevent
from locust import task
from locust.contrib.fasthttp import FastHttpUser

_LATEST = 1.0  # seconds; who is later than that does not catch up
_PATIENCE = 20  # looks at a scan's progress


@dataclass
class Pace:
    """How many requests a second are wanted, of how many people together; 0 and they wait."""

    rate: float = 0.0
    people: int = 1


@dataclass
class Plan:
    """What the people know: themselves, and what there is to look at."""

    pace: Pace
    told: dict[str, Any]
    photos: list[bytes] = field(default_factory=list)
    given: int = 0
    refused: list[tuple[str, int, str]] = field(default_factory=list)

    @classmethod
    def of(cls, told: dict[str, Any]) -> Plan:
        return cls(Pace(), told, [Path(name).read_bytes() for name in told["photos"]])


class Person(FastHttpUser):
    """Somebody at a browser, from an address of the network of their own."""

    abstract = True
    plan: Plan
    is_member = False
    connection_timeout = network_timeout = 60.0

    def on_start(self) -> None:
        told = self.plan.told
        self.me = told["people"][self.plan.given]
        self.plan.given += 1
        self.chance = random.Random(self.me["number"])
        self.due = 0.0
        self.client.client.cookiejar = None  # what they have been given is all that they send
        kept = self.me["cookies"]
        if not self.is_member:
            kept = {name: value for name, value in kept.items() if name == told["cookies"]["csrf"]}
        self.csrf = self.me["cookies"].get(told["cookies"]["csrf"], "")
        self.headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in kept.items()),
            "X-Forwarded-For": self.me["network"],
            "Accept": "text/html,application/xhtml+xml",
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        }

    # -- asking ------------------------------------------------------------------
    def turn(self) -> None:
        """Wait for the next request's time: exponential gaps, so that all together are a Poisson process."""
        pace = self.plan.pace
        while not pace.rate:
            gevent.sleep(0.1)
            self.due = 0.0
        now, gap = time.monotonic(), self.chance.expovariate(pace.rate / pace.people)
        self.due = max(self.due or now, now - _LATEST) + gap
        gevent.sleep(max(0.0, self.due - now))

    def look(self, route: str, path: str, **headers: str) -> str:
        """Get a page; its text, empty when it failed."""
        self.turn()
        with self.client.get(
            path, name=route, headers=self.headers | headers, allow_redirects=False, catch_response=True
        ) as answer:
            if answer.status_code == 200:
                return str(answer.text)
            answer.failure(f"answered {answer.status_code}")
            return ""

    def send(self, route: str, path: str, body: bytes | None = None, kind: str = "", **fields: object) -> str:
        """Send a form as a browser does; where it leads, empty when it was refused or failed."""
        self.turn()
        data = body or urlencode({"csrfmiddlewaretoken": self.csrf, **fields}).encode()
        headers = self.headers | {"Content-Type": kind or "application/x-www-form-urlencoded"}
        with self.client.post(
            path, name=route, data=data, headers=headers, allow_redirects=False, catch_response=True
        ) as answer:
            if answer.status_code == 302:
                answer.success()
                return str(answer.headers["location"])
            if answer.status_code in (400, 409, 422):
                said = re.findall(
                    r'class="field__error"[^>]*>([^<]{3,160})|role="alert"[^>]*>\s*([^<]{3,160})', answer.text
                )
                self.plan.refused.append((route, answer.status_code, " ".join(" ".join(each) for each in said)))
                answer.success()
            else:
                answer.failure(f"answered {answer.status_code}")
            return ""

    def one(self, kind: str) -> str:
        """Any of the cards, sets, listings or words; the first ones are more popular than the rest."""
        choice = self.plan.told[kind]
        return str(choice[int(len(choice) * self.chance.random() ** 2)])

    # -- what visitors do ----------------------------------------------------------
    @task(14)
    def browse(self) -> None:
        """From the sets to a set to two of its cards, or others."""
        self.look("sets", "/sets/")
        self.look("release", f"/sets/{self.one('sets')}/")
        for _ in range(2):
            self.look("card", f"/cards/{self.one('cards')}/")

    @task(14)
    def search(self) -> None:
        """Type, take what comes, look at a card."""
        words = self.one("words")
        self.look("search-suggest", f"/search/suggest/?{urlencode({'q': words[:4]})}", **{"HX-Request": "true"})
        self.look("search", f"/search/?{urlencode({'q': words})}")
        self.look("card", f"/cards/{self.one('cards')}/")

    @task(18)
    def shop(self) -> None:
        """What is for sale, by words or as it comes, and two offers."""
        questions = [{}, {"q": self.one("words")}, {"sort": "deal", "condition": "NM"}, {"sort": "delivered"}]
        self.look("market", f"/market/?{urlencode(self.chance.choice(questions))}")
        for _ in range(2):
            self.look("listing", f"/listings/{self.one('listings')}/")

    @task(8)
    def arrive(self) -> None:
        """The front page."""
        self.look("home", "/")


class Visitor(Person):
    """Somebody who has not signed in."""


class Member(Person):
    """Somebody who has."""

    is_member = True

    @task(5)
    def own(self) -> None:
        """What one has, and what it is worth."""
        self.look("portfolio", "/portfolio/")
        self.look("inventory", "/inventory/")

    @task(6)
    def told(self) -> None:
        """What one was told."""
        self.look("notifications", "/notifications/")

    @task(3)
    def trades(self) -> None:
        """What is under way."""
        self.look("trades", "/trades/")

    @task(3)
    def list_copy(self) -> None:
        """Offer a copy."""
        item = self.chance.choice(self.me["items"])
        self.look("sell", "/sell/")
        page = self.look("list-item", f"/sell/{item}/")
        shipping = re.search(r'<option value="([0-9a-f-]{36})"', page)
        if shipping:
            self.send(
                "list-item", f"/sell/{item}/", price_minor="1.50", quantity=1, shipping=shipping[1], description=""
            )

    @task(3)
    def buy(self) -> None:
        """An offer into the cart, to the checkout, and paid at the payment company."""
        listing = self.one("listings")
        self.look("listing", f"/listings/{listing}/")
        if not self.send("cart-add", f"/cart/add/{listing}/", quantity=1):
            return
        self.look("cart", "/cart/")
        page = self.look("cart-checkout", "/cart/checkout/")
        if not page:
            return
        given = {name: _hidden(page, name) for name in ("request_key", "agreed", "country_shown")}
        leads = self.send("cart-checkout", "/cart/checkout/", **given, **_address(self.me["number"]))
        if leads.startswith("http") and not leads.startswith(self.host):
            leads = self._pay(leads)
        if order := re.search(r"/orders/[0-9a-f-]{36}/", leads):
            self.look("order", order[0])

    def _pay(self, page: str) -> str:
        """At the payment company, which is not what is measured."""
        card = {
            "number": "4242424242424242",
            "expiry": "12 / 34",
            "cvc": "123",
            "name": "Load",
            "email": "load@load.example",
        }
        where = urlsplit(page)
        there = self._company(f"{where.scheme}://{where.netloc}")
        there.urlopen(page)
        answer = there.urlopen(
            page, method="POST", payload=urlencode(card), headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        return str(answer.headers.get("location", "")) if answer.status_code in (302, 303) else ""

    def _company(self, address: str) -> Any:
        agent = type(self.client.client)(cookiejar=None, insecure=True, max_redirects=0)
        agent.redirect_response_codes = frozenset()
        return agent

    @task(2)
    def swap(self) -> None:
        """Put a card for a card on the table."""
        other = self.chance.choice(self.plan.told["people"])
        if other["id"] == self.me["id"]:
            return
        self.look("swaps", "/swaps/")
        page = self.look("swap-new", f"/swaps/with/{other['id']}/")
        theirs = re.findall(r'name="(take-[0-9a-f-]{36})"', page)
        mine = re.findall(r'name="(give-[0-9a-f-]{36})"', page)
        if mine and theirs:
            piles = {self.chance.choice(mine): 1, self.chance.choice(theirs): 1}
            given = {"request_key": _hidden(page, "request_key"), "cash_by": "me", **_address(self.me["number"])}
            leads = self.send("swap-new", f"/swaps/with/{other['id']}/", **piles, **given)
            if leads:
                self.look("swap", leads)

    @task(3)
    def wait_for_price(self) -> None:
        """Set an alert."""
        card = self.one("cards")
        self.look("alerts", "/alerts/")
        self.look("alert-new", f"/alerts/new/card/{card}/")
        terms = {"variant": "", "condition": "NM", "comparison": "<", "amount": f"{self.chance.uniform(1, 9):.2f}"}
        self.send("alert-new", f"/alerts/new/card/{card}/?kind=price_drop", cool_down_hours=24, **terms)

    @task(1)
    def scan(self) -> None:
        """Photograph a card, watch, see what it is."""
        self.look("scan-new", "/scan/")
        body, kind = _multipart(self.csrf, self.chance.choice(self.plan.photos), self.chance)
        page = self.send("scan-new", "/scan/", body, kind)
        if not page:
            return
        for _ in range(_PATIENCE):
            told = self.look("scan-progress", f"{page}progress/", **{"HX-Request": "true"})
            if "Done." in told or not told:
                break
        self.look("scan", page)


def _hidden(page: str, name: str) -> str:
    """The value of a form's hidden field."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    return found[1].replace("&amp;", "&") if found else ""


def _address(number: int) -> dict[str, str]:
    return {
        "name": f"Load Member {number}", "line1": f"{number + 1} Card Lane", "line2": "", "city": "Springfield",
        "region": "", "postal_code": f"{10000 + number}", "country": "US",
    }  # fmt: skip


def _multipart(csrf: str, photo: bytes, chance: random.Random) -> tuple[bytes, str]:
    """The scan's form with one photograph; bytes after a JPEG's end are nothing to see, and make it another file."""
    line = f"----{chance.getrandbits(64):016x}"
    head = (
        f'--{line}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{csrf}\r\n'
        f'--{line}\r\nContent-Disposition: form-data; name="game"\r\n\r\n\r\n'
        f'--{line}\r\nContent-Disposition: form-data; name="photos"; filename="card.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    own = chance.getrandbits(128).to_bytes(16, "big")
    return head.encode() + photo + own + f"\r\n--{line}--\r\n".encode(), f"multipart/form-data; boundary={line}"
