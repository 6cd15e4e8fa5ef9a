"""Proving to a source who asks: OAuth 2 tokens that all workers share until shortly before they expire, OAuth 1 signatures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from authlib.oauth1.rfc5849.client_auth import ClientAuth as Signature
from authlib.oauth2.auth import ClientAuth as Credentials
from authlib.oauth2.rfc6749 import OAuth2Token
from django.core.cache import cache

from apps.valuations.feeds.client import Client, json_of
from apps.valuations.feeds.errors import AnswerUnusable

EARLY = 120
"""Seconds before its end at which a token is renewed."""


class Bearer:
    """A token that the source gives for a key and a secret (client credentials, RFC 6749 section 4.4).

    auth: "client_secret_post" (key and secret in the form) or "client_secret_basic" (in a header).
    """

    def __init__(self, client: Client, *, url: str, key: str, secret: str, auth: str, scope: str = "") -> None:
        self.client = client
        self.url = url
        self.scope = scope
        self.credentials = Credentials(key, secret, auth)
        told = hashlib.sha256(f"{url} {key} {secret} {scope}".encode()).hexdigest()[:24]
        self.name = f"feed-token:{client.host}:{told}"

    def headers(self, method: str, url: str) -> dict[str, str]:
        """The token that is good for a while yet, or a new one. Raises SourceRefused, FeedError."""
        token = OAuth2Token.from_dict(cache.get(self.name))
        if token is None or token.is_expired(leeway=EARLY):
            token = self._new()
        return {"Authorization": f"Bearer {token['access_token']}"}

    def refused(self) -> bool:
        """It was withdrawn before its time: get another."""
        cache.delete(self.name)
        return True

    def _new(self) -> OAuth2Token:
        form = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url, headers, body = self.credentials.prepare("POST", self.url, headers, urlencode(form))
        answer = self.client.ask(url, json_of, method="POST", headers=headers, content=body.encode())
        token = _token(answer.content)
        lasts = token.get("expires_in")
        if isinstance(lasts, int) and lasts > EARLY:
            cache.set(self.name, dict(token), timeout=lasts - EARLY)
        return token


def _token(answer: Any) -> OAuth2Token:
    if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
        raise AnswerUnusable("Its answer holds no token.")
    try:
        return OAuth2Token({**answer, "expires_in": int(answer.get("expires_in") or 0), "expires_at": None})
    except (TypeError, ValueError):
        raise AnswerUnusable("Its answer does not say how long its token holds.") from None


class Signed:
    """Each request signed with a consumer's and a token's secret (OAuth 1.0a, RFC 5849), HMAC-SHA1 in the header."""

    def __init__(self, *, keys: Mapping[str, str]) -> None:
        self.signature = Signature(
            keys["consumer_key"], keys["consumer_secret"], token=keys["token"], token_secret=keys["token_secret"]
        )

    def headers(self, method: str, url: str) -> dict[str, str]:
        """The signature of this request, good once."""
        sign: Callable[..., tuple[str, dict[str, str], object]] = self.signature.sign
        return dict(sign(method, url, {}, b"")[1])

    def refused(self) -> bool:
        """A signature that was wrong stays wrong."""
        return False
