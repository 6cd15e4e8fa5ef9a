"""The launcher, run as a person runs it: what it says, what it keeps, what it survives, and that it leaves nothing."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from config.embedded import Addresses, celery_form
from config.launcher import probes
from tests.config.holders import GONE_WITHIN, can_query, keeper, kill, postmaster, processes, query
from tests.config.launches import Launched, says
from tests.waiting import eventually

PARTS = {
    "web": "uvicorn config.asgi",
    "worker": "config worker",
    "beat": "config.schedule beat",
    "sandbox": "apps.escrow.sandbox",
}
ACCOUNTS = [{"role": "seller", "email": "seller@demo.cardvault.example", "password": "collect-2026"}]
BACK_WITHIN = 120.0


def addresses(data_dir: Path) -> Addresses:
    return Addresses.in_folder(data_dir / "servers/sockets")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """The data folder that the starts of this file share, as a person's starts do."""
    folder = Path(tempfile.mkdtemp(prefix="cv-l-"))
    yield folder
    kill(*processes(folder))
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Launched]]:
    """Starts launchers; whatever is left of them ends with the file."""
    started: list[Launched] = []

    def start(*where: Path, **how: object) -> Launched:
        started.append(Launched(*where, **how))
        return started[-1]

    yield start
    for each in started:
        each.discard()


@pytest.fixture(scope="module")
def first(home, launch) -> Launched:
    """A first start, which makes a row, and was then ended by SIGTERM."""
    # The demo leaves this file behind; loading all of it would take half a minute and is tested with the demo.
    (home / "demo_accounts.json").write_text(json.dumps(ACCOUNTS))
    launched = launch(home)
    launched.ready()
    query(addresses(home).database_url, "create table kept as select 42 as answer")
    assert launched.end(signal.SIGTERM) == 0
    return launched


@pytest.fixture(scope="module")
def second(home, first, launch) -> Launched:
    """The same folder, started again, and running."""
    launched = launch(home)
    launched.ready()
    return launched


def test_a_first_start_ends_with_the_address_and_the_accounts(first):
    block = [
        f"CardVault is ready at http://127.0.0.1:{first.port}",
        "  seller       seller@demo.cardvault.example    collect-2026",
    ]
    lines = first.said.splitlines()
    assert lines[lines.index(block[0]) :][:2] == block
    assert first.errors.read_text() == ""


def test_each_process_has_its_prefix_and_nothing_else_is_said_before_ready(first):
    before = first.said.partition("CardVault is ready")[0].splitlines()
    assert {line.partition("|")[0].strip() for line in before} == {"cardvault", "setup", *PARTS}
    for name in PARTS:
        assert any(re.fullmatch(rf"{name} *\| ready", line) for line in before), before
    assert len(before) < 20


def test_sigterm_leaves_no_process(first):
    assert first.left == []
    assert first.said.endswith("CardVault has stopped.\n")


def test_a_second_start_keeps_the_data_and_prepares_nothing(home, second):
    assert query(addresses(home).database_url, "select answer from kept") == [(42,)]
    assert "preparing" not in second.said


def test_a_second_launcher_on_the_same_folder_says_that_one_runs_already(home, second, launch):
    assert f"(process {second.process.pid})" in launch(home).fails()


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_is_started_again(name, second):
    killed = second.process_of(PARTS[name])
    kill(killed)
    eventually(says(second, rf"{name} was killed \(SIGKILL\); starting it again"))
    eventually(lambda: _process_of(second, name) not in {0, killed})


def _process_of(launched: Launched, name: str) -> int:
    try:
        return launched.process_of(PARTS[name])
    except ValueError:
        return 0


def test_killed_servers_come_back(home, second):
    found = addresses(home)
    kill(postmaster(home), redis.Redis.from_url(found.redis_url).info("server")["process_id"])
    assert eventually(lambda: can_query(found.database_url, "select answer from kept")) == [(42,)]


def test_a_killed_keeper_is_replaced(home, second):
    killed = keeper(home)
    kill(killed)
    eventually(lambda: (home / "servers/ready.json").exists() and keeper(home) != killed)
    assert eventually(lambda: can_query(addresses(home).database_url, "select answer from kept")) == [(42,)]


def test_after_all_that_everything_works_again(home, second):
    node = f"cardvault-{second.process.pid}@{os.uname().nodename}"
    eventually(probes.web_answers(second.port), within=BACK_WITHIN)
    eventually(probes.worker_answers(celery_form(addresses(home).redis_url), node), within=BACK_WITHIN)


def test_a_killed_launcher_leaves_no_process_and_the_next_start_has_the_data(home, second, launch):
    kill(second.process.pid)
    second.process.wait()
    eventually(lambda: not second.living(), within=GONE_WITHIN)
    third = launch(home)
    third.ready()
    assert query(addresses(home).database_url, "select answer from kept") == [(42,)]
    assert third.end(signal.SIGINT) == 0
    assert third.left == []


def test_ctrl_c_in_the_middle_of_a_first_start_leaves_no_process(data_dir, launch):
    launched = launch(data_dir)
    eventually(says(launched, "preparing the database"))
    assert launched.end(signal.SIGINT) == 0
    assert launched.left == []


NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def _python_for_anybody() -> tuple[str, dict[str, str]]:
    """A Python that an ordinary user may run, and what it needs to find our packages; skips where there is none."""
    packages = {"PYTHONPATH": sysconfig.get_path("purelib")}
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import django'], check=True)"
    for python, environment in ((sys.executable, {}), ("/usr/bin/python3.11", packages)):
        tried = [*NOBODY, python, "-c", script]
        if subprocess.run(tried, env=os.environ | environment, cwd="/", capture_output=True).returncode == 0:
            return python, environment
    pytest.skip("an ordinary user cannot reach any Python 3.11 here")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else; the other tests run as you anyway")
def test_an_ordinary_user_can_start_it(data_dir, launch):
    python, environment = _python_for_anybody()
    os.chown(data_dir, 65534, 65534)
    launched = launch(data_dir, before=NOBODY, python=python, PYTHONDONTWRITEBYTECODE="1", **environment)
    launched.ready()
    assert {os.stat(f"/proc/{pid}").st_uid for pid in launched.living()} == {65534}
    assert launched.end(signal.SIGINT) == 0
    assert launched.left == []
