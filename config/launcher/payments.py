"""The payments sandbox's address and keys: made once per data folder, so that a restart keeps its payments."""

from __future__ import annotations

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sandbox:
    """Where the sandbox listens and what it shares with its one customer."""

    port: int
    secret_key: str
    webhook_secret: str

    @property
    def environment(self) -> dict[str, str]:
        """The settings that make the other processes use it."""
        return {
            "STRIPE_API_BASE": f"http://127.0.0.1:{self.port}",
            "STRIPE_SECRET_KEY": self.secret_key,
            "STRIPE_WEBHOOK_SECRET": self.webhook_secret,
        }


def sandbox_of(data_dir: Path) -> Sandbox:
    """The sandbox of this data folder, on its former port where that is still free."""
    path = data_dir / "sandbox" / "keys.json"
    try:
        stored = Sandbox(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        stored = Sandbox(0, f"sk_test_{secrets.token_hex(24)}", f"whsec_{secrets.token_hex(24)}")
    chosen = Sandbox(_free_port(stored.port), stored.secret_key, stored.webhook_secret)
    if chosen != stored:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        partial = path.with_suffix(".partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(chosen), file)
        partial.replace(path)
    return chosen


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError("no free port on 127.0.0.1")
