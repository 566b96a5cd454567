"""Every form on xlsx, opened by LibreOffice too: the same cells, no formula, A4 with its heading on every page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest

from labels.forms.paper import paper_of
from labels.forms.writers.xlsx import write_xlsx
from tests import libreoffice
from tests.conftest import Stores
from tests.custody import House
from tests.every_form import every_form, filled_house
from tests.printed import fetched, heading_row
from tests.test_forms_xlsx import FORM, FORMULAS, NAMES, Row, Value
from tests.test_forms_xlsx import shown as visible

A4_POINTS = (842, 595)


@pytest.fixture(scope="module")
def house(stores: Stores) -> Iterator[House]:
    """Books with every form in them."""
    libreoffice.required()
    house = filled_house(stores)
    yield house
    stores.drop(house.store)


def shown(value: Any, number_format: str) -> str:
    """A cell's value as LibreOffice tells it in text."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ") if "hh" in number_format else value.date().isoformat()
    return str(value)


def test_libreoffice_shows_every_cell_of_every_form_as_it_was_written(house: House, tmp_path: Path) -> None:
    files, expected = [], {}
    for name, address in every_form(house).items():
        data = fetched(house.of("zhang"), address)
        files.append(tmp_path / f"{name}.xlsx")
        files[-1].write_bytes(data)
        for sheet in openpyxl.load_workbook(io.BytesIO(data)).worksheets:
            expected[f"{name}-{sheet.title}"] = [
                [shown(cell.value, cell.number_format) for cell in row] for row in sheet.iter_rows()
            ]
    found = libreoffice.sheets(files, tmp_path)
    assert found.keys() == expected.keys()
    for name, rows in expected.items():
        assert [row[: len(rows[0])] for row in found[name]] == rows, name


def test_libreoffice_keeps_texts_like_formulas_and_names_of_any_character(tmp_path: Path) -> None:
    libreoffice.required()
    texts = (*NAMES, *FORMULAS)
    rows = tuple(Row(f"{n:012d}", text, n * 101) for n, text in enumerate(texts))
    file = io.BytesIO()
    write_xlsx(paper_of(FORM, Value(rows), "zh_CN"), file)
    (tmp_path / "names.xlsx").write_bytes(file.getvalue())
    (found,) = libreoffice.sheets([tmp_path / "names.xlsx"], tmp_path).values()
    start = heading_row(openpyxl.load_workbook(file).active)
    told = found[start : start + len(texts)]
    assert [row[:3] for row in told] == [
        [f"{n:012d}", visible(text), str(Decimal(n * 101) / 100)] for n, text in enumerate(texts)
    ]


def test_libreoffice_prints_a4_with_the_heading_and_the_number_on_every_page(tmp_path: Path) -> None:
    libreoffice.required()
    file = io.BytesIO()
    write_xlsx(paper_of(FORM, Value(tuple(Row(f"{n:012d}") for n in range(150))), "zh_CN"), file)
    (tmp_path / "long.xlsx").write_bytes(file.getvalue())
    (made,) = libreoffice.converted([tmp_path / "long.xlsx"], "pdf", tmp_path)
    document = pypdfium2.PdfDocument(made)
    assert len(document) > 1
    for n, page in enumerate(document, 1):
        text = page.get_textpage().get_text_bounded().replace(" ", "")
        assert {round(side) for side in page.get_size()} == {*A4_POINTS}
        assert "设备编号" in text
        assert f"第{n}页，共{len(document)}页" in text
    for place in ("第1页", "000000000149", "账链"):
        assert any(place in page.get_textpage().get_text_bounded().replace(" ", "") for page in document)


def test_libreoffice_prints_the_boxes_whole_below_the_last_rows_and_the_total(tmp_path: Path) -> None:
    libreoffice.required()
    files = {rows: tmp_path / f"boxes{rows}.xlsx" for rows in range(30, 48)}
    for rows, path in files.items():
        with path.open("wb") as file:
            write_xlsx(paper_of(FORM, Value(tuple(Row(f"{n:012d}") for n in range(rows))), "zh_CN"), file)
    libreoffice.converted(list(files.values()), "pdf", tmp_path)
    for rows, path in files.items():
        made = pypdfium2.PdfDocument(tmp_path / "made" / f"{path.stem}.pdf")
        last = list(made)[-1].get_textpage().get_text_bounded().replace(" ", "")
        wanted = (f"{rows - 2:012d}", f"{rows - 1:012d}", "合计", "设备管理员", "设备审核员", "b" * 64)
        assert [text for text in wanted if text not in last] == [], rows
