"""Who may use which route: alerts."""

from tests.routes.kinds import ALERTS, MEMBER, OWNER, READ, Route, pk

WEB = {
    "alerts": Route(MEMBER),
    "alerts-history": Route(MEMBER),
    "alert-new": Route(MEMBER, about=pk("product")),
    "alert-new-inventory": Route(MEMBER),
    "alert-new-many": Route(MEMBER),
    "alert": Route(OWNER, about=pk("alert")),
    "alert-on": Route(OWNER, "post", pk("alert")),
    "alert-delete": Route(OWNER, "post", pk("alert")),
}  # fmt: skip
REST = {
    "api-alerts": Route(MEMBER, "post", scope=ALERTS),
    "api-alerts-history": Route(MEMBER, scope=READ),
    "api-alerts-bulk": Route(MEMBER, "post", scope=ALERTS),
    "api-alert": Route(OWNER, "delete", pk("alert"), ALERTS),
}  # fmt: skip
