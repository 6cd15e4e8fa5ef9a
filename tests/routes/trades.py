"""Who may use which route: sales, swaps, the seller's desk, reports."""

from tests.routes.kinds import MEMBER, OWNER, PARTY, PUBLIC, READ, TRADES, Route, pk

WEB = {
    "member": Route(PUBLIC, about=pk("owner")),
    "orders": Route(MEMBER),
    "orders-pick": Route(MEMBER),
    "orders-slips": Route(MEMBER),
    "orders-labels": Route(MEMBER),
    "orders-tracking": Route(MEMBER),
    "orders-tracking-form": Route(MEMBER),
    "statements": Route(MEMBER),
    "statement-year": Route(MEMBER, about={"year": "year"}),
    "statement-month": Route(MEMBER, about={"year": "year", "month": "month"}),
    "checkout": Route(MEMBER, about={"listing": "listing"}),
    "cart-checkout": Route(MEMBER),
    "order": Route(OWNER, about=pk("order")),
    "order-next": Route(OWNER, about=pk("order")),
    "order-pay": Route(OWNER, "post", pk("order")),
    "trades": Route(MEMBER),
    "trade": Route(PARTY, about=pk("trade"), moderators=True),
    **{
        f"trade-{step}": Route(PARTY, "post", pk("trade"))
        for step in (
            "pay", "ship", "received", "release", "cancel", "refund", "give-back", "withdraw", "dispute", "answer", "evidence",
            "say", "review",
        )
    },
    "standing": Route(PUBLIC),
    "report": Route(MEMBER, about={"kind": "listing_word", "pk": "listing"}),
    "reports": Route(MEMBER),
    "report-appeal": Route(OWNER, "post", pk("report")),
    "review-answer": Route(OWNER, "post", pk("review")),
    "offer-checkout": Route(PARTY, about=pk("offer")),
    **{f"offer-{step}": Route(PARTY, "post", pk("offer")) for step in ("accept", "decline", "withdraw", "counter")},
    "swaps": Route(MEMBER),
    "swap-matches": Route(MEMBER),
    "swap-new": Route(MEMBER, about=pk("owner")),
    "swap-ring": Route(MEMBER, about={"pk": "owner", "last": "owner"}),
    "swap": Route(PARTY, about=pk("swap"), moderators=True),
    "swap-counter": Route(PARTY, about=pk("swap")),
    **{
        f"swap-{step}": Route(PARTY, "post", pk("swap"))
        for step in (
            "agree", "decline", "withdraw", "pay", "ship", "received", "content", "cancel", "object", "answer",
            "withdraw-case", "evidence", "say", "review",
        )
    },
}  # fmt: skip
REST = {
    "api-standing": Route(PUBLIC, about=pk("owner")),
    "api-review-answer": Route(OWNER, "post", pk("review"), TRADES),
    "api-reports": Route(MEMBER, "post", scope=TRADES),
    "api-report-appeal": Route(OWNER, "post", pk("report"), TRADES),
    "api-orders": Route(MEMBER, scope=READ),
    "api-orders-pick": Route(MEMBER, scope=READ),
    "api-orders-slips": Route(MEMBER, scope=READ),
    "api-orders-labels": Route(MEMBER, scope=READ),
    "api-orders-tracking": Route(MEMBER, "post", scope=TRADES),
    "api-statement-year": Route(MEMBER, about={"year": "year"}, scope=READ),
    "api-statement-month": Route(MEMBER, about={"year": "year", "month": "month"}, scope=READ),
    "api-fee-example": Route(PUBLIC),
    "api-trades": Route(MEMBER, "post", scope=TRADES),
    "api-swaps": Route(MEMBER, "post", scope=TRADES),
    "api-swap": Route(PARTY, "get", pk("swap"), READ, moderators=True),
    "api-swap-rings": Route(MEMBER, "post", scope=TRADES),
    **{
        f"api-swap-{step}": Route(PARTY, "post", pk("swap"), TRADES)
        for step in (
            "counter", "agree", "decline", "withdraw", "pay", "ship", "receive", "content", "cancel", "object", "messages",
            "review",
        )
    },
    "api-checkout": Route(MEMBER, "post", scope=TRADES),
    "api-order": Route(OWNER, "get", pk("order"), READ),
    "api-trade": Route(PARTY, "get", pk("trade"), READ, moderators=True),
    **{
        f"api-trade-{step}": Route(PARTY, "post", pk("trade"), TRADES)
        for step in (
            "pay", "ship", "receive", "release", "cancel", "dispute", "answer", "evidence", "withdraw", "refund",
            "give-back", "messages", "review",
        )
    },
}  # fmt: skip
