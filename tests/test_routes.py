"""Who may go where: every route of the product is listed here with who may use it, and is asked as each kind of person.

A route that nobody listed fails the first test. The admin's own tables are in tests/moderation.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts import actions as accounts
from apps.accounts.consent.texts import TEXTS, Purpose
from apps.accounts.models import Role, Scope, SignIn
from apps.accounts.oauth import actions as oauth
from apps.alerts import actions as alerts
from apps.core.ids import uuid7
from apps.escrow.models import Payment
from apps.inventory.models import InventoryImport, ItemPhoto
from apps.listings.cart import actions as cart
from apps.listings.offers import actions as offers
from apps.listings.search.asking import Wanted
from apps.listings.search.saved import save_search
from apps.listings.selling.models import Repricing
from apps.listings.shipping import default_shipping
from apps.listings.wants import actions as wants
from apps.notifications.mail.unsubscribing import token_for
from apps.notifications.models import Notification
from apps.notifications.telling import Told, tell
from apps.notifications.webhooks.secrets import new_secret, sealed
from apps.privacy.models import DataExport
from apps.risk.models import Assessment
from apps.scans.models import DetectedCard, Scan, ScanPhoto
from apps.trades.checkout.models import Order
from apps.trades.models import Review
from apps.trades.reports import actions as reports
from tests.escrow.conftest import a_company
from tests.factories import ADDRESS, make_item, make_listing, make_user, make_variant
from tests.trades.conftest import at_stage
from tests.trades.swaps.conftest import Table
from tests.worlds import kept

pytestmark = pytest.mark.django_db

PUBLIC, MEMBER, OWNER, PARTY, MODERATOR = "public", "member", "owner", "party", "moderator"
SIGNED = "signed"  # no person at all: the payment company by its signature, Prometheus by its token
KEYLESS = "keyless"  # over REST: signed in by password, never by an API key


@dataclass(frozen=True)
class Route:
    """Who may use a route, by which method, and which thing of the world it is asked about."""

    who: str
    method: str = "get"
    about: dict[str, str] = field(default_factory=dict)
    scope: str = ""
    moderators: bool = False  # moderators may look although it is not theirs
    visitors: bool = False  # visitors may have one of their own, kept by their session


def pk(name: str) -> dict[str, str]:
    return {"pk": name}


CASE_STEPS = (
    "answer", "evidence", "offer", "accept", "decline", "ask", "withdraw", "consent", "appeal", "send", "receive", "contest",
)  # fmt: skip
WEB = {
    "home": Route(PUBLIC),
    "favicon.ico": Route(PUBLIC),
    "healthz": Route(PUBLIC),
    "readyz": Route(PUBLIC),
    "metrics": Route(SIGNED),
    "design": Route(PUBLIC),
    "search": Route(PUBLIC),
    "search-suggest": Route(PUBLIC),
    "sets": Route(PUBLIC),
    "release": Route(PUBLIC, about=pk("release")),
    "method": Route(PUBLIC),
    "movers": Route(PUBLIC),
    "card": Route(PUBLIC, about=pk("product")),
    "listing": Route(PUBLIC, about=pk("listing")),
    "member": Route(PUBLIC, about=pk("owner")),
    "fees": Route(PUBLIC),
    "protection": Route(PUBLIC),
    "protection-figures": Route(PUBLIC),
    "privacy": Route(PUBLIC),
    "legal": Route(PUBLIC, about={"purpose": "text"}),
    "legal-version": Route(PUBLIC, about={"purpose": "text", "version": "text_version"}),
    "agree": Route(MEMBER),
    "choices": Route(MEMBER),
    "seeing-end": Route(MEMBER, "post"),
    "my-data": Route(MEMBER),
    "data-export-ask": Route(MEMBER, "post"),
    "data-export-download": Route(OWNER, about=pk("data_export")),
    "erasure-ask": Route(MEMBER, "post"),
    "erasure-cancel": Route(MEMBER, "post"),
    "scan-new": Route(PUBLIC),
    "webhook": Route(SIGNED, "post"),
    "inventory": Route(MEMBER),
    "binder-new": Route(MEMBER, "post"),
    "inventory-add": Route(MEMBER, about={"variant": "variant"}),
    "item": Route(OWNER, about=pk("item")),
    "item-photo": Route(OWNER, "post", pk("item")),
    "item-photo-remove": Route(OWNER, "post", {"pk": "item", "photo": "item_photo"}),
    "item-remove": Route(OWNER, "post", pk("item")),
    "import-new": Route(MEMBER),
    "export": Route(MEMBER),
    "export-file": Route(MEMBER),
    "import": Route(OWNER, about=pk("inventory_import")),
    "import-line": Route(OWNER, about={**pk("inventory_import"), "number": "line_number"}),
    **{
        f"import-{step}": Route(OWNER, "post", pk("inventory_import"))
        for step in ("read", "add", "cancel", "undo", "map", "dismiss")
    },
    "portfolio": Route(MEMBER),
    "portfolio-progress": Route(MEMBER),
    "portfolio-work-out": Route(MEMBER, "post"),
    "scan": Route(OWNER, about=pk("scan"), visitors=True),
    "scan-confirm": Route(OWNER, "post", pk("scan"), visitors=True),
    "scan-progress": Route(OWNER, about=pk("scan"), visitors=True),
    "scan-again": Route(OWNER, "post", pk("scan"), visitors=True),
    "scan-card": Route(OWNER, about=pk("scan_card"), visitors=True),
    "sell": Route(MEMBER),
    "country": Route(PUBLIC, "post"),
    "cart": Route(PUBLIC),
    "cart-add": Route(PUBLIC, "post", {"listing": "listing"}),
    "cart-wanted": Route(PUBLIC),
    "cart-line": Route(OWNER, "post", {"pk": "cart_line"}, visitors=True),
    **{f"cart-{step}": Route(PUBLIC, "post") for step in ("accept", "compare", "apply", "undo")},
    "sell-many": Route(MEMBER),
    "sell-away": Route(MEMBER, "post"),
    "reprice": Route(MEMBER),
    "repricing-rules": Route(MEMBER),
    "repricing-rule-forget": Route(OWNER, "post", pk("repricing_rule")),
    "repricing": Route(OWNER, about=pk("repricing")),
    "repricing-apply": Route(OWNER, "post", pk("repricing")),
    "repricing-undo": Route(OWNER, "post", pk("repricing")),
    "market": Route(PUBLIC),
    "searches": Route(MEMBER),
    "search-save": Route(MEMBER, "post"),
    "search-on": Route(OWNER, "post", pk("saved_search")),
    "search-delete": Route(OWNER, "post", pk("saved_search")),
    "shipping": Route(MEMBER),
    "shipping-new": Route(MEMBER),
    "shipping-profile": Route(OWNER, about=pk("shipping_profile")),
    "shipping-remove": Route(OWNER, "post", pk("shipping_profile")),
    "list-item": Route(OWNER, about={"item": "item"}),
    "wants": Route(MEMBER),
    "want-list": Route(PUBLIC, about=pk("want_list")),
    "want-list-change": Route(OWNER, "post", pk("want_list")),
    "want": Route(OWNER, "post", pk("want")),
    "haves": Route(MEMBER),
    "have": Route(OWNER, "post", {"item": "item"}),
    "orders": Route(MEMBER),
    "orders-pick": Route(MEMBER),
    "orders-slips": Route(MEMBER),
    "orders-labels": Route(MEMBER),
    "orders-tracking": Route(MEMBER),
    "orders-tracking-form": Route(MEMBER),
    "money": Route(MEMBER),
    "money-year": Route(MEMBER, about={"year": "year"}),
    "money-month": Route(MEMBER, about={"year": "year", "month": "month"}),
    "statements": Route(MEMBER),
    "statement-year": Route(MEMBER, about={"year": "year"}),
    "statement-month": Route(MEMBER, about={"year": "year", "month": "month"}),
    "listing-change": Route(OWNER, about=pk("listing")),
    "listing-pause": Route(OWNER, "post", pk("listing")),
    "listing-watch": Route(MEMBER, "post", pk("listing")),
    "watching": Route(MEMBER),
    "listing-withdraw": Route(OWNER, "post", pk("listing")),
    "pay-return": Route(PARTY, about={"payment": "payment"}),
    "onboarding": Route(MEMBER),
    "onboarding-return": Route(MEMBER),
    "payout-dashboard": Route(MEMBER, "post"),
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
    "admin:reports": Route(MODERATOR),
    "admin:report": Route(MODERATOR, about=pk("report")),
    "admin:checks": Route(MODERATOR),
    "admin:approvals": Route(MODERATOR),
    "admin:see-as": Route(MODERATOR, about=pk("owner")),
    "admin:check": Route(MODERATOR, about=pk("check")),
    "admin:risk-rules": Route(MODERATOR),
    "review-answer": Route(OWNER, "post", pk("review")),
    "offers": Route(MEMBER),
    "offer": Route(PARTY, about=pk("offer"), moderators=True),
    "offer-checkout": Route(PARTY, about=pk("offer")),
    **{f"offer-{step}": Route(PARTY, "post", pk("offer")) for step in ("accept", "decline", "withdraw", "counter")},
    "offer-make": Route(MEMBER, about=pk("listing")),
    "offer-terms": Route(OWNER, "post", pk("listing")),
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
    "cases": Route(MEMBER),
    "payment-cards": Route(MEMBER),
    "payment-card-add": Route(MEMBER, "post"),
    "payment-card-default": Route(OWNER, "post", pk("saved_card")),
    "payment-card-remove": Route(OWNER, "post", pk("saved_card")),
    "case": Route(PARTY, about=pk("dispute"), moderators=True),
    "case-document": Route(PARTY, about={"pk": "dispute", "piece": "document"}, moderators=True),
    **{f"case-{step}": Route(PARTY, "post", pk("dispute")) for step in CASE_STEPS},
    "blocks": Route(MEMBER),
    "block": Route(MEMBER, about=pk("owner")),
    "alerts": Route(MEMBER),
    "alerts-history": Route(MEMBER),
    "alert-new": Route(MEMBER, about=pk("product")),
    "alert-new-inventory": Route(MEMBER),
    "alert-new-many": Route(MEMBER),
    "alert": Route(OWNER, about=pk("alert")),
    "alert-on": Route(OWNER, "post", pk("alert")),
    "alert-delete": Route(OWNER, "post", pk("alert")),
    "service-worker": Route(PUBLIC),
    "manifest": Route(PUBLIC),
    "offline": Route(PUBLIC),
    "offline-inventory": Route(PUBLIC),
    "offline-scan": Route(PUBLIC),
    "offline-self": Route(MEMBER),
    "offline-items": Route(MEMBER),
    "notifications": Route(MEMBER),
    "notifications-read": Route(MEMBER, "post"),
    "notification": Route(OWNER, about=pk("notification")),
    "notification-read": Route(OWNER, "post", pk("notification")),
    "notification-settings": Route(MEMBER),
    "notification-address": Route(MEMBER, "post"),
    "notification-unsubscribe": Route(PUBLIC, about={"token": "unsubscribe_token"}),
    "device-remove": Route(OWNER, "post", pk("device")),
    "webhooks": Route(MEMBER),
    "webhook-endpoint": Route(OWNER, about=pk("endpoint")),
    **{
        f"webhook-{step}": Route(OWNER, "post", pk("endpoint"))
        for step in ("rotate", "pause", "resume", "ping", "replay", "remove")
    },
    "webhook-message": Route(OWNER, about=pk("webhook_message")),
    "webhook-message-replay": Route(OWNER, "post", pk("webhook_message")),
    "profile": Route(MEMBER),
    "addresses": Route(MEMBER),
    "address": Route(OWNER, about=pk("address")),
    "address-remove": Route(OWNER, "post", pk("address")),
    "api-keys": Route(MEMBER),
    "api-key-revoke": Route(OWNER, "post", pk("api_key")),
    "api-key-rotate": Route(OWNER, "post", pk("api_key")),
    "sessions": Route(MEMBER),
    "sessions-end-others": Route(MEMBER, "post"),
    "connected-apps": Route(MEMBER),
    "connected-app-disconnect": Route(OWNER, "post", pk("app")),
    "apps": Route(MEMBER),
    "app-remove": Route(OWNER, "post", pk("app")),
    "oauth-metadata": Route(PUBLIC),
    "session-end": Route(OWNER, "post", pk("session")),
    "program-end": Route(OWNER, "post", pk("program")),
    "admin:index": Route(MODERATOR),
    "admin:cases": Route(MODERATOR),
    "admin:case-figures": Route(MODERATOR),
    "admin:case": Route(MODERATOR, about=pk("dispute")),
    "admin:feeds": Route(MODERATOR),
    "admin:figures": Route(MODERATOR),
    "admin:protection": Route(MODERATOR),
    "admin:search": Route(MODERATOR),
    "admin:jsi18n": Route(MODERATOR),
}  # fmt: skip

READ, INVENTORY, LISTINGS, TRADES = Scope.READ, Scope.INVENTORY, Scope.LISTINGS, Scope.TRADES
ALERTS = Scope.ALERTS
REST = {
    "api-register": Route(PUBLIC, "post"),
    "api-verify": Route(PUBLIC, "post", {"key": "word"}),
    "api-login": Route(PUBLIC, "post"),
    "api-refresh": Route(PUBLIC, "post"),
    "api-logout": Route(KEYLESS, "post"),
    "api-data-export": Route(KEYLESS, "post"),
    "api-data-export-file": Route(KEYLESS, about=pk("data_export")),
    "api-erasure": Route(KEYLESS, "post"),
    "api-consents": Route(KEYLESS),
    "api-me": Route(MEMBER, scope=READ),
    "api-api-keys": Route(KEYLESS),
    "api-api-key": Route(KEYLESS, "delete", pk("api_key")),
    "api-api-key-rotate": Route(KEYLESS, "post", pk("api_key")),
    "api-connected-apps": Route(KEYLESS),
    "api-connected-app": Route(KEYLESS, "delete", pk("app")),
    "api-apps": Route(KEYLESS),
    "api-app": Route(KEYLESS, "delete", pk("app")),
    "api-sessions": Route(KEYLESS),
    "api-session": Route(KEYLESS, "delete", pk("session")),
    "api-program": Route(KEYLESS, "delete", pk("program")),
    "api-sets": Route(PUBLIC),
    "api-cards-search": Route(PUBLIC),
    "api-card": Route(PUBLIC, about=pk("product")),
    "api-price-history": Route(PUBLIC, about=pk("product")),
    "api-trending": Route(PUBLIC),
    "api-cards-lookup": Route(PUBLIC, "post"),
    "api-price-sources": Route(PUBLIC),
    "api-set": Route(PUBLIC, about=pk("release")),
    "api-schema": Route(PUBLIC),
    "api-docs": Route(PUBLIC),
    "api-inventory": Route(MEMBER, scope=READ),
    "api-item": Route(OWNER, "delete", pk("item"), INVENTORY),
    "api-imports": Route(MEMBER, scope=READ),
    "api-import": Route(OWNER, about=pk("inventory_import"), scope=READ),
    "api-import-lines": Route(OWNER, about=pk("inventory_import"), scope=READ),
    "api-import-line": Route(OWNER, "patch", {**pk("inventory_import"), "line": "line_number"}, INVENTORY),
    **{
        f"api-import-{step}": Route(OWNER, "post", pk("inventory_import"), INVENTORY)
        for step in ("read", "add", "cancel", "undo")
    },
    "api-exports": Route(MEMBER, scope=READ),
    "api-export": Route(MEMBER, about={"layout": "layout"}, scope=READ),
    "api-portfolio": Route(MEMBER, scope=READ),
    "api-portfolio-history": Route(MEMBER, scope=READ),
    "api-portfolio-holdings": Route(MEMBER, scope=READ),
    "api-portfolio-allocation": Route(MEMBER, scope=READ),
    "api-portfolio-movers": Route(MEMBER, scope=READ),
    "api-scans": Route(MEMBER, "post", scope=INVENTORY),
    "api-scan": Route(OWNER, "get", pk("scan"), READ),
    "api-scan-confirm": Route(OWNER, "post", pk("scan"), INVENTORY),
    "api-scan-card": Route(OWNER, "patch", pk("scan_card"), INVENTORY),
    "api-listings-search": Route(PUBLIC),
    "api-saved-searches": Route(MEMBER, scope=READ),
    "api-saved-search": Route(OWNER, about=pk("saved_search"), scope=READ),
    "api-listings": Route(MEMBER, "post", scope=LISTINGS),
    "api-listing": Route(OWNER, "delete", pk("listing"), LISTINGS),
    "api-watched": Route(MEMBER, scope=READ),
    "api-watch": Route(MEMBER, "delete", pk("listing"), ALERTS),
    "api-offers": Route(MEMBER, "post", scope=TRADES),
    "api-offer": Route(PARTY, "get", pk("offer"), READ, moderators=True),
    **{
        f"api-offer-{step}": Route(PARTY, "post", pk("offer"), TRADES)
        for step in ("accept", "decline", "withdraw", "counter", "checkout")
    },
    "api-offer-terms": Route(OWNER, "put", pk("listing"), LISTINGS),
    "api-standing": Route(PUBLIC, about=pk("owner")),
    "api-review-answer": Route(OWNER, "post", pk("review"), TRADES),
    "api-reports": Route(MEMBER, "post", scope=TRADES),
    "api-report-appeal": Route(OWNER, "post", pk("report"), TRADES),
    "api-blocks": Route(MEMBER, "post", scope=TRADES),
    "api-block": Route(MEMBER, "delete", pk("owner"), TRADES),
    "api-alerts": Route(MEMBER, "post", scope=ALERTS),
    "api-alerts-history": Route(MEMBER, scope=READ),
    "api-alerts-bulk": Route(MEMBER, "post", scope=ALERTS),
    "api-alert": Route(OWNER, "delete", pk("alert"), ALERTS),
    "api-notifications": Route(MEMBER, scope=READ),
    "api-notifications-read": Route(MEMBER, "post", scope=ALERTS),
    "api-notification-preferences": Route(MEMBER, scope=READ),
    "api-devices": Route(MEMBER, scope=READ),
    "api-device": Route(OWNER, "delete", pk("device"), ALERTS),
    "api-webhooks": Route(MEMBER, scope=READ),
    "api-webhook": Route(OWNER, about=pk("endpoint"), scope=READ),
    **{
        f"api-webhook-{step}": Route(OWNER, "post", pk("endpoint"), ALERTS) for step in ("rotate", "ping", "replay")
    },
    "api-webhook-messages": Route(OWNER, about=pk("endpoint"), scope=READ),
    "api-webhook-message": Route(OWNER, about=pk("webhook_message"), scope=READ),
    "api-wants": Route(MEMBER, "post", scope=LISTINGS),
    "api-want-matches": Route(MEMBER, scope=READ),
    "api-want-list": Route(OWNER, "post", pk("want_list"), LISTINGS),
    "api-want": Route(OWNER, "patch", pk("want"), LISTINGS),
    "api-have": Route(OWNER, "put", {"item": "item"}, LISTINGS),
    "api-orders": Route(MEMBER, scope=READ),
    "api-orders-pick": Route(MEMBER, scope=READ),
    "api-orders-slips": Route(MEMBER, scope=READ),
    "api-orders-labels": Route(MEMBER, scope=READ),
    "api-orders-tracking": Route(MEMBER, "post", scope=TRADES),
    "api-money-year": Route(MEMBER, about={"year": "year"}, scope=READ),
    "api-money-month": Route(MEMBER, about={"year": "year", "month": "month"}, scope=READ),
    "api-statement-year": Route(MEMBER, about={"year": "year"}, scope=READ),
    "api-statement-month": Route(MEMBER, about={"year": "year", "month": "month"}, scope=READ),
    "api-fee-example": Route(PUBLIC),
    "api-protection": Route(PUBLIC),
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
    "api-cases": Route(MEMBER, scope=READ),
    "api-payment-cards": Route(MEMBER, scope=READ),
    "api-payment-cards-refresh": Route(MEMBER, "post", scope=TRADES),
    "api-payment-card": Route(OWNER, "delete", pk("saved_card"), TRADES),
    "api-case-figures": Route(PUBLIC),
    "api-case": Route(PARTY, "get", pk("dispute"), READ, moderators=True),
    "api-case-document": Route(PARTY, "get", {"pk": "dispute", "piece": "document"}, READ, moderators=True),
    **{f"api-case-{step}": Route(PARTY, "post", pk("dispute"), TRADES) for step in CASE_STEPS},
    "api-cart": Route(MEMBER, scope=READ),
    "api-cart-lines": Route(MEMBER, "post", scope=TRADES),
    "api-cart-line": Route(OWNER, "patch", pk("cart_line"), TRADES),
    **{f"api-cart-{step}": Route(MEMBER, "post", scope=TRADES) for step in ("accept", "optimise")},
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

# Signing in is allauth's: open to visitors, or led to its own next step.
ACCOUNT = {
    "open": {
        "account_login", "account_signup", "account_inactive", "account_logout", "account_reset_password",
        "account_reset_password_done", "account_reset_password_from_key", "account_reset_password_from_key_done",
        "account_confirm_email", "account_email_verification_sent", "account_confirm_login_code", "email-agree",
        "mfa_authenticate", "mfa_login_webauthn", "socialaccount_login_cancelled", "socialaccount_login_error",
        "socialaccount_signup",
    },
    "member": {
        "account_email", "account_change_password", "account_set_password", "account_reauthenticate",
        "socialaccount_connections",
        "mfa_index", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_activate_totp", "mfa_list_webauthn",
        "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
    },
    # off unless set up: tests/accounts/test_social.py
    "social": {
        "google_login", "google_callback", "google_login_by_token", "apple_login", "apple_callback", "apple_finish_callback",
        "openid_connect_login", "openid_connect_callback", "social/login/cancelled/", "social/login/error/",
        "social/signup/", "social/connections/",
    },
    # tests/accounts/test_oauth.py
    "oauth": {"idp:oidc:authorization", "idp:oidc:token", "idp:oidc:revoke"},
    # by the row's number: tests/accounts/test_second_factor.py
    "own": {"mfa_deactivate_totp", "mfa_edit_webauthn", "mfa_remove_webauthn", "usersessions_list"},
}  # fmt: skip
# Files by their unguessable names; a scan's are its owner's alone (tests/scans).
FILES = {"media", "scan-picture"}
ADMIN_OWN = {
    "admin:approval",  # by POST alone: tests/escrow/test_approvals.py
    "admin:accounts_user_see_as",  # leads to admin:see-as: tests/moderation/test_seeing.py
    "admin:escrow_hold_give_back",  # their own tests: tests/escrow/test_operating.py
    "admin:escrow_ledgeraccount_forgive",
    "admin:escrow_chargeback_answer",  # tests/escrow/test_chargeback_answers.py
    "admin:escrow_reconciliationrun_compare_everything",  # its own tests: tests/escrow/reconciling
    "admin:login",
    "admin:logout",
    "admin:autocomplete",
    "admin:view_on_site",
    "admin:app_list",
    "admin:password_change_done",
}


def routes_with_views(patterns: list, namespace: str = "") -> Iterator[tuple[str, object]]:
    """Name and view of every route; an unnamed one is called by its address."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inside = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes_with_views(pattern.url_patterns, inside)
        else:
            yield namespace + (pattern.name or str(pattern.pattern)), pattern.callback


