"""The auditor's queue: documents that wait for review, with what they change and what should catch the eye."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from peewee import JOIN, SQL, fn

from devices.ledger.duties.attention import (
    REVERSAL_DAYS,
    Clock,
    Concern,
    Waiting,
    age_in_working_days,
    concerns,
)
from devices.ledger.reading import listing
from devices.ledger.reading.listing import DocumentRow
from devices.ledger.reading.posters import posters_of
from devices.lifecycle import DOCUMENT
from devices.records import MODEL, all_current
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Lines, Positions, Reservations
from devices.values import NEW

_SHOWN = 12
"""Serials that are named of each document; its page has them all."""
_DAY_US = 86_400_000_000


class Change(msgspec.Struct, frozen=True):
    """Devices that go the same way; before an approval, `after` is not yet decided and None."""

    before: str
    after: str | None
    site: str | None
    bin: str | None
    count: int


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """A waiting document: what it says and changes, its age and value, and why to look twice.

    `posters` are those who may not review it: who posted it, and what it reverses or answers. `withheld` is the number
    of the blind count that keeps from a reader what it says and changes, of which devices and of how many.
    """

    document: DocumentRow
    content: dict[str, Any]
    serials: list[str]
    changes: list[Change]
    devices: int | None
    value_fen: int | None
    working_days: int
    concerns: list[Concern]
    posters: frozenset[str]
    withheld: str | None = None


class Queue(msgspec.Struct, frozen=True):
    """A page of the queue, oldest first; `cursor` asks for the next one."""

    queued: list[Queued]
    cursor: str | None


# By hand: reports over what a document moves, its lines, or, while it is a proposal, the devices it has reserved.
_MOVED = "SELECT serial FROM line WHERE document = ? UNION SELECT serial FROM reservation WHERE document = ?"
_SERIALS = f"{_MOVED} ORDER BY serial LIMIT ?"
_VALUE = (
    f"SELECT COUNT(*), COALESCE(SUM(m.price_fen), 0) FROM ({_MOVED}) w"
    " LEFT JOIN position p ON p.serial = w.serial LEFT JOIN model m ON m.code = p.model"
)
_SAME_HANDS = (
    f"SELECT COUNT(*) FROM ({_MOVED}) w WHERE ? = (SELECT d.made_by FROM line l"
    " JOIN document d ON d.number = l.document WHERE l.serial = w.serial AND l.type IN (:each)"
    " AND l.reverses IS NULL AND l.document <> ?"
    " ORDER BY l.step DESC LIMIT 1)"
)
_UNDONE_BEFORE = (
    f"SELECT COUNT(*) FROM ({_MOVED}) w WHERE EXISTS"
    " (SELECT 1 FROM line l WHERE l.serial = w.serial AND l.reverses IS NOT NULL AND l.recorded_at <= ?)"
)
_ways = (Lines.from_state, Lines.state, Lines.site, Lines.bin)
_WENT = compiled(
    Lines.select(*_ways, fn.COUNT(Lines.n))
    .where(Lines.document == GIVEN)
    .group_by(*_ways)
    .order_by(fn.COUNT(Lines.n).desc(), Lines.state, Lines.bin)
)
_places = (Positions.state, Positions.site, Positions.bin)
_WOULD_GO = compiled(
    Reservations.select(
        fn.COALESCE(Positions.state, NEW), SQL("NULL"), *_places[1:], fn.COUNT(Reservations.serial)
    )
    .join(Positions, JOIN.LEFT_OUTER, on=(Positions.serial == Reservations.serial))
    .where(Reservations.document == GIVEN)
    .group_by(*_places)
    .order_by(fn.COUNT(Reservations.serial).desc(), *_places[::2])
)
_REVERSALS = compiled(
    Documents.select(fn.COUNT(Documents.number)).where(
        Documents.site == GIVEN,
        Documents.type == "reversal",
        Documents.made_by == GIVEN,
        Documents.recorded_at <= GIVEN,
        Documents.recorded_at > GIVEN,
    )
)
_CONTENT = compiled(Documents.select(Documents.content).where(Documents.number == GIVEN))


def queue(
    store: Store, sites: Sequence[str] | None, clock: Clock, *, cursor: str | None = None, limit: int = 30
) -> Queue:
    """What waits for review at these sites (None: at every site). Raises Refused (`malformed_cursor`)."""
    page = listing.documents(store, sites=sites, review="waiting", cursor=cursor, limit=limit)
    return Queue([queued(store, each, clock) for each in page.documents], page.cursor)


def queued(store: Store, document: DocumentRow, clock: Clock) -> Queued:
    """One waiting document with what an auditor should know of it."""
    number = document.number
    row = store.row(_CONTENT, (number,))
    content: dict[str, Any] = msgspec.json.decode(row[0]) if row else {}
    count, value_fen = store.rows(_VALUE, (number, number))[0]
    waiting = Waiting(
        type=document.type,
        business_date=document.business_date,
        recorded_at_us=document.recorded_at_us,
        devices=count,
        value_fen=int(value_fen) or _value_told(store, content),
        same_hands=_same_hands(store, document),
        undone_before=_count(store, _UNDONE_BEFORE, (number, number, document.recorded_at_us)),
        reversals=_reversals(store, document),
        answers=document.answers,
    )
    went = _WOULD_GO if document.status == "pending" else _WENT
    return Queued(
        document=document,
        content=content,
        serials=[serial for (serial,) in store.rows(_SERIALS, (number, number, _SHOWN))],
        changes=[Change(*each) for each in store.rows(went, (number,))],
        devices=count,
        value_fen=waiting.value_fen,
        working_days=age_in_working_days(waiting, clock),
        concerns=concerns(waiting, clock),
        posters=posters_of(store, document),
    )


def _value_told(store: Store, content: dict[str, Any]) -> int:
    """The price of devices that are not in the books yet, by the models their lines tell."""
    models = [str(item.get("model") or content.get("model")) for item in content.get("lines", ())]
    prices = {model.code: model.price_fen for model, _ in all_current(store, MODEL)}
    return sum(prices.get(model, 0) for model in models)


def _same_hands(store: Store, document: DocumentRow) -> int:
    number, halves = document.number, DOCUMENT[document.type].halves
    found = store.rows_in(_SAME_HANDS, halves, before=(number, number, document.made_by), after=(number,))
    return sum(count for (count,) in found)


def _reversals(store: Store, document: DocumentRow) -> int:
    if document.type != "reversal":
        return 0
    at_us = document.recorded_at_us
    return _count(
        store, _REVERSALS, (document.site, document.made_by, at_us, at_us - REVERSAL_DAYS * _DAY_US)
    )


def _count(store: Store, sql: str, params: tuple[Any, ...]) -> int:
    return int(store.rows(sql, params)[0][0])
