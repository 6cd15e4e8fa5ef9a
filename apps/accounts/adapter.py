"""allauth's seams: links in mails lead to the site's own address, never to what a request's Host header claims."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.contrib.sites.requests import RequestSite
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from limits import RateLimitItemPerHour

from apps.accounts import actions
from apps.accounts.consent.middleware import AGREED_TO
from apps.accounts.consent.queries import to_be_asked
from apps.accounts.consent.texts import in_force
from apps.accounts.events import CHANGES, AccessChanged, SecurityChanged
from apps.accounts.models import User
from apps.accounts.sessions import device
from apps.accounts.sessions.actions import note_sign_in
from apps.core import outbox
from apps.core.throttling import limiter, private


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
        self._end_other_sessions(user)
        with transaction.atomic():
            outbox.emit(AccessChanged(member_id=user.pk))

    def _end_other_sessions(self, user: User) -> None:
        """Django refuses them from now on anyway; here they leave the list of devices too."""
        here = current.request.session.session_key if current.request else None
        others = UserSession.objects.filter(user=user).exclude(session_key=here or "")
        Session.objects.filter(session_key__in=list(others.values_list("session_key", flat=True))).delete()
        others.delete()

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try. Strangers to the account share an allowance of their own, so that they lock nobody else out."""
        email = str(credentials.get("email", "")).lower()
        known = User.objects.filter(email=email).only("pk").first()
        if not (known and device.is_known(request, known)):
            most = RateLimitItemPerHour(settings.SIGN_IN_TRIES_OF_STRANGERS)
            if not limiter().hit(most, "sign-in", "strangers", private(email)):
                raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Tries are counted by account and by whence: a device that the account knows, else the network.

        Counted by account alone, as the library does, anybody could keep a member from signing in by being wrong for
        them (OWASP, Authentication Cheat Sheet, “device cookies”).
        """
        email = str(credentials.get("email", "")).lower()
        known = User.objects.filter(email=email).only("pk").first()
        whence = (
            "known" if known and device.is_known(request, known) else device.network_of(self.get_client_ip(request))
        )
        return f"{email}:{whence}"

    def post_login(self, request: HttpRequest, user: User, *, signup: bool, **also: Any) -> HttpResponse:
        """Go on after signing in, and keep from where it was."""
        response = super().post_login(request, user, signup=signup, **also)
        request.session[AGREED_TO] = "" if to_be_asked(member_id=user.pk) else in_force()
        note_sign_in(request=request, response=response, user=user, is_new_member=signup)
        return response

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """State as a fact that something about the account changed; notifications tell its owner, once, by every channel.

        A mail of its own goes only to an address that is the account's no more: notifications do not reach that one.
        """
        what = template_prefix.rpartition("/")[2]
        former = email or (context or {}).get("deleted_email", "")
        if what not in CHANGES or (former and former.lower() != user.email.lower()):
            super().send_notification_mail(template_prefix, user, context, former or None)
        if what in CHANGES:
            with transaction.atomic():
                outbox.emit(
                    SecurityChanged(
                        member_id=user.pk,
                        what=what,
                        device=device.described(self.get_http_user_agent(self.request)),
                        network=device.network_of(self.get_client_ip(self.request)),
                        at=timezone.now(),
                    )
                )

    def add_message(self, request: HttpRequest, *told: Any, **also: Any) -> None:
        """Say it on the next page; the API has no next page."""
        if not request.path.startswith("/api/"):
            super().add_message(request, *told, **also)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose tries are counted together (apps.core.middleware makes REMOTE_ADDR the reader's behind a proxy)."""
        return request.META.get("REMOTE_ADDR") or "unknown"