def routes(patterns: list) -> Iterator[str]:
    """Name of every route."""
    return (name for name, _view in routes_with_views(patterns))


def is_of_a_table(name: str) -> bool:
    """Whether the admin's own machinery made the route for one of its tables."""
    endings = ("_changelist", "_add", "_change", "_delete", "_history")
    return name.startswith("admin:") and (name.endswith(endings) or "/" in name or "<" in name)


def test_every_route_is_listed_and_every_listed_one_is_there():
    found = {name for name in routes(get_resolver().url_patterns) if not is_of_a_table(name)}
    listed = {*WEB, *REST, *FILES, *ADMIN_OWN}.union(*ACCOUNT.values())
    assert found - listed - {"admin:(?P<url>.*)$"} == set(), "list these routes with who may use them"
    assert listed - found == set()


def oauth_app(owner):
    """An app that its own maker has let in."""
    wanted = {"redirect_uris": ["https://app.example.net/"], "scopes": ["read"], "is_public": True}
    app, _secret = oauth.register_app(name="Mine", by=owner, **wanted)
    Token.objects.create(type="at", hash="x", client=app, user=owner, scopes="read")
    return app


@pytest.fixture(scope="module")
def made_once(django_db_setup, django_db_blocker):
    with a_company() as company, kept(make_world, blocker=django_db_blocker) as world:
        yield world, company.sandbox.books


