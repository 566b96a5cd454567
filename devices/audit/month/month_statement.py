"""The statement of a closed month (进销存月报): what a close freezes, as it is kept, signed and verified."""

from __future__ import annotations

import msgspec

from devices.audit.stocktake.sheet import Signer
from devices.calendar import first_day, last_day, month_after
from devices.chain import digest_of
from devices.ledger.books.books import Checkpoint, Statement, checkpoint_of, last_checkpoint
from devices.ledger.books.cards import Card, card, entered
from devices.store.database import Store

STATEMENT_TYPE = "application/vnd.panku.month-statement+json"
STATEMENT_FORMAT = 2


class Header(msgspec.Struct, frozen=True):
    """The head of a closed month. Times are UTC microseconds; `seq` and `hash` are the journal's head as of the close.

    `stocktake` is the sealed count that the month rests on, `signers` are who may sign.
    """

    format: int
    unit: str
    site: str
    register: str
    month: str
    stocktake: str
    closed_at: int
    closed_by: str
    journal: str
    seq: int
    hash: str
    signers: tuple[Signer, ...]


class ClosedStatement(msgspec.Struct, frozen=True):
    """What a close freezes and two persons sign.

    `cards` are the digests of the month's cards, by model; `checkpoint` is what the book held just before the close,
    by what had been recorded: a look into the past begins there. The first format had none.
    """

    header: Header
    statement: Statement
    cards: dict[str, str]
    checkpoint: Checkpoint | None = None


encode_statement = msgspec.json.Encoder().encode
decode_statement = msgspec.json.Decoder(ClosedStatement).decode


def checkpoint_at(
    store: Store, stated: Statement, closed_at_us: int, since: Checkpoint | None = None
) -> Checkpoint:
    """What the book of a statement held before it was closed; counted from the last close, unless `since` is given."""
    place, following = (stated.site, stated.register), first_day(month_after(stated.month)).isoformat()
    counted_from = since or last_checkpoint(store, *place, closed_at_us)
    return checkpoint_of(store, *place, closed_at_us, following, counted_from)


def card_digests(store: Store, stated: Statement) -> dict[str, str]:
    """The digest of every model's card of a statement's month, by model."""
    return {each.model: card_digest_of(store, stated, each.model) for each in stated.models}


def card_digest_of(store: Store, stated: Statement, model: str) -> str:
    """The digest of one model's card of a statement's month."""
    window = (first_day(stated.month).isoformat(), last_day(stated.month).isoformat())
    place = (stated.site, stated.register)
    return card_digest(card(store, *place, model, *window), place)


def card_digest(shown: Card, place: tuple[str, str]) -> str:
    """The SHA-256 of a card's canonical form (see devices.chain): from, to, opening, lines and closing.

    A line is its serial, step, document, its number in that, type, the step it reverses, business date, and 1 for in
    or -1 for out.
    """
    lines = [
        (
            line.serial,
            line.step,
            line.document,
            line.n,
            line.type,
            line.reverses,
            line.business_date,
            1 if entered(line, *place) else -1,
        )
        for line in shown.lines
    ]
    head = (shown.site, shown.register, shown.model, shown.from_date, shown.to_date)
    return digest_of((*head, shown.opening, lines, shown.closing))
