"""A worker that beats is alive; one that stopped, or whose heartbeat is written nowhere, is not."""

import os
import subprocess
import sys
import time

from config.alive import beat, trouble
from config.env import ROOT


def test_a_fresh_heartbeat_is_life(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKER_HEARTBEAT_FILE", str(tmp_path / "alive"))
    beat()
    assert trouble(str(tmp_path / "alive"), time.time()) == ""


def test_an_old_heartbeat_is_told_with_its_age(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKER_HEARTBEAT_FILE", str(tmp_path / "alive"))
    beat()
    assert "heartbeat is 90 s old" in trouble(str(tmp_path / "alive"), (tmp_path / "alive").stat().st_mtime + 90)


def test_the_probe_ends_with_status_1_and_the_reason(tmp_path):
    environment = {"PATH": os.environ["PATH"], "WORKER_HEARTBEAT_FILE": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-m", "config.alive"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "cannot be read: No such file" in done.stderr


def test_without_a_file_the_variable_is_named():
    assert "WORKER_HEARTBEAT_FILE is not set" in trouble("", 0.0)
