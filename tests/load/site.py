"""`python -m tests.load.site`: the product as the launcher starts it, but with production's settings and web as in docker/.

Two web processes on one socket, as the images run them; static files collected and compressed, as the image has them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from config.env import ROOT, environment
from config.launcher import probes
from config.launcher.launch import Interrupted, Launch

WEB_PROCESSES = 2


class Site(Launch):
    """One run from start to end."""

    def _add_web(self) -> None:
        port = self.settings.port
        where = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(WEB_PROCESSES), "--lifespan", "off"]
        # from here on as the image's command
        how = ["--no-access-log", "--timeout-graceful-shutdown", "25", "--timeout-keep-alive", "180"]
        kinds = ["--http", "config.draining:Pages", "--ws", "config.sockets:Sockets", "--log-level", "warning"]
        self._add(
            "web", ["uvicorn", "config.asgi:application", *where, *how, *kinds], probes.web_answers(port), grace=30.0
        )


def main() -> None:
    """Run until a signal."""
    os.environ["SITE_URL"] = f"http://127.0.0.1:{os.environ['PORT']}"
    settings = environment()
    folder = Path(os.path.abspath(settings.cardvault_data_dir))
    # The servers are not there yet, and are not asked.
    named = {"DATABASE_URL": "postgresql://none/none", "REDIS_URL": "redis://none:6379/0"}
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"],
        cwd=ROOT, env={**os.environ, **named, "CARDVAULT_DATA_DIR": str(folder)}, check=True,
    )  # fmt: skip
    try:
        Site(settings).run()
    except Interrupted:
        print("CardVault has stopped.", flush=True)


if __name__ == "__main__":
    main()
