"""The example sheets: kept as their script makes them, and telling what their README says."""

import io
import runpy
import zipfile
from pathlib import Path

import pytest

from devices.sheets.opening_list import read_opening_stock
from devices.sheets.packing_lists import PackingList, read_packing_list
from devices.sheets.sheet_cells import row_of

FOLDER = Path(__file__).parents[1] / "examples"
SCRIPT = runpy.run_path(str(FOLDER / "make_examples.py"))
MADE: dict[str, bytes] = SCRIPT["examples"]()
PATTERNS = {"TCG-01": "[0-9]{12}", "TCG-02": "[0-9]{12}"}


def content(data: bytes) -> dict[str, bytes]:
    """The members of an xlsx, whose packing may differ between zlib versions; any other file as it is."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return {"": data}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def kept(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def packing_list(name: str) -> PackingList:
    return read_packing_list(kept(name), PATTERNS)


@pytest.mark.parametrize("name", MADE)
def test_an_example_is_what_the_script_makes(name: str) -> None:
    assert content(kept(name)) == content(MADE[name])


def test_the_script_makes_the_same_bytes_each_time() -> None:
    assert SCRIPT["examples"]() == MADE


def test_every_example_is_told_in_the_readme() -> None:
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert {path.name for path in FOLDER.iterdir() if path.suffix in (".xlsx", ".csv")} == MADE.keys()
    assert all(f"`{name}`" in told for name in MADE)


def test_the_clean_list_names_forty_devices_and_nothing_is_wrong() -> None:
    found = packing_list("packing-list.xlsx")
    assert not found.problems
    assert [row.model for row in found.rows] == ["TCG-01"] * 24 + ["TCG-02"] * 16
    assert found.serials == tuple(SCRIPT["TAX_DISKS"] + SCRIPT["REPORT_DISKS"])
    assert all(row.carton for row in found.rows)


def test_the_spare_list_names_ten_and_four() -> None:
    found = packing_list("spare-list.xlsx")
    assert not found.problems
    assert [row.model for row in found.rows] == ["TCG-01"] * 10 + ["TCG-02"] * 4


def test_no_serial_is_on_two_clean_sheets() -> None:
    opening = read_opening_stock(kept("opening-stock.xlsx"), PATTERNS)
    serials = [*packing_list("packing-list.xlsx").serials, *packing_list("spare-list.xlsx").serials]
    serials += [row.serial for row in opening.rows if row.serial is not None]
    assert len(serials) == len(set(serials))


def test_the_dirty_list_has_each_fault_once_or_more() -> None:
    found = packing_list("packing-list-dirty.xlsx")
    assert [(row_of(problem), problem.code) for problem in found.problems] == [
        (6, "duplicate_serial"),
        (7, "malformed_serial"),
        (8, "full_width"),
        (10, "leading_zeros_lost"),
        (12, "precision_lost"),
        (13, "formula_without_value"),
        (15, "leading_zeros_lost"),
        (16, "serial_not_of_model"),
        (17, "missing_serial"),
    ]
    assert [row.row for row in found.rows if row.model not in PATTERNS] == [18]


def test_the_dirty_csv_has_its_faults_by_row() -> None:
    found = packing_list("packing-list-dirty.csv")
    assert [(row_of(problem), problem.code) for problem in found.problems] == [
        (5, "precision_lost"),
        (6, "leading_zeros_lost"),
        (9, "full_width"),
        (10, "duplicate_serial"),
        (11, "malformed_serial"),
    ]
    assert found.serials == ("661565714601", "061565714602", "008930272101")


def test_the_opening_stock_is_clean_and_holds_each_register() -> None:
    found = read_opening_stock(kept("opening-stock.xlsx"), PATTERNS)
    assert not found.problems
    assert {row.register for row in found.rows} == {"merchandise", "spare", "custody", None}
    assert {row.taxpayer.form for row in found.rows if row.taxpayer} == {"uscc", "older_15"}