@pytest.fixture
def world(made_once):
    """The same for every test: the rows, the objects, and what the payment company has on record."""
    world, books = made_once
    before = books.connection.serialize()
    yield copy.deepcopy(world)
    books.connection.deserialize(before)


def make_world() -> SimpleNamespace:
    """A seller with one of everything, and a sale that is disputed."""
    trade = at_stage("disputed")
    owner = trade.seller
    item = make_item(owner, quantity=2)
    scan = Scan.objects.create(owner=owner)
    photo = ScanPhoto.objects.create(scan=scan, file="scans/a.jpg", digest="a" * 64, width=10, height=10)
    variant = make_variant()
    inventory_import = InventoryImport.objects.create(
        owner=owner, state="review", file="imports/a.csv", file_name="a.csv", size=9, digest="a" * 64, encoding="utf-8",
        delimiter=",", heading_line=1, columns=["Name"], mapping=["name"],
    )  # fmt: skip
    inventory_import.lines.create(id=uuid7(), line=2, state="unknown", said={"name": "Nobody"}, problem="card")
    bargained = make_listing(owner, price_minor=2000)
    review = Review.objects.create(trade=trade, author=trade.buyer, subject=owner, rating=4)
    Review.objects.create(trade=trade, author=owner, subject=trade.buyer, rating=4)
    report = reports.report(kind="member", target_id=owner.pk, reason="other", statement="Rude.", by=trade.buyer)
    reports.decide(report=report, uphold=True, decision="So it is.", by=make_user(role=Role.MODERATOR))
    tell([Told("trade.message", owner.pk, "message:1", "trade:1", "/trades/", {"author": "Ada"})])
    told = Notification.objects.get(owner=owner, kind="trade.message", cause="message:1")
    endpoint = owner.webhook_endpoints.create(url="https://hooks.example/", secret=sealed(new_secret()))
    want_list = wants.make_list(by=owner, name="Public", is_public=True)
    return SimpleNamespace(
        year=2026,
        month=1,
        want_list=want_list,
        want=wants.add_lines(wanted=want_list, text="1 Nobody", by=owner)[0],
        owner=owner,
        trade=trade,
        dispute=trade.hold.disputes.get(),
        document=trade.hold.disputes.get().evidence.create(
            by=trade.buyer, file=default_storage.save("evidence/a.pdf", ContentFile(b"%PDF-"))
        ),
        payment=Payment.objects.get(hold=trade.hold),
        item=item,
        item_photo=ItemPhoto.objects.create(item=item, file="items/a.jpg", width=1, height=1),
        listing=make_listing(owner),
        review=review,
        report=report,
        check=Assessment.objects.create(
            about="payment", subject_id=trade.hold_id, title="A sale", member=trade.buyer, score=50, verdict="review"
        ),
        swap=Table(ada=trade.buyer, bob=owner).propose().swap,
        listing_word="listing",
        offer=offers.make_offer(listing=bargained, by=trade.buyer, price_minor=1500),
        saved_search=save_search(by=owner, wanted=Wanted(most_minor=100)),
        repricing_rule=owner.repricing_rules.create(name="mine", rule={"kind": "fair"}),
        repricing=Repricing.objects.create(seller=owner, rule={"kind": "fair", "percent": 90}),
        shipping_profile=default_shipping(seller=owner),
        cart_line=cart.add(listing_id=make_listing().pk, quantity=1, by=owner),
        order=Order.objects.create(buyer=owner, request_key="one", ship_to=ADDRESS),
        variant=variant,
        product=variant.product,
        release=variant.product.release,
        scan=scan,
        scan_card=DetectedCard.objects.create(photo=photo, position=0, quad=[[0, 0], [1, 0], [1, 1], [0, 1]]),
        address=owner.addresses.create(**ADDRESS),
        saved_card=owner.saved_cards.create(stripe_id="pm_1", brand="visa", last4="4242", exp_month=1, exp_year=2040),
        app=oauth_app(owner),
        session=UserSession.objects.create(user=owner, session_key="x", ip="198.51.100.0", user_agent=""),
        program=SignIn.objects.create(user=owner, refresh_id="x", stamp="x", expires_at=timezone.now()),
        api_key=accounts.create_api_key(user=owner, name="mine", scopes=[Scope.READ], by=owner)[0],
        alert=alerts.set_rule(by=owner, kind="availability", product=variant.product),
        word="nonsense",
        notification=told,
        unsubscribe_token=token_for(owner.pk),
        device=owner.devices.create(
            endpoint="https://push.example/1", digest="d" * 64, p256dh="k", auth="a", name="Firefox"
        ),
        endpoint=endpoint,
        webhook_message=endpoint.messages.create(kind="ping", payload={"type": "ping"}),
        inventory_import=inventory_import,
        line_number=2,
        text="terms",
        text_version=TEXTS[Purpose.TERMS].version,
        data_export=DataExport.objects.create(
            member=owner, state="ready", file="exports/none.zip", finished_at=timezone.now()
        ),
        layout="moxfield",
    )


