"""A new PDF of what the pages of others draw, by pypdf: see apps/core/documents.py, which checks and stores them."""

from __future__ import annotations

import io
from collections.abc import Sequence

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject, NameObject

from apps.core.documents import DAMAGED
from apps.core.errors import TooLarge, UnsupportedType

MOST_PAGES = 20
_OF_PAGE = ("/Type", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Contents", "/Resources", "/Parent")
_OF_RESOURCES = ("/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/ProcSet")
# What does something when a document is opened or looked at, wherever it hangs (ISO 32000-2, 12.6 and 13).
_ACTIVE = frozenset(
    {"/JavaScript", "/JS", "/Launch", "/OpenAction", "/AA", "/AcroForm", "/XFA", "/RichMedia", "/EmbeddedFile", "/EF"}
)
# What the reader meets in damaged files beside its own errors.
_BROKEN = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError)


def joined(parts: Sequence[bytes]) -> bytes:
    """One new PDF of what the pages of all draw, in their order. Raises TooLarge, UnsupportedType."""
    try:
        readers = [PdfReader(io.BytesIO(part), strict=False) for part in parts]
        if any(reader.is_encrypted for reader in readers):
            raise UnsupportedType("This PDF is locked with a password. Print it to a PDF without one.")
        return _drawn(readers)
    except _BROKEN:
        raise UnsupportedType(DAMAGED) from None


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
        raise UnsupportedType(DAMAGED)
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
