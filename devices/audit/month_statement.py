"""The statement of a closed month (进销存月报): what a close freezes, as it is kept, signed and verified."""

from __future__ import annotations

import hashlib

import msgspec

from devices.audit.sheet import Signer
from devices.database import Store
from devices.ledger.books import Statement, card
from devices.ledger.months import first_day, last_day

PAYLOAD_TYPE = "application/vnd.panku.month-statement+json"
FORMAT = 1


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
    """What a close freezes and two persons sign; `cards` are the digests of the month's cards, by model."""

    header: Header
    statement: Statement
    cards: dict[str, str]


encode = msgspec.json.Encoder().encode
encode_card = msgspec.json.Encoder(order="sorted").encode
decode = msgspec.json.Decoder(ClosedStatement).decode


def card_digests(store: Store, stated: Statement) -> dict[str, str]:
    """The digest of every model's card of a statement's month: of its JSON, keys sorted, without spaces, in UTF-8."""
    window = (first_day(stated.month).isoformat(), last_day(stated.month).isoformat())
    cards = [card(store, stated.site, stated.register, each.model, *window) for each in stated.models]
    return {each.model: hashlib.sha256(encode_card(each)).hexdigest() for each in cards}
