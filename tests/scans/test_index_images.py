"""Reference pictures come from files and addresses, politely, and a stop loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.catalog.models import ProductImage
from apps.scans import pictures
from apps.scans.models import Fingerprint
from tests.factories import make_product, picture_bytes
from tests.waiting import eventually, is_connected

ROOT = Path(__file__).resolve().parents[2]


class Pictures(BaseHTTPRequestHandler):
    """Answers /ok, /status/503, /wait (429 with Retry-After once), /page and /slow; remembers when it was asked."""

    def log_message(self, *told) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append((self.path, time.monotonic()))
        kind, _, rest = self.path.lstrip("/").partition("/")
        seen = sum(path == self.path for path, _ in self.server.asked)
        if kind == "slow":
            time.sleep(0.15)
        if kind == "status" and not self.server.healed:
            self.answer(int(rest), b"")
        elif kind == "wait" and seen == 1:
            self.answer(429, b"", Retry_After="1")
        elif kind == "page":
            self.answer(200, b"<html>", Content_Type="text/html")
        else:
            self.answer(200, picture_bytes(240, 336), Content_Type="image/jpeg")

    def answer(self, status, body, **headers) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server():
    """A picture server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    server.daemon_threads = True
    server.asked, server.healed = [], False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def known_by_address(server):
    """Makes products whose pictures are known by their addresses alone."""

    def made(*paths):
        return [
            ProductImage.objects.create(
                product=make_product(f"Card {i}", number=str(i)),
                source_url=f"http://127.0.0.1:{server.server_port}{path}",
            )
            for i, path in enumerate(paths, 1)
        ]

    return made


def fetched(capsys, **options):
    call_command("index_images", fetch=True, private=True, **{"per_second": 200.0, **options})
    return capsys.readouterr()


def written(path, rows):
    path.write_text("game,set,number,name,file,url\n" + "".join(",".join(row) + "\n" for row in rows))
    return path


@pytest.mark.django_db
def test_files_named_in_a_csv_become_pictures_and_fingerprints(tmp_path, capsys):
    product = make_product("Ember Drake", number="4", code="emb1")
    (tmp_path / "four.jpg").write_bytes(picture_bytes(240, 336))
    listed = written(tmp_path / "refs.csv", [("pokemon", "emb1", "4", "Ember Drake", "four.jpg", "")])
    call_command("index_images", csv=listed)
    assert "1 pictures stored" in capsys.readouterr().out
    assert Fingerprint.objects.get().product == product
    call_command("index_images", csv=listed)
    again = capsys.readouterr().out
    assert "0 pictures stored" in again
    assert "1 known before" in again
    assert "0 pictures indexed" in again


@pytest.mark.django_db
def test_rows_that_fit_no_single_card_are_rejected_with_their_line(tmp_path, capsys):
    make_product("Twin Sparrow", number="4", code="one1")
    make_product("Twin Sparrow", number="9", code="two2")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    rows = [
        ("pokemon", "", "", "Twin Sparrow", "broken.jpg", ""),
        ("pokemon", "one1", "77", "", "broken.jpg", ""),
        ("pokemon", "one1", "4", "", "broken.jpg", ""),
        ("pokemon", "two2", "9", "", "absent.jpg", ""),
    ]
    call_command("index_images", csv=written(tmp_path / "refs.csv", rows))
    out = capsys.readouterr().out
    assert "4 rejected" in out
    assert "line 2: no single card pokemon Twin Sparrow" in out
    assert "line 3: no single card pokemon one1 77" in out
    assert "line 4: broken.jpg: This is not a picture" in out
    assert "line 5: absent.jpg: No such file" in out


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"name,colour\na,b\n", b"\xff\xfe\x00\x00set", b""])
def test_a_file_that_is_no_list_of_pictures_is_said(tmp_path, content):
    path = tmp_path / "refs.csv"
    path.write_bytes(content)
    if content:
        with pytest.raises(CommandError, match=r"refs\.csv"):
            call_command("index_images", csv=path)
    else:
        call_command("index_images", csv=path)


