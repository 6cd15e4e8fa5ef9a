"""The pages that people see at the company: paying, 3-D Secure, onboarding, a seller's own page. No script anywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.cards import CARDS
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.resources import balance, checkout, onboarding, payment_intents, setup_intents

HERE = Path(__file__).parent
templates = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
)
NO_MINOR_UNITS = {"jpy", "huf", "isk", "krw", "twd"}
GOOD_CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "Test Person"}
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def money(minor: int, currency: str) -> str:
    """`1234, "usd"` as `$12.34`, other currencies with their code."""
    sign = "−" if minor < 0 else ""
    figure = f"{abs(minor):,}" if currency in NO_MINOR_UNITS else f"{abs(minor) / 100:,.2f}"
    return f"{sign}${figure}" if currency == "usd" else f"{sign}{figure} {currency.upper()}"


def moment(seconds: float) -> str:
    """A time in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %Y, %H:%M:%S UTC")


templates.filters["money"] = money
templates.filters["moment"] = moment


def show(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from its template."""
    return HTMLResponse(templates.get_template(name).render(**values), status, headers=SAFE)


def go(address: str) -> RedirectResponse:
    """On to another page, by GET."""
    return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})


def gone(title: str, message: str, *, link: str | None = None, status: int = 404) -> HTMLResponse:
    """A page that says why there is nothing here."""
    return show("message.html", status, title=title, message=message, link=link)


def same_site(request: Request) -> bool:
    """A form of our own, not one that another site sends in the reader's name."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


async def typed(request: Request) -> dict[str, str]:
    """The fields of a form."""
    body = (await request.body()).decode("utf-8", "replace")
    return {name: values[-1].strip() for name, values in parse_qs(body, keep_blank_values=True).items()}


def expiry_of(text: str) -> tuple[int, int]:
    """Month and year out of `12 / 34`, `12/2034` or `1234`. Raises a card error."""
    digits = "".join(letter for letter in text if letter.isdecimal())
    if len(digits) not in (4, 6):
        raise ApiError(
            "Your card's expiration date is incomplete: write it as MM / YY.",
            param="exp_month",
            code="invalid_expiry_month",
        )
    return int(digits[:2]), int(digits[2:])


FIELD_OF = {"exp_month": "expiry", "exp_year": "expiry", "number": "number", "cvc": "cvc"}


class Pages:
    """The hosted pages of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[Route]:
        """Every page with its address."""
        both = ["GET", "POST"]
        return [
            Route("/c/pay/{session}", self._guarded(self.pay), methods=both),
            Route("/challenge/{intent}/{secret}", self._guarded(self.challenge), methods=both),
            Route("/setup/e/{account}/{secret}", self._guarded(self.setup), methods=both),
            Route("/express/{account}/{secret}", self._guarded(self.express), methods=["GET"]),
            Route("/receipts/{charge}", self._guarded(self.receipt), methods=["GET"]),
        ]

    def _guarded(self, page: Callable[[Request, dict[str, str]], Response]) -> Callable[..., Any]:
        async def endpoint(request: Request) -> Response:
            if request.method == "POST" and not same_site(request):
                return gone("Not from here", "This form was sent by another site.", status=403)
            fields = await typed(request) if request.method == "POST" else dict(request.query_params)
            self.sandbox.tick()
            return page(request, fields)

        return endpoint

    # -- paying ------------------------------------------------------------
    def pay(self, request: Request, fields: dict[str, str]) -> Response:
        """The page of a checkout session: a card form until it is paid, expired or left."""
        with self.sandbox.work() as desk:
            session = desk.find(request.path_params["session"])
            lines = desk.private(session["id"]).get("lines", []) if session else []
        if session is None or session["object"] != "checkout.session":
            return gone("Nothing to pay here", "This payment page does not exist. Check the address.")
        if session["status"] == "complete":
            return go(checkout.success_address(session))
        if session["status"] == "expired":
            message = "The time to pay on this page is over. Nothing was charged. Go back to the shop to start again."
            return gone("This page has expired", message, link=session["cancel_url"], status=410)
        if request.method == "POST":
            return self._try_card(session, lines, fields)
        typed_in = GOOD_CARD | {"number": fields["card"]} if fields.get("card") else {}
        error = None
        if fields.get("redirect_status") == "failed":
            error = "Your bank could not confirm that it is you. Nothing was charged. Try again, or use another card."
        return self._form(session, lines, {"email": session["customer_email"] or ""} | typed_in, error=error)

    def _try_card(self, session: Obj, lines: list[Obj], fields: dict[str, str]) -> Response:
        try:
            month, year = expiry_of(fields.get("expiry", ""))
            card = {
                "number": fields.get("number", ""),
                "exp_month": month,
                "exp_year": year,
                "cvc": fields.get("cvc", ""),
            }
            payer = {"email": fields.get("email", ""), "name": fields.get("name", "")}
            with self.sandbox.work() as desk:
                intent = checkout.pay(desk, desk.get("checkout.session", session["id"]), card, payer=payer)
        except ApiError as error:
            return self._form(
                session, lines, fields, error=error.message, field=FIELD_OF.get(error.param or ""), status=402
            )
        if intent["status"] == "requires_action":
            return go(intent["next_action"]["redirect_to_url"]["url"])
        return go(checkout.success_address(session))

    def _form(
        self,
        session: Obj,
        lines: list[Obj],
        fields: dict[str, str],
        *,
        error: str | None = None,
        field: str | None = None,
        status: int = 200,
    ) -> Response:
        return show(
            "pay.html", status, session=session, lines=lines, fields=fields, error=error, field=field, cards=CARDS
        )

    def challenge(self, request: Request, fields: dict[str, str]) -> Response:
        """3-D Secure: the bank asks whether it is really you."""
        with self.sandbox.work() as desk:
            intent = desk.find(request.path_params["intent"])
            private = desk.private(intent["id"]) if intent else {}
        if intent is None or private.get("challenge") != request.path_params["secret"]:
            return gone("Nothing to confirm here", "This confirmation does not exist or is no longer needed.")
        if intent["status"] == "requires_action" and request.method != "POST":
            return show("challenge.html", intent=intent)
        if intent["status"] == "requires_action":
            try:
                with self.sandbox.work() as desk:
                    finish = setup_intents if intent["object"] == "setup_intent" else payment_intents
                    intent = finish.finish_challenge(
                        desk, desk.get(intent["object"], intent["id"]), passed=fields.get("answer") == "complete"
                    )
                    if private.get("session") and intent["status"] in ("succeeded", "requires_capture"):
                        checkout.complete(desk, desk.get("checkout.session", private["session"]), intent)
            except ApiError:
                with self.sandbox.work() as desk:  # declined after the confirmation: the intent says why
                    intent = desk.get(intent["object"], intent["id"])
        return self._after_challenge(intent, private)

    def _after_challenge(self, intent: Obj, private: Obj) -> Response:
        if private.get("session"):
            with self.sandbox.work() as desk:
                session = desk.get("checkout.session", private["session"])
                lines = desk.private(session["id"])["lines"]
            if session["status"] == "complete":
                return go(checkout.success_address(session))
            problem = intent.get("last_payment_error") or intent.get("last_setup_error") or {}
            if not str(problem.get("code")).endswith("_authentication_failure") and session["status"] == "open":
                fields = {"email": session["customer_email"] or ""}
                return self._form(session, lines, fields, error=problem.get("message"), status=402)
            return go(payment_intents.return_address(intent, session["url"] or session["cancel_url"] or "/"))
        if private.get("return_url"):
            return go(payment_intents.return_address(intent, private["return_url"]))
        return gone("Done", "You can close this page and go back to the shop.", status=200)

    # -- sellers -------------------------------------------------------------
    def setup(self, request: Request, fields: dict[str, str]) -> Response:
        """The form with which a seller's account is completed."""
        with self.sandbox.work() as desk:
            account = desk.find(request.path_params["account"])
            link = desk.private(account["id"]).get("link", {}) if account else {}
            now = desk.now
        if account is None or not link:
            return gone("No such form", "This address belongs to no account. Ask the shop for a new link.")
        if link["secret"] != request.path_params["secret"] or link["expires_at"] < now:
            return go(link["refresh_url"])
        if request.method != "POST":
            return show("setup.html", account=account, fields=_prefilled(account), missing=())
        if fields.get("answer") == "later":
            return go(link["return_url"])
        needed = ("first_name", "last_name", "birthday", "line1", "city", "postal_code", "account_number")
        missing = [name for name in needed if not fields.get(name)]
        if missing or not fields.get("agree"):
            return show(
                "setup.html",
                422,
                account=account,
                fields=fields,
                missing=[*missing, *([] if fields.get("agree") else ["agree"])],
            )
        with self.sandbox.work() as desk:
            current = desk.get("account", account["id"])
            onboarding.onboard(desk, current, fields)
            desk.save(current, link=link | {"expires_at": 0})
        return go(link["return_url"])

    def express(self, request: Request, fields: dict[str, str]) -> Response:
        """A seller's own page: what has come in, what was paid out."""
        identifier = request.path_params["account"]
        with self.sandbox.work() as desk:
            account = desk.find(identifier)
            door = desk.private(identifier).get("dashboard", {})
            now, theirs = desk.now, desk.at(identifier)
            if account is None or door.get("secret") != request.path_params["secret"] or door["expires_at"] < now:
                return gone("This link has expired", "Ask the shop for a new link to your account.", status=410)
            return show(
                "express.html",
                account=account,
                balance=balance.balance_of(theirs),
                payments=theirs.books.page("charge", identifier, limit=50).rows,
                payouts=theirs.books.page("payout", identifier, limit=50).rows,
            )

    def receipt(self, request: Request, fields: dict[str, str]) -> Response:
        """A charge's receipt."""
        with self.sandbox.work() as desk:
            charge = desk.find(request.path_params["charge"])
        if charge is None or charge["object"] != "charge":
            return gone("No such receipt", "There is no payment with this number.")
        return show("receipt.html", charge=charge)


def _prefilled(account: Obj) -> dict[str, str]:
    """Test details, so that nobody is tempted to type real ones."""
    return {
        "email": account["email"] or "",
        "first_name": "Jenny",
        "last_name": "Rosen",
        "birthday": "1990-01-01",
        "line1": "1 Test Street",
        "city": "Schenectady",
        "postal_code": "12345",
        "routing_number": "110000000",
        "account_number": "000123456789",
        "agree": "yes",
    }
