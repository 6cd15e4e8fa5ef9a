"""Handlers that exist for one test only."""

from collections.abc import Callable, Iterator

import pytest

from apps.core import outbox
from tests.core.outbox_world import Counted


@pytest.fixture
def subscribed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Subscribes handlers to Counted, for this test."""
    monkeypatch.setattr(outbox, "_handlers", {})
    monkeypatch.setattr(outbox, "_wake_relay", lambda: None)

    def subscribe(*handlers: Callable[[Counted], None]) -> None:
        for handler in handlers:
            outbox.subscribe(Counted)(handler)

    yield subscribe
