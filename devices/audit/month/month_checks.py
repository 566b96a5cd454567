"""What `panku verify` asks of closed months: statements and cards are those that were closed, signatures hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from devices.audit.month.month_statement import (
    ClosedStatement,
    card_digest_of,
    checkpoint_at,
    decode_statement,
)
from devices.audit.month.months import payload_of
from devices.audit.signature_checks import signature_faults
from devices.audit.stocktake.stocktakes import SIGNING_ROLES
from devices.ledger.books.books import NOTHING, Statement, statement
from devices.ledger.posting.closed_months import Month, month_key
from devices.ledger.proving.faults import UNREADABLE, Fault
from devices.store.database import Row, Store
from devices.store.statements import compiled
from devices.store.tables.audits import Months

_FIELDS = Month.__struct_fields__
_EVERY_MONTH = compiled(
    Months.select(*(getattr(Months, name) for name in _FIELDS)).order_by(
        Months.site, Months.register, Months.month
    )
)


def month_faults(store: Store) -> Iterator[Fault]:
    """Everything wrong with the months that are closed."""
    for row in store.rows(_EVERY_MONTH):
        value = _read(row)
        if value is None:
            yield Fault("month", "/".join(map(str, row[:3])), "it can not be read")
        elif value.state != "reopened":
            yield from _statement(store, value)
            needed = SIGNING_ROLES if value.state == "sealed" else ()
            yield from signature_faults(store, payload_of(value), needed)


def _read(row: Row) -> Month | None:
    try:
        return msgspec.convert(dict(zip(_FIELDS, row, strict=True)), Month)
    except UNREADABLE:
        return None


def _statement(store: Store, value: Month) -> Iterator[Fault]:
    key = month_key(value.site, value.register, value.month)
    if hashlib.sha256(value.payload.encode()).hexdigest() != value.digest:
        yield Fault("month", key, "the statement is not that of its digest")
    try:
        closed = decode_statement(value.payload)
        stated = statement(store, value.site, value.register, value.month)
        held = checkpoint_at(store, stated, value.closed_at, NOTHING)
    except UNREADABLE:
        yield Fault("month", key, "the statement can not be read")
        return
    if closed.statement != stated:
        yield Fault("month", key, "the ledger's statement is another than was closed")
    else:
        yield from _cards(store, key, closed, stated)
        if closed.checkpoint not in (None, held):
            yield Fault("month", key, "the ledger held something else at the close")


def _cards(store: Store, key: str, closed: ClosedStatement, stated: Statement) -> Iterator[Fault]:
    """The cards of a month, model by model."""
    for model in sorted(closed.cards.keys() | {each.model for each in stated.models}):
        try:
            found = card_digest_of(store, stated, model)
        except UNREADABLE:
            yield Fault("month", key, f"the ledger's card of {model} can not be read")
            continue
        if found != closed.cards.get(model):
            yield Fault("month", key, f"the ledger's card of {model} is another than was closed")
