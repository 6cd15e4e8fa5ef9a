"""How the launcher finds out that a process does its work."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from pathlib import Path


def web_answers(port: int) -> Callable[[], bool]:
    """The web server says that it can serve: database migrated, Redis reachable."""

    def probe() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return probe


def port_answers(port: int) -> Callable[[], bool]:
    """Somebody accepts connections there."""

    def probe() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        except OSError:
            return False
        return True

    return probe


def worker_answers(broker_url: str, node: str) -> Callable[[], bool]:
    """This very worker answers a ping through the queue."""

    def probe() -> bool:
        from celery import Celery
        from kombu.exceptions import KombuError

        app = Celery(broker=broker_url, set_as_current=False)
        try:
            return bool(app.control.ping(destination=[node], timeout=0.5, limit=1))
        except (KombuError, OSError):
            return False
        finally:
            app.close()

    return probe


def schedule_written(schedule: Path, since: Callable[[], float]) -> Callable[[], bool]:
    """The scheduler has written its schedule after `since` (seconds of the wall clock)."""

    def probe() -> bool:
        files = [schedule, *schedule.parent.glob(f"{schedule.name}.*")]
        return any(file.exists() and file.stat().st_mtime >= since() for file in files)

    return probe