def address_of(name: str, route: Route, world: SimpleNamespace) -> str:
    if name == "favicon.ico":
        return "/favicon.ico"
    found = {key: getattr(world, thing) for key, thing in route.about.items()}
    return reverse(name, kwargs={key: getattr(value, "pk", value) for key, value in found.items()})


def ask(person: object, route: Route, address: str) -> object:
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    return getattr(client, route.method)(address)


def is_sent_to_sign_in(answer: object) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith((reverse("account_login"), "/admin/login/"))


def is_let_in(answer: object) -> bool:
    return answer.status_code < 500 and answer.status_code not in {401, 403, 404} and not is_sent_to_sign_in(answer)


@pytest.mark.parametrize("name", sorted(WEB))
def test_a_page_is_open_to_whom_it_should_be(name, world):
    route = WEB[name]
    address = address_of(name, route, world)
    visitor, stranger, moderator = None, make_user(), make_user(role=Role.MODERATOR)
    if route.who == PUBLIC:
        for person in (visitor, stranger, moderator):
            assert is_let_in(ask(person, route, address))
        return
    if route.who == SIGNED:
        for person in (visitor, moderator):  # 404: what is off until it has a token
            assert ask(person, route, address).status_code in {400, 404}
        return
    answer = ask(visitor, route, address)
    assert answer.status_code == 404 if route.visitors else is_sent_to_sign_in(answer)
    if route.who == MEMBER:
        # Who has no payout account has nothing there yet, and is told so.
        assert is_let_in(ask(stranger, route, address)) or name in {"payout-dashboard", "onboarding-return"}
    elif route.who == MODERATOR:
        assert ask(stranger, route, address).status_code in {302, 403, 404}
        assert ask(world.owner, route, address).status_code in {302, 403, 404}
        for person in (moderator, make_user(role=Role.ADMIN)):
            assert ask(person, route, address).status_code == 200
    else:
        assert ask(stranger, route, address).status_code == 404
        answer = ask(moderator, route, address)
        assert answer.status_code == 200 if route.moderators else not is_let_in(answer) or told_no(answer, world)
        theirs = world.payment.hold.payer if name == "pay-return" else world.owner
        answer = ask(theirs, route, address)
        # What is the other side's to do is refused by the action (tests/trades); the room itself is theirs.
        assert is_let_in(answer) or (route.who == PARTY and answer.status_code == 403)


