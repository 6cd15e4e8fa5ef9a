"""Web processes are replaced without a failed request, and websockets are asked to come again, not all at once.

With the product itself, and with workers: `make rolling`.
"""

import signal
import socket
from pathlib import Path

from tests.rolling.replacing import Load, Pair, Watchers

_REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


def test_no_request_fails_while_both_processes_are_replaced(tmp_path: Path):
    pair = Pair("tests.rolling.small:application", tmp_path, {}, grace=2)
    try:
        pair.start()
        pair.start()
        load, watchers = Load(pair.address, ["/"]), Watchers(pair.address, 20)
        for _ in range(2):
            pair.replace()
        answers = load.end()
        watchers.end()
    finally:
        pair.end()
    assert set(answers) == {"200"}, answers
    assert set(watchers.codes) == {1012}, "each was told that the process is being replaced"
    assert max(watchers.closed_at) - min(watchers.closed_at) > 0.2, "they come again one after the other"


def test_a_request_that_arrives_as_the_process_ends_is_answered(tmp_path: Path):
    pair = Pair("tests.rolling.small:application", tmp_path, {}, grace=2)
    try:
        pair.start()
        address = pair.socket.getsockname()
        with socket.create_connection(address) as fresh, socket.create_connection(address) as kept:
            for connection in (kept, fresh):
                connection.settimeout(20)
            kept.sendall(_REQUEST)
            assert b"200 OK" in kept.recv(1000)
            pair.processes[0].send_signal(signal.SIGTERM)
            while b"Shutting down" not in (tmp_path / "web-1.log").read_bytes():
                pass
            for connection in (fresh, kept):
                connection.sendall(_REQUEST)
                answer = b"".join(iter(lambda: connection.recv(1000), b""))  # noqa: B023 - read at once, to its end
                assert b"200 OK" in answer and b"connection: close" in answer
        pair.processes[0].wait(20)
    finally:
        pair.end()
