"""`panku import`: spreadsheets into the books, and every refusal by the row a person sees."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.store.database import Store
from panku import settings
from panku.commands import main
from panku.demo import PASSWORDS
from tests.conftest import Stores
from tests.door import NOW, Door
from tests.sheets import Row, csv

NAMED = ("单位", "设备编号", "型号", "状态", "账", "货位")

DAY_US = 86_400_000_000
OPENING = ("设备编号", "型号", "状态", "账", "货位")
LIST = ("设备编号", "型号", "箱号")
Import = Callable[..., int]


@pytest.fixture
def books(stores: Stores) -> Store:
    """Demo books, on SQLite: what the command does to them is tested on both engines elsewhere."""
    return Door(stores.demo("sqlite")).store


@pytest.fixture
def importing(books: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Import:
    """Runs `panku import` as zhang over a sheet of these rows; answers the exit status."""
    monkeypatch.setenv("PANKU_DATABASE_URL", books.url)
    monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(os.environ))
    monkeypatch.setattr("panku.commands.importing.clock", lambda: NOW)

    def run(
        what: str,
        *rows: Row,
        more: tuple[str, ...] = (),
        name: str = "sheet.csv",
        heading: Row | None = None,
        **said: str,
    ) -> int:
        file = tmp_path / name
        file.write_bytes(csv(heading or (OPENING if what == "opening" else LIST), *rows))
        monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORDS["zhang"][0] + "\n"))
        options = {
            "opening": {"date": "2026-11-24"},
            "manifest": {"register": "spare", "supplier": "启明", "delivery_note": "QM-9"},
        }[what]
        told = [
            word
            for name, value in (options | said).items()
            for word in (f"--{name.replace('_', '-')}", value)
        ]
        return main(["import", what, str(file), "--site", "BJ01", "--by", "zhang", *told, *more])

    return run


def count(books: Store, kind: str) -> int:
    row = books.row("SELECT COUNT(*) FROM record WHERE kind = ?", (kind,))
    return int(row[0]) if row else 0


def test_a_refusal_of_opening_stock_names_every_row_of_every_register(
    importing: Import, books: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    before = books.row("SELECT COUNT(*) FROM document")
    rows = [
        ("661565790001", "TCG-01", "在库", "商品", "M-77"),
        ("661565790002", "TCG-01", "在库", "商品", "M-01"),
        ("661565790003", "TCG-01", "在库", "备件", "S-01"),
        ("661565790004", "TCG-01", "在库", "商品", "M-77"),
        ("661565790005", "TCG-01", "在库", "商品", "M-77"),
        ("661565790006", "TCG-01", "在库", "备件", "S-77"),
    ]
    assert importing("opening", *rows) == 1
    told = capsys.readouterr().err
    assert "rows 2, 5-6: The site BJ01 has no bin M-77" in told
    assert "row 7: The site BJ01 has no bin S-77" in told
    assert books.row("SELECT COUNT(*) FROM document") == before


def test_opening_stock_is_proposed_by_register(
    importing: Import, books: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        ("661565790001", "TCG-01", "在库", "商品", "M-01"),
        ("661565790002", "TCG-01", "在库", "备件", "S-01"),
    ]
    assert importing("opening", *rows) == 0
    assert "2 devices proposed" in capsys.readouterr().out
    pending = books.rows("SELECT d.register FROM document d JOIN standing s ON s.document = d.number"
                         " WHERE s.status = 'pending' AND d.type = 'opening' ORDER BY d.number")  # fmt: skip
    assert pending == [("merchandise",), ("spare",)]


def test_a_packing_list_that_was_imported_is_refused_naming_the_first(
    importing: Import, books: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    row = ("661565790001", "TCG-01", "1")
    assert importing("manifest", row) == 0
    assert importing("manifest", row) == 1
    assert importing("manifest", row, more=("--dry-run",)) == 1
    told = capsys.readouterr()
    assert "manifest M-BJ01-000001" in told.out
    assert told.err.count("M-BJ01-000001") == 2
    assert count(books, "manifest") == 1


def test_a_packing_list_is_kept_for_another_delivery_or_with_other_rows(
    importing: Import, books: Store
) -> None:
    row = ("661565790001", "TCG-01", "1")
    assert importing("manifest", row) == 0
    assert importing("manifest", row, delivery_note="QM-10") == 0
    assert importing("manifest", row, register="merchandise") == 0
    assert importing("manifest", row, ("661565790002", "TCG-01", "1")) == 0
    assert count(books, "manifest") == 4


def test_what_is_not_seen_in_an_opening_sheet_is_refused_by_its_row(
    importing: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        ("661565790001", "TCG-01", "在库", "商品", "M-01\u200b"),
        ("661565790002", "TCG-01", "在库", "商品", "M-\u202e01"),
    ]
    assert importing("opening", *rows) == 1
    told = capsys.readouterr().err
    assert "row 3: There is a character U+202E in the field bin" in told
    assert "row 2" not in told


def test_a_file_whose_name_is_not_seen_whole_is_not_kept(
    importing: Import, books: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    before = count(books, "attachment")
    assert importing("manifest", ("661565790001", "TCG-01", "C01"), name="装箱单\u202ecsv.exe") == 1
    assert "U+202E in the field file name" in capsys.readouterr().err
    assert count(books, "attachment") == before


@pytest.mark.parametrize("date", ["20261124", "2026-11-24T00:00", "2026-W48-2"])
def test_a_business_date_is_written_in_one_way(importing: Import, date: str) -> None:
    row = ("661565790001", "TCG-01", "在库", "商品", "M-01")
    with pytest.raises(SystemExit) as ended:
        importing("opening", row, more=("--date", date))
    assert ended.value.code == 2


def test_a_dry_run_keeps_no_manifest(importing: Import, books: Store) -> None:
    assert importing("manifest", ("661565790001", "TCG-01", "1"), more=("--dry-run",)) == 0
    assert count(books, "manifest") == 0


def proposed(books: Store) -> int:
    ((count,),) = books.rows("SELECT COUNT(*) FROM document WHERE type = 'opening'")
    return int(count)


def test_an_opening_proposes_every_row_with_a_serial_and_tells_the_rows_without(
    importing: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("合计量具有限公司", "小计商贸有限公司", "总计网络公司", "晨光公司")
    rows = [(name, f"66156579000{at}", "TCG-01", "在库", "商品", "M-01") for at, name in enumerate(names)]
    ending = [("合计", "", "", "4"), ("制表：周",)]
    assert importing("opening", *rows, *ending, heading=NAMED) == 0
    told = capsys.readouterr().out
    assert "4 rows: 4 devices proposed" in told
    assert 'left out: row 6 "合计 4": a sum' in told
    assert 'left out: row 7 "制表：周": a note or a signature' in told


def test_an_opening_with_a_quote_that_swallows_rows_proposes_nothing_and_names_the_row(
    importing: Import, books: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    before = proposed(books)
    names = ("晨光公司", '"3.5寸盘公司', "惠民公司", "福安公司")
    rows = [(name, f"66156579000{at}", "TCG-01", "在库", "商品", "M-01") for at, name in enumerate(names)]
    assert importing("opening", *rows, heading=NAMED) == 1
    assert "row 3: A quotation mark in row 3" in capsys.readouterr().err
    assert proposed(books) == before


def test_an_opening_with_one_bad_serial_proposes_nothing_and_still_tells_what_was_left_out(
    importing: Import, books: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    before = proposed(books)
    good = ("合计量具有限公司", "661565790001", "TCG-01", "在库", "商品", "M-01")
    assert (
        importing(
            "opening", good, ("合计量具有限公司", "6615 ?", *good[2:]), ("合计", "", "", "2"), heading=NAMED
        )
        == 1
    )
    told = capsys.readouterr()
    assert "row 3: “6615 ?”" in told.err
    assert "row 4" in told.out
    assert proposed(books) == before


@pytest.mark.parametrize("what", ["opening", "manifest"])
def test_a_list_without_a_device_is_a_fault(
    what: str, importing: Import, books: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    before = proposed(books)
    assert importing(what, ("合计", "0")) == 1
    told = capsys.readouterr()
    assert "No row of the list is a device." in told.err
    assert 'left out: row 2 "合计 0"' in told.out
    assert (proposed(books), count(books, "manifest")) == (before, 0)


def test_a_packing_list_is_counted_and_what_is_left_out_of_it_fails_nothing(
    importing: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("661565790001", "TCG-01", "1"), ("661565790002", "TCG-01", "1"), ("合计：2台", "", "")]
    assert importing("manifest", *rows) == 0
    told = capsys.readouterr().out
    assert "2 rows: 2 devices, 0 problems" in told
    assert 'left out: row 4 "合计：2台": a sum' in told
