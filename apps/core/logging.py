"""Structured logs: one event with fields per line, JSON or readable. Standard-library loggers go the same way."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from apps.core.scrubbing import scrubbed

SUBJECTS = frozenset({"hold", "import", "listing", "offer", "scan", "swap", "trade"})
"""What lines are told apart by: `trade=0190…` on every line that is about one."""


@contextmanager
def about(subject: str) -> Iterator[None]:
    """Put what something is about (`trade:0190…`) on every line until it is done; other words are left out."""
    kind, _, known_as = subject.partition(":")
    bound = {kind: known_as} if kind in SUBJECTS and known_as else {}
    with structlog.contextvars.bound_contextvars(**bound):
        yield


def _without_path(record: logging.LogRecord) -> bool:
    """Django's line about a request that failed, of which only the traceback is wanted."""
    record.msg, record.args = "request.failed", ()
    return True


def _discreet(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The last step before a line is written."""
    return scrubbed(event)


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


_NOISY = (
    "urllib3", "stripe", "botocore", "PIL", "httpx", "httpcore", "uvicorn.access",
    "celery.beat", "celery.worker.strategy", "celery.app.trace",
)  # fmt: skip


def configure(config: dict[str, str]) -> None:
    """Called by Django with settings.LOGGING = {"format": "json" | "console", "level": name}."""
    renderer = (
        structlog.processors.JSONRenderer()
        if config["format"] == "json"
        # plain tracebacks: the pretty ones print every local variable, personal data among them
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    final: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if config["format"] == "json":
        final.append(structlog.processors.format_exc_info)
        final.append(_discreet)
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=[*final, renderer]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(config["level"])
    # uvicorn gives its loggers handlers of their own, whose lines are no JSON
    for own in ("uvicorn", "uvicorn.error"):
        logging.getLogger(own).handlers = []
        logging.getLogger(own).propagate = True
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Every answer has its own line (request.finished); these repeat it with the path, which may hold a mailed key.
    of_requests = logging.getLogger("django.request")
    of_requests.setLevel(logging.ERROR)
    of_requests.filters = [_without_path]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
