"""Endpoints' secrets: made here, shown once, kept encrypted under the site's secret key, and what they sign.

Signing is the symmetric scheme of Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`, as `v1,BASE64`, one for each
secret that is good. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PREFIX = "whsec_"


class SecretLost(Exception):
    """A stored secret was encrypted under a key that the site no longer has."""


def new_secret() -> str:
    """A fresh secret: 32 random bytes as the scheme writes them."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _box() -> MultiFernet:
    """Encrypts under SECRET_KEY, reads under it and its fallbacks, so that the site's key can be replaced."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = [hashlib.blake2b(key.encode(), digest_size=32, person=b"cv.webhooks").digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in derived])


def sealed(secret: str) -> bytes:
    """The secret as it is stored."""
    return _box().encrypt(secret.encode())


def opened(stored: bytes) -> str:
    """A stored secret. Raises SecretLost."""
    try:
        return _box().decrypt(bytes(stored)).decode()
    except InvalidToken:
        raise SecretLost("this secret was kept under a former SECRET_KEY: rotate it") from None


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of one secret over a message. timestamp: Unix seconds."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    told = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()
