"""专用设备盘存表: the sheet of a stocktake, with its summary by model, every serial's line and two signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from devices.audit.declarations import Declared, SheetFacts, declared_of_sheet
from devices.audit.kinds import LateScan
from devices.audit.stocktake.counters import Counter
from devices.audit.stocktake.disclosures import Disclosed
from devices.audit.stocktake.late import LeftWaiting
from devices.audit.stocktake.sheet import Header, Line
from devices.audit.stocktake.stocktakes import SIGNING_ROLES
from devices.audit.vouching import Vouched
from labels.forms.form import Column, Field, Form, Proof, Table, Word
from labels.forms.parts import NUMBER, column, given_by, remarks, signature_boxes


class SheetPrinted(msgspec.Struct, frozen=True):
    """A sheet as it is printed. `kinds` are by model, `conditions` by bin of its site; `lines` can be read once.

    `unknown` of them are serials that no book ever held: they have no model, so the summary does not count them. `late`
    are the scans that came after the close, until the seal.
    """

    header: Header
    site_name: str
    digest: str
    sealed_at: int | None
    signatures: Sequence[Vouched]
    kinds: Mapping[str, str]
    conditions: Mapping[str, str]
    lines: Iterable[Line]
    unknown: int = 0
    cancelled: bool = False
    late: Sequence[LateScan] = ()


class _Row(msgspec.Struct, frozen=True):
    line: Line
    kind: str | None
    condition: str | None
    movements: str | None


def _rows(printed: SheetPrinted) -> Iterable[tuple[int, _Row]]:
    for n, line in enumerate(printed.lines, 1):
        row = line.row
        condition = printed.conditions.get(row.found_bin or row.book_bin or "")
        cited = [number for number in (*row.moved, row.cited) if number]
        yield (
            n,
            _Row(
                line, printed.kinds.get(row.model or ""), condition, "\n".join(dict.fromkeys(cited)) or None
            ),
        )


def _declared(printed: SheetPrinted) -> list[Declared]:
    """What stands above the signatures: who counted, by the scans, and who has signed."""
    header, given = printed.header, given_by(SIGNING_ROLES, printed.signatures)
    roles = {(each.role, each.username) for each in header.signers} | {*given.items()}
    return declared_of_sheet(
        SheetFacts(
            cancelled=printed.cancelled,
            double=header.double,
            counters=frozenset(header.counters),
            counting_roles=frozenset(role for role, username in roles if username in header.counters),
            given=given,
        )
    )


def _count(name: str, attribute: str) -> Column:
    return Column(f"form.column.{name}", attribute, 26, "number", summed=True)


SUMMARY = (
    Column("field.model", "model", 40),
    _count("opening", "opening"),
    _count("in", "in_"),
    _count("out", "out"),
    _count("book", "book"),
    _count("apart", "apart"),
    _count("counted", "counted"),
    _count("surplus", "surplus"),
    _count("shortage", "shortage"),
    _count("misplaced", "misplaced"),
)

_LINES = (
    NUMBER,
    column("serial", "line.row.serial", 28, "serial"),
    column("kind", "kind", 15, words="kind"),
    column("model", "line.row.model", 16),
    column("book_state", "line.row.book_state", 20, words="state"),
    column("book_bin", "line.row.book_bin", 17),
    column("found_bin", "line.row.found_bin", 17),
    column("condition", "condition", 17, words="condition"),
    column("scanned_at", "line.row.scanned_at", 36, "moment"),
    column("scanned_by", "line.row.scanned_by", 30, "person"),
    column("result", "line.row.result", 18, words="result"),
    column("recount", "line.row.recount", 12, words="form.recount"),
    column("explanation", "line.explanation", 42),
    column("disposition", "line.action", 36),
    column("due", "line.row.document_due", 18, words="document"),
    column("movements", "movements", 37),
)

_PEOPLE = (
    NUMBER,
    column("counter", "username", 60, "person"),
    column("scans", "scans", 30, "number"),
    column("heard_at", "last_heard_at", 40, "moment"),
    Column("form.column.finished", lambda numbered: _finished(numbered[1]), 60),
)
_SCANNED = (
    NUMBER,
    Column("form.column.scanned", lambda numbered: _scanned(numbered[1]), 44),
    column("found_bin", "bin", 20),
    column("scanned_at", "at", 36, "moment"),
    column("scanned_by", "made_by", 30, "person"),
    column("received_at", "received_at", 36, "moment"),
)
_LATE = (
    *_SCANNED,
    column("settled", "state", 34, words="late"),
    column("said", "explanation", 70),
    column("said_by", "settled_by", 30, "person"),
)
_LEFT_WAITING = (
    *_SCANNED,
    column("stocktake", "stocktake", 34),
    Column("form.column.found_now", lambda numbered: _found_now(numbered[1]), 40, words="result"),
)
_DISCLOSED = (
    NUMBER,
    column("disclosed", "how", 40, words="disclosed"),
    column("told_to", "username", 40, "person"),
    Column("form.column.devices_told", lambda row: len(row[1].serials) or None, 22, "number"),
    column("first_at", "at", 40, "moment"),
    column("last_at", "last_at", 40, "moment"),
    Column("form.column.about", lambda row: _about(row[1]), 80),
)
"""What was asked, refused and posted while a register was counted blind, and by whom."""


def _about(disclosed: Disclosed) -> str | None:
    """What is told of each besides: a posted document's number, a refused one's devices; what was read is counted."""
    return disclosed.document or (" ".join(disclosed.serials) if disclosed.how == "refused" else None)


def _finished(counter: Counter) -> Word:
    return Word("form.counter.finished" if counter.finished else "form.counter.unfinished")


def _scanned(scan: LateScan | LeftWaiting) -> str:
    """What was scanned, and that it was undone by what came."""
    return f"− {scan.named}" if scan.undoes else scan.named


def _found_now(scan: LeftWaiting) -> Word | str:
    return scan.result or Word("form.found_now.nothing")


def _tables(printed: SheetPrinted) -> tuple[Table, ...]:
    """Summary and lines, and of what else there is to tell: who counted, what came late, what earlier counts left, what
    was disclosed."""
    header = printed.header
    more = (
        (Table("form.table.people", lambda _: enumerate(header.people, 1), _PEOPLE), header.people),
        (Table("form.table.late", lambda _: enumerate(printed.late, 1), _LATE), printed.late),
        (
            Table("form.table.left_waiting", lambda _: enumerate(header.left_waiting, 1), _LEFT_WAITING),
            header.left_waiting,
        ),
        (
            Table("form.table.disclosed", lambda _: enumerate(header.disclosed, 1), _DISCLOSED),
            header.disclosed,
        ),
    )
    return (
        Table("form.table.summary", lambda _: header.summary, SUMMARY),
        Table("form.table.lines", _rows, _LINES),
        *(table for table, rows in more if rows),
    )


STOCKTAKE_FORM = Form(
    name="stocktake",
    title=lambda printed: ("form.title.stocktake", {}),
    number="header.number",
    unit="header.unit",
    fields=(
        Field("form.field.site", lambda p: f"{p.header.site} {p.site_name}"),
        Field("form.field.register", "header.register", words="register"),
        Field("form.field.month", "header.month"),
        Field("form.field.method", "header.method", words="method"),
        Field("form.field.parts", lambda p: "double" if p.header.double else "single", words="form.parts"),
        Field("form.field.counters", lambda p: p.header.counters or None, "person"),
        Field("form.field.opened_at", "header.opened_at", "moment"),
        Field("form.field.closed_at", "header.closed_at", "moment"),
        Field("form.field.opened_by", "header.opened_by", "person"),
        Field("form.field.closed_by", "header.closed_by", "person"),
        Field("form.field.sealed_at", "sealed_at", "moment"),
        Field("form.field.unknown", lambda p: p.unknown or None, "number"),
        Field(
            "form.field.remarks",
            lambda p: remarks(p.signatures, *p.header.remarks),
            words="remark",
            wide=True,
        ),
        Field("form.field.unfinished_reason", "header.unfinished_reason", wide=True),
        Field("form.field.unreadable", lambda p: "  ".join(p.header.unreadable) or None, wide=True),
    ),
    tables=_tables,
    boxes=lambda printed: signature_boxes(printed.signatures),
    declared=_declared,
    proof=lambda p: Proof(p.digest, p.header.journal, p.header.seq, p.header.hash),
    landscape=True,
)
