"""The embedded servers survive the death of any part: holder, keeper, PostgreSQL, Redis, the machine."""

import os
import signal

import redis

from tests.config.holders import GONE_WITHIN, can_query, keeper, kill, leave, postmaster, processes, query, redis_value
from tests.waiting import eventually


def test_a_killed_holder_leaves_nothing_behind(hold, data_dir):
    holder = hold()
    holder.answer()
    holder.end(signal.SIGKILL)
    eventually(lambda: not processes(data_dir), within=GONE_WITHIN)


def test_a_killed_postmaster_comes_back_for_those_who_hold_it(hold, data_dir):
    found = hold().answer()
    query(found["database_url"], "create table kept as select 42 as answer")
    kill(postmaster(data_dir))
    assert eventually(lambda: can_query(found["database_url"], "select answer from kept")) == [(42,)]


def test_a_killed_redis_comes_back_with_what_it_was_told(hold, data_dir):
    found = hold().answer()
    client = redis.Redis.from_url(found["redis_url"])
    client.set("kept", "42")
    kill(client.info("server")["process_id"])
    assert eventually(lambda: redis_value(found["redis_url"], "kept")) == b"42"


def test_a_killed_keeper_takes_the_servers_along_and_the_next_start_has_the_data(hold, data_dir):
    holder = hold()
    found = holder.answer()
    query(found["database_url"], "create table kept as select 42 as answer")
    kill(keeper(data_dir))
    eventually(lambda: not processes(data_dir, "config.embedded.keeper"))
    assert holder.attach_again() == found
    assert query(found["database_url"], "select answer from kept") == [(42,)]


def test_everything_killed_at_once_is_survived(hold, data_dir):
    holder = hold()
    found = holder.answer()
    query(found["database_url"], "create table kept as select 42 as answer")
    kill(*processes(data_dir))
    eventually(lambda: not processes(data_dir), within=GONE_WITHIN)
    assert query(hold().answer()["database_url"], "select answer from kept") == [(42,)]


def test_stale_files_of_a_lost_machine_do_not_stop_a_start(hold, data_dir):
    holder = hold()
    holder.answer()
    leave(holder, data_dir)
    # As after a power cut: files that name processes which are now somebody else's.
    servers = data_dir / "servers"
    (servers / "ready.json").write_text(f'{{"keeper": {os.getpid()}, "sockets": "{servers}/sockets"}}')
    (servers / "postgres/data/postmaster.pid").write_text(f"{os.getppid()}\n{servers}/postgres/data\n")
    (servers / "postgres/unfinished").mkdir()
    (servers / "sockets/.s.PGSQL.5432").touch()
    (servers / "sockets/.s.PGSQL.5432.lock").write_text(f"{os.getppid()}\n{servers}/postgres/data\n")
    (servers / "sockets/redis.sock").touch()
    assert can_query(hold().answer()["database_url"])
