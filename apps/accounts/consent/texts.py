"""What members are asked to agree to, in the words and the version that they see. A change of meaning is a new version:
add it at the end, keep the old ones, and everybody is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """What is agreed to."""

    TERMS = "terms", _("Terms of use")
    NOTICE = "notice", _("Privacy notice")
    PHOTOS = "photos", _("Photos that improve recognition")
    NEWS = "news", _("News by e-mail")


@dataclass(frozen=True)
class Text:
    """What is asked for one purpose. versions: the dates from which each wording held, oldest first; the last is in force.

    is_required: there is no account without it. question: the words beside the box. detail: what a yes means.
    """

    purpose: Purpose
    versions: tuple[str, ...]
    question: str
    detail: str = ""
    is_required: bool = False

    @property
    def version(self) -> str:
        """The one in force."""
        return self.versions[-1]

    def template(self, version: str) -> str:
        """The page with the whole text of a version; optional purposes say all in their question and detail."""
        return f"legal/{self.purpose.value}/{version}.html"


TEXTS: dict[Purpose, Text] = {
    one.purpose: one
    for one in (
        Text(Purpose.TERMS, ("2026-11-01",), _("I agree to the terms of use"), is_required=True),
        Text(Purpose.NOTICE, ("2026-11-01",), _("I have read the privacy notice"), is_required=True),
        Text(
            Purpose.PHOTOS,
            ("2026-11-01",),
            _("My photos may improve recognition"),
            _(
                "Pictures of single cards that you confirmed or corrected, cut from your photos, may train the program "
                "that names cards. Your name and the rest of the photo are never part of it."
            ),
        ),
        Text(
            Purpose.NEWS,
            ("2026-11-01",),
            _("Send me news by e-mail"),
            _("What is new on CardVault, at most twice a month. What your own trades and alerts tell you is apart."),
        ),
    )
}
REQUIRED = tuple(one.purpose for one in TEXTS.values() if one.is_required)
OPTIONAL = tuple(one.purpose for one in TEXTS.values() if not one.is_required)


def in_force() -> str:
    """All required versions in one word: what a session keeps of them, so that a new version is noticed."""
    return " ".join(f"{one.value}:{TEXTS[one].version}" for one in REQUIRED)
