"""Writes the example sheets beside this file, the same content every time: `python examples/make_examples.py [folder]`.

The makers, customers and serials are invented. tests/test_examples.py compares what this writes with what is kept.
"""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet
from stdnum.cn import uscc

MADE_AT = dt.datetime(2026, 11, 2, 1, 0, tzinfo=dt.UTC)
MAKER = "启明示例税控设备有限公司"
Value = str | int | float | dt.date | None


def serials(first: str, count: int) -> list[str]:
    """`count` serials from `first` on, with its leading zeros."""
    return [f"{int(first) + step:0{len(first)}}" for step in range(count)]


TAX_DISKS = serials("661565714353", 20) + serials("061565714401", 4)
REPORT_DISKS = serials("008930271640", 16)
SPARE_TAX_DISKS = serials("661565720011", 10)
SPARE_REPORT_DISKS = serials("008930275001", 4)


def packing_list() -> Workbook:
    """The clean list: 24 TCG-01 and 16 TCG-02 in cartons of eight, columns in an order of the maker's own."""
    book, sheet = new_sheet("装箱单", widths=(10, 12, 8, 20))
    titles(sheet, f"{MAKER}　装箱单", "送货单号：QM-20261102-017", "收货单位：示例税控服务站")
    sheet.append([])
    heading(sheet, ("箱号", "型号", "序号", "设备编号"))
    devices = [("TCG-01", serial) for serial in TAX_DISKS] + [("TCG-02", serial) for serial in REPORT_DISKS]
    for index, (model, serial) in enumerate(devices):
        append(sheet, (f"C{index // 8 + 1:02}", model, index + 1, serial))
    append(sheet, ("合计", None, 40, None))
    return book


def spare_list() -> Workbook:
    """Fourteen devices for the spare book."""
    book, sheet = new_sheet("备件装箱单", widths=(8, 20, 12, 10))
    titles(sheet, f"{MAKER}　备件装箱单", "送货单号：QM-20261102-018")
    heading(sheet, ("序号", "设备编号", "规格型号", "箱号"))
    devices = [("TCG-01", serial) for serial in SPARE_TAX_DISKS]
    devices += [("TCG-02", serial) for serial in SPARE_REPORT_DISKS]
    for index, (model, serial) in enumerate(devices, start=1):
        append(sheet, (index, serial, model, "S01"))
    return book


DIRTY: tuple[tuple[Value, Value, Value], ...] = (
    # serial            model     carton     what is wrong
    ("661565714501", "TCG-01", "C11"),
    ("661565714502", "TCG-01", "C11"),
    ("661565714501", "TCG-01", "C11"),  # twice
    ("66156571 4504", "TCG-01", "C11"),  # malformed: a blank within
    ("６６１５６５７１４５０５", "TCG-01", "C11"),  # full width
    (None, None, None),  # a blank row
    (61565714506, "TCG-01", "C12"),  # a number: its leading zero is lost
    (6.6156571450712e17, "TCG-01", "C12"),  # a number: its last digits are lost
    ('=CONCATENATE("6615657145","08")', "TCG-01", "C12"),  # a formula whose value was never stored
    (661565714509, "TCG-01", "C12"),  # a number, but a whole one: taken
    ("66156571451", "TCG-01", "C12"),  # text, one digit short: its leading zero may be lost
    ("6615657145I1", "TCG-01", "C12"),  # a letter I for a 1: not a serial of the model
    (None, "TCG-01", "C12"),  # no serial
    ("661565714512", "TCG-09", "C13"),  # a model nobody catalogued
    (" 008930272001\r", "tcg－02", "C13"),  # blanks around, a widened hyphen in the model: taken
)


def dirty_list() -> Workbook:
    """One of every fault a packing list arrives with, below a repeated heading and above a sum and a signature."""
    book, sheet = new_sheet("Sheet1", widths=(8, 22, 12, 10))
    titles(sheet, f"{MAKER}　补发装箱单", "送货单号：QM-20261102-019")
    heading(sheet, ("序号", "设备编号 *", "型号（规格）", "箱号"))
    for index, (serial, model, carton) in enumerate(DIRTY, start=1):
        append(sheet, (index if model else None, serial, model, carton))
        if index == len(DIRTY) // 2:
            heading(sheet, ("序号", "设备编号 *", "型号（规格）", "箱号"))
    append(sheet, ("合计", len(DIRTY), None, None))
    append(sheet, ("制表：周示例", None, None, None))
    return book


def dirty_csv() -> bytes:
    """Faults that only a CSV has, in GB18030 as Excel saves it on a Chinese desktop."""
    rows: tuple[Sequence[str], ...] = (
        (f"{MAKER}补发清单", "", ""),
        ("品名", "序列号", "型号"),
        ("税控盘", "661565714601", "TCG-01"),
        ("税控盘", '="061565714602"', "TCG-01"),
        ("税控盘", "6.61566E+11", "TCG-01"),
        ("税控盘", "61565714604", "TCG-01"),
        ("", "", ""),
        ("报税盘", "008930272101", "TCG-02"),
        ("报税盘", "００８９３０２７２１０２", "TCG-02"),
        ("报税盘", "008930272101", "TCG-02"),
        ("报税盘", "008930272103/4", "TCG-02"),
        ("总计", "8", ""),
    )
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("gb18030")


