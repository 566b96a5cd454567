"""What `panku verify` asks of closed months: statements and cards are those that were closed, signatures hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from devices.audit.month_statement import card_digests, decode
from devices.audit.months import payload_of
from devices.audit.signature_checks import signature_faults
from devices.audit.stocktakes import SIGNING_ROLES
from devices.database import Store
from devices.ledger.books import statement
from devices.ledger.faults import Fault
from devices.ledger.months import MONTH, Month, month_key
from devices.records import all_current


def month_faults(store: Store) -> Iterator[Fault]:
    """Everything wrong with the months that are closed."""
    for value, _ in all_current(store, MONTH):
        if value.state != "reopened":
            yield from _statement(store, value)
            needed = SIGNING_ROLES if value.state == "sealed" else ()
            yield from signature_faults(store, payload_of(value), needed)


def _statement(store: Store, value: Month) -> Iterator[Fault]:
    key = month_key(value.site, value.register, value.month)
    if hashlib.sha256(value.payload.encode()).hexdigest() != value.digest:
        yield Fault("month", key, "the statement is not that of its digest")
    try:
        closed = decode(value.payload)
        stated = statement(store, value.site, value.register, value.month)
    except (msgspec.DecodeError, ValueError):
        yield Fault("month", key, "the statement can not be read")
        return
    if closed.statement != stated:
        yield Fault("month", key, "the ledger's statement is another than was closed")
    elif closed.cards != card_digests(store, stated):
        yield Fault("month", key, "the ledger's cards are others than were closed")
