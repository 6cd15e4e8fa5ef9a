"""Who sends push messages: the site's key pair (VAPID, RFC 8292) and the encryption for one browser (RFC 8291)."""

from __future__ import annotations

import base64
import time
from functools import lru_cache
from urllib.parse import urlsplit

import http_ece
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

LIFE_SECONDS = 12 * 3600


def is_configured() -> bool:
    """Whether push messages can be sent."""
    return bool(settings.PUSH_PRIVATE_KEY)


def base64url(content: bytes) -> str:
    """Without padding, as push services write it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of such a text, padded or not. Raises ValueError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)


def new_private_key() -> str:
    """A new key for PUSH_PRIVATE_KEY: 32 bytes, base64url."""
    key = ec.generate_private_key(ec.SECP256R1())
    return base64url(key.private_numbers().private_value.to_bytes(32, "big"))


@lru_cache(maxsize=4)
def _key(text: str) -> ec.EllipticCurvePrivateKey:
    try:
        return ec.derive_private_key(int.from_bytes(from_base64url(text), "big"), ec.SECP256R1())
    except ValueError as error:
        raise ImproperlyConfigured("PUSH_PRIVATE_KEY is not a key: make one with `manage.py make_push_key`.") from error


def public_key() -> str:
    """The key by which browsers subscribe (applicationServerKey); empty where push is off."""
    return base64url(_point(_key(settings.PUSH_PRIVATE_KEY).public_key())) if is_configured() else ""


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def authorization(endpoint: str) -> str:
    """The Authorization header for a push service."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + LIFE_SECONDS,
        "sub": settings.PUSH_CONTACT or settings.SITE_URL,
    }
    token = jwt.encode(claims, _key(settings.PUSH_PRIVATE_KEY), algorithm="ES256")
    return f"vapid t={token}, k={public_key()}"


def encrypted(content: bytes, *, p256dh: str, auth: str) -> bytes:
    """The content for one browser alone, as `aes128gcm`. Raises ValueError where its keys are none."""
    return http_ece.encrypt(
        content,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=from_base64url(p256dh),
        auth_secret=from_base64url(auth),
        version="aes128gcm",
    )
