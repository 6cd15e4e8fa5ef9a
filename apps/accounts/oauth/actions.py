"""Writes: registering an app, its secret, ending it; a member taking an app's access back."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Client, Token
from django.db import transaction

from apps.accounts.models import Scope, User
from apps.core import audit
from apps.core.errors import Conflict, InvalidInput, NotYours

MOST_APPS = 10
MOST_REDIRECTS = 5
_OURS = ("cardvault", "moderator", "admin", "official", "support")


def checked_redirects(addresses: Sequence[str]) -> list[str]:
    """Addresses that an app may be answered at: https, or this machine's own for programs on a desk.

    Raises InvalidInput. Source: RFC 9700, OAuth 2.0 Security Best Current Practice, 2.1 and 4.1.
    """
    found = [address.strip() for address in addresses if address.strip()]
    if not 1 <= len(found) <= MOST_REDIRECTS:
        raise InvalidInput(f"Give one to {MOST_REDIRECTS} addresses, each on a line of its own.", field="redirect_uris")
    for address in found:
        try:
            parts = urlsplit(address)
            loopback = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1")
            good = bool(parts.hostname) and (parts.scheme == "https" or loopback)
            plain = not (parts.fragment or parts.username or parts.password) and "*" not in address
        except ValueError:
            good = plain = False
        if not (good and plain and address.isascii() and address.isprintable() and " " not in address):
            raise InvalidInput(
                f"“{address[:80]}” cannot be used: give https://… (or http://127.0.0.1… for a program on a desk),"
                " without wildcard, password or fragment.",
                field="redirect_uris",
            )
    return found


@transaction.atomic
def register_app(
    *, name: str, redirect_uris: Sequence[str], scopes: Sequence[str], is_public: bool, by: User
) -> tuple[Client, str]:
    """A new app and its secret, which is shown this once; a public app (on a desk, in a browser) has none.

    Raises InvalidInput, Conflict (too many apps).
    """
    name = " ".join(name.split())[:60]
    if len(name) < 3 or any(word in name.casefold() for word in _OURS):
        raise InvalidInput("Give the app a name of three letters or more that does not pass for ours.", field="name")
    chosen = [scope for scope in Scope.values if scope in scopes]
    if not chosen or len(chosen) != len(set(scopes)):
        raise InvalidInput("Choose at least one of the scopes.", scopes=Scope.values)
    addresses = checked_redirects(redirect_uris)
    User.objects.select_for_update().only("pk").get(pk=by.pk)
    if Client.objects.filter(owner=by).count() >= MOST_APPS:
        raise Conflict(f"You have {MOST_APPS} apps already. Remove one first.")
    secret = "" if is_public else get_adapter().generate_client_secret()
    app = Client(name=name, owner=by, type=Client.Type.PUBLIC if is_public else Client.Type.CONFIDENTIAL)
    app.set_redirect_uris(addresses)
    app.set_scopes(chosen)
    app.set_default_scopes([chosen[0]])
    app.set_grant_types([Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN])
    app.set_response_types([Client.ResponseType.CODE])
    if secret:
        app.set_secret(secret)
    app.save()
    audit.record(action="app.registered", target=app, by=by, after={"name": name, "scopes": chosen})
    return app, secret


@transaction.atomic
def remove_app(*, app: Client, by: User) -> None:
    """Remove an app: every token of it ends at once. Raises NotYours."""
    if app.owner_id != by.pk:
        raise NotYours
    audit.record(action="app.removed", target=app, by=by, before={"name": app.name})
    app.delete()


@transaction.atomic
def disconnect(*, app: Client, by: User) -> None:
    """Take back what the member allowed an app: its tokens for this member end at once. Safe to repeat."""
    if Token.objects.filter(client=app, user=by).delete()[0]:
        audit.record(action="app.disconnected", target=app, by=by, before={"name": app.name})
