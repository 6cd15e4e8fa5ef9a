"""`python -m config.launcher`: everything on one machine, until Ctrl-C."""

import argparse
import sys

from config.embedded import EmbeddedError
from config.env import SettingsError, environment
from config.launcher.errors import CannotStart
from config.launcher.launch import Interrupted, Launch


def main() -> None:
    """Run; what stops a start is one line and exit code 1."""
    argparse.ArgumentParser(
        prog="python -m config.launcher",
        description="CardVault with its own PostgreSQL and Redis, until Ctrl-C.",
        epilog="Settings are environment variables, PORT and CARDVAULT_DATA_DIR among them: docs/operation.md.",
    ).parse_args()
    try:
        Launch(environment()).run()
    except Interrupted:
        print("CardVault has stopped.", flush=True)
    except (CannotStart, EmbeddedError, SettingsError) as error:
        sys.exit(f"cardvault: {error}")


if __name__ == "__main__":
    main()
