"""allauth's seams: links in mails lead to the site's own address, never to what a request's Host header claims."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from django.conf import settings
from django.contrib.sites.requests import RequestSite
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts import actions
from apps.accounts.models import User


class _Site(RequestSite):
    """What mail templates call the current site."""

    def __init__(self) -> None:
        self.name = settings.SITE_NAME
        self.domain = urlsplit(settings.SITE_URL).netloc


def site_address(path: str) -> str:
    """A path of ours as people outside see it."""
    return f"{settings.SITE_URL}{path}"


class AccountAdapter(DefaultAccountAdapter):
    """Mails and their links as ours."""

    def format_email_subject(self, subject: str) -> str:
        """The subject as written: the sender's name says whose mail it is."""
        return " ".join(subject.split())

    def get_email_confirmation_url(self, request: HttpRequest | None, emailconfirmation: Any) -> str:
        """Where the link of a verification mail leads."""
        return site_address(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Where the link of a password mail leads."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return site_address(path.replace("UID-KEY", quote(key)))

    def send_account_already_exists_mail(self, email: str) -> None:
        """What somebody gets who signs up with an address that has an account."""
        links = {
            "signup_url": site_address(reverse("account_signup")),
            "password_reset_url": site_address(reverse("account_reset_password")),
        }
        self.send_mail("account/email/account_already_exists", email, links)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render and send; works inside and outside a request."""
        if template_prefix == "account/email/unknown_account":
            context = context | {"signup_url": site_address(reverse("account_signup"))}
        site = {"current_site": _Site(), "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
        self.render_mail(template_prefix, email, {"request": current.request, "email": email} | site | context).send()

    def set_password(self, user: User, password: str) -> None:
        """Set a new password. Keys that were made before anybody proved to own the address end with the old one."""
        super().set_password(user, password)
        actions.revoke_unproven_keys(user=user)

    def add_message(self, request: HttpRequest, *told: Any, **also: Any) -> None:
        """Say it on the next page; the API has no next page."""
        if not request.path.startswith("/api/"):
            super().add_message(request, *told, **also)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose tries are counted together (apps.core.middleware makes REMOTE_ADDR the reader's behind a proxy)."""
        return request.META.get("REMOTE_ADDR") or "unknown"
