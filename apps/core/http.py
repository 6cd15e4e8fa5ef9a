"""Fetching from addresses that others wrote: never into our own network, never endless, never larger than allowed."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpcore
import httpx

REDIRECTS = 3
_CHUNK = 64 * 1024


class FetchRefused(Exception):
    """The address is not one that we fetch from, or what is there is not what was asked for. Trying again is no use.

    `status` is the answer's where it said no, else 0.
    """

    def __init__(self, message: str, *, status: int = 0) -> None:
        self.status = status
        super().__init__(message)


class FetchFailed(Exception):
    """The network or the other side failed; trying again later may help. `status` is 0 where there was no answer."""

    def __init__(self, message: str, *, status: int = 0, retry_after: float | None = None) -> None:
        self.status = status
        self.retry_after = retry_after
        super().__init__(message)


@dataclass(frozen=True)
class Fetched:
    """What came back. `url` is where it was found in the end, `etag` and `modified` are for asking again."""

    url: str
    content: bytes
    content_type: str
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True)
class Answered:
    """What the other side said to what it was sent, whatever the status. content: cut where it is longer than was asked for.

    wait: seconds that it asks to be left alone, None where it does not.
    """

    status: int
    content: bytes
    wait: float | None


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet at large: no loopback, private, link-local, multicast, reserved."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class _Deadline:
    """When the fetch that runs in this thread must be over."""

    def __init__(self) -> None:
        self._local = threading.local()

    def set(self, seconds: float) -> None:
        self._local.at = time.monotonic() + seconds

    def cut(self, timeout: float | None) -> float:
        """The timeout, or less where less is left. Raises httpx.TimeoutException where nothing is."""
        left = getattr(self._local, "at", 0.0) - time.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("the time for the fetch is over")
        return left if timeout is None else min(timeout, left)


class _TimedStream(httpcore.NetworkStream):
    """A connection on which no read and no write outlives the fetch, however slowly the other side drips."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self.inner = inner
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, self.deadline.cut(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, self.deadline.cut(timeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(
            self.inner.start_tls(ssl_context, server_hostname, self.deadline.cut(timeout)), self.deadline
        )

    def get_extra_info(self, info: str) -> object:
        return self.inner.get_extra_info(info)


class _GuardedNetwork(httpcore.NetworkBackend):
    """Connects only to public addresses.

    The address that was checked is the one connected to, so that a name that resolves differently the second time
    gains nothing; and every connection is checked, so that a redirect gains nothing either.
    """

    def __init__(self, *, allow_private: bool, deadline: _Deadline) -> None:
        self.allow_private = allow_private
        self.deadline = deadline
        self.real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolved(host, port)
        if not self.allow_private and not all(is_public(address) for address in addresses):
            raise FetchRefused(f"{host} is not on the public internet")
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                left = self.deadline.cut(timeout)
                stream = self.real.connect_tcp(address, port, left, local_address, socket_options)
                return _TimedStream(stream, self.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(self, *told: object, **also: object) -> httpcore.NetworkStream:
        raise FetchRefused("unix sockets are not fetched from")


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} has no address") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _GuardedTransport(httpx.HTTPTransport):
    def __init__(self, network: _GuardedNetwork) -> None:
        super().__init__(trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=10,
            keepalive_expiry=30,
            network_backend=network,
        )


class Fetcher:
    """A client for many fetches, with connections kept open between them.

    allow_private: also fetch from private and loopback addresses (only where an operator wrote the address).
    timeout_seconds: for the whole of one fetch, redirects included.
    """

    def __init__(
        self, *, allow_private: bool = False, timeout_seconds: float = 20, user_agent: str = "CardVault"
    ) -> None:
        self.timeout = timeout_seconds
        self.allow_private = allow_private
        self.deadline = _Deadline()
        network = _GuardedNetwork(allow_private=allow_private, deadline=self.deadline)
        self.client = httpx.Client(
            transport=_GuardedTransport(network),
            timeout=min(timeout_seconds, 10),
            headers={"User-Agent": user_agent},
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def fetch(
        self,
        url: str,
        *,
        most_bytes: int,
        accept: tuple[str, ...] = (),
        etag: str = "",
        modified: str = "",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Fetched | None:
        """The content at a http(s) address; None where it is still the one of `etag` or `modified`.

        accept: beginnings of content types, e.g. ("image/",); empty takes all. headers: sent to the address itself and
        to where it redirects on the same host, never to another one. Only GET follows redirects.
        Raises FetchRefused (address, redirect, type or size not allowed; 4xx), FetchFailed (network, time, 429, 5xx).
        """
        self.deadline.set(self.timeout)
        asked = {"If-None-Match": etag, "If-Modified-Since": modified}
        sent = {name: value for name, value in asked.items() if value} | dict(headers or {})
        with _told():
            for _hop in range(REDIRECTS + 1):
                with self.client.stream(method, _checked(url), headers=sent, content=content) as answer:
                    if answer.has_redirect_location and method == "GET":
                        onward = answer.url.join(answer.headers["location"])
                        if (onward.scheme, onward.host, onward.port) != _origin(answer.url):
                            sent = {name: value for name, value in sent.items() if name in asked}
                        url = str(onward)
                        continue
                    return self._read(answer, most_bytes, accept)
        raise FetchRefused(f"more than {REDIRECTS} redirects")

    def send(self, url: str, *, content: bytes, headers: Mapping[str, str], most_bytes: int) -> Answered:
        """Post something to an address that somebody else wrote; redirects are not followed.

        Only https, on port 443 or from 1024 up (private addresses allowed: http and any port too).
        Raises FetchRefused (the address is not one that we send to), FetchFailed (network, time).
        """
        self.deadline.set(self.timeout)
        with _told():
            _checked_to_send(url, allow_private=self.allow_private)
            with self.client.stream("POST", url, headers=dict(headers), content=content) as answer:
                taken = bytearray()
                for chunk in answer.iter_bytes(_CHUNK):
                    taken += chunk
                    if len(taken) >= most_bytes:
                        break
                return Answered(
                    answer.status_code, bytes(taken[:most_bytes]), wait_told(answer.headers.get("retry-after", ""))
                )

    def _read(self, answer: httpx.Response, most_bytes: int, accept: tuple[str, ...]) -> Fetched | None:
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return None
        _check_status(answer)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if accept and not kind.startswith(accept):
            raise FetchRefused(f"found {kind or 'something without a type'} instead of {', '.join(accept)}")
        length = answer.headers.get("content-length", "")
        if length.isdigit() and len(length) < 19 and int(length) > most_bytes:
            raise FetchRefused(f"larger than {most_bytes} bytes")
        content = bytearray()
        for chunk in answer.iter_bytes(_CHUNK):
            content += chunk
            if len(content) > most_bytes:
                raise FetchRefused(f"larger than {most_bytes} bytes")
        told = answer.headers
        return Fetched(str(answer.url), bytes(content), kind, told.get("etag", ""), told.get("last-modified", ""))


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong on the way, in our words."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise FetchFailed("the other side was too slow") from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise FetchFailed(f"{type(error).__name__}: {error}") from error
    except httpx.InvalidURL as error:
        raise FetchRefused(str(error)) from error


def _checked(url: str) -> str:
    parts = httpx.URL(url)
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise FetchRefused("only http and https addresses are fetched")
    if parts.userinfo:
        raise FetchRefused("addresses with a user name are not fetched")
    return url


def _checked_to_send(url: str, *, allow_private: bool) -> None:
    parts = httpx.URL(_checked(url))
    if allow_private:
        return
    if parts.scheme != "https":
        raise FetchRefused("only https addresses are sent to")
    if parts.port is not None and parts.port < 1024 and parts.port != 443:
        raise FetchRefused("only port 443 and ports from 1024 up are sent to")


def check_may_send_to(url: str, *, allow_private: bool = False) -> None:
    """Raises FetchRefused, with the reason, for an address that `Fetcher.send` would refuse now.

    The name is resolved as well; where it has no address yet, nothing is said: what is connected to is checked again.
    """
    try:
        _checked_to_send(url, allow_private=allow_private)
        parts = httpx.URL(url)
        addresses = _resolved(parts.host, parts.port or 443)
    except httpx.InvalidURL as error:
        raise FetchRefused(str(error)) from error
    except httpcore.ConnectError:
        return
    if not allow_private and not all(is_public(address) for address in addresses):
        raise FetchRefused(f"{parts.host} is not on the public internet")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def wait_told(text: str, *, now: dt.datetime | None = None) -> float | None:
    """Seconds to wait out of a Retry-After header: a number, or an HTTP date (RFC 9110, 10.2.3). None where it says nothing."""
    text = text.strip()
    if text.isdigit() and text.isascii():
        return float(text) if len(text) < 7 else None
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return max(0.0, (at - (now or dt.datetime.now(dt.UTC))).total_seconds())


def _check_status(answer: httpx.Response) -> None:
    status = answer.status_code
    if status == httpx.codes.OK:
        return
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
        wait = wait_told(answer.headers.get("retry-after", ""))
        raise FetchFailed(f"answered {status}", status=status, retry_after=wait)
    raise FetchRefused(f"answered {status}", status=status)
