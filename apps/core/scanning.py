"""A look at uploads by a virus scanner before anything else reads them; off until one is set up.

Where one is set up and does not answer, or does not look at a file of that size, nothing is taken: an upload that nobody looked
at is not kept.
"""

from __future__ import annotations

import io
import socket
import struct
from contextlib import suppress
from typing import BinaryIO, Protocol

import structlog
from django.conf import settings

from apps.core.errors import DomainError, TooLarge, UnsupportedType

log = structlog.get_logger()

_PIECE = 64 * 1024
_SECONDS = 20.0
_LONGEST_ANSWER = 4096
# How clamd says that it did not look: the stream is over StreamMaxLength; over MaxFileSize or its like, with AlertExceedsMax.
_OVER_ITS_LIMIT = ("INSTREAM size limit exceeded", "stream: Heuristics.Limits.Exceeded")


class ScannerAway(DomainError):
    """The scanner does not answer."""

    code, status = "SCANNER_AWAY", 503
    message = "Files cannot be taken just now. Try again in a few minutes."


class Scanner(Protocol):
    """What looks at a file."""

    def found_in(self, content: BinaryIO) -> str:
        """The name of what is wrong with the file, or nothing. Reads it to its end.

        Raises: ScannerAway, TooLarge (over what the scanner looks at).
        """


class ClamAV:
    """ClamAV's daemon over TCP, by its command INSTREAM.

    Source: clamd(8). The command ends with a zero byte; then come pieces, each a length of four bytes in network order
    and as many bytes, ended by a length of zero; the answer is `stream: OK`, `stream: NAME FOUND`, or an `ERROR`.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port

    def found_in(self, content: BinaryIO) -> str:
        """The name of what is wrong with the file, or nothing. Raises ScannerAway, TooLarge."""
        try:
            with socket.create_connection((self.host, self.port), timeout=_SECONDS) as line:
                line.sendall(b"zINSTREAM\0")
                # It hangs up in the middle of a stream that is too long for it: what it said before that is still to be read.
                with suppress(ConnectionError):
                    while piece := content.read(_PIECE):
                        line.sendall(struct.pack("!L", len(piece)) + piece)
                    line.sendall(struct.pack("!L", 0))
                answer = self._answer(line)
        except OSError as error:
            log.error("upload.scanner_away", error=type(error).__name__)
            raise ScannerAway from None
        if answer.startswith(_OVER_ITS_LIMIT):
            log.error("upload.over_scanner_limit", answer=answer[:200])
            raise TooLarge(
                "The file is larger than the virus scanner here looks at, and was not kept. Send a smaller one."
            )
        if answer.endswith(" FOUND"):
            return answer.removeprefix("stream: ").removesuffix(" FOUND")
        if answer != "stream: OK":
            log.error("upload.scanner_refused", answer=answer[:200])
            raise ScannerAway
        return ""

    @staticmethod
    def _answer(line: socket.socket) -> str:
        found = b""
        while not found.endswith(b"\0") and len(found) < _LONGEST_ANSWER:
            more = line.recv(_LONGEST_ANSWER)
            if not more:
                break
            found += more
        return found.rstrip(b"\0\n").decode(errors="replace")


def scanner() -> Scanner | None:
    """The scanner that is set up, if one is."""
    address = settings.CLAMAV_ADDRESS
    if not address:
        return None
    host, _, port = address.rpartition(":")
    return ClamAV(host, int(port))


def check_upload(content: bytes) -> None:
    """Let the scanner look, where there is one. Raises UnsupportedType (something found), ScannerAway, TooLarge."""
    check_file(io.BytesIO(content))


def check_file(file: BinaryIO) -> None:
    """The same for a file that is too large to hold; it is at its beginning before and after."""
    looking = scanner()
    if looking is None:
        return
    file.seek(0)
    name = looking.found_in(file)
    file.seek(0)
    if name:
        log.warning("upload.infected", found=name)
        raise UnsupportedType("The file looks infected and was not kept. Check the device that it comes from.")
