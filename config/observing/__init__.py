"""Seeing inside a running CardVault: metrics at /metrics, ids through tasks, traces and reports of errors where configured.

Instruments are in apps.core.metrics and stand where things happen; here is what joins all rooms.
"""

from __future__ import annotations


def start() -> None:
    """Called once by every process when its apps are loaded. What is not configured is not even imported."""
    from django.conf import settings

    from config.observing import tasks

    tasks.start()
    if settings.TRACES_ENDPOINT:
        from config.observing import tracing

        tracing.start()
    if settings.SENTRY_DSN:
        from config.observing import reporting

        reporting.start()
