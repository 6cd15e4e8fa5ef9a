"""A site with OpenID Connect, over HTTP on this machine: says who somebody is, as the test wants it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "cards", "between-us"


class OtherSite:
    """`person` is what it says of whoever signs in; `asked` what it was asked for a token with; `wrong` changes a claim."""

    def __init__(self) -> None:
        self.person: dict[str, object] = {"sub": "1", "email": "ada@example.net", "email_verified": True, "name": "Ada"}
        self.asked: list[dict[str, str]] = []
        self.wrong: dict[str, object] = {}
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.address = ""

    def settings(self) -> dict[str, object]:
        """How our side is told of it."""
        app = {"provider_id": "other", "name": "Other", "client_id": CLIENT, "secret": SECRET}
        return {
            "openid_connect": {"APPS": [app | {"settings": {"server_url": self.address}}], "OAUTH_PKCE_ENABLED": True}
        }

    def answer(self, path: str, body: dict[str, str]) -> dict[str, object]:
        """What it says at a path."""
        if path.startswith("/.well-known/openid-configuration"):
            names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            found = {f"{name}_endpoint": f"{self.address}/{place}" for name, place in names.items()}
            return {"issuer": self.address, "jwks_uri": f"{self.address}/jwks", **found}
        if path == "/token":
            self.asked.append(body)
            now = int(time.time())
            claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 60, **self.person, **self.wrong}
            token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "1"})
            return {"access_token": "theirs", "token_type": "Bearer", "id_token": token, "expires_in": 60}
        if path == "/jwks":
            return {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key())) | {"kid": "1"}]}
        return self.person


@contextmanager
def other_site() -> Iterator[OtherSite]:
    """The site, on a port of its own, until the end of the block."""
    site = OtherSite()

    class Answers(BaseHTTPRequestHandler):
        def _say(self, body: dict[str, str]) -> None:
            said = json.dumps(site.answer(self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def do_GET(self) -> None:
            self._say({})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say({name: values[0] for name, values in parse_qs(text).items()})

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield site
    server.shutdown()
    server.server_close()
    thread.join(5)
