"""Files that are small and open into something large: refused before they are opened."""

import io
import tracemalloc
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from devices.problems import Refused
from devices.sheets.bulk import CELL_CHARACTERS, CHARACTERS
from devices.sheets.spreadsheets import read_sheets
from devices.sheets.workbooks import ROWS
from tests.sheets import FIRST, HEADING, csv, read, refusal, with_member, xlsx


def sheet_with(cell: bytes) -> bytes:
    whole = xlsx(HEADING, (1, FIRST, "TCG-01", "C01"))
    return with_member(
        whole, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", cell + b"</sheetData>")
    )


HYPERLINKS = b"<hyperlinks>" + b'<hyperlink ref="A1"/>' * 50_001 + b"</hyperlinks>"
RANGES = b'<dataValidations><dataValidation sqref="%s"/></dataValidations>' % (b"A1 " * 50_001)


SHARED = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def sharing(length: int, times: int = 1) -> bytes:
    """A workbook that says one text of this length in so many cells, and holds it once."""
    shared = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED}"/></Types>'.encode()
    whole = sheet_with(b'<row><c t="s"><v>0</v></c></row>' * times)
    packed = io.BytesIO(
        with_member(whole, "[Content_Types].xml", lambda xml: xml.replace(b"</Types>", shared))
    )
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        texts = f'<sst xmlns="{space}"><si><t>{"x" * length}</t></si></sst>'
        archive.writestr("xl/sharedStrings.xml", texts)
    return packed.getvalue()


def styled(formats: bytes) -> bytes:
    """A workbook with these number formats."""
    return with_member(
        xlsx(HEADING, (1, FIRST)),
        "xl/styles.xml",
        lambda xml: xml.replace(b'<numFmts count="0" />', b"<numFmts>" + formats + b"</numFmts>"),
    )


