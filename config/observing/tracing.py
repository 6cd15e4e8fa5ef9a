"""Traces by OpenTelemetry: from a request through the tasks that it caused to the calls that leave. Loaded only where configured.

What is exported is an allow-list: addresses, queries and user agents that the instrumentations note as well stay here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from celery import signals
from django.conf import settings
from django.http import HttpRequest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, Status
from opentelemetry.util.types import AttributeValue
from structlog.contextvars import get_contextvars

from apps.core.scrubbing import scrubbed_text

REQUEST_ID = "cardvault.request_id"
_SHOWN = frozenset({
    REQUEST_ID, "celery.action", "celery.state", "celery.task_name", "error.type", "exception.escaped", "exception.message",
    "exception.stacktrace", "exception.type", "http.request.method", "http.response.status_code", "http.route",
    "messaging.destination", "messaging.message.id", "messaging.message_id", "server.address", "server.port",
})  # fmt: skip
_AFTER_REQUEST_ID = "apps.core.middleware.request_id"


def _shown(attributes: Mapping[str, AttributeValue] | None) -> dict[str, AttributeValue]:
    """What may be told, its text scrubbed."""
    return {
        name: scrubbed_text(value) if isinstance(value, str) else value
        for name, value in (attributes or {}).items()
        if name in _SHOWN
    }


class Discreet(SpanExporter):
    """Hands on to another exporter what may leave."""

    def __init__(self, onward: SpanExporter) -> None:
        self.onward = onward

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Copies of the spans with what may be told."""
        return self.onward.export([self._copy(span) for span in spans])

    def _copy(self, span: ReadableSpan) -> ReadableSpan:
        description = span.status.description
        return ReadableSpan(
            name=span.name,
            context=span.get_span_context(),
            parent=span.parent,
            resource=span.resource,
            attributes=_shown(span.attributes),
            events=[Event(each.name, _shown(each.attributes), each.timestamp) for each in span.events],
            links=span.links,
            kind=span.kind,
            status=Status(span.status.status_code, scrubbed_text(description) if description else None),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def shutdown(self) -> None:
        """The process ends."""
        self.onward.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self.onward.force_flush(timeout_millis)


def start() -> None:
    """Trace requests, tasks and outgoing calls of this process and of its forks."""
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")  # today's names of attributes
    provider = TracerProvider(
        resource=Resource.create({SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", "cardvault")}),
        sampler=ParentBased(TraceIdRatioBased(settings.TRACES_SAMPLED)),
    )
    exporter = OTLPSpanExporter(endpoint=f"{settings.TRACES_ENDPOINT}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(Discreet(exporter)))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(
        request_hook=_name_request,
        excluded_urls="healthz,readyz,metrics",
        # not the first: it asks for the request's host, which a probe's has only after our own middleware
        middleware_position=settings.MIDDLEWARE.index(_AFTER_REQUEST_ID) + 1,
    )
    CeleryInstrumentor().instrument()
    HTTPXClientInstrumentor().instrument()
    RequestsInstrumentor().instrument()
    signals.task_prerun.connect(_name_task, weak=False)
    signals.worker_process_shutdown.connect(lambda **_: provider.force_flush(), weak=False)


def _name_request(span: Span, request: HttpRequest) -> None:
    """By which log and trace find each other."""
    span.set_attribute(REQUEST_ID, getattr(request, "request_id", ""))


def _name_task(**_: object) -> None:
    """The same in a task; our own listener, which knows the id, was there first."""
    trace.get_current_span().set_attribute(REQUEST_ID, str(get_contextvars().get("request_id", "")))
