"""`manage.py take_bounce < report.eml`: a report of a mail server about mail of ours."""

import email
import sys
from typing import Any

from django.core.management.base import BaseCommand

from apps.notifications.mail.bounces import take_report


class Command(BaseCommand):
    """For an alias of the mail server that receives what comes back."""

    help = "Read one bounce or complaint (RFC 3464, RFC 5965) from standard input; its address is written to no more."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say which addresses."""
        found = take_report(email.message_from_binary_file(sys.stdin.buffer))
        for address in found:
            self.stdout.write(f"no more mail goes to {address}")
        if not found:
            self.stdout.write("nothing in it says that an address of a member does not take mail")
