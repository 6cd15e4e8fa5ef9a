"""Forms of the settings and of endpoints."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.notifications.actions import zones
from apps.notifications.deciding import Choice
from apps.notifications.kinds import KINDS, Cadence
from apps.notifications.models import Manner
from apps.notifications.queries import Chosen
from apps.notifications.webhooks.events import known

CADENCES = {Cadence.NOW: _("At once"), Cadence.HOURLY: _("Hourly"), Cadence.DAILY: _("Daily"), Cadence.OFF: _("Never")}
_HOURS = [(hour, f"{hour:02d}:00") for hour in range(24)]
_PLACE = re.compile(r"(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/")


def zone_choices() -> list[tuple[str, str]]:
    """Zones by place, with UTC first; the rest of the names are older ones for the same."""
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in sorted(zones()) if _PLACE.match(zone))]


class MannerForm(forms.Form):
    """Zone, quiet hours, the hour of the daily e-mail, pause."""

    is_paused = forms.BooleanField(
        label=_("Pause e-mail and push"), required=False,
        help_text=_("The list still gathers everything. What is critical comes all the same."),
    )  # fmt: skip
    quiet_from = forms.TimeField(
        label=_("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("In these hours only what is critical comes; the rest waits for their end."),
    )  # fmt: skip
    digest_at = forms.TypedChoiceField(label=_("Daily e-mail at"), coerce=int, choices=_HOURS)
    time_zone = forms.ChoiceField(label=_("Your time zone"), choices=zone_choices)
    language = forms.ChoiceField(label=_("Language"), choices=lambda: settings.LANGUAGES)

    def __init__(self, *args: Any, manner: Manner, **options: Any) -> None:
        super().__init__(*args, initial={name: getattr(manner, name) for name in MannerForm.base_fields}, **options)
        if len(settings.LANGUAGES) == 1:
            self.fields["language"].widget = forms.HiddenInput()


def choices_posted(posted: Any, now: list[Chosen]) -> dict[str, Choice]:
    """What the table of kinds was sent as: `email:KEY`, `push:KEY`, `in_app:KEY`, beside `kinds` that were shown.

    What is no cadence stays as it is; what may not be switched off is not offered, so that it stays too.
    """
    shown = set(posted.getlist("kinds")) & set(KINDS)
    told = {}
    for each in now:
        key = each.kind.key
        if key not in shown:
            continue
        email = posted.get(f"email:{key}", "")
        cadence = Cadence(email) if email in set(Cadence) else each.choice.email
        in_app = True if each.kind.required else f"in_app:{key}" in posted
        told[key] = Choice(in_app, cadence, f"push:{key}" in posted)
    return told


class EndpointForm(forms.Form):
    """Where messages go and which."""

    url = forms.URLField(
        label=_("Address"), max_length=500, assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text=_("An https address on the public internet."),
    )  # fmt: skip
    description = forms.CharField(label=_("What it is for"), max_length=80, required=False)
    events = forms.MultipleChoiceField(
        label=_("Events"), required=False, choices=known, widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose none to hear of all, also of those to come."),
    )  # fmt: skip


class RangeForm(forms.Form):
    """A stretch of time to replay."""

    since = forms.DateTimeField(
        label=_("From (UTC)"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    until = forms.DateTimeField(
        label=_("Until (UTC)"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    everything = forms.BooleanField(label=_("Also what was delivered"), required=False)
