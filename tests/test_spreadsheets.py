"""An upload as CSV, and what is no spreadsheet at all."""

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.problems import Problem, Refused
from devices.sheets.spreadsheets import UPLOAD_BYTES
from tests.sheets import FIRST, HEADING, csv, read, refusal, told


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_in_each_encoding_and_with_each_delimiter(encoding: str, delimiter: str) -> None:
    rows = [("送货单, 一; 二\t三",), HEADING, ("1", FIRST, "TCG-01", "C01")]
    found = read(csv(*rows, delimiter=delimiter, encoding=encoding))
    assert [(row.row, row.serial) for row in found.rows] == [(3, FIRST)]


def test_what_excel_makes_of_a_long_number_in_a_csv_is_told() -> None:
    found = read(csv(HEADING, ("1", "6.61566E+11", "TCG-01", ""), ("2", FIRST[1:], "TCG-01", "")))
    assert told(found) == [(2, "precision_lost"), (3, "leading_zeros_lost")]


def test_a_csv_text_formula_keeps_its_zeros() -> None:
    assert read(csv(HEADING, ("1", f'="{FIRST}"', "TCG-01", ""))).serials == (FIRST,)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_never_a_fault(data: bytes) -> None:
    with suppress(Refused):
        read(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_format"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_text"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    problem = refusal(data)
    assert (problem.code, problem.facts["reason"]) == ("not_a_spreadsheet", reason)


def test_an_archive_that_is_no_workbook_is_damaged() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    assert refusal(packed.getvalue()).facts["reason"] == "damaged"


def test_an_upload_over_the_limit_is_refused() -> None:
    assert refusal(b"1" * (UPLOAD_BYTES + 1)) == Problem(
        "upload_too_large", "", {"limit_bytes": UPLOAD_BYTES}
    )
