"""What stops a start: one clear line on standard error, a status that says failure, and no process left."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded.addresses import postgres_answers
from config.embedded.binaries import find_postgres
from config.embedded.servers import Postgres
from tests.config.holders import Holder, query
from tests.config.launches import Launched, free_port
from tests.waiting import eventually


@pytest.fixture
def launch(data_dir: Path) -> Iterator[Callable[..., Launched]]:
    """Starts a launcher on a fresh folder; nothing may be left of it at the end."""
    started: list[Launched] = []

    def start(**how: object) -> Launched:
        started.append(Launched(data_dir / "data", **how))
        return started[-1]

    yield start
    for each in started:
        left = each.living()
        each.discard()
        assert not left


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL whose user `locked` needs a password and whose database `bare` has no extension."""
    folder = tmp_path_factory.mktemp("server")
    holder = Holder(folder, ephemeral=True)
    url = holder.answer()["database_url"]
    as_superuser = url.replace("//cardvault@", "//postgres@")
    query(as_superuser, "create role locked login password 'right'")
    query(as_superuser, "create database bare template template0")
    rules = Path(query(as_superuser, "show hba_file")[0][0])
    rules.write_text(f"local all locked scram-sha-256\n{rules.read_text()}")
    query(as_superuser, "select pg_reload_conf()")
    eventually(lambda: _refuses_locked(url))
    yield url
    holder.end()


def _refuses_locked(url: str) -> bool:
    try:
        psycopg.connect(url.replace("//cardvault@", "//locked:wrong@")).close()
    except psycopg.OperationalError:
        return True
    return False


def test_a_taken_port(launch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = launch(PORT=str(port)).fails()
    assert f"port {port} is taken; choose another with PORT=" in said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORT": "web"}, "the setting PORT is wrong"),
        ({"LOG_LEVEL": "loud"}, "the setting LOG_LEVEL is wrong"),
        ({"DATABASE_URL": "mysql://db/cards"}, "the setting DATABASE_URL is wrong"),
        ({"REDIS_URL": "http://cache"}, "the setting REDIS_URL is wrong"),
    ],
)
def test_a_setting_that_cannot_be_read(launch, settings, said):
    assert said in launch(**settings).fails()


def test_a_database_server_that_is_not_there(launch):
    port = free_port()
    said = launch(DATABASE_URL=f"postgresql://cards:secret@127.0.0.1:{port}/cards").fails()
    assert f"DATABASE_URL postgresql://cards:***@127.0.0.1:{port}/cards cannot be used" in said
    assert "secret" not in said


def test_a_wrong_password_for_the_database(launch, server):
    said = launch(DATABASE_URL=server.replace("//cardvault@", "//locked:wrong@")).fails()
    assert 'password authentication failed for user "locked"' in said
    assert "wrong@" not in said


def test_a_database_of_that_name_is_not_there(launch, server):
    assert (
        'database "elsewhere" does not exist'
        in launch(DATABASE_URL=server.replace("/cardvault?", "/elsewhere?")).fails()
    )


def test_an_extension_that_our_user_may_not_add(launch, server):
    said = launch(DATABASE_URL=server.replace("/cardvault?", "/bare?")).fails()
    assert "lacks the extension vector, and its user may not add it" in said


def test_an_extension_that_the_server_does_not_have(launch, data_dir):
    """A PostgreSQL that has everything but pgvector: the same programs with the extension's files left out."""
    found = find_postgres()
    original = found.folder.parent
    copy = data_dir / "site" / original.parent.name / original.name
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("vector*", "include"), symlinks=True)
    libraries = original.parent.with_suffix(".libs")
    if libraries.exists():
        (data_dir / "site" / libraries.name).symlink_to(libraries)
    folder, sockets = data_dir / "postgres", data_dir / "sockets"
    folder.mkdir(mode=0o700)
    sockets.mkdir(mode=0o700)
    postgres = Postgres(folder, sockets, type(found)(copy / "bin", found.version), ephemeral=True)
    postgres.create()
    postgres.start()
    try:
        eventually(lambda: postgres_answers(sockets))
        said = launch(DATABASE_URL=f"postgresql://postgres@/postgres?host={sockets}").fails()
    finally:
        postgres.stop()
    assert "lacks the extension vector: install it on that server" in said


def test_a_redis_that_is_not_there(launch):
    port = free_port()
    said = launch(REDIS_URL=f"redis://:secret@127.0.0.1:{port}/0").fails()
    assert f"REDIS_URL redis://:***@127.0.0.1:{port}/0 cannot be used" in said


def test_a_data_folder_that_is_a_file(launch, data_dir):
    (data_dir / "data").touch()
    assert f"the data folder {data_dir}/data cannot be written" in launch().fails()


def _with_disk(data_dir: Path, options: str, fill: str = "true") -> list[str]:
    """A command that runs another where `data_dir` is a disk of its own, which nobody else sees and which ends with it."""
    script = f'mount -t tmpfs -o size=1m disk "$0" && {fill} && mount -o remount,{options} "$0" && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(data_dir)]


@pytest.fixture
def disk(data_dir: Path) -> Path:
    """A folder over which a disk can be mounted; skips where the kernel does not let us."""
    folder = data_dir / "data"
    folder.mkdir()
    try:
        done = subprocess.run([*_with_disk(folder, "size=1m"), "true"], capture_output=True, text=True, timeout=10)
    except FileNotFoundError:
        pytest.skip("the program unshare is not here")
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    return folder


def test_a_read_only_disk(launch, disk):
    said = launch(before=_with_disk(disk, "ro")).fails()
    assert f"the data folder {disk} cannot be written: Read-only file system; choose another" in said


def test_a_full_disk(launch, disk):
    fill = 'head -c 2000000 /dev/zero > "$0/filler" 2>/dev/null; true'
    assert f"the disk of the data folder {disk} is full" in launch(before=_with_disk(disk, "size=1m", fill)).fails()


def test_a_disk_with_too_little_room(launch, disk):
    said = launch(before=_with_disk(disk, "size=100m")).fails()
    assert f"the disk of the data folder {disk} is nearly full: 100 MB free, 256 MB are needed" in said


@pytest.mark.parametrize(("argument", "status", "told"), [("--help", 0, "PORT"), ("--port=1", 2, "unrecognized")])
def test_it_takes_settings_and_no_arguments(argument: str, status: int, told: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "config.launcher", argument], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == status
    assert told in ran.stdout + ran.stderr
