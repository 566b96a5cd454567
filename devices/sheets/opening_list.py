"""The opening stock sheet (期初): what a unit that comes from spreadsheets holds, one device a row."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from devices import taxpayers
from devices.paperwork.papers import LeftOut
from devices.problems import Problem
from devices.serials import shortened
from devices.sheets.headings import Column, Entry, read_rows
from devices.sheets.model_cells import ModelCells
from devices.sheets.packing_lists import MODEL_HEADERS, SERIAL_HEADERS
from devices.sheets.sheet_cells import (
    Faults,
    SerialCells,
    broken_cell,
    code_of,
    date_of,
    fault,
    line_of,
    place,
    text_in,
    word_of,
)
from devices.texts.lengths import Address, Contact, CustomerName
from devices.values import Kind

_COLUMNS = (
    Column("serial", SERIAL_HEADERS, required=True),
    Column("model", MODEL_HEADERS, required=True),
    Column("state", ("状态", "设备状态", "库存状态", "state"), required=True),
    Column("register", ("账", "账簿", "账别", "所属账", "台账", "register", "book")),
    Column("bin", ("货位", "库位", "货位号", "bin")),
    Column("taxpayer_id", ("纳税人识别号", "税号", "统一社会信用代码", "taxpayer id")),
    Column("taxpayer_name", ("纳税人名称", "客户名称", "单位名称", "企业名称", "taxpayer name")),
    Column("address", ("地址", "单位地址", "联系地址", "address")),
    Column("contact", ("联系人", "联系方式", "contact")),
    Column("warranty_until", ("保修至", "保修期至", "质保至", "保修到期", "warranty until")),
    Column("note", ("备注", "说明", "note")),
)

STATE_WORDS = {
    "在库": "in_stock", "待检": "quarantined", "故障": "faulty", "送修": "in_repair", "已售": "sold",
    "在用": "in_service", "携出": "carried", "在途": "in_transit", "返厂": "at_factory", "盘亏": "missing",
    "丢失": "lost",
}  # fmt: skip
REGISTER_WORDS = {
    "商品": "merchandise", "商品账": "merchandise", "备件": "spare", "备件账": "spare", "送修": "custody",
    "代管": "custody", "送修代管": "custody",
}  # fmt: skip
REQUIRED = tuple(column.field for column in _COLUMNS if column.required and column.field != "serial")


class OpeningRow(msgspec.Struct, frozen=True):
    """One device of the opening stock; None where the sheet does not say, or where a problem of that row says why.

    `row` is the number a person sees; `state` and `register` are names of the lifecycle; `warranty_until` YYYY-MM-DD.
    What a state asks for (a bin, a customer) is for the `opening` document to judge.
    """

    row: int
    serial: str | None
    text: str
    model: str | None
    state: str | None
    register: str | None
    bin: str | None
    taxpayer: taxpayers.Taxpayer | None
    taxpayer_name: str | None
    address: str | None
    contact: str | None
    warranty_until: str | None
    note: str | None


class OpeningStock(msgspec.Struct, frozen=True):
    """The rows in the order of the sheet, the problems, each about one row, and what else stood there."""

    rows: tuple[OpeningRow, ...]
    problems: tuple[Problem, ...]
    left_out: tuple[LeftOut, ...]


def read_opening_stock(
    data: bytes, patterns: Mapping[str, str] | None = None, kinds: Mapping[str, Kind] | None = None
) -> OpeningStock:
    """Read an uploaded xlsx or CSV opening stock sheet; `patterns` and `kinds` are as for `read_packing_list`.

    The problems of rows are those of `SerialCells.read`, `line_of` and `taxpayers.recognise`, `unknown_word` for a
    state or a register, `malformed_date`, and `field_required` for a blank model or state. Raises Refused as
    `read_rows` does.
    """
    serial_cells, model_cells = SerialCells(patterns or {}), ModelCells(kinds or {})
    rows: list[OpeningRow] = []
    problems: list[Problem] = []
    read = read_rows(data, _COLUMNS, serial_cells.knows)
    for entry in read.entries:
        row, found = _read(entry, serial_cells, model_cells)
        rows.append(row)
        problems += found
    return OpeningStock(tuple(rows), tuple(problems), read.left_out)


def _read(
    entry: Entry, serial_cells: SerialCells, model_cells: ModelCells
) -> tuple[OpeningRow, list[Problem]]:
    faults = Faults()
    model = faults.kept(model_cells.read(entry))
    serial = faults.kept(serial_cells.read(entry, model))
    row = OpeningRow(
        row=entry.row,
        serial=serial,
        text=shortened(entry.cell("serial").text),
        model=model,
        state=faults.kept(word_of(entry, "state", STATE_WORDS)),
        register=faults.kept(word_of(entry, "register", REGISTER_WORDS)),
        bin=faults.kept(code_of(entry, "bin")),
        taxpayer=faults.kept(_taxpayer(entry)),
        taxpayer_name=faults.kept(line_of(entry, "taxpayer_name", CustomerName)),
        address=faults.kept(line_of(entry, "address", Address)),
        contact=faults.kept(line_of(entry, "contact", Contact)),
        warranty_until=faults.kept(date_of(entry, "warranty_until")),
        note=text_in(entry, "note"),
    )
    for field in REQUIRED:
        if not entry.cell(field).text.strip():
            faults.append(
                broken_cell(entry, field) or fault("field_required", entry, field, field=field, serial=serial)
            )
    return row, faults


def _taxpayer(entry: Entry) -> taxpayers.Taxpayer | Problem | None:
    if (broken := broken_cell(entry, "taxpayer_id")) is not None:
        return broken
    text = text_in(entry, "taxpayer_id")
    return None if text is None else taxpayers.recognise_taxpayer(text, place(entry, "taxpayer_id"))
