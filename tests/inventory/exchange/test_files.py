"""Bytes as records: encodings, separators, headings, quotes; what is no table is refused with what to send instead."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInput, UnsupportedType
from apps.inventory.exchange import files

TEXT = "Name;Quantity;Notes\nÆther Vial;2;“öl”\nIsland;1;\n"


def read(raw: bytes):
    stream = io.BytesIO(raw)
    layout = files.layout_of(stream)
    return layout, [(record.line, record.cells, bool(record.broken)) for record in files.records_of(stream, layout)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_are_told_apart(encoding):
    layout, rows = read(TEXT.encode(encoding))
    assert layout.columns == ("Name", "Quantity", "Notes")
    assert rows == [(2, ["Æther Vial", "2", "“öl”"], False), (3, ["Island", "1", ""], False)]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_told_apart(separator):
    layout, rows = read(f"Name{separator}Quantity\nIsland{separator}3\n".encode())
    assert (layout.delimiter, rows[0][1]) == (separator, ["Island", "3"])


@pytest.mark.parametrize("first", ['"sep=;"\n', "sep=;\r\n", "\ufeffsep=;\n"])
def test_a_line_that_names_the_separator_is_followed_and_counted(first):
    layout, rows = read((first + "Name;Set\nLand, Ho;M11\n").encode())
    assert (layout.heading_line, rows) == (2, [(3, ["Land, Ho", "M11"], False)])


def test_a_file_without_a_heading_has_numbered_columns_and_keeps_its_first_line():
    layout, rows = read(b",,,\nPlatinum angel, Mirrodin, MSR,\nIron Myr, Mirrodin, MIR,\n")
    assert (layout.heading_line, layout.columns[0]) == (0, "Column 1")
    assert [line for line, *_ in rows] == [2, 3]


def test_words_over_figures_are_a_heading_whatever_they_are_called():
    assert read(b"Karte,Anzahl\nInsel,3\n")[0].heading_line == 1


def test_a_quoted_cell_may_hold_line_breaks():
    assert read(b'Name,Notes\nIsland,"a\nb"\nPlains,c\n')[1] == [
        (2, ["Island", "a\nb"], False), (4, ["Plains", "c"], False)
    ]  # fmt: skip


@pytest.mark.parametrize("rest", [100, 5000])
def test_a_quote_that_never_closes_takes_no_other_line_with_it(rest):
    raw = 'Name,Set\n"Island,M11\n' + "Plains,M11\n" * rest
    rows = read(raw.encode())[1]
    assert rows[0] == (2, ['"Island', "M11"], True)
    assert [line for line, *_ in rows] == list(range(2, rest + 3))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"PK\x03\x04rest", "Save it as CSV"), (b"\x89PNG\r\n", "picture"), (b"%PDF-1.7", "PDF"),
        (bytes(range(256)) * 8, "not a text"), (b"\x1f\x8b\x08\x00", "Unpack"), (b"a\x00\x00\x00b" * 50, "not a text"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_what_to_send(raw, said):
    with pytest.raises(UnsupportedType, match=said):
        files.layout_of(io.BytesIO(raw))


@pytest.mark.parametrize("raw", [b"", b" \n\r\n "])
def test_an_empty_file_is_refused(raw):
    with pytest.raises(InvalidInput):
        files.layout_of(io.BytesIO(raw))


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(raw):
    try:
        read(raw)
    except (InvalidInput, UnsupportedType):
        pass


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1, max_size=5))
def test_every_line_of_any_text_is_told(lines):
    raw = ("Name,Set\n" + "".join(f"{line.strip()}x\n" for line in lines)).encode()
    told = read(raw)[1]
    text = " ".join(cell for _, cells, _ in told for cell in cells)
    assert text.count("x") >= len(lines) - sum("sep=" in line.lower() for line in lines)