def told_no(answer: object, world: SimpleNamespace) -> bool:
    """Whether a step was refused by leading back with a message, or by its form; nothing has happened."""
    before = world.trade.hold.state
    world.trade.hold.refresh_from_db()
    return answer.status_code in {302, 422} and world.trade.hold.state == before


@pytest.mark.parametrize("name", sorted(REST))
def test_an_endpoint_is_open_to_whom_it_should_be(name, world):
    route = REST[name]
    address = address_of(name, route, world)

    def call(person: object = None, *scopes: str) -> int:
        headers = {}
        if person is not None:
            _, secret = accounts.create_api_key(user=person, name="test", scopes=list(scopes), by=person)
            headers = {"X-API-Key": secret}
        return getattr(APIClient(headers=headers, raise_request_exception=False), route.method)(address).status_code

    if route.who == PUBLIC:
        assert call() not in {401, 403}
        assert call() < 500
        return
    assert call() == 401
    every = [scope for scope in Scope.values if scope != route.scope]
    if route.who == KEYLESS:
        assert call(world.owner, *Scope.values) == 403
        return
    # A key with every scope but the one.
    assert call(world.owner, *every) == 403
    stranger = make_user()
    if route.who == MEMBER:
        assert call(stranger, route.scope) not in {401, 403, 404}
        return
    assert call(stranger, route.scope) == 404
    assert call(make_user(role=Role.MODERATOR), route.scope) in ({200} if route.moderators else {400, 403, 404})
    answer = call(world.owner, route.scope)
    assert answer < 500
    assert answer not in {401, 404}
    assert answer != 403 or route.who == PARTY


