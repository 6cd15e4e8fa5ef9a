"""Who may use which route: cases, cards, payouts, protection, statements."""

from tests.routes.kinds import MEMBER, OWNER, PARTY, PUBLIC, READ, SIGNED, TRADES, Route, pk

CASE_STEPS = (
    "answer", "evidence", "offer", "accept", "decline", "ask", "withdraw", "consent", "appeal", "send", "receive", "contest",
)  # fmt: skip

WEB = {
    "fees": Route(PUBLIC),
    "protection": Route(PUBLIC),
    "protection-figures": Route(PUBLIC),
    "webhook": Route(SIGNED, "post"),
    "money": Route(MEMBER),
    "money-year": Route(MEMBER, about={"year": "year"}),
    "money-month": Route(MEMBER, about={"year": "year", "month": "month"}),
    "pay-return": Route(PARTY, about={"payment": "payment"}),
    "onboarding": Route(MEMBER),
    "onboarding-return": Route(MEMBER),
    "payout-dashboard": Route(MEMBER, "post"),
    "cases": Route(MEMBER),
    "payment-cards": Route(MEMBER),
    "payment-card-add": Route(MEMBER, "post"),
    "payment-card-default": Route(OWNER, "post", pk("saved_card")),
    "payment-card-remove": Route(OWNER, "post", pk("saved_card")),
    "case": Route(PARTY, about=pk("dispute"), moderators=True),
    "case-document": Route(PARTY, about={"pk": "dispute", "piece": "document"}, moderators=True),
    **{f"case-{step}": Route(PARTY, "post", pk("dispute")) for step in CASE_STEPS},
}  # fmt: skip
REST = {
    "api-money-year": Route(MEMBER, about={"year": "year"}, scope=READ),
    "api-money-month": Route(MEMBER, about={"year": "year", "month": "month"}, scope=READ),
    "api-protection": Route(PUBLIC),
    "api-cases": Route(MEMBER, scope=READ),
    "api-payment-cards": Route(MEMBER, scope=READ),
    "api-payment-cards-refresh": Route(MEMBER, "post", scope=TRADES),
    "api-payment-card": Route(OWNER, "delete", pk("saved_card"), TRADES),
    "api-case-figures": Route(PUBLIC),
    "api-case": Route(PARTY, "get", pk("dispute"), READ, moderators=True),
    "api-case-document": Route(PARTY, "get", {"pk": "dispute", "piece": "document"}, READ, moderators=True),
    **{f"api-case-{step}": Route(PARTY, "post", pk("dispute"), TRADES) for step in CASE_STEPS},
}  # fmt: skip
