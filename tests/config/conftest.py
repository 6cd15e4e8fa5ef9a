"""Folders for servers, and the certainty that a test leaves no process in them."""

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.config.holders import Holder, kill, processes


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder with a short path, removed at the end with every process that still works in it."""
    folder = Path(tempfile.mkdtemp(prefix="cv-t-"))
    yield folder
    kill(*processes(folder))
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def hold(data_dir: Path) -> Iterator[Callable[..., Holder]]:
    """Starts holders of the folder; they end with the test."""
    holders: list[Holder] = []

    def start(folder: Path = data_dir, **how: object) -> Holder:
        holders.append(Holder(folder, **how))
        return holders[-1]

    yield start
    for holder in holders:
        holder.end(signal.SIGKILL)
