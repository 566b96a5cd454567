"""A model's card (台账) line by line: of a book of any size, with what each line leaves in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from devices.ledger.books.books import IN, OUT
from devices.ledger.reading.history import EVENTS, Event, event_of
from devices.store.database import Store

# By hand: reports over the lines into a book and those out of it.
_BALANCE = (
    f"SELECT (SELECT COUNT(*) FROM line l WHERE {IN} AND l.model = ? AND l.business_date < ?)"
    f" - (SELECT COUNT(*) FROM line l WHERE {OUT} AND l.model = ? AND l.business_date < ?)"
)
_LINES = (
    f"{EVENTS} WHERE (({IN}) OR ({OUT})) AND l.model = ? AND l.business_date >= ? AND l.business_date <= ?"
    " ORDER BY l.business_date, l.recorded_at, l.document, l.n"
)


class Card(msgspec.Struct, frozen=True):
    """One model's card (台账) between two business dates, both included; `lines` are those that went in or out."""

    site: str
    register: str
    model: str
    from_date: str
    to_date: str
    opening: int
    lines: list[Event]
    closing: int


class CardHead(msgspec.Struct, frozen=True):
    """A card without its lines: between two business dates, both included."""

    site: str
    register: str
    model: str
    from_date: str
    to_date: str
    opening: int
    closing: int


class CardLine(msgspec.Struct, frozen=True):
    """One line of a card: what went in or out by it, 1 or 0 each, and the balance after it."""

    n: int
    event: Event
    came: int
    went: int
    balance: int


def card_head(store: Store, site: str, register: str, model: str, from_date: str, to_date: str) -> CardHead:
    """A card's opening and closing: what went in less what went out before, and to the end of the last day."""
    after = (date.fromisoformat(to_date) + timedelta(days=1)).isoformat()
    opening, closing = (_balance(store, site, register, model, day) for day in (from_date, after))
    return CardHead(site, register, model, from_date, to_date, opening, closing)


def card_lines(store: Store, head: CardHead) -> Iterator[CardLine]:
    """The lines of a card as `card` has them, one at a time, with the running balance."""
    return _lines(store, head.site, head.register, head.model, head.from_date, head.to_date, head.opening)


def _lines(
    store: Store, site: str, register: str, model: str, from_date: str, to_date: str, opening: int
) -> Iterator[CardLine]:
    book = (site, register, site, register)
    balance = opening
    for n, row in enumerate(store.stream(_LINES, (*book, *book, model, from_date, to_date)), 1):
        event = event_of(row)
        came = int(entered(event, site, register))
        balance += 2 * came - 1
        yield CardLine(n, event, came, 1 - came, balance)


def _balance(store: Store, site: str, register: str, model: str, day: str) -> int:
    """What the book holds of a model before a business date."""
    book = (site, register, site, register)
    row = store.row(_BALANCE, (*book, model, day, *book, model, day))
    return int(row[0]) if row else 0


def entered(line: Event, site: str, register: str) -> bool:
    """Whether a line of a card went in; it went out otherwise."""
    return (line.position.site, line.position.register) == (site, register)


def card(store: Store, site: str, register: str, model: str, from_date: str, to_date: str) -> Card:
    """A model's card by business date, both dates included. Its opening is everything before `from_date`."""
    place = (site, register, model)
    opening = _balance(store, *place, from_date)
    lines = list(_lines(store, *place, from_date, to_date, opening))
    closing = lines[-1].balance if lines else opening
    return Card(*place, from_date, to_date, opening, [line.event for line in lines], closing)
