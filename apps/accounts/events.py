"""Facts about accounts: what their owners should hear of, and what others react to."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class _OfAMember(Event):
    member_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """Whose account it is."""
        return f"member:{self.member_id}"


@dataclass(frozen=True, kw_only=True)
class AddressSaved(_OfAMember):
    """A member added or changed an address."""

    topic = "member.address_saved"
    address_id: uuid.UUID
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class SignedInNewDevice(_OfAMember):
    """Somebody signed in from a device that the account did not know. `network` is the first part of its address."""

    topic = "account.signed_in_new_device"
    device: str
    network: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class AccessChanged(_OfAMember):
    """A sign-in or key of the member ended, the account was closed, or the role is another: what is open is looked at anew."""

    topic = "account.access_changed"


@dataclass(frozen=True, kw_only=True)
class SecurityChanged(_OfAMember):
    """What protects the account changed. `what` is one of the keys of `CHANGES`."""

    topic = "account.security_changed"
    what: str
    device: str
    network: str
    at: dt.datetime


CHANGES = {
    "password_changed": "the password was changed",
    "password_set": "a password was set",
    "password_reset": "the password was reset",
    "email_changed": "the e-mail address was changed",
    "email_confirmed": "an e-mail address was confirmed",
    "email_deleted": "an e-mail address was removed",
    "totp_activated": "an authenticator app was set up",
    "totp_deactivated": "the authenticator app was removed",
    "recovery_codes_generated": "new recovery codes were made",
    "webauthn_added": "a passkey was added",
    "webauthn_removed": "a passkey was removed",
    "account_connected": "another site was connected for signing in",
    "account_disconnected": "another site was disconnected",
}
