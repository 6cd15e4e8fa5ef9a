"""The embedded servers: there when asked for, shared, gone when nobody uses them."""

import os
import shutil
import signal
import time

import pytest
import redis

from config.embedded.binaries import find_postgres
from config.embedded.servers import EXTENSIONS
from tests.config.holders import GONE_WITHIN, can_query, leave, postmaster, processes, query, redis_value
from tests.waiting import eventually


def test_a_first_start_has_the_database_its_role_and_the_extensions(hold):
    found = hold().answer()
    [(user, version, locale)] = query(
        found["database_url"],
        "select current_user, current_setting('server_version_num')::int, datcollate from pg_database "
        "where datname = current_database()",
    )
    assert (user, locale) == ("cardvault", "C.UTF-8")
    assert version >= 150000
    extensions = {name for (name,) in query(found["database_url"], "select extname from pg_extension")}
    assert extensions >= set(EXTENSIONS)
    assert redis.Redis.from_url(found["redis_url"]).ping()


def test_the_role_is_no_superuser_but_can_make_a_test_database_with_the_extensions(hold):
    url = hold().answer()["database_url"]
    assert query(url, "select rolsuper from pg_roles where rolname = current_user") == [(False,)]
    query(url, "create database test_one")
    other = url.replace("/cardvault?", "/test_one?")
    assert query(other, "select 'a' % 'a', '[1,2]'::vector <-> '[1,3]'") == [(True, 1.0)]


def test_only_the_owner_can_reach_the_sockets_and_no_port_is_open(hold, data_dir):
    found = hold().answer()
    assert (data_dir / "servers/sockets").stat().st_mode & 0o077 == 0
    assert query(found["database_url"], "show listen_addresses") == [("",)]
    assert redis.Redis.from_url(found["redis_url"]).config_get("port") == {"port": "0"}


def test_holders_of_one_folder_share_the_servers(hold, data_dir):
    holders = [hold() for _ in range(4)]
    answers = [holder.answer() for holder in holders]
    assert all(answer == answers[0] for answer in answers)
    assert len(processes(data_dir, "config.embedded.keeper")) == 1
    first = postmaster(data_dir)
    for holder in holders[:3]:
        holder.end()
    time.sleep(4.0)
    assert postmaster(data_dir) == first
    assert can_query(answers[0]["database_url"])


def test_nothing_runs_after_the_last_holder_and_everything_is_there_again_later(hold, data_dir):
    holder = hold()
    found = holder.answer()
    query(found["database_url"], "create table kept as select 42 as answer")
    redis.Redis.from_url(found["redis_url"]).set("kept", "42")
    leave(holder, data_dir)
    found = hold().answer()
    assert query(found["database_url"], "select answer from kept") == [(42,)]
    assert redis_value(found["redis_url"], "kept") == b"42"


def test_throw_away_servers_leave_no_file(hold, data_dir):
    holder = hold(data_dir / "run", ephemeral=True)
    assert query(holder.answer()["database_url"], "show fsync") == [("off",)]
    holder.end(signal.SIGKILL)
    eventually(lambda: not (data_dir / "run").exists(), within=GONE_WITHIN)


def test_throw_away_servers_spare_what_was_there_before(hold, data_dir):
    (data_dir / "mine").write_text("kept")
    holder = hold(ephemeral=True)
    holder.answer()
    holder.end()
    eventually(lambda: not (data_dir / "servers").exists(), within=GONE_WITHIN)
    assert (data_dir / "mine").read_text() == "kept"


def test_a_deep_folder_gets_a_short_path_for_its_sockets(hold, data_dir):
    deep = data_dir / ("deep-" * 12) / ("and deeper, " * 8)
    holder = hold(deep)
    found = holder.answer()
    assert can_query(found["database_url"])
    sockets = found["redis_url"].removeprefix("unix://").partition("/redis.sock")[0]
    assert len(sockets) < 90
    leave(holder, data_dir)
    assert not os.path.exists(sockets)
    assert hold(deep).answer() == found


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"CARDVAULT_PG_BIN": "/nowhere"}, "CARDVAULT_PG_BIN names /nowhere"),
        ({"CARDVAULT_REDIS_SERVER": "/nowhere"}, "CARDVAULT_REDIS_SERVER names /nowhere"),
    ],
)
def test_a_wrong_program_is_named_in_one_line(hold, environment, said):
    answer = hold(**environment).answer()
    assert said in answer["error"]
    assert "\n" not in answer["error"]


def test_a_folder_that_is_a_file_is_named_in_one_line(hold, data_dir):
    (data_dir / "file").touch()
    assert f"{data_dir}/file" in hold(data_dir / "file").answer()["error"]


def test_data_of_another_version_is_refused_by_name(hold, data_dir):
    cluster = data_dir / "servers/postgres/data"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9\n")
    assert "the stored data needs PostgreSQL 9" in hold().answer()["error"]


def test_a_missing_extension_is_named(hold, data_dir):
    """A PostgreSQL that has everything but pgvector: the same programs with the extension's files left out."""
    original = find_postgres().folder.parent
    copy = data_dir / "site" / original.parent.name / original.name
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("vector*", "include"), symlinks=True)
    libraries = original.parent.with_suffix(".libs")
    if libraries.exists():
        (data_dir / "site" / libraries.name).symlink_to(libraries)
    answer = hold(data_dir / "data", CARDVAULT_PG_BIN=str(copy / "bin")).answer()
    assert "lacks the extensions vector: add them, or name another PostgreSQL" in answer["error"]