@pytest.mark.parametrize("name", sorted({"account_login", "account_signup", "account_reset_password"}))
def test_signing_in_is_open_to_visitors(name, client):
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", sorted(ACCOUNT["member"]))
def test_ones_sign_in_is_changed_by_members_only(name, client):
    answer = client.get(reverse(name))
    assert is_sent_to_sign_in(answer)


def test_what_has_no_address_is_a_404_for_everybody(client, moderator):
    assert client.get("/nothing/here/").status_code == 404
    client.force_login(moderator)
    assert client.get("/nothing/here/").status_code == 404
    assert client.get("/api/v1/nothing").json()["error"]["code"] == "NOT_FOUND"


def test_a_form_without_its_token_is_refused():
    client = Client(enforce_csrf_checks=True)
    owner = make_user()
    client.force_login(owner)
    answer = client.post(reverse("binder-new"), {"name": "x"})
    assert answer.status_code == 403
    assert "form has expired" in answer.content.decode()
    assert not owner.binders.exists()


@pytest.mark.parametrize("name", sorted(name for name, route in WEB.items() if route.method == "post"))
def test_what_changes_something_is_never_done_by_a_link(name, world, client):
    client.force_login(world.owner)
    assert client.get(address_of(name, WEB[name], world)).status_code == 405
