"""`manage.py send_news --name june --title "…" --path /search/ < words.txt`: news to those who agreed to it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import InvalidInput
from apps.notifications.news import announce


class Command(BaseCommand):
    """Tells nobody twice under one name."""

    help = (
        "Send news to members who agreed to it; the text comes from standard input. Safe to repeat under the same name."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What it is called, and where it leads."""
        parser.add_argument("--name", required=True, help="tells the sendings apart; nobody gets one twice")
        parser.add_argument("--title", required=True)
        parser.add_argument("--path", default="/", help="the page of this site that it leads to")

    def handle(self, *, name: str, title: str, path: str, **options: Any) -> None:
        """Send it."""
        try:
            told = announce(name=name, title=title, words=sys.stdin.read(), path=path)
        except InvalidInput as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"{told} members told")
