"""Settings of the program in `watched.py`: those of tests, with a queue of its own and production's log lines."""

from config.settings.test import *  # noqa: F403

ROOT_URLCONF = "tests.config.observing.site"
CELERY_TASK_DEFAULT_QUEUE = "watched"
CELERY_TASK_ROUTES = {}
LOGGING = {"format": "json", "level": "INFO"}
