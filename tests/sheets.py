"""Small spreadsheets for tests, and what reading one as a packing list tells."""

import io
import zipfile
from collections.abc import Callable, Sequence

import pytest
from openpyxl import Workbook

from devices.problems import PROBLEMS, Problem, Refused
from devices.sheets.packing_lists import PackingList, read_packing_list
from devices.sheets.sheet_cells import row_of

PATTERNS = {"TCG-01": "[0-9]{12}", "TCG-02": "[0-9]{12}"}
HEADING = ("序号", "设备编号", "型号", "箱号")
FIRST = "061565714353"
SECOND = "661565714354"
Row = Sequence[object]


def xlsx(*rows: Row, change: Callable[[Workbook], object] | None = None) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    if change is not None:
        change(book)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def with_member(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The archive with the content of one member changed."""
    changed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.namelist():
            content = source.read(member)
            target.writestr(member, change(content) if member == name else content)
    return changed.getvalue()


def csv(*rows: Row, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    return "\r\n".join(delimiter.join(str(cell) for cell in row) for row in rows).encode(encoding)


def read(data: bytes) -> PackingList:
    return read_packing_list(data, PATTERNS)


def refusal(data: bytes) -> Problem:
    with pytest.raises(Refused) as refused:
        read(data)
    (problem,) = refused.value.problems
    assert set(problem.facts) == set(PROBLEMS[problem.code].facts)
    return problem


def told(found: PackingList) -> list[tuple[int | None, str]]:
    for problem in found.problems:
        assert set(problem.facts) == set(PROBLEMS[problem.code].facts)
    return [(row_of(problem), problem.code) for problem in found.problems]
