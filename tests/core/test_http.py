"""Fetching what others point at: never into our own network, never endless, never larger than allowed."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import http
from apps.core.http import Fetcher, FetchFailed, FetchRefused, is_public

PICTURE = b"\x89PNG" + bytes(1000)


class Server(BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *told) -> None:
        pass

    def answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path, _mark, rest = self.path.lstrip("/").partition("?")
        getattr(self, path)(rest)

    def do_POST(self) -> None:
        told = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(body=told + (self.headers["Authorization"] or "nobody").encode(), Content_Type="text/plain")

    def who(self, _rest: str) -> None:
        self.answer(body=(self.headers["Authorization"] or "nobody").encode(), Content_Type="text/plain")

    def picture(self, _rest: str) -> None:
        if '"one"' in (self.headers["If-None-Match"], self.headers["If-Modified-Since"]):
            self.answer(304)
        else:
            self.answer(body=PICTURE, Content_Type="image/png; charset=binary", ETag='"one"')

    def page(self, _rest: str) -> None:
        self.answer(body=b"<html>", Content_Type="text/html")

    def redirect(self, to: str) -> None:
        self.answer(302, Location=to)

    def status(self, number: str) -> None:
        self.answer(int(number), Retry_After="7")

    def bomb(self, _rest: str) -> None:
        self.answer(body=gzip.compress(bytes(5_000_000)), Content_Type="image/png", Content_Encoding="gzip")

    def endless(self, _rest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(10_000))
        except OSError:
            self.close_connection = True

    def drip(self, _rest: str) -> None:
        try:
            for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 1000:
                self.wfile.write(bytes([letter]))
                time.sleep(0.05)
        except OSError:
            self.close_connection = True


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetch():
    """Fetches also from this machine, where the test's server is."""
    with Fetcher(allow_private=True, timeout_seconds=5) as fetcher:
        yield lambda url, **how: fetcher.fetch(url, **({"most_bytes": 100_000} | how))


def test_what_is_there_comes_back_with_its_kind(site, fetch):
    found = fetch(f"{site}/picture", accept=("image/",))
    assert (found.content, found.content_type, found.url, found.etag) == (
        PICTURE, "image/png", f"{site}/picture", '"one"',
    )  # fmt: skip


def test_what_is_known_already_is_not_sent_again(site, fetch):
    assert fetch(f"{site}/picture", etag='"one"') is None
    assert fetch(f"{site}/picture", modified='"one"') is None


def test_what_proves_who_asks_goes_to_its_own_site_alone(site, fetch):
    mine = {"headers": {"Authorization": "secret"}}
    other = site.replace("127.0.0.1", "localhost")
    assert fetch(f"{site}/who", **mine).content == b"secret"
    assert fetch(f"{site}/redirect?/who", **mine).content == b"secret"
    assert fetch(f"{site}/redirect?{other}/who", **mine).content == b"nobody"
    assert fetch(f"{site}/", method="POST", content=b"told by ", **mine).content == b"told by secret"


def test_redirects_are_followed_but_not_forever(site, fetch):
    assert fetch(f"{site}/redirect?/picture").url == f"{site}/picture"
    with pytest.raises(FetchRefused, match="redirects"):
        fetch(f"{site}/redirect?/redirect?/redirect?/redirect?/picture")


@pytest.mark.parametrize(
    ("path", "how", "why"),
    [
        ("page", {"accept": ("image/",)}, "text/html"),
        ("picture", {"most_bytes": 500}, "larger"),
        ("endless", {}, "larger"),
        ("bomb", {}, "larger"),
        ("status?404", {}, "404"),
        ("status?403", {}, "403"),
        ("redirect?ftp://example.com/x", {}, "http"),
        ("redirect?file:///etc/passwd", {}, "http"),
    ],
)
def test_what_is_not_as_it_should_be_is_refused(site, fetch, path, how, why):
    with pytest.raises(FetchRefused, match=why):
        fetch(f"{site}/{path}", **how)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_told_apart_and_says_when_to_come_back(site, fetch, status):
    with pytest.raises(FetchFailed) as failed:
        fetch(f"{site}/status?{status}")
    assert (failed.value.status, failed.value.retry_after) == (status, 7.0)


def test_a_slow_drip_does_not_outlive_its_time(site):
    began = time.monotonic()
    with Fetcher(allow_private=True, timeout_seconds=0.5) as fetcher, pytest.raises(FetchFailed, match="slow"):
        fetcher.fetch(f"{site}/drip", most_bytes=1000)
    assert time.monotonic() - began < 25, "it takes fifty seconds in all"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/", "http://192.168.1.1/", "http://172.16.0.1/", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/",
        "http://2130706433/", "http://0x7f000001/", "http://127.1/", "http://[fe80::1]/", "http://100.64.0.1/",
        "https://127.0.0.1:8443/", "http://[64:ff9b::a00:1]/",
    ],
)  # fmt: skip
def test_addresses_of_our_own_network_are_refused(url):
    with Fetcher() as fetcher, pytest.raises(FetchRefused):
        fetcher.fetch(url, most_bytes=1000)


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "file:///etc/passwd", "//example.com", "", "http://", "http://u:p@example.com/"]
)
def test_addresses_that_are_no_web_addresses_are_refused(url):
    with Fetcher() as fetcher, pytest.raises(FetchRefused):
        fetcher.fetch(url, most_bytes=1000)


def resolving(monkeypatch, *answers: list[str]) -> list[str]:
    """Names resolve to these addresses, one answer after the other."""
    left, asked, really = list(answers), [], socket.getaddrinfo

    def getaddrinfo(host, port, *told, **how):
        if not host.endswith("example.com"):
            return really(host, port, *told, **how)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in left.pop(0)]

    monkeypatch.setattr(http.socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_of_which_one_address_is_ours_is_refused(monkeypatch):
    resolving(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with Fetcher() as fetcher, pytest.raises(FetchRefused):
        fetcher.fetch("http://sly.example.com/", most_bytes=1000)


def test_a_name_is_resolved_once_and_that_address_is_used(monkeypatch, site):
    monkeypatch.setattr(http, "is_public", lambda address: address == "127.0.0.1")
    asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    with Fetcher() as fetcher:
        port = site.rsplit(":", 1)[1]
        assert fetcher.fetch(f"http://rebinding.example.com:{port}/picture", most_bytes=10_000).content == PICTURE
    assert asked == ["rebinding.example.com"]


def test_a_redirect_into_our_own_network_is_refused(monkeypatch, site):
    monkeypatch.setattr(http, "is_public", lambda address: address == "127.0.0.1")
    with Fetcher() as fetcher, pytest.raises(FetchRefused, match="public internet"):
        fetcher.fetch(f"{site}/redirect?http://10.0.0.1/", most_bytes=1000)


def test_nobody_there_is_a_failure_and_not_a_refusal(fetch):
    with pytest.raises(FetchFailed):
        fetch("http://127.0.0.1:1/")


@given(st.ip_addresses())
def test_private_loopback_and_multicast_are_never_public(address):
    if (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
    ):
        assert not is_public(str(address)) or address.is_global
    if not address.is_global:
        assert not is_public(str(address))