def taxpayer(number: int) -> str:
    """A taxpayer id of nobody, with its right check character."""
    body = f"91110108MA0PANKU{number}"
    return body + uscc.calc_check_digit(body)


OPENING: tuple[tuple[Value, ...], ...] = (
    # serial, model, state, account, bin, taxpayer id, name, address, contact, warranty until, note
    ("661565700101", "TCG-01", "在库", "商品账", "M-01"),
    ("661565700102", "TCG-01", "在库", "商品账", "M-01"),
    ("061565700103", "TCG-01", "待检", "商品账", "M-09", None, None, None, None, None, "外包装破损"),
    ("008930260201", "TCG-02", "在库", "商品账", "M-02"),
    ("661565700104", "TCG-01", "在库", "备件账", "S-01"),
    ("661565700105", "TCG-01", "在库", "备件账", "S-01"),
    ("008930260202", "TCG-02", "在库", "备件账", "S-02"),
    ("661565700106", "TCG-01", "故障", "备件账", "S-09", None, None, None, None, None, "不能读写"),
    ("661565700107", "TCG-01", "在用", None, None, taxpayer(1), "示例商贸一店", "北京市示例路1号", "赵示例",
     dt.date(2027, 6, 30)),
    ("008930260203", "TCG-02", "在用", None, None, taxpayer(1), "示例商贸一店", "北京市示例路1号", "赵示例",
     dt.date(2027, 6, 30), "与 661565700107 配套"),
    ("661565700108", "TCG-01", "在用", None, None, "110108100000017", "示例五金店", "北京市示例路2号", "钱示例",
     "2027年3月31日", "旧税号"),
    ("661565700109", "TCG-01", "已售", None, None, taxpayer(2), "示例餐饮二店", "北京市示例路3号", "孙示例"),
    ("661565700110", "TCG-01", "送修", "送修代管", "R-01", taxpayer(3), "示例运输队", "北京市示例路4号", "李示例"),
)  # fmt: skip


def opening_stock() -> Workbook:
    """What a unit that kept its books in spreadsheets holds on its first day with Panku."""
    book, sheet = new_sheet("期初", widths=(18, 10, 8, 12, 8, 24, 16, 22, 10, 14, 24))
    titles(sheet, "示例税控服务站　设备期初清单")
    heading(
        sheet,
        (
            "设备编号",
            "型号",
            "状态",
            "账",
            "货位",
            "纳税人识别号",
            "纳税人名称",
            "地址",
            "联系人",
            "保修至",
            "备注",
        ),
    )
    for row in OPENING:
        append(sheet, row)
    return book


# --- writing


def new_sheet(title: str, widths: Iterable[int]) -> tuple[Workbook, Worksheet]:
    """A workbook with one sheet."""
    book = Workbook()
    book.properties.creator = "Panku"
    book.properties.created = MADE_AT.replace(tzinfo=None)
    sheet = book.worksheets[0]
    sheet.title = title
    for letter, width in zip("ABCDEFGHIJK", widths, strict=False):
        sheet.column_dimensions[letter].width = width
    return book, sheet


def titles(sheet: Worksheet, *lines: str) -> None:
    """Title rows above the heading, the first one merged over four columns as makers do."""
    for line in lines:
        sheet.append([line])
    sheet.merge_cells("A1:D1")
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A1"].alignment = Alignment(horizontal="center")


def heading(sheet: Worksheet, headers: Sequence[str]) -> None:
    """A row of headers in bold."""
    sheet.append(list(headers))
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)


def append(sheet: Worksheet, values: Sequence[Value]) -> None:
    """One row; serials are cells in the text format, so that spreadsheets keep their zeros."""
    sheet.append(list(values))
    for cell in sheet[sheet.max_row]:
        if isinstance(cell.value, str) and not cell.value.startswith("="):
            cell.number_format = "@"
        elif isinstance(cell.value, dt.date):
            cell.number_format = "yyyy-mm-dd"


def packed(book: Workbook) -> bytes:
    """The xlsx file of `book` without the time it was saved at."""
    saved, fixed = io.BytesIO(), io.BytesIO()
    book.save(saved)
    stamp = MADE_AT.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, content)
            member = zipfile.ZipInfo(name, date_time=(2026, 11, 2, 9, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            target.writestr(member, content)
    return fixed.getvalue()


def examples() -> dict[str, bytes]:
    """Every example file by its name."""
    return {
        "packing-list.xlsx": packed(packing_list()),
        "packing-list-dirty.xlsx": packed(dirty_list()),
        "packing-list-dirty.csv": dirty_csv(),
        "spare-list.xlsx": packed(spare_list()),
        "opening-stock.xlsx": packed(opening_stock()),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, content in examples().items():
        (folder / name).write_bytes(content)
