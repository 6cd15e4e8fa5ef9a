"""What docs/operation.md and docs/dependencies.md say is what the code has."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from config.celery import app
from config.env import ROOT, Environment
from config.observing.queues import queue_names
from config.settings.base import redis_places

OPERATION = (ROOT / "docs/operation.md").read_text()


def rows() -> list[str]:
    """The table of settings as it should stand in the document."""
    found = []
    for name, field in Environment.model_fields.items():
        default = field.default
        if isinstance(default, Path):
            default = default.relative_to(ROOT)
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        found.append(f"| `{name.upper()}` | {f'`{shown}`' if shown else ''} | {field.description} |")
    return found


def test_every_setting_is_described_with_its_default():
    documented = re.findall(r"^\| `[A-Z0-9_]+` \|.*$", OPERATION, re.MULTILINE)
    assert documented == rows(), "The table should be:\n" + "\n".join(rows())


def test_every_command_is_described():
    ours = {name for name, app in get_commands().items() if app.startswith("apps.")}
    assert ours == set(re.findall(r"^\| `([a-z_]+)[^`]*` \|", _section("Commands"), re.MULTILINE))


def test_the_schedule_is_described():
    assert set(settings.CELERY_BEAT_SCHEDULE) == set(re.findall(r"^\| `([a-z-]+)` \| \d", OPERATION, re.MULTILINE))


def test_every_queue_is_described_and_some_worker_takes_it():
    """A queue that nobody takes fills until memory is full."""
    named = queue_names()
    assert sorted(re.findall(r"^\| `([a-z]+)` \| [^|\d][^|]*\|$", _section("Processes"), re.MULTILINE)) == named
    kubernetes = "docker/kubernetes/base/worker.yaml docker/kubernetes/base/vision.yaml"
    for place in ("docs/operation.md", "config/launcher/launch.py", "docker/Dockerfile", kubernetes):
        text = "".join((ROOT / file).read_text() for file in place.split())
        taken = re.findall(r"-Q[\s\",]+([a-z]+(?:,[a-z]+)*)", text)
        assert sorted({queue for each in taken for queue in each.split(",")}) == named, place


def test_every_task_goes_to_a_queue_that_there_is():
    app.loader.import_default_modules()
    ours = [name for name in app.tasks if name.startswith("apps.")]
    router = app.amqp.router
    assert len(ours) > 30
    assert {router.route({}, name)["queue"].name for name in ours} == set(queue_names())


def test_redis_may_be_one_or_several():
    one = redis_places(Environment(redis_url="unix:///s/redis.sock?db=0"), "unix:///s/redis.sock?db=0")
    at = "unix:///s/redis.sock?db=0"
    assert one == {"tasks": "redis+socket:///s/redis.sock?virtual_host=0", "cache": at, "live": at}
    env = Environment(cache_redis_url="redis://cache/0", live_redis_url="redis://live/1")
    several = redis_places(env, "redis://tasks/0")
    assert several == {"tasks": "redis://tasks/0", "cache": "redis://cache/0", "live": "redis://live/1"}


def test_every_make_target_is_described():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted(targets) == sorted(re.findall(r"^\| `make ([a-z-]+)` \|", _section("Make targets"), re.MULTILINE))


def _section(title: str) -> str:
    return OPERATION.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", ["base", "dev", "ml", "backup"])
def test_every_dependency_is_explained(name):
    explained = (ROOT / "docs/dependencies.md").read_text().lower()
    wanted = re.findall(r"^[A-Za-z][\w-]*", (ROOT / f"requirements/{name}.in").read_text(), re.MULTILINE)
    assert [package for package in wanted if package.lower() not in explained] == []
