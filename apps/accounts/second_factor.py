"""The second step of signing in: authenticator app, passkeys, recovery codes (allauth.mfa), and that staff have one."""

from __future__ import annotations

from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from django.conf import settings

from apps.accounts.models import User
from apps.core import encryption
from apps.core.errors import BadCredentials, DomainError

_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class SecondFactorNeeded(BadCredentials):
    """The password was right; the account asks for a code as well."""

    code = "CODE_NEEDED"
    message = (
        "This account has two-step sign-in. Send the code of the authenticator app, or a recovery code, as “code”."
    )


class SecondFactorMissing(DomainError):
    """Staff without a second factor may do nothing."""

    code, status = "SECOND_FACTOR_MISSING", 403
    message = "Moderators and admins need two-step sign-in. Turn it on under Sign-in and security, then come back."


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's seams: secrets lie encrypted, passkeys belong to the site's own address."""

    def encrypt(self, text: str) -> str:
        """A secret as the database has it."""
        return encryption.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret of a stored one."""
        return encryption.unseal(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Whom a passkey is for: the site's address by setting, never what a request's Host header claims."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "localhost", "name": settings.SITE_NAME}


def has_second_factor(user: User) -> bool:
    """Whether an authenticator app or a passkey is set up; one query."""
    return Authenticator.objects.filter(user=user, type__in=_FACTORS).exists()


def check_code(*, user: User, code: str) -> None:
    """Hold a code of a program that signs in against the account's second factor; without one, any code will do.

    A code is used up by it. Raises SecondFactorNeeded (none was sent), BadCredentials (wrong, used, or too many tries).
    """
    if not has_second_factor(user):
        return
    if not code:
        raise SecondFactorNeeded
    if not AuthenticateForm(user=user, data={"code": code}).is_valid():
        raise BadCredentials("The code is wrong or was used already. Wait for the next one.")


def is_missing(user: User) -> bool:
    """Whether the member is staff, must have a second factor and has none."""
    return bool(settings.STAFF_SECOND_FACTOR and user.is_staff and not has_second_factor(user))
