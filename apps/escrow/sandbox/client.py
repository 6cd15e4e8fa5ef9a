"""Lets Stripe's own library talk to a Sandbox in the same process. For unit tests: the product goes over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import stripe
from requests.structures import CaseInsensitiveDict

from apps.escrow.sandbox.api import NO_ANSWER
from apps.escrow.sandbox.company import Sandbox


class SandboxHTTPClient(stripe.HTTPClient):
    """`stripe.StripeClient("sk_test_sandbox", http_client=SandboxHTTPClient(sandbox))`: no sockets, no waiting.

    The library's retries work as over a network, but without pauses.
    """

    name = "sandbox"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **ignored: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        """Hand a request over and give back body, status and headers."""
        answer = self.sandbox.handle(method.upper(), url, headers or {}, post_data)
        if answer.status == NO_ANSWER:
            raise stripe.APIConnectionError("Request timed out.", should_retry=True)
        return answer.body, answer.status, CaseInsensitiveDict(answer.headers)

    def request_stream(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **ignored: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        """The same, the body as a stream."""
        body, status, answered = self.request(method, url, headers, post_data)
        return BytesIO(body.encode()), status, answered

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None, **ignored: Any
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """The same, for the library's asynchronous calls."""
        body, status, answered = self.request(method, url, headers, post_data)
        return body.encode(), status, answered

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return 0.0

    def close(self) -> None:
        """Nothing is open."""

    async def close_async(self) -> None:
        """Nothing is open."""
