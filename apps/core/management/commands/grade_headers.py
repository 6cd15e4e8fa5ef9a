"""Grades the headers of a running site by Mozilla's rules (see config.observatory)."""

import httpx
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string


class Command(BaseCommand):
    """grade_headers https://cards.example.com [--at-least A]."""

    help = "Grade the security headers of a running site, as Mozilla's HTTP Observatory does."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which site, and below which score the command fails."""
        parser.add_argument("url", help="the site's address, with https://")
        parser.add_argument("--at-least", type=int, default=90, help="fail below this score (90 is an A)")
        parser.add_argument("--insecure", action="store_true", help="do not check the certificate")

    def handle(self, *, url: str, at_least: int, insecure: bool, **options: object) -> None:
        """Ask, score, print."""
        try:
            answer = httpx.get(url, verify=not insecure, timeout=20)
            plain = httpx.get(url.replace("https://", "http://", 1), timeout=20) if url.startswith("https://") else None
        except httpx.HTTPError as error:
            raise CommandError(f"{url} does not answer: {error}") from None
        grade = import_string("config.observatory.graded")(
            headers=answer.headers,
            cookies=answer.headers.get_list("set-cookie"),
            plain=(plain.status_code, plain.headers.get("location", "")) if plain is not None else None,
        )
        for finding in grade.findings:
            self.stdout.write(f"{finding.points:+4d}  {finding.name}: {finding.why}")
        self.stdout.write(f"{grade.score}  {grade.letter}")
        if grade.score < at_least:
            raise CommandError(f"below {at_least}")
