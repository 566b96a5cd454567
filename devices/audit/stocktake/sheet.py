"""The sheet (专用设备盘存表): what a close found, as it is kept, shown, signed and verified.

Its header and rows are written once for each close. Explanations are added to it until it is sealed, so the sheet's
digest covers them too.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from peewee import fn

from devices import records
from devices.audit.kinds import FINDING, Finding, LateScan, Stocktake
from devices.audit.stocktake.counters import Counter
from devices.audit.stocktake.counting import RESULT, VARIANCES, Row
from devices.audit.stocktake.disclosures import Disclosed
from devices.audit.stocktake.late import LeftWaiting, late_on_sheet
from devices.chain import canonical
from devices.ledger.books.books import Statement
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.audits import SheetRows, Sheets
from devices.values import Instant

PAYLOAD_TYPE = "application/vnd.panku.stocktake-sheet+json"
FORMAT = 2
DISCLOSING = 2
"""Since this format a sheet tells who had finished, what came late, and what was disclosed during a blind count."""

_HEADER = compiled(Sheets.select(Sheets.content).where(Sheets.stocktake == GIVEN, Sheets.closing == GIVEN))
_STORED_ROWS = compiled(
    SheetRows.select(SheetRows.serial, SheetRows.result, SheetRows.content)
    .where(SheetRows.stocktake == GIVEN, SheetRows.closing == GIVEN)
    .order_by(SheetRows.serial)
)
_WITH_RESULT = compiled(
    SheetRows.select(fn.COUNT(SheetRows.serial)).where(
        SheetRows.stocktake == GIVEN, SheetRows.closing == GIVEN, SheetRows.result == GIVEN
    )
)


class ModelSummary(msgspec.Struct, frozen=True, rename={"in_": "in"}):
    """One model's line of the summary: the month to date of the close, the book, and what was counted.

    `book` is opening + in − out; of it `apart` is not on the shelf. `misplaced` counts wrong zones too.
    """

    model: str
    opening: int
    in_: int
    out: int
    book: int
    apart: int
    counted: int
    surplus: int
    shortage: int
    misplaced: int


class Signer(msgspec.Struct, frozen=True):
    """Who may sign the sheet: a person, their role at the site and the fingerprint of their key, as of the close."""

    role: str
    username: str
    fingerprint: str


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """The head of a sheet. `seq` and `hash` are the journal's head as of the close.

    `month` is that of the close; `remarks` are codes of what an auditor must know (see REMARKS); `unreadable` the
    scanned texts that are no serials. `people` are those who counted, as of the close; where it was made although some
    had not finished, `unfinished_reason` says why. `left_waiting` are late scans of earlier counts of the register;
    `disclosed` what the counters of a blind count learned and posted meanwhile. What an earlier format did not have is
    at the end, with a default that is left out, so that a sheet is always written as it was signed.
    """

    format: int
    unit: str
    number: str
    closing: int
    site: str
    register: str
    method: str
    double: bool
    month: str
    opened_at: Instant
    opened_by: str
    closed_at: Instant
    closed_by: str
    journal: str
    seq: int
    hash: str
    scans: str
    counters: dict[str, int]
    signers: tuple[Signer, ...]
    remarks: tuple[str, ...]
    unreadable: tuple[str, ...]
    skewed: int
    summary: tuple[ModelSummary, ...]
    people: tuple[Counter, ...] = ()
    unfinished_reason: str | None = None
    left_waiting: tuple[LeftWaiting, ...] = ()
    disclosed: tuple[Disclosed, ...] = ()


REMARKS = (
    "counted_by_one", "clocks_differed", "unreadable_scans", "keys_missing", "reopened", "counters_unfinished",
    "clock_behind",
)  # fmt: skip
"""What a sheet tells its signers: one person counted all of it; a phone's clock was over a minute off; something
scanned was no serial; somebody who may sign has no usable key; a blind count was closed, seen and opened again, so
that it was blind no more; somebody who counted had not said that they had finished; the server's clock was behind the
journal when it was opened or closed, so that scans sent late are placed after all that was recorded by then."""


class Line(msgspec.Struct, frozen=True):
    """One line of the sheet as it is shown and signed: the result, and what was said of a variance.

    `revision` is that of the explanation, 0 where there is none yet.
    """

    row: Row
    explanation: str | None = None
    action: str | None = None
    explained_by: str | None = None
    revision: int = 0


class Sheet(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole sheet: what is signed is its JSON text. `late` are the scans that came after its close."""

    header: Header
    rows: list[Line]
    late: list[LateScan] = []


encode = msgspec.json.Encoder().encode
decode_header = msgspec.json.Decoder(Header).decode
decode_row = msgspec.json.Decoder(Row).decode


