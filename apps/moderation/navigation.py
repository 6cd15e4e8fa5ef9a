"""What stands in the admin's sidebar, by what a moderator is about; only what the reader may see is shown."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from apps.moderation import queries
from apps.risk import queries as risk

_GROUPS: dict[str, list[tuple[str, str, str]]] = {
    "Trades": [
        ("Trades", "handshake", "trades.trade"),
        ("Disputes", "gavel", "escrow.dispute"),
        ("Listings", "sell", "listings.listing"),
        ("Inventory", "inventory_2", "inventory.inventoryitem"),
        ("Members", "group", "accounts.user"),
    ],
    "Money": [
        ("Holds", "lock", "escrow.hold"),
        ("Payments", "credit_card", "escrow.payment"),
        ("Settlements", "send_money", "escrow.settlement"),
        ("Chargebacks", "undo", "escrow.chargeback"),
        ("Payout accounts", "account_balance", "escrow.selleraccount"),
        ("Ledger accounts", "menu_book", "escrow.ledgeraccount"),
        ("Ledger postings", "receipt_long", "escrow.ledgertransaction"),
    ],
    "Recognition": [
        ("Versions", "model_training", "scans.modelversion"),
        ("Scans", "photo_camera", "scans.scan"),
        ("Corrections", "rule", "scans.correction"),
    ],
    "Prices": [
        ("Feeds", "sync", "valuations.feed"),
        ("Runs of feeds", "timeline", "valuations.feedrun"),
        ("Sources", "storefront", "valuations.source"),
        ("Sales", "paid", "valuations.sale"),
        ("Alert rules", "notification_add", "alerts.rule"),
        ("Alerts told", "notifications", "alerts.alert"),
    ],
    "Messages": [
        ("E-mails", "mail", "notifications.mail"),
        ("On their way", "send", "notifications.dispatch"),
        ("Webhook messages", "webhook", "notifications.webhookmessage"),
        ("Silent addresses", "unsubscribe", "notifications.suppression"),
    ],
    "Machinery": [
        ("Audit trail", "history", "core.auditentry"),
        ("Deliveries", "outbox", "core.delivery"),
        ("Events", "bolt", "core.outboxevent"),
        ("Payment messages", "webhook", "escrow.webhookevent"),
        ("Rejected input", "report", "core.rejectedinput"),
        ("Flags", "toggle_on", "core.flag"),
        ("Restore drills", "backup", "backups.restoredrill"),
    ],
}


def sidebar(request: HttpRequest) -> list[dict[str, object]]:
    """The groups of the sidebar with their links; cases first, with how many are a moderator's turn."""
    to_decide, checks = queries.cases_to_decide(), risk.how_many_wait()
    first = {
        "title": None,
        "items": [
            {
                "title": "Open cases",
                "icon": "balance",
                "link": reverse("admin:cases"),
                "active": _is_about_cases,
                "badge": str(to_decide) if to_decide else None,
                "badge_variant": "primary",
            },
            {"title": "What waits", "icon": "home", "link": reverse("admin:index")},
            {
                "title": "Checks",
                "icon": "policy",
                "link": reverse("admin:checks"),
                "badge": str(checks) if checks else None,
                "badge_variant": "primary",
            },
            {"title": "A second pair of eyes", "icon": "visibility", "link": reverse("admin:approvals")},
            {"title": "Reports", "icon": "flag", "link": reverse("admin:reports")},
            {"title": "Figures of moderators", "icon": "monitoring", "link": reverse("admin:figures")},
            {"title": "Purchase protection", "icon": "shield", "link": reverse("admin:protection")},
            {"title": "Price feeds", "icon": "rss_feed", "link": reverse("admin:feeds")},
        ],
    }
    return [first, *({"title": title, "items": [_item(*row) for row in rows]} for title, rows in _GROUPS.items())]


def _is_about_cases(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("admin:cases"))


def _item(title: str, icon: str, model: str) -> dict[str, object]:
    app, name = model.split(".")
    address = reverse(f"admin:{app}_{name}_changelist")
    return {"title": title, "icon": icon, "link": address, "permission": _may_see(app, name)}


def _may_see(app: str, name: str) -> Callable[[HttpRequest], bool]:
    def permission(request: HttpRequest) -> bool:
        model = next(m for m in admin.site._registry if (m._meta.app_label, m._meta.model_name) == (app, name))
        return admin.site._registry[model].has_view_permission(request)

    return permission
