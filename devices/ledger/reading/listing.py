"""Lists of devices and documents, a page at a time, and one document with its lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from peewee import fn

from devices.ledger.reading import cursors
from devices.ledger.reading.history import EVENTS, Event, TokenNamed, event_of, token_named
from devices.store.database import Store
from devices.store.statements import EACH, compiled, marks
from devices.store.tables.ledger import Reservations
from devices.values import Instant


class DeviceRow(msgspec.Struct, frozen=True):
    """One device of a list, without its customer. `document` last moved it."""

    serial: str
    kind: str
    model: str
    state: str
    register: str | None
    site: str | None
    bin: str | None
    party: str | None
    responsible_site: str
    reserved_by: str | None
    document: str
    business_date: str
    recorded_at_us: Instant


class DevicePage(msgspec.Struct, frozen=True):
    """A page of devices by serial; `cursor` asks for the next one, None after the last."""

    devices: list[DeviceRow]
    cursor: str | None


class DocumentRow(msgspec.Struct, frozen=True):
    """One document of a list, with its standing.

    `token` is what its poster's word came through, None for one posted in a session. `lines` took effect, or are
    proposed while it is pending; `reversed` of them were undone.

    `resolved` is false while a rejection still has to be answered for. How many `lines` is None to a reader who counts
    blind what they moved: the lines of all documents come to what should be there.
    """

    number: str
    site: str
    type: str
    register: str | None
    business_date: str
    recorded_at_us: Instant
    made_by: str
    token: TokenNamed | None
    cites: str | None
    answers: str | None
    under: str | None
    status: str
    review: str
    lines: int | None
    reversed: int
    resolved: bool


class DocumentPage(msgspec.Struct, frozen=True):
    """A page of documents by number; `cursor` asks for the next one, None after the last."""

    documents: list[DocumentRow]
    cursor: str | None


class ReviewView(msgspec.Struct, frozen=True):
    """A document's review."""

    decision: str
    reason: str | None
    made_by: str
    recorded_at_us: Instant


class DocumentView(msgspec.Struct, frozen=True):
    """A document with what its poster said (`content`), its review, its journal link and a page of its lines.

    The lines of a proposal are in its content until an auditor approves them. `withheld` is the number of the blind
    count that keeps content and lines from a reader: a device that they name stands in its register.
    """

    document: DocumentRow
    content: dict[str, Any]
    reviewed: ReviewView | None
    journal_seq: int
    hash: str
    lines: list[Event]
    withheld: str | None = None


class ForeignDocument(msgspec.Struct, frozen=True):
    """What a site reads of another's document that moved devices it answered for: these devices' lines, no more.

    It answered for them before the document or does after it; `withheld` as in DocumentView.
    """

    number: str
    type: str
    business_date: str
    lines: list[Event]
    withheld: str | None = None


_RESERVED = compiled(
    Reservations.select(Reservations.document, fn.COUNT(Reservations.serial))
    .where(Reservations.document.in_(EACH))
    .group_by(Reservations.document)
)
# By hand, to the end of these: lists of the API's, whose conditions are put together as they are asked for.
DEVICES = (
    "SELECT p.serial, m.kind, p.model, p.state, p.register, p.site, p.bin, p.party, p.responsible_site, r.document,"
    " p.document, p.business_date, p.recorded_at FROM position p JOIN model m ON m.code = p.model"
    " LEFT JOIN reservation r ON r.serial = p.serial WHERE "
)
DOCUMENT_COLUMNS = (
    "d.number, d.site, d.type, d.register, d.business_date, d.recorded_at, d.made_by, d.token, d.cites, d.answers,"
    " d.under, s.status, s.review, s.lines, s.reversed, s.resolved, t.label"
)
DOCUMENT_TABLES = "document d JOIN standing s ON s.document = d.number LEFT JOIN token t ON t.id = d.token"
DOCUMENTS = f"SELECT {DOCUMENT_COLUMNS} FROM {DOCUMENT_TABLES} WHERE "
ONE_DOCUMENT = (
    f"SELECT {DOCUMENT_COLUMNS}, d.content, d.journal_seq, j.hash, r.decision, r.reason, r.made_by, r.recorded_at"
    f" FROM {DOCUMENT_TABLES} JOIN journal j ON j.site = d.site AND j.seq = d.journal_seq"
    " LEFT JOIN review r ON r.document = d.number WHERE d.number = ?"
)
_OF_A_ROW = len(DocumentRow.__struct_fields__) + 1
"""A document's fields, and the label of its token."""


class _Conditions:
    """The conditions of one query; what was not asked for adds none."""

    def __init__(self) -> None:
        self.sql: list[str] = ["1 = 1"]
        self.params: list[Any] = []

    def add(self, sql: str, *params: Any) -> None:
        if params and params[0] is not None:
            self.sql.append(sql)
            self.params.extend(params)

    def query(self, select: str, order: str, limit: int) -> tuple[str, list[Any]]:
        return f"{select}{' AND '.join(self.sql)} ORDER BY {order} LIMIT ?", [*self.params, limit]


