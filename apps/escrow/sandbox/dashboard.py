"""The company's dashboard: what happened in the sandbox, and its levers as buttons."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from apps.escrow.sandbox import delivery
from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.desk import DAY
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.pages import go, gone, same_site, show, typed
from apps.escrow.sandbox.resources import balance

ROWS = 50
TOGGLES = (
    ("duplicate_webhooks", "Send every event twice"),
    ("reorder_webhooks", "Send events out of order"),
    ("drop_first_delivery", "Lose the first delivery of every event"),
    ("guard_refunds", "Refuse refunds that were already passed on"),
)
STATES = {"pending": "waiting", "delivered": "delivered", "failed": "given up"}


class Dashboard:
    """What the platform sees of its account."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[Route]:
        """The page and its buttons."""
        return [
            Route("/", self.overview, methods=["GET"]),
            Route("/events/{event}", self.event, methods=["GET"]),
            Route("/do/{what}", self.do, methods=["POST"]),
        ]

    async def overview(self, request: Request) -> Response:
        """Payments, transfers, accounts and events at a glance."""
        self.sandbox.tick()
        with self.sandbox.work() as desk:
            books = desk.books
            return show(
                "dashboard.html",
                now=desk.now,
                offset=desk.offset,
                balance=balance.balance_of(desk),
                payments=books.page("payment_intent", limit=ROWS).rows,
                refunds=books.page("refund", limit=ROWS).rows,
                transfers=books.page("transfer", limit=ROWS).rows,
                disputes=books.page("dispute", limit=ROWS).rows,
                accounts=books.page("account", limit=ROWS).rows,
                events=self._events(),
                endpoints=books.page("webhook_endpoint", limit=ROWS).rows,
                toggles=TOGGLES,
                switches=asdict(self.sandbox.switches),
                key=f"{self.sandbox.secret_key[:8]}…{self.sandbox.secret_key[-4:]}",
            )

    def _events(self) -> list[dict[str, Any]]:
        rows = self.sandbox.books.query(
            "SELECT o.id, o.account, o.created, json_extract(o.body, '$.type') AS type,"
            " json_extract(o.body, '$.data.object.id') AS about,"
            " (SELECT d.state FROM deliveries d WHERE d.event = o.id ORDER BY d.seq DESC LIMIT 1) AS state,"
            " (SELECT SUM(d.attempts) FROM deliveries d WHERE d.event = o.id) AS attempts,"
            " (SELECT d.outcome FROM deliveries d WHERE d.event = o.id ORDER BY d.seq DESC LIMIT 1) AS outcome"
            " FROM objects o WHERE o.kind = 'event' ORDER BY o.seq DESC LIMIT ?",
            ROWS,
        )
        return [dict(row) | {"state": STATES.get(row["state"], "nobody listens")} for row in rows]

    async def event(self, request: Request) -> Response:
        """One event as it is sent."""
        identifier = request.path_params["event"]
        rows = self.sandbox.books.query("SELECT account FROM objects WHERE id = ? AND kind = 'event'", identifier)
        if not rows:
            return gone("No such event", "There is no event with this number.")
        event: Obj = self.sandbox.books.find(identifier, rows[0][0]) or {}
        deliveries = self.sandbox.books.query("SELECT * FROM deliveries WHERE event = ? ORDER BY seq", identifier)
        return show("event.html", event=event, deliveries=[dict(row) for row in deliveries], states=STATES)

    async def do(self, request: Request) -> Response:
        """A button was pressed."""
        if not same_site(request):
            return gone("Not from here", "This form was sent by another site.", status=403)
        fields = await typed(request)
        what = request.path_params["what"]
        try:
            if what == "resend":
                delivery.send_again(self.sandbox, fields.get("event", ""))
            elif what == "advance":
                self.sandbox.control("advance", {"seconds": str(DAY * int(fields.get("days", "0")))})
            elif what == "config":
                self.sandbox.control("config", {name: fields.get(name, "false") for name, _ in TOGGLES})
            elif what == "dispute":
                self.sandbox.control("dispute", fields)
            else:
                return gone("No such button", "The sandbox has no such lever.")
        except (ApiError, ValueError) as error:
            return gone("That did not work", str(error), link="/", status=400)
        return go("/")
