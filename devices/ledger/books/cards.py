"""A model's card (台账) line by line: of a book of any size, with what each line leaves in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from devices.ledger.books.books import BALANCE, LINES_OF_CARD, entered
from devices.ledger.reading.history import Event, event_of
from devices.store.database import Store


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
    """The lines of a card as `books.card` has them, one at a time, with the running balance."""
    book = (head.site, head.register, head.site, head.register)
    balance = head.opening
    rows = store.stream(LINES_OF_CARD, (*book, *book, head.model, head.from_date, head.to_date))
    for n, row in enumerate(rows, 1):
        event = event_of(row)
        came = int(entered(event, head.site, head.register))
        balance += 2 * came - 1
        yield CardLine(n, event, came, 1 - came, balance)


def _balance(store: Store, site: str, register: str, model: str, day: str) -> int:
    """What the book holds of a model before a business date."""
    book = (site, register, site, register)
    row = store.row(BALANCE, (*book, model, day, *book, model, day))
    return int(row[0]) if row else 0