def devices(
    store: Store,
    *,
    sites: Sequence[str] | None,
    register: str | None = None,
    state: str | None = None,
    model: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> DevicePage:
    """Devices by serial; `sites` None means every site. Raises Refused (`malformed_cursor`).

    A device that left every register belongs to the site that last acted.
    """
    if sites is not None and not sites:
        return DevicePage([], None)
    wanted = _Conditions()
    if sites is not None:
        among = marks(len(sites))
        wanted.add(
            f"(p.site IN ({among}) OR (p.site IS NULL AND p.responsible_site IN ({among})))", *sites, *sites
        )
    wanted.add("p.register = ?", register)
    wanted.add("p.state = ?", state)
    wanted.add("p.model = ?", model)
    wanted.add("p.serial > ?", cursors.decoded(cursor, str) if cursor is not None else None)
    rows = store.rows(*wanted.query(DEVICES, "p.serial", limit + 1))
    found = [DeviceRow(*row) for row in rows[:limit]]
    return DevicePage(found, cursors.encoded(found[-1].serial) if len(rows) > limit else None)


def documents(
    store: Store,
    *,
    sites: Sequence[str] | None,
    type: str | None = None,  # noqa: A002 - the name of the filter
    status: str | None = None,
    review: str | None = None,
    from_date: str | None = None,
    to_date: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
    newest_first: bool = False,
    unresolved: bool = False,
) -> DocumentPage:
    """Documents by number, of these sites only (None: of every site); the dates are business dates, both included.

    `unresolved` asks for rejected ones that still have to be answered for.

    Raises Refused (`malformed_cursor`).
    """
    if sites is not None and not sites:
        return DocumentPage([], None)
    wanted = _Conditions()
    if sites is not None:
        # A number begins with its site, so a site's documents are a range of the key, in order.
        first, last = min(f"{site}-" for site in sites), max(f"{site}." for site in sites)
        wanted.add("d.number >= ? AND d.number < ?", first, last)
        if len(sites) > 1:
            wanted.add(f"d.site IN ({marks(len(sites))})", *sites)
    wanted.add("d.type = ?", type)
    wanted.add("s.status = ?", status)
    wanted.add("s.review = ?", review)
    wanted.add("s.resolved = ?", 0 if unresolved else None)
    wanted.add("d.business_date >= ?", from_date)
    wanted.add("d.business_date <= ?", to_date)
    after = cursors.decoded(cursor, str) if cursor is not None else None
    wanted.add(f"d.number {'<' if newest_first else '>'} ?", after)
    order = "d.number DESC" if newest_first else "d.number"
    rows = store.rows(*wanted.query(DOCUMENTS, order, limit + 1))
    found = _document_rows(store, rows[:limit])
    return DocumentPage(found, cursors.encoded(found[-1].number) if len(rows) > limit else None)


def document(store: Store, number: str, *, after: int = 0, limit: int = 100) -> DocumentView | None:
    """One document, with at most `limit` of its lines after line `after`; None where there is none."""
    row = store.row(ONE_DOCUMENT, (number,))
    if row is None:
        return None
    content, seq, link, *reviewed = row[_OF_A_ROW:]
    lines = store.rows(
        f"{EVENTS} WHERE l.document = ? AND l.n > ? ORDER BY l.n LIMIT ?", (number, after, limit)
    )
    return DocumentView(
        _document_rows(store, [row[:_OF_A_ROW]])[0],
        msgspec.json.decode(content),
        ReviewView(*reviewed) if reviewed[0] is not None else None,
        seq,
        link,
        [event_of(line) for line in lines],
    )


# By hand: its lines, as far as the readers' sites are told of them.
_TOLD = (
    f"{EVENTS} JOIN line_elsewhere e ON e.journal_site = l.journal_site AND e.journal_seq = l.journal_seq"
    " AND e.n = l.n WHERE l.document = ? AND l.n > ? AND e.site IN (:each) ORDER BY l.n"
)


def foreign_document(
    store: Store, number: str, sites: Collection[str], *, after: int = 0, limit: int = 100
) -> ForeignDocument | None:
    """Another site's document as far as it moved devices that one of these sites answered for; None where it did not.

    At most `limit` lines after line `after`.
    """
    told = [event_of(row) for row in store.rows_in(_TOLD, sorted(sites), before=(number, 0))]
    if not told:
        return None
    lines = list({event.n: event for event in told if event.n > after}.values())[:limit]
    return ForeignDocument(number, told[0].document_type, told[0].business_date, lines)


def _document_rows(store: Store, rows: Sequence[Sequence[Any]]) -> list[DocumentRow]:
    named = [dict(zip(DocumentRow.__struct_fields__, row[:-1], strict=True)) for row in rows]
    tokens = [token_named(each["token"], row[-1]) for each, row in zip(named, rows, strict=True)]
    proposed = _proposed(store, [each["number"] for each in named if each["status"] == "pending"])
    return [
        DocumentRow(
            **{
                **each,
                "token": token,
                "lines": proposed.get(each["number"], each["lines"]),
                "resolved": bool(each["resolved"]),
            }
        )
        for each, token in zip(named, tokens, strict=True)
    ]


def _proposed(store: Store, pending: Sequence[str]) -> dict[str, int]:
    """How many devices each of these proposals has reserved: one for each of its lines."""
    return dict(store.rows_in(_RESERVED, pending))
