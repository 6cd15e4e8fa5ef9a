"""The payment company on a port of its own, as the launcher starts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apps.escrow import gateway
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.server import application
from tests.site import serving


@contextmanager
def payment_company(*, webhook_url: str | None) -> Iterator[Sandbox]:
    """Serve a fresh sandbox at its `public_url`; the gateway speaks real HTTP meanwhile.

    STRIPE_API_BASE is the caller's to set. webhook_url: where events go; None: nowhere.
    """
    sandbox = Sandbox(webhook_url=webhook_url)
    with serving(application(sandbox)) as port:
        sandbox.public_url = f"http://127.0.0.1:{port}"
        before = gateway.use_http_client(None)
        try:
            yield sandbox
        finally:
            gateway.use_http_client(before)
    sandbox.close()
