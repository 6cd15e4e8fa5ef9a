"""What members are told, how they want to be told, and each message's way out. Endpoints of integrators: webhooks/models.py."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base
from apps.notifications.kinds import Cadence as _Cadence
from apps.notifications.kinds import Priority


class Cadence(models.TextChoices):
    """When e-mail goes out. LATER: at once, but quiet hours held it back; what they held comes in one mail."""

    NOW = _Cadence.NOW.value, _("At once")
    HOURLY = _Cadence.HOURLY.value, _("Once an hour")
    DAILY = _Cadence.DAILY.value, _("Once a day")
    LATER = "later", _("After quiet hours")


class State(models.TextChoices):
    """Where a message stands. DROPPED: not to be sent any more, `last_error` says why."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    PARKED = "parked", _("Parked")
    DROPPED = "dropped", _("Not to be sent")


class Notification(Base):
    """One thing that one member is told, in words, once for its cause."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=40, help_text="a key of kinds.KINDS")
    priority = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Priority])
    group = models.CharField(
        max_length=120, help_text="what it is about, e.g. trade:0190…; alike ones are shown as one"
    )
    cause = models.CharField(max_length=200, help_text="what it was told for: once for each")
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    action = models.CharField(max_length=60, blank=True, help_text="what the link says")
    url = models.CharField(max_length=300, blank=True, help_text="a path of ours")
    facts = models.JSONField(default=dict, help_text="what programs are told")
    is_shown = models.BooleanField(default=True, help_text="whether it is in the centre")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "kind", "cause"], name="notification_once_per_cause"),
            models.CheckConstraint(condition=Q(url="") | Q(url__startswith="/"), name="notification_leads_to_us"),
        ]
        indexes = [
            models.Index(F("owner"), F("created_at").desc(), name="notification_by_owner"),
            models.Index(fields=["owner"], condition=Q(read_at=None, is_shown=True), name="notification_unread"),
            models.Index(fields=["created_at"], name="notification_by_age"),
        ]

    def __str__(self) -> str:
        return self.title


class Manner(models.Model):
    """How one member wants to be told: zone, language, quiet hours, pause. No row: all as it is by default."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="manner"
    )
    time_zone = models.CharField(max_length=40, default="UTC")
    language = models.CharField(max_length=8, default="en")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    digest_at = models.PositiveSmallIntegerField(default=8, help_text="the hour of the daily e-mail")
    is_paused = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
                name="manner_quiet_hours_have_both_ends",
            ),
            models.CheckConstraint(condition=Q(digest_at__lte=23), name="manner_digest_hour_in_a_day"),
        ]

    def __str__(self) -> str:
        return self.time_zone


class Preference(models.Model):
    """What one member chose for one kind. No row: the kind's defaults."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences", db_index=False
    )
    kind = models.CharField(max_length=40)
    in_app = models.BooleanField(default=True)
    email = models.CharField(max_length=6, choices=[(each.value, each.value) for each in _Cadence])
    push = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "kind"], name="preference_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.email}"


class Suppression(models.Model):
    """An e-mail address that we do not write to: it bounced, or its reader complained."""

    class Reason(models.TextChoices):
        """Why."""

        BOUNCED = "bounced", _("It does not take mail")
        COMPLAINED = "complained", _("Its reader called our mail spam")

    address = models.EmailField(unique=True, help_text="in lower case")
    reason = models.CharField(max_length=10, choices=Reason)
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(address__regex=r"^[^A-Z]+$"), name="suppression_in_lower_case")
        ]

    def __str__(self) -> str:
        return self.address


class Mail(Base):
    """One e-mail with one notification or, as a digest, several. Its Message-ID follows from its key, also when tried again."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    cadence = models.CharField(max_length=6, choices=Cadence)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(default=timezone.now, help_text="when it is tried next")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="tries that were begun")
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="mail_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
                name="mail_sent_has_its_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.cadence} mail {str(self.pk)[-6:]}"


class Dispatch(models.Model):
    """One notification on its way over one channel: once for each, and once for each device."""

    class Channel(models.TextChoices):
        """By what means."""

        EMAIL = "email", _("E-mail")
        PUSH = "push", _("Push")

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="dispatches", db_index=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=5, choices=Channel)
    device = models.ForeignKey("notifications.Device", null=True, on_delete=models.CASCADE, related_name="dispatches")
    cadence = models.CharField(max_length=6, choices=Cadence, default=Cadence.NOW)
    mail = models.ForeignKey(Mail, null=True, on_delete=models.CASCADE, related_name="dispatches")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(help_text="when it is to go out, or is tried next")
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "dispatches"
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "channel", "device"], nulls_distinct=False, name="dispatch_once_per_channel"
            ),
            models.CheckConstraint(
                condition=Q(channel="push", device__isnull=False, mail=None) | Q(channel="email", device=None),
                name="dispatch_goes_where_its_channel_does",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state="waiting", channel="email", mail=None),
                name="dispatch_to_be_mailed",
            ),
            models.Index(fields=["due_at"], condition=Q(state="waiting", channel="push"), name="dispatch_to_be_pushed"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Device(Base):
    """A browser that shows push messages: where its push service takes them, and the keys that only it can read with."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices")
    endpoint = models.TextField()
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the endpoint")
    p256dh = models.CharField(max_length=100, help_text="the browser's public key, base64url")
    auth = models.CharField(max_length=40, help_text="the browser's secret, base64url")
    name = models.CharField(max_length=80, help_text="which browser, in words")
    told_at = models.DateTimeField(null=True, blank=True, help_text="when a message last reached its push service")

    def __str__(self) -> str:
        return self.name


from apps.notifications.webhooks.models import Attempt as Attempt  # noqa: E402 - Django looks for an app's tables here
from apps.notifications.webhooks.models import Endpoint as Endpoint  # noqa: E402
from apps.notifications.webhooks.models import WebhookMessage as WebhookMessage  # noqa: E402
