"""Servers that notifications speak to, in this process: one for mail, one for webhooks and push messages."""

from __future__ import annotations

import email
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from apps.accounts.models import User
from apps.notifications.models import Notification
from apps.notifications.telling import Told, tell
from tests.config.launches import free_port


@pytest.fixture
def told() -> Callable[..., Notification]:
    """Tells a member one thing: a message in a trade room, unless told otherwise."""
    number = iter(range(10_000))

    def make(owner: User, kind: str = "trade.message", *, cause: str = "", group: str = "trade:1", **facts: object):
        cause = cause or f"cause {next(number)}"
        facts = {"author": "Ada", "goods": "Ember Drake", "message": "Hello", "words": "Ember Drake fell."} | facts
        assert tell([Told(kind, owner.pk, cause, group, "/trades/", facts)]) == 1
        return Notification.objects.get(owner=owner, kind=kind, cause=cause)

    return make


@dataclass
class MailServer:
    """What a mail server took, and what it is to say."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    busy: int = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.busy:
            self.busy -= 1
            return "451 busy, come back later"
        self.taken.append(email.message_from_bytes(envelope.content, policy=default))
        self.recipients += envelope.rcpt_tos
        return "250 taken"


@pytest.fixture(scope="module")
def _mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.port = free_port()
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    yield server
    controller.stop()


@pytest.fixture
def mail_server(_mail_server: MailServer, settings) -> MailServer:
    """A real mail server, empty and content, to which the site sends."""
    _mail_server.taken, _mail_server.recipients, _mail_server.refuses, _mail_server.busy = [], [], {}, 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", _mail_server.port, False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    return _mail_server


@dataclass
class Receiver:
    """An integrator's or a push service's server: what came, and what it answers (the last answer stays)."""

    url: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=lambda: [200])
    location: str = ""


@pytest.fixture(scope="module")
def _receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            receiver.requests.append(
                (self.path, {name.lower(): value for name, value in self.headers.items()}, content)
            )
            answer = receiver.answers[0] if len(receiver.answers) == 1 else receiver.answers.pop(0)
            self.send_response(answer)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()
            self.wfile.write(b"thanks")

        def log_message(self, *_told: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def receiver(_receiver: Receiver, settings) -> Receiver:
    """A server on this machine, which the settings allow to send to."""
    _receiver.requests, _receiver.answers, _receiver.location = [], [200], ""
    settings.OUTBOUND_ALLOW_PRIVATE = True
    return _receiver
