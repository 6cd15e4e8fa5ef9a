"""`python -m apps.escrow.sandbox`: the payments sandbox as a process of its own on the loopback address."""

from __future__ import annotations

import argparse
import logging
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.delivery import Courier
from apps.escrow.sandbox.server import application

HOST = "127.0.0.1"


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line says. Exits with a sentence when it cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m apps.escrow.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=12111, help="0: any free port")
    parser.add_argument("--data", type=Path, required=True, help="a SQLite file, or a folder for sandbox.sqlite3")
    parser.add_argument("--secret-key", default="sk_test_sandbox", help="the key that the platform uses")
    parser.add_argument("--webhook-url", help="where every event is sent")
    parser.add_argument("--webhook-secret", default="whsec_sandbox", help="the secret with which events are signed")
    parser.add_argument("--public-url", help="the address that browsers use, if not http://127.0.0.1:PORT")
    parsed = parser.parse_args(given)
    if not parsed.secret_key.startswith("sk_test_"):
        parser.error("--secret-key must start with sk_test_: real money never comes near the sandbox")
    return parsed


def data_file(path: Path) -> Path:
    """The SQLite file for `--data`; folders are made."""
    if path.is_dir() or not path.suffix:
        path = path / "sandbox.sqlite3"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


class Server(uvicorn.Server):
    """Says one line once it listens."""

    ready_line = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            print(self.ready_line, flush=True)  # noqa: T201  (the launcher waits for it)


def main(given: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; 1 when the port is taken."""
    chosen = arguments(given)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, chosen.port))
    except OSError as error:
        print(f"payments sandbox: port {chosen.port} cannot be used: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 1
    address = chosen.public_url or f"http://{HOST}:{listener.getsockname()[1]}"
    sandbox = Sandbox(
        secret_key=chosen.secret_key,
        data=data_file(chosen.data),
        webhook_url=chosen.webhook_url,
        webhook_secret=chosen.webhook_secret,
        public_url=address,
    )
    courier = Courier(sandbox)
    config = uvicorn.Config(
        application(sandbox), log_level="warning", access_log=False, timeout_graceful_shutdown=1, lifespan="off"
    )
    server = Server(config)
    server.ready_line = f"payments sandbox ready at {address}"
    courier.start()
    try:
        server.run(sockets=[listener])
    finally:
        courier.stop()
        courier.join(2)
        sandbox.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
