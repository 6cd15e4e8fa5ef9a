"""The Celery application; queues: default, feeds, vision, notify."""

import os

from celery import Celery
from celery.signals import heartbeat_sent

from config.alive import beat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

app = Celery("cardvault")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect
def beat_for_probes(**_: object) -> None:
    """The worker lives; `config.alive` tells whoever asks."""
    beat()