def keep(store: Store, counted: Stocktake, header: Header, rows: Sequence[Row]) -> None:
    """Write what a close found; it is never changed again."""
    place = (counted.number, header.closing)
    store.insert(Sheets, [(*place, encode(header).decode())])
    columns = ("stocktake", "closing", "serial", "result", "content")
    kept = ((*place, row.serial, row.result, encode(row).decode()) for row in rows)
    store.insert(SheetRows, kept, columns)


def rows_digest(header: Header, rows: Iterable[Row]) -> str:
    """The digest of what a close found, which the stocktake's own revision holds."""
    total = hashlib.sha256(canonical([encode(header).decode()]))
    for row in rows:
        total.update(encode(row))
    return total.hexdigest()


class _Named(msgspec.Struct, frozen=True):
    """What a row is found by."""

    serial: str
    result: str


_decode_named = msgspec.json.Decoder(_Named).decode


def stored_digest(store: Store, number: str, closing: int) -> str | None:
    """The same digest recomputed from the stored rows.

    None where there is no sheet, or a row is kept under another serial or result than its own.
    """
    row = store.row(_HEADER, (number, closing))
    if row is None:
        return None
    total = hashlib.sha256(canonical([row[0]]))
    for serial, result, content in store.stream(_STORED_ROWS, (number, closing)):
        try:
            named, written = _decode_named(content), content.encode()
        except (ValueError, TypeError, AttributeError):  # not JSON, or (SQLite keeps such) not text
            return None
        if (named.serial, named.result) != (serial, result):
            return None
        total.update(written)
    return total.hexdigest()


def header_of(store: Store, number: str, closing: int) -> Header:
    """The head of a sheet that was kept."""
    row = store.row(_HEADER, (number, closing))
    assert row is not None, "a close without a sheet"
    return decode_header(row[0])


def lines_of(
    store: Store, number: str, closing: int, *, results: Sequence[str] = (), after: str = "", limit: int = -1
) -> Iterator[Line]:
    """The lines of a sheet by serial: all of them, or some results, after a serial, at most `limit`."""
    said = findings_of(store, number)
    query = (
        SheetRows.select(SheetRows.content)
        .where(SheetRows.stocktake == number, SheetRows.closing == closing, SheetRows.serial > after)
        .order_by(SheetRows.serial)
        .limit(limit if limit >= 0 else None)
    )
    if results:
        query = query.where(SheetRows.result.in_(results))
    for (content,) in store.stream(*query.sql()):
        yield line_of(decode_row(content), said)


def count_of(store: Store, number: str, closing: int, result: str) -> int:
    """How many lines of a sheet have one result."""
    row = store.row(_WITH_RESULT, (number, closing, result))
    return int(row[0]) if row else 0


def line_of(row: Row, said: Mapping[str, tuple[Finding, int]]) -> Line:
    """A row with what was said of it; words about another result no longer count."""
    finding, revision = said.get(row.serial, (None, 0))
    if finding is None or finding.result != row.result:
        return Line(row, revision=revision)
    return Line(row, finding.explanation, finding.action, finding.made_by, revision)


def findings_of(store: Store, number: str) -> dict[str, tuple[Finding, int]]:
    """What was said of each variance of a stocktake, with its revision, by serial."""
    return {value.serial: (value, revision) for value, revision in records.belonging(store, FINDING, number)}


def sheet_of(store: Store, counted: Stocktake) -> Sheet:
    """The whole sheet of a closed stocktake."""
    close = counted.closed
    assert close is not None, "a stocktake that was not closed"
    header = header_of(store, counted.number, close.closing)
    return Sheet(header, list(lines_of(store, counted.number, close.closing)), late_on_sheet(store, counted))


def payload_of(sheet: Sheet) -> bytes:
    """The bytes that are signed."""
    return encode(sheet)


def unexplained(lines: Iterable[Line]) -> list[str]:
    """The serials of variances that nobody has explained yet."""
    return [line.row.serial for line in lines if line.row.result in VARIANCES and not line.explanation]


def summary_of(statement: Statement, rows: Iterable[Row]) -> tuple[ModelSummary, ...]:
    """The summary by model: the statement of the month to date beside what was counted."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row.model is not None:
            counts[row.model][row.result] += 1
            counts[row.model]["counted"] += RESULT[row.result].found
    months = {month.model: month for month in statement.models}
    found = []
    for model in sorted(months.keys() | counts.keys()):
        month, count = months.get(model), counts[model]
        came = sum(month.in_.values()) if month else 0
        went = sum(month.out.values()) if month else 0
        opening = month.opening if month else 0
        found.append(
            ModelSummary(
                model=model,
                opening=opening,
                in_=came,
                out=went,
                book=opening + came - went,
                apart=count["apart"],
                counted=count["counted"],
                surplus=count["surplus"],
                shortage=count["shortage"],
                misplaced=count["misplaced"] + count["wrong_zone"],
            )
        )
    return tuple(found)
