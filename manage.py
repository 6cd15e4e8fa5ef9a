#!/usr/bin/env python
"""The command line: every import, feed, scan and report is a command of it."""

import os
import sys


def main() -> None:
    """Run one management command; a wrong setting stops here with one clear line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
    from django.core.management import execute_from_command_line

    from config.env import SettingsError

    try:
        execute_from_command_line(sys.argv)
    except SettingsError as error:
        sys.exit(f"cardvault: {error}")


if __name__ == "__main__":
    main()
