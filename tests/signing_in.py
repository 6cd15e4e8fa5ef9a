"""Sessions of the test's own making: that somebody showed a moment ago who they are; codes of an authenticator app."""

from __future__ import annotations

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client

from apps.accounts.models import User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def confirm(client: Client, user: User) -> Client:
    """Signs the user in, as having entered the password once more a moment ago."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def give_app(user: User) -> Authenticator:
    """Sets up an authenticator app."""
    return TOTP.activate(user, SECRET).instance


def code_of_app(steps: int = 0) -> str:
    """What the app shows now, or `steps` half minutes later."""
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + steps))
