"""A real Celery worker on the database of a test, with an engine that does as it is told by a file.

Started as a process of its own: `python -m tests.scans.stand_in_worker DATABASE_NAME MEDIA FOLDER`. In FOLDER
it writes `looking` when a photo is being looked at; it hangs while `hang` is there, and kills itself while `kill` is,
which may hold the width of the only photos that do that to it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import django


def main(name: str, media: str, folder: Path) -> None:
    """Work until killed."""
    django.setup()
    from django.conf import settings
    from django.db import connections

    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    settings.MEDIA_ROOT = media

    from apps.catalog.models import Variant
    from apps.scans import engines
    from config.celery import app
    from tests.scans.conftest import Engine

    class Obedient(Engine):
        """Finds two cards, unless told to hang or to die."""

        def identify(self, picture, game=None):
            with (folder / "looking").open("a") as file:
                file.write(f"{os.getpid()}\n")
            if (folder / "kill").exists() and (folder / "kill").read_text() in ("", str(picture.shape[1])):
                os.kill(os.getpid(), signal.SIGKILL)
            while (folder / "hang").exists():
                time.sleep(0.05)
            return super().identify(picture, game)

    found = [(variant, 0.9) for variant in Variant.objects.select_related("product")[:1]]
    engines.pipeline_for = lambda scan: Obedient(found=found, cards=2)
    how = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR"]
    app.worker_main(["--quiet", "worker", "-P", "prefork", "-c", "1", "-Q", "vision", *how])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
