"""PDFs that people send: what they draw stays, whatever acts or tells of them does not."""

from __future__ import annotations

import io

import pytest
from django.core.files.storage import default_storage
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from apps.core.documents import accept_pdf, rebuilt
from apps.core.errors import TooLarge, UnsupportedType
from apps.core.rebuilding import MOST_PAGES
from tests.documents import pdf_of


def changed(content: bytes, change) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(content))
    change(writer)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def script(writer):
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): DictionaryObject(action)})
    writer.add_attachment("virus.exe", b"MZ-virus")


def test_pages_stay_and_what_acts_does_not():
    made = rebuilt(changed(pdf_of("Receipt 12", "Page 2", link="https://evil.example/"), script))
    read = PdfReader(io.BytesIO(made))
    assert [page.extract_text().strip() for page in read.pages] == ["Receipt 12", "Page 2"]
    assert set(read.trailer["/Root"]) == {"/Type", "/Pages"}
    for gone in (b"JavaScript", b"evil.example", b"virus", b"private title", b"Annots", b"/AA"):
        assert gone not in made
    assert rebuilt(made)


def test_a_script_within_what_is_drawn_is_refused():
    def hide(writer):
        action = DictionaryObject({NameObject("/S"): NameObject("/Launch")})
        writer.pages[0]["/Resources"]["/Font"].get_object()[NameObject("/F9")] = DictionaryObject(
            {NameObject("/X"): action}
        )

    with pytest.raises(UnsupportedType, match="programs"):
        rebuilt(changed(pdf_of("Receipt"), hide))


@pytest.mark.parametrize("content", [b"", b"%PDF-", b"%PDF-1.7 nothing", pdf_of("Receipt")[:300], b"MZ" + pdf_of("x")])
def test_what_is_none_is_refused(content):
    with pytest.raises(UnsupportedType, match="damaged"):
        rebuilt(content)


def test_a_locked_one_and_a_long_one_are_refused():
    with pytest.raises(UnsupportedType, match="password"):
        rebuilt(changed(pdf_of("Receipt"), lambda writer: writer.encrypt("secret")))
    with pytest.raises(TooLarge, match="20 pages"):
        rebuilt(pdf_of(*["x"] * (MOST_PAGES + 1)))


def test_a_large_one_is_refused_and_what_is_stored_is_ours(settings):
    stored = accept_pdf(io.BytesIO(pdf_of("Receipt")), folder="evidence")
    assert stored.name.endswith(".pdf")
    with default_storage.open(stored.name) as file:
        assert b"private title" not in file.read()
    settings.UPLOAD_MAX_BYTES = 100
    with pytest.raises(TooLarge):
        accept_pdf(io.BytesIO(pdf_of("Receipt")), folder="evidence")
