"""The Celery application; queues: default, feeds, vision, notify."""

import os

from celery import Celery
from celery.signals import heartbeat_sent, setup_logging

from config.alive import beat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

app = Celery("cardvault")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect
def beat_for_probes(**_: object) -> None:
    """The worker lives; `config.alive` tells whoever asks."""
    beat()


@setup_logging.connect
def keep_our_logs(**_: object) -> None:
    """Django has set them up; Celery's own way would add lines that are no JSON."""