MERGES = b'<mergeCells count="1">' + b'<mergeCell ref="A1:A20000"/>' * 100 + b"</mergeCells>"


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (sheet_with(b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>'), "rows"),
        (sheet_with(b'<row r="9999999999"/>'), "rows"),
        (sheet_with(b'<row r="3"><c r="XFD3"><v>1</v></c></row>'), "columns"),
        (sheet_with(b'<row r="3"><c r="zzzzzzz3"><v>1</v></c></row>'), "columns"),
        (sheet_with(b"<row/>" * (ROWS + 1)), "rows"),
        (sheet_with(b"<row>" + b"<c><v>1</v></c>" * 101 + b"</row>"), "columns"),
        (sheet_with(b"<row>" + b"<c/>" * 900_000 + b"</row>"), "elements"),
        (sheet_with(b"</sheetData>" + MERGES + b"<sheetData>"), "merged rows"),
        (sheet_with(b"</sheetData>" + HYPERLINKS + b"<sheetData>"), "elements beside the cells"),
        (sheet_with(b"<row>" + HYPERLINKS + b"</row>"), "elements beside the cells"),
        (sheet_with(b"</sheetData>" + RANGES + b"<sheetData>"), "elements beside the cells"),
        (sharing(CELL_CHARACTERS + 1), "characters in a cell"),
        (sharing(CELL_CHARACTERS, times=CHARACTERS // CELL_CHARACTERS + 1), "characters"),
        (styled(b'<numFmt numFmtId="200" formatCode="%s"/>' % (b"[" * 256)), "characters in a number format"),
        (styled(b'<numFmt numFmtId="200" formatCode="0"/>' * 251), "number formats"),
        (csv(HEADING, *[("1", FIRST)] * ROWS), "rows"),
        (csv(HEADING, ["1"] * 101), "columns"),
    ],
    ids=["far row", "row beyond Excel", "far column", "column beyond Excel", "many rows", "many columns",
         "many cells", "many merges", "many links", "many links in a row", "many ranges", "long text",
         "one text in many cells", "long number format", "many number formats", "many rows of CSV",
         "many columns of CSV"],
)  # fmt: skip
def test_a_spreadsheet_over_a_limit_is_refused_in_little_memory(data: bytes, limit: str) -> None:
    tracemalloc.start()
    try:
        problem = refusal(data)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert problem.code == "spreadsheet_too_large"
    assert str(problem.facts["limit"]).startswith(limit + ":")
    assert peak_bytes < 40 * 1024 * 1024


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", b" " * 10_000_000)
    assert refusal(packed.getvalue()).facts["limit"] == "bytes: 41943040"


def test_an_archive_of_many_members_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(201):
            archive.writestr(f"{number}.xml", b"<a/>")
    assert refusal(packed.getvalue()).facts["limit"] == "files: 200"


def test_an_entity_bomb_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    data = with_member(
        xlsx(HEADING, (1, FIRST, "TCG-01", "C01")),
        "xl/worksheets/sheet1.xml",
        lambda xml: bomb + xml.lstrip(),
    )
    assert refusal(data).facts["reason"] == "damaged"


def test_one_part_is_not_read_as_many_sheets() -> None:
    again = (
        b'<sheet xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" name="2" sheetId="2"'
        b' r:id="rId1"/>'
    )
    data = with_member(
        xlsx(HEADING, (1, FIRST, "TCG-01", "C01")),
        "xl/workbook.xml",
        lambda xml: xml.replace(b"</sheets>", again + b"</sheets>"),
    )
    assert refusal(data).facts["reason"] == "damaged"


def test_what_a_workbook_says_of_a_print_area_is_not_looked_at(recwarn: pytest.WarningsRecorder) -> None:
    names = (
        b'<definedNames><definedName name="_xlnm.Print_Area" localSheetId="0">%s</definedName></definedNames>'
    )
    data = with_member(
        xlsx(HEADING, (1, FIRST, "TCG-01", "C01")),
        "xl/workbook.xml",
        lambda xml: xml.replace(b"<definedNames />", names % (b"'" * 1_000_000)),
    )
    assert read(data).serials == (FIRST,)
    assert not recwarn.list


def test_a_number_is_not_written_with_a_million_zeros() -> None:
    def zeros(book: Workbook) -> None:
        book.worksheets[0]["B2"].number_format = "0" * 200

    (row,) = read(xlsx(HEADING, (1, 661565714354, "TCG-01", "C01"), change=zeros)).rows
    assert row.serial == "661565714354"


def test_a_claimed_dimension_is_not_believed() -> None:
    data = with_member(
        xlsx(HEADING, (1, FIRST, "TCG-01", "C01")),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'ref="A1:D2"', b'ref="A1:XFD1048576"'),
    )
    ((sheet,),) = read_sheets(data)
    assert len(sheet.rows) == 2


WHOLE = xlsx(HEADING, (1, FIRST, "TCG-01", "C01"))
"""Saved once: a workbook holds the time of its saving, and so its size differs from one saving to the next."""


@given(st.data())
def test_a_damaged_workbook_is_read_or_refused_and_never_a_fault(data: st.DataObject) -> None:
    whole = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Refused):
        read(bytes(whole))


@given(st.data())
def test_a_sheet_of_broken_xml_is_read_or_refused_and_never_a_fault(data: st.DataObject) -> None:
    def broken(content: bytes) -> bytes:
        at = data.draw(st.integers(0, len(content) - 1))
        return content[:at] + data.draw(st.sampled_from([b"", b"9", b"<", b'"', b"<c/>"])) + content[at + 1 :]

    with suppress(Refused):
        read(with_member(xlsx(HEADING, (1, FIRST, "TCG-01", "C01")), "xl/worksheets/sheet1.xml", broken))


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="2"><c r="B2"><v>661565714355</v></c></row>',
        b'<row r="3"><c r="D3"><v>1</v></c><c r="B3"><v>661565714355</v></c></row>',
        b'<row r="3"><c r="B3"><v>661565714355</v></c><c r="B3"><v>661565714356</v></c></row>',
    ],
    ids=["a row again", "cells that go back", "a cell again"],
)
def test_rows_and_cells_that_would_be_dropped_in_reading_are_a_damage(rows: bytes) -> None:
    assert refusal(sheet_with(rows)).facts == {"reason": "damaged"}


def test_rows_and_cells_without_their_places_follow_one_another() -> None:
    data = sheet_with(b"<row><c><v>2</v></c><c><v>661565714354</v></c></row>")
    assert read(data).serials == (FIRST, "661565714354")
