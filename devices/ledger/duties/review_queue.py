"""The auditor's queue: documents that wait for review, with what they change and what should catch the eye."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from devices.ledger.duties.attention import (
    OTHER_HALF,
    REVERSAL_DAYS,
    Clock,
    Concern,
    Waiting,
    age_in_working_days,
    concerns,
)
from devices.ledger.reading import listing
from devices.ledger.reading.listing import DocumentRow
from devices.store.database import Store
from devices.store.statements import marks

SHOWN = 12
"""Serials that are named of each document; its page has them all."""
DAY_US = 86_400_000_000


class Change(msgspec.Struct, frozen=True):
    """Devices that go the same way; before an approval, `after` is not yet decided and None."""

    before: str
    after: str | None
    site: str | None
    bin: str | None
    count: int


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """A waiting document: what it says and changes, its age and value, and why to look twice.

    `posters` are those who may not review it: who posted it, and what it reverses or answers.
    """

    document: DocumentRow
    content: dict[str, Any]
    serials: list[str]
    changes: list[Change]
    devices: int
    value_fen: int
    working_days: int
    concerns: list[Concern]
    posters: frozenset[str]


class Queue(msgspec.Struct, frozen=True):
    """A page of the queue, oldest first; `cursor` asks for the next one."""

    queued: list[Queued]
    cursor: str | None


# What a document moves: its lines, or, while it is a proposal, the devices it has reserved.
MOVED = "SELECT serial FROM line WHERE document = ? UNION SELECT serial FROM reservation WHERE document = ?"
SERIALS = f"{MOVED} ORDER BY serial LIMIT ?"
WENT = (
    "SELECT from_state, state, site, bin, COUNT(*) FROM line WHERE document = ?"
    " GROUP BY from_state, state, site, bin ORDER BY COUNT(*) DESC, state, bin"
)
WOULD_GO = (
    "SELECT COALESCE(p.state, 'new'), NULL, p.site, p.bin, COUNT(*) FROM reservation r"
    " LEFT JOIN position p ON p.serial = r.serial WHERE r.document = ?"
    " GROUP BY p.state, p.site, p.bin ORDER BY COUNT(*) DESC, p.state, p.bin"
)
VALUE = (
    f"SELECT COUNT(*), COALESCE(SUM(m.price_fen), 0) FROM ({MOVED}) w"
    " LEFT JOIN position p ON p.serial = w.serial LEFT JOIN model m ON m.code = p.model"
)
SAME_HANDS = (
    f"SELECT COUNT(*) FROM ({MOVED}) w WHERE ? = (SELECT d.made_by FROM line l JOIN document d ON d.number = l.document"
    " WHERE l.serial = w.serial AND l.type IN ({types}) AND l.reverses IS NULL AND l.document <> ?"
    " ORDER BY l.step DESC LIMIT 1)"
)
UNDONE_BEFORE = (
    f"SELECT COUNT(*) FROM ({MOVED}) w WHERE EXISTS"
    " (SELECT 1 FROM line l WHERE l.serial = w.serial AND l.reverses IS NOT NULL AND l.recorded_at <= ?)"
)
REVERSALS = (
    "SELECT COUNT(*) FROM document WHERE site = ? AND type = 'reversal' AND made_by = ?"
    " AND recorded_at <= ? AND recorded_at > ?"
)
POSTERS = "SELECT made_by FROM document WHERE number IN (?, ?)"


def queue(
    store: Store, sites: Sequence[str] | None, clock: Clock, *, cursor: str | None = None, limit: int = 30
) -> Queue:
    """What waits for review at these sites (None: at every site). Raises Refused (`malformed_cursor`)."""
    page = listing.documents(store, sites=sites, review="waiting", cursor=cursor, limit=limit)
    return Queue([queued(store, each, clock) for each in page.documents], page.cursor)


def queued(store: Store, document: DocumentRow, clock: Clock) -> Queued:
    """One waiting document with what an auditor should know of it."""
    number = document.number
    row = store.row("SELECT content FROM document WHERE number = ?", (number,))
    content: dict[str, Any] = msgspec.json.decode(row[0]) if row else {}
    count, value_fen = store.rows(VALUE, (number, number))[0]
    waiting = Waiting(
        type=document.type,
        business_date=document.business_date,
        recorded_at_us=document.recorded_at_us,
        devices=count,
        value_fen=int(value_fen) or _value_told(store, content),
        same_hands=_same_hands(store, document),
        undone_before=_count(store, UNDONE_BEFORE, (number, number, document.recorded_at_us)),
        reversals=_reversals(store, document),
        answers=document.answers,
    )
    went = WOULD_GO if document.status == "pending" else WENT
    return Queued(
        document=document,
        content=content,
        serials=[serial for (serial,) in store.rows(SERIALS, (number, number, SHOWN))],
        changes=[Change(*each) for each in store.rows(went, (number,))],
        devices=count,
        value_fen=waiting.value_fen,
        working_days=age_in_working_days(waiting, clock),
        concerns=concerns(waiting, clock),
        posters=posters(store, document),
    )


def posters(store: Store, document: DocumentRow) -> frozenset[str]:
    """Who may not review a document: whoever posted it, or what it reverses or answers."""
    reversed_one = document.cites if document.type == "reversal" else None
    rows = store.rows(POSTERS, (reversed_one or "", document.answers or ""))
    return frozenset({document.made_by, *(name for (name,) in rows)})


def _value_told(store: Store, content: dict[str, Any]) -> int:
    """The price of devices that are not in the books yet, by the models their lines tell."""
    models = [str(item.get("model") or content.get("model")) for item in content.get("lines", ())]
    prices: dict[str, int] = dict(store.rows("SELECT code, price_fen FROM model"))
    return sum([prices.get(model, 0) for model in models])


def _same_hands(store: Store, document: DocumentRow) -> int:
    types = OTHER_HALF.get(document.type)
    if types is None:
        return 0
    number = document.number
    sql = SAME_HANDS.format(types=marks(len(types)))
    return _count(store, sql, (number, number, document.made_by, *types, number))


def _reversals(store: Store, document: DocumentRow) -> int:
    if document.type != "reversal":
        return 0
    at_us = document.recorded_at_us
    return _count(store, REVERSALS, (document.site, document.made_by, at_us, at_us - REVERSAL_DAYS * DAY_US))


def _count(store: Store, sql: str, params: tuple[Any, ...]) -> int:
    return int(store.rows(sql, params)[0][0])
