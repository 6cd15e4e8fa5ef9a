"""Health, readiness, the API's documentation page and the living style guide."""

import threading

import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from apps.core.design import samples
from apps.core.reference import reference


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: database reachable and migrated, Redis reachable. 503 names what is not."""
    checks = {"database": _database(), "redis": _redis()}
    ready = all(state == "ok" for state in checks.values())
    return JsonResponse({"status": "ok" if ready else "unavailable", "checks": checks}, status=200 if ready else 503)


# Migrations are not taken back under a running process, so that finding them complete once is enough.
_migrated = threading.Event()


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        if _migrated.is_set():
            return "ok"
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unreachable"
    if pending:
        return f"{len(pending)} migrations pending"
    _migrated.set()
    return "ok"


def _redis() -> str:
    """Of tasks, cache and live pages, wherever these are."""
    try:
        for location in {settings.CACHES["default"]["LOCATION"], *settings.LIVE_REDIS_URL.split(",")}:
            with redis.Redis.from_url(location, socket_timeout=2, socket_connect_timeout=2) as client:
                client.ping()
        with current_app.connection_for_write() as broker:
            broker.default_channel.client.ping()
    except (redis.RedisError, OperationalError):
        return "unreachable"
    return "ok"


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """The reference of the REST API, rendered from its own schema by our template."""
    from drf_spectacular.generators import SchemaGenerator

    schema = SchemaGenerator().get_schema(request=None, public=True)
    return render(request, "core/api_docs.html", {"schema": schema, "groups": reference(schema)})


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """The design system, every component once."""
    return render(request, "core/design.html", samples())
