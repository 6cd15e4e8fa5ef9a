"""`manage.py make_push_key`: a new key pair for push messages."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.notifications.push.vapid import new_private_key


class Command(BaseCommand):
    """Prints the setting to put into the environment; stores nothing."""

    help = "Make the key by which push services know this site. Put what it prints into the environment, once for all machines."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(f"PUSH_PRIVATE_KEY={new_private_key()}")
        self.stderr.write(
            "Keep it: with another key every browser has to subscribe anew. Set PUSH_CONTACT to mailto:you@your-site as well."
        )
