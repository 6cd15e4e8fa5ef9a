"""What docs/operation.md and docs/dependencies.md say is what the code has."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from config.env import ROOT, Environment

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