@pytest.mark.django_db
def test_addresses_in_a_csv_are_downloaded(tmp_path, server, capsys):
    make_product("Ember Drake", number="4", code="emb1")
    address = f"http://127.0.0.1:{server.server_port}/ok"
    listed = written(tmp_path / "refs.csv", [("pokemon", "emb1", "4", "Ember Drake", "", address)])
    told = fetched(capsys, csv=listed)
    assert "1 addresses noted" in told.out
    assert "1 pictures downloaded, 0 failed" in told.out
    assert ProductImage.objects.get().file
    assert Fingerprint.objects.count() == 1


@pytest.mark.django_db
def test_downloads_keep_to_their_pace(server, known_by_address, capsys):
    known_by_address(*["/ok"] * 5)
    fetched(capsys, per_second=10.0)
    times = [at for _, at in server.asked]
    assert len(times) == 5
    assert times[-1] - times[0] >= 0.39


@pytest.mark.django_db
def test_what_failed_is_tried_again_and_what_is_there_is_not(server, known_by_address, capsys):
    known_by_address("/ok", "/status/503", "/page/1", "/ok/2")
    told = fetched(capsys)
    assert "2 pictures downloaded, 2 failed" in told.out
    assert "/status/503: answered 503" in told.err
    assert "found text/html instead of image/" in told.err
    server.asked.clear()
    server.healed = True
    assert "1 pictures downloaded, 1 failed" in fetched(capsys).out
    assert [path for path, _ in server.asked] == ["/status/503", "/page/1"]


@pytest.mark.django_db
def test_a_server_that_asks_to_wait_is_waited_for(server, known_by_address, capsys):
    known_by_address("/wait/1", "/ok")
    fetched(capsys)
    (_, first), (_, second) = server.asked
    assert second - first >= 0.99
    assert "1 pictures downloaded, 0 failed" in fetched(capsys).out


@pytest.mark.django_db
def test_a_server_that_is_gone_is_not_asked_for_ever(server, known_by_address, capsys, monkeypatch):
    monkeypatch.setattr(pictures, "LONGEST_WAIT", 0.01)
    known_by_address("/ok", *[f"/status/50{i % 5}" for i in range(20)])
    with pytest.raises(CommandError, match="goes on with the rest later"):
        fetched(capsys)
    assert len(server.asked) == 1 + pictures.MOST_FAILURES
    # What was there before is stored and indexed all the same.
    assert Fingerprint.objects.count() == 1


@pytest.mark.django_db
def test_addresses_of_the_own_network_need_to_be_allowed(known_by_address, capsys):
    known_by_address("/ok")
    call_command("index_images", fetch=True)
    assert "not on the public internet" in capsys.readouterr().err


@pytest.mark.django_db
def test_pace_must_be_a_number_above_nothing():
    with pytest.raises(CommandError, match="per-second"):
        call_command("index_images", fetch=True, per_second=0.0)


@pytest.mark.django_db(transaction=True)
def test_a_killed_download_goes_on_where_it_stopped(server, known_by_address, capsys, settings):
    settings.MEDIA_ROOT = Path(settings.DATA_DIR) / "media"  # where the process stores too
    known_by_address(*[f"/slow/{i}" for i in range(12)])
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"])
    environment = os.environ | {"DATABASE_URL": address.geturl(), "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    environment["PGAPPNAME"] = "dies"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "index_images", "--fetch", "--private", "--per-second", "50"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    eventually(lambda: len(server.asked) >= 4 or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    eventually(lambda: not is_connected("dies"))
    kept = ProductImage.objects.exclude(file="").count()
    assert 1 <= kept < 12
    asked = {path for path, _ in server.asked}
    server.asked.clear()
    told = fetched(capsys)
    assert f"{12 - kept} pictures downloaded, 0 failed" in told.out
    assert len({path for path, _ in server.asked} & asked) <= 1
    assert Fingerprint.objects.count() == 12
