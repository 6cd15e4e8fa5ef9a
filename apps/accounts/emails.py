"""Changing the e-mail address: the new one is confirmed by its link, and the old one agrees by a link of its own."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.manage_email import emit_email_changed
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.models import EmailAddress
from allauth.account.views import EmailView
from django.contrib import messages
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.accounts.adapter import site_address
from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import InvalidInput

_SALT = "accounts.email-change"
_GOOD_FOR = 24 * 60 * 60
_STALE = "This link was used already, is older than a day, or the addresses have changed since. Ask for a new one."


def ask_old_address(*, address: EmailAddress, request: HttpRequest) -> None:
    """Mail the present address a link by which it agrees to `address` taking its place."""
    user = address.user
    key = signing.dumps([str(user.pk), user.email, address.email, user.password[-12:]], salt=_SALT, compress=True)
    told = {
        "new_email": address.email,
        "agree_url": site_address(reverse("email-agree", args=[key])),
    }
    get_adapter(request).send_mail("account/email/email_change_asked", user.email, told)


@transaction.atomic
def agree(*, key: str, request: HttpRequest) -> EmailAddress:
    """Make the new address the account's, by the key that the old one got. Raises InvalidInput.

    The key is used up by the change itself, and by a new password.
    """
    try:
        user_id, old, new, stamp = signing.loads(key, salt=_SALT, max_age=_GOOD_FOR)
    except (signing.BadSignature, ValueError):
        raise InvalidInput(_STALE) from None
    user = User.objects.select_for_update().filter(pk=user_id, email=old, is_active=True).first()
    address = EmailAddress.objects.filter(user_id=user_id, email=new, verified=True).first()
    if user is None or address is None or user.password[-12:] != stamp:
        raise InvalidInput(_STALE)
    before = EmailAddress.objects.filter(user=user, primary=True).first()
    address.set_as_primary()
    audit.record(action="member.email", target=user, by=user)
    emit_email_changed(request, before, address)
    return address


class EmailPage(EmailView):
    """The library's page of addresses, where “make it primary” asks the old address first."""

    def get_context_data(self, **given: object) -> dict[str, object]:
        """Beside the library's: whether there is anything to choose between, or to confirm."""
        context = super().get_context_data(**given)
        addresses = context["emailaddresses"]
        unconfirmed = any(not each.verified for each in addresses)
        return context | {"has_others": len(addresses) > 1, "has_unconfirmed": unconfirmed}

    def _action_primary(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        raise_if_reauthentication_required(request, app="allauth.account")
        address = self._get_email_address(request)
        if address is None or address.primary:
            return redirect("account_email")
        if not address.verified:
            messages.error(request, "Confirm the new address first, by the link that we sent to it.")
        else:
            ask_old_address(address=address, request=request)
            messages.info(request, f"We sent a link to {request.user.email}. The change is made when it is followed.")
        return redirect("account_email")


@require_http_methods(["GET", "HEAD", "POST"])
def agree_page(request: HttpRequest, key: str) -> HttpResponse:
    """What the link in the mail opens: looking at it changes nothing, its button does."""
    if request.method == "POST":
        address = agree(key=key, request=request)
        messages.success(request, f"{address.email} is your address from now on.")
        return redirect("account_email" if request.user.is_authenticated else "account_login")
    return render(request, "account/email_agree.html")
