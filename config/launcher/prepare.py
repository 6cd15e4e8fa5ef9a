"""Migrations and demo data in one Django process: `python -m config.launcher.prepare`."""

import io
import os
import sys


def main() -> None:
    """Bring the database to what the code wants; safe to run at every start. One line on what stops it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
    import django
    from django.core.management import call_command
    from django.db import Error

    from config.embedded import EmbeddedError
    from config.env import SettingsError, environment

    try:
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        print("migrations are applied", flush=True)
        call_command("register_models", stdout=io.StringIO())
        if environment().cardvault_demo:
            call_command("load_demo")
    except (EmbeddedError, SettingsError) as error:
        sys.exit(str(error))
    except Error as error:
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")


if __name__ == "__main__":
    main()
