"""Uploads are looked at by a virus scanner where one is set up: here one that speaks ClamAV's protocol on this machine."""

import io
import socketserver
import struct
import threading
from contextlib import contextmanager

import pytest
from PIL import Image

from apps.core.errors import TooLarge, UnsupportedType
from apps.core.images import accept_upload
from apps.core.scanning import ClamAV, ScannerAway, check_upload
from apps.inventory.exchange.actions import start_import
from apps.inventory.models import InventoryImport

BAD = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


class Daemon(socketserver.BaseRequestHandler):
    def exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            found += self.request.recv(size - len(found))
        return found

    def handle(self) -> None:
        assert self.exactly(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!L", self.exactly(4))[0]:
            if (
                len(content) + size > self.server.most
            ):  # as clamd does: it says so and hangs up, whatever is still coming
                self.request.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
            content += self.exactly(size)
        self.server.seen = content
        said = b"stream: Eicar-Test-Signature FOUND" if BAD in content else self.server.says
        self.request.sendall(said + b"\0" if said else b"")


@contextmanager
def daemon(says: bytes = b"stream: OK", most: int = 2**30):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Daemon) as server:
        server.says, server.seen, server.most = says, b"", most
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def address_of(server) -> str:
    return f"127.0.0.1:{server.server_address[1]}"


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 60), "teal").save(file, "PNG")
    return file.getvalue()


def test_a_clean_file_is_seen_whole_and_taken(settings):
    content = b"x" * 200_001
    with daemon() as server:
        settings.CLAMAV_ADDRESS = address_of(server)
        check_upload(content)
        assert server.seen == content


def test_an_infected_picture_is_not_kept(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with daemon() as server:
        settings.CLAMAV_ADDRESS = address_of(server)
        with pytest.raises(UnsupportedType, match="infected"):
            accept_upload(io.BytesIO(picture() + BAD), folder="items/x")
        assert list(tmp_path.rglob("*.*")) == []
        accept_upload(io.BytesIO(picture()), folder="items/x")


@pytest.mark.parametrize("says", [b"INSTREAM timed out. ERROR", b"", b"stream: perhaps"])
def test_without_a_clear_answer_nothing_is_taken(says):
    with daemon(says) as server, pytest.raises(ScannerAway):
        ClamAV(*server.server_address).found_in(io.BytesIO(b"x"))


def test_a_file_over_the_scanners_limit_is_called_too_large_and_not_tried_for_ever(settings):
    with daemon(most=100_000) as server:
        settings.CLAMAV_ADDRESS = address_of(server)
        check_upload(b"x" * 100_000)
        with pytest.raises(TooLarge, match="larger than the virus scanner"):
            check_upload(b"x" * 20_000_000)


def test_a_file_that_the_scanner_skipped_for_its_size_is_not_called_infected(settings):
    with daemon(b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND") as server:
        settings.CLAMAV_ADDRESS = address_of(server)
        with pytest.raises(TooLarge):
            check_upload(b"x")


def test_a_scanner_that_is_away_takes_nothing(settings):
    with daemon() as server:
        settings.CLAMAV_ADDRESS = address_of(server)
    with pytest.raises(ScannerAway):
        check_upload(b"x")


def test_it_is_off_until_set_up(settings):
    settings.CLAMAV_ADDRESS = ""
    check_upload(BAD)


@pytest.mark.django_db
def test_a_table_to_import_is_looked_at_before_it_is_read(settings, member):
    with daemon() as server:
        settings.CLAMAV_ADDRESS = address_of(server)
        with pytest.raises(UnsupportedType, match="infected"):
            start_import(upload=io.BytesIO(b"Name,Set\n" + BAD), file_name="cards.csv", by=member)
        start_import(upload=io.BytesIO(b"Name,Set\nEmber Drake,emb1\n"), file_name="cards.csv", by=member)
        assert server.seen.startswith(b"Name,Set")
    assert InventoryImport.objects.count() == 1
