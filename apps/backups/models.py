"""Tables of backups: which stored files have a copy, when base backups ended, and how each restore drill went."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.core.models import Base


class MediaCopy(models.Model):
    """A stored file that lies sealed in the copies' storage, under the same name."""

    name = models.CharField(max_length=500, primary_key=True)
    folder = models.CharField(max_length=500, db_index=True)
    size = models.BigIntegerField(help_text="of the file itself, in bytes")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file itself")
    copied_at = models.DateTimeField(default=timezone.now)
    gone_at = models.DateTimeField(null=True, blank=True, help_text="since when the file itself is no more")

    class Meta:
        verbose_name_plural = "media copies"
        indexes = [models.Index(fields=["gone_at"], condition=Q(gone_at__isnull=False), name="media_copy_gone")]

    def __str__(self) -> str:
        return self.name


class BaseBackup(models.Model):
    """A base backup of the database that ended well, as `docker/backup/keep.sh` notes it by plain SQL."""

    ended_at = models.DateTimeField(primary_key=True, db_default=Now())

    def __str__(self) -> str:
        return f"{self.ended_at:%Y-%m-%d %H:%M}"


class RestoreDrill(Base):
    """One restore onto a scratch server: what was asked for, what was reached, how long it took, what was amiss."""

    backup = models.CharField(max_length=40, blank=True, help_text="the base backup's name")
    asked_for = models.DateTimeField(null=True, blank=True, help_text="the point in time; empty: the latest there is")
    reached_at = models.DateTimeField(null=True, blank=True, help_text="of the last transaction that is there")
    rpo_seconds = models.FloatField(null=True, blank=True, help_text="of work that would have been lost")
    rto_seconds = models.FloatField(null=True, blank=True, help_text="from the order to proven books")
    database_bytes = models.BigIntegerField(null=True, blank=True)
    stages = models.JSONField(default=dict, help_text="seconds of each part")
    counts = models.JSONField(default=dict, help_text="rows by table: restored, and in service now")
    media = models.JSONField(default=dict, help_text="files with a copy, missing, compared, differing")
    trouble = models.TextField(blank=True, help_text="empty: the backup is good")

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="drill_newest")]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}: {'failed' if self.trouble else 'good' if self.stages else 'not finished'}"
