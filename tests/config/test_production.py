"""Production's settings: what they insist on, and that Django finds nothing to warn of."""

import os
import subprocess
import sys

import pytest

from config.env import ROOT

GIVEN = {
    "DATABASE_URL": "postgresql://cards:secret@db/cards",
    "REDIS_URL": "redis://cache/0",
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-" * 2,
    "FIELD_KEYS": "bm90LWEtc2VjcmV0LW9ubHktZm9yLXRlc3RzLTEyMzQ=",
    "ALLOWED_HOSTS": "cards.example.com",
    "SITE_URL": "https://cards.example.com",
}


def check(tmp_path, **settings):
    environment = {"PATH": os.environ["PATH"], "CARDVAULT_DATA_DIR": str(tmp_path), **settings}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings.production"
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_django_finds_nothing_to_warn_of(tmp_path):
    done = check(tmp_path, **GIVEN)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("missing", ["DATABASE_URL", "SITE_URL"])
def test_what_is_missing_is_named(tmp_path, missing):
    done = check(tmp_path, **{name: value for name, value in GIVEN.items() if name != missing})
    assert done.returncode != 0
    assert f"the setting {missing} is missing" in done.stderr


def test_a_short_secret_key_is_refused(tmp_path):
    assert "expected at least 50 random characters" in check(tmp_path, **GIVEN | {"SECRET_KEY": "changeme"}).stderr
