"""A maker's packing list (装箱单): which serials it says were sent, and every row that can not be taken."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from devices.paperwork.papers import LeftOut
from devices.problems import Problem
from devices.serials import shortened
from devices.sheets.headings import Column, Entry, read_rows
from devices.sheets.model_cells import ModelCells
from devices.sheets.sheet_cells import Faults, SerialCells, line_of, text_in
from devices.texts.lengths import Name
from devices.values import Kind

SERIAL_HEADERS = (
    "设备编号", "设备序列号", "设备号", "产品序列号", "序列号", "机身号", "机身编号", "盘号", "条码", "条形码",
    "税控盘编号", "税控盘号", "金税盘编号", "金税盘号", "ukey编号", "ukey号", "税务ukey编号", "税务ukey号",
    "serial", "serial number", "serial no", "serial no.", "sn", "s/n", "编号",
)  # fmt: skip
MODEL_HEADERS = (
    "型号", "设备型号", "产品型号", "规格型号", "型号规格", "model", "model code", "model no", "model no.", "规格",
)  # fmt: skip
COLUMNS = (
    Column("serial", SERIAL_HEADERS, required=True),
    Column("model", MODEL_HEADERS),
    Column("carton", ("箱号", "装箱号", "箱序号", "箱", "carton", "carton no", "carton no.", "box", "case")),
    Column("name", ("设备类型", "设备名称", "产品名称", "品名", "名称", "类型", "kind", "name", "type")),
)


class PackingRow(msgspec.Struct, frozen=True):
    """One device of the list. `row` is the number a person sees; `serial` is None where a problem of that row says why.

    `text` is what the serial cell held, cut short, `name` what the maker calls the device; None where the sheet does
    not say.
    """

    row: int
    serial: str | None
    text: str
    model: str | None = None
    carton: str | None = None
    name: str | None = None


class PackingList(msgspec.Struct, frozen=True):
    """The rows in the order of the sheet, the problems, each about one row, and what else stood there."""

    rows: tuple[PackingRow, ...]
    problems: tuple[Problem, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def serials(self) -> tuple[str, ...]:
        """Every serial that can be taken, each once, in the order of the sheet."""
        return tuple(row.serial for row in self.rows if row.serial is not None)


def read_packing_list(
    data: bytes, patterns: Mapping[str, str] | None = None, kinds: Mapping[str, Kind] | None = None
) -> PackingList:
    """Read an uploaded xlsx or CSV packing list, its columns in any order below any title rows.

    `patterns` are the known models' serial patterns by model code: with them lost zeros and serials of another model
    are found too; a numeric cell is never taken without one that it matches. `kinds` are those of the models in use:
    with them what people call a kind means its only model. The problems of rows are those of `SerialCells.read` and
    `line_of`. Raises Refused: those of `read_rows`.
    """
    serial_cells, model_cells = SerialCells(patterns or {}), ModelCells(kinds or {})
    rows: list[PackingRow] = []
    problems: list[Problem] = []
    read = read_rows(data, COLUMNS, serial_cells.knows)
    for entry in read.entries:
        row, found = _read(entry, serial_cells, model_cells)
        rows.append(row)
        problems += found
    return PackingList(tuple(rows), tuple(problems), read.left_out)


def _read(
    entry: Entry, serial_cells: SerialCells, model_cells: ModelCells
) -> tuple[PackingRow, list[Problem]]:
    faults = Faults()
    model = faults.kept(model_cells.read(entry))
    row = PackingRow(
        row=entry.row,
        serial=faults.kept(serial_cells.read(entry, model)),
        text=shortened(entry.cell("serial").text),
        model=model,
        carton=faults.kept(line_of(entry, "carton", Name)),
        name=text_in(entry, "name"),
    )
    return row, faults
