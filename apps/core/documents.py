"""PDFs that people send: told by their content, of few pages, and rebuilt from their pages alone, so that nothing acts.

As with pictures, what is stored is never the upload itself. Each page keeps what it draws with; actions, scripts, forms,
links, attached files, layers and everything about the document are not carried over.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject, NameObject

from apps.core.errors import TooLarge, UnsupportedType
from apps.core.ids import uuid7
from apps.core.scanning import check_upload

MOST_PAGES = 20
_BEGINNING = b"%PDF-"
_OF_PAGE = ("/Type", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Contents", "/Resources", "/Parent")
_OF_RESOURCES = ("/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/ProcSet")
# What does something when a document is opened or looked at, wherever it hangs (ISO 32000-2, 12.6 and 13).
_ACTIVE = frozenset(
    {"/JavaScript", "/JS", "/Launch", "/OpenAction", "/AA", "/AcroForm", "/XFA", "/RichMedia", "/EmbeddedFile", "/EF"}
)
_DAMAGED = "This PDF is damaged or not one. Print it to a PDF again, or send a photo."
# What the reader meets in damaged files beside its own errors.
_BROKEN = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError)


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
        raise UnsupportedType(_DAMAGED)
    return joined_parts([content])


def joined_parts(parts: Sequence[bytes]) -> bytes:
    """One new PDF of what the pages of all draw, in their order. Raises as `rebuilt`."""
    try:
        readers = [PdfReader(io.BytesIO(part), strict=False) for part in parts]
        if any(reader.is_encrypted for reader in readers):
            raise UnsupportedType("This PDF is locked with a password. Print it to a PDF without one.")
        return _drawn(readers)
    except _BROKEN:
        raise UnsupportedType(_DAMAGED) from None


def _drawn(readers: Sequence[PdfReader]) -> bytes:
    if sum(len(reader.pages) for reader in readers) > MOST_PAGES:
        raise TooLarge(f"A PDF has at most {MOST_PAGES} pages. Send those that matter.")
    writer = PdfWriter()
    writer.metadata = None
    for reader in readers:
        for page in reader.pages:
            resources = page.get("/Resources", DictionaryObject()).get_object()
            kept = DictionaryObject({NameObject(key): resources[key] for key in _OF_RESOURCES if key in resources})
            for key in [key for key in page if key not in _OF_PAGE]:
                del page[key]
            page[NameObject("/Resources")] = kept
            writer.add_page(page)
    if not writer.pages:
        raise UnsupportedType(_DAMAGED)
    if any(_acts(each.get_object()) for each in writer._objects if each is not None):
        raise UnsupportedType("This PDF contains programs or other files. Print it to a PDF, or send a photo.")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _acts(thing: object) -> bool:
    """Whether a dictionary, or one directly in it, is or has an action, a form or a file."""
    if isinstance(thing, dict):
        names = {*thing.keys(), thing.get("/S"), thing.get("/Type"), thing.get("/Subtype")}
        is_postscript = thing.get("/Subtype") == "/PS"
        return is_postscript or bool(_ACTIVE & names) or any(_acts(each) for each in thing.values())
    return isinstance(thing, list) and any(_acts(each) for each in thing)
