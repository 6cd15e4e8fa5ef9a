"""Errors reported by Sentry's protocol, to Sentry or any server that speaks it. Loaded only where a DSN is configured.

A report says what broke and where in the program: type, scrubbed text and lines of code, the route's or task's name and the
ids of our logs. No values of variables, no request, nobody's address.
"""

from __future__ import annotations

import logging
from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.types import Event, Hint
from structlog.contextvars import get_contextvars

from apps.core.errors import DomainError
from apps.core.scrubbing import scrubbed_text

_KEPT = (
    "event_id", "timestamp", "platform", "level", "logger", "transaction", "release", "environment", "sdk", "fingerprint",
)  # fmt: skip
_OF_FRAMES = ("filename", "function", "module", "lineno", "in_app")
_TAGS = ("request_id", "task", "task_id", "trade", "scan", "swap", "hold")


def start() -> None:
    """Report what nobody caught, and what was logged as an error."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        before_send=_discreet,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        server_name="",
        traces_sample_rate=None,
        auto_session_tracking=False,
        send_client_reports=False,
        default_integrations=False,
        auto_enabling_integrations=False,
        ignore_errors=[DomainError],
        # brotli where it is installed, else: not every server that speaks the protocol reads that
        _experiments={"transport_compression_algo": "gzip"},
        integrations=[
            DjangoIntegration(transaction_style="function_name", middleware_spans=False, signals_spans=False),
            CeleryIntegration(propagate_traces=False),
            LoggingIntegration(level=None, event_level=logging.ERROR),
            *_plain(),
        ],
    )


def _plain() -> list[Any]:
    """Those of the library's own that add nothing about people: one report for one exception, and uncaught ones of threads."""
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.dedupe import DedupeIntegration
    from sentry_sdk.integrations.threading import ThreadingIntegration

    return [AtexitIntegration(lambda pending, timeout: None), DedupeIntegration(), ThreadingIntegration()]


def _discreet(event: Event, hint: Hint) -> Event | None:
    """The report with what may leave, or nothing where it repeats another."""
    known = get_contextvars()
    record = hint.get("log_record")
    told: dict[str, Any] = {name: event[name] for name in _KEPT if name in event}  # type: ignore[literal-required]
    told["tags"] = {name: str(known[name]) for name in _TAGS if name in known}
    if record is not None:
        # structlog hands the line over as a dictionary: its name is what reports are grouped by
        fields = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()}
        told["logentry"] = {"message": scrubbed_text(str(fields.get("event", "")))}
    if "exception" in event:
        told["exception"] = {"values": [_exception(each) for each in event["exception"].get("values", [])]}
    return told  # type: ignore[return-value]


def _exception(raised: dict[str, Any]) -> dict[str, Any]:
    frames = (raised.get("stacktrace") or {}).get("frames", [])
    return {
        "type": raised.get("type"),
        "module": raised.get("module"),
        "value": scrubbed_text(str(raised.get("value") or "")),
        "mechanism": {"type": "generic", "handled": bool((raised.get("mechanism") or {}).get("handled", True))},
        "stacktrace": {"frames": [{name: frame.get(name) for name in _OF_FRAMES} for frame in frames]},
    }
