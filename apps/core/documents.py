"""PDFs that people send: told by their content, of few pages, and rebuilt from their pages alone, so that nothing acts.

As with pictures, what is stored is never the upload itself. Each page keeps what it draws with; actions, scripts, forms,
links, attached files, layers and everything about the document are not carried over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.core.errors import TooLarge, UnsupportedType
from apps.core.ids import uuid7
from apps.core.scanning import check_upload

DAMAGED = "This PDF is damaged or not one. Print it to a PDF again, or send a photo."
_BEGINNING = b"%PDF-"


@dataclass(frozen=True)
class StoredDocument:
    """A PDF in storage: `name` there, and the SHA-256 of what was uploaded."""

    name: str
    digest: str


def is_pdf(content: bytes) -> bool:
    """Whether a file begins as a PDF does."""
    return content.startswith(_BEGINNING)


def accept_pdf(file: BinaryIO, *, folder: str) -> StoredDocument:
    """Check an uploaded PDF, rebuild it and store it under `folder`. Raises TooLarge, UnsupportedType, ScannerAway."""
    content = file.read(settings.UPLOAD_MAX_BYTES + 1)
    if len(content) > settings.UPLOAD_MAX_BYTES:
        raise TooLarge(f"The PDF is over {settings.UPLOAD_MAX_BYTES // 2**20} MB. Send a smaller one.")
    check_upload(content)
    name = default_storage.save(f"{folder.strip('/')}/{uuid7().hex}.pdf", ContentFile(rebuilt(content)))
    return StoredDocument(name, hashlib.sha256(content).hexdigest())


def rebuilt(content: bytes) -> bytes:
    """A new PDF of what the pages draw. Raises TooLarge (pages), UnsupportedType (none, locked, damaged, or it acts)."""
    if not is_pdf(content):
        raise UnsupportedType(DAMAGED)
    return joined_parts([content])


def joined_parts(parts: Sequence[bytes]) -> bytes:
    """One new PDF of what the pages of all draw, in their order. Raises as `rebuilt`."""
    from apps.core.rebuilding import joined  # loads pypdf: seven megabytes that a process without PDFs need not have

    return joined(parts)
