"""The scheduler's Celery application: `celery -A config.schedule beat`.

Beat only sends the names of tasks when they are due. Without our apps and models it starts in a fraction of the time and
of the memory; which queue a task goes to stands in the settings (CELERY_TASK_ROUTES).
"""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

app = Celery("cardvault", fixups=())
app.config_from_object("django.conf:settings", namespace="CELERY")


@setup_logging.connect
def configure_logs(**_: object) -> None:
    """The same lines as every other process."""
    from django.conf import settings

    from apps.core.logging import configure

    configure(settings.LOGGING)
