"""The scheduler knows the tasks by name only: the names must be those of real tasks, and the routes must say it all."""

import subprocess
import sys

import pytest
from django.conf import settings

from config.celery import app as workers
from config.env import ROOT
from config.schedule import app as scheduler

ENTRIES = settings.CELERY_BEAT_SCHEDULE


@pytest.mark.parametrize("name", ENTRIES)
def test_each_entry_is_a_task_that_workers_know(name):
    workers.loader.import_default_modules()
    assert ENTRIES[name]["task"] in workers.tasks


@pytest.mark.parametrize("name", ENTRIES)
def test_each_goes_to_the_queue_that_its_task_would_choose(name):
    workers.loader.import_default_modules()
    task = ENTRIES[name]["task"]
    assert "queue" not in vars(type(workers.tasks[task])), "its queue has to stand in CELERY_TASK_ROUTES"
    chosen = [app.amqp.router.route({}, task)["queue"].name for app in (scheduler, workers)]
    assert chosen[0] == chosen[1]


def test_the_scheduler_loads_none_of_our_models():
    script = "import sys, config.schedule as s; s.app.loader.init_worker(); s.configure_logs(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"django.contrib.auth.models", "numpy", "apps.core.models"} & set(loaded.split())


def test_a_workers_process_is_replaced_when_it_has_grown_too_large():
    assert workers.conf.worker_max_memory_per_child == 1500 * 1024  # KiB
    assert workers.conf.worker_max_tasks_per_child is None
