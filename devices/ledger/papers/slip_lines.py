"""The lines of a document as they are printed: what took effect, or what a proposal would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from devices.ledger.deciding.reversal import partner_of
from devices.ledger.papers.proposed import Proposed, proposals_of
from devices.ledger.reading.listing import DocumentView
from devices.records import MODEL
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Lines, Revisions
from devices.values import Model


class SlipLine(msgspec.Struct, frozen=True):
    """One line of a slip. `before` is the state it left, `state`, `register`, `bin` and `party` tell where it went.

    `condition` is that of its bin, else of the bin it left.

    `price_fen` is what the line says, else the catalogue's as of the document; `partner` the other serial of a swap or
    an exchange; `facts` what the line says besides; `reversed_by` the document that undid it.
    """

    n: int
    serial: str
    kind: str | None
    model: str | None
    before: str | None
    from_bin: str | None
    state: str | None
    register: str | None
    bin: str | None
    party: str | None
    condition: str | None
    price_fen: int | None
    replaces: str | None
    replaced_by: str | None
    warranty_until: str | None
    facts: Mapping[str, Any]
    reversed_by: str | None

    @property
    def partner(self) -> str | None:
        """The other serial of this very line; `replaced_by` may be what a customer got for the device before."""
        return partner_of(self.serial, self.facts)


# By hand: a report, each line with its model, the bin it left and what undid it.
LINES = (
    "SELECT l.n, l.serial, m.kind, l.model, l.from_state, l.from_bin, l.state, l.register, l.bin, l.party,"
    " COALESCE(l.condition, b.condition), l.replaces, l.replaced_by, l.warranty_until, l.facts, x.document"
    " FROM line l JOIN model m ON m.code = l.model"
    " LEFT JOIN bin b ON b.site = l.from_site AND b.code = l.from_bin"
    " LEFT JOIN line x ON x.serial = l.serial AND x.step > l.step AND x.reverses = l.step"
    " WHERE l.document = ? ORDER BY l.n"
)
_ANY = compiled(Lines.select(Lines.n).where(Lines.document == GIVEN).limit(1))
_THEN = compiled(
    Revisions.select(Revisions.content)
    .where(Revisions.kind == GIVEN, Revisions.key == GIVEN, Revisions.recorded_at <= GIVEN)
    .order_by(Revisions.revision.desc())
    .limit(1)
)
LINE_FIELDS = tuple(name for name in SlipLine.__struct_fields__ if name != "price_fen")


def lines_of(store: Store, view: DocumentView) -> Iterator[SlipLine]:
    """The lines of a document in their order; of one that has none yet, or never got any, what it proposed."""
    prices = _Prices(store, view.document.recorded_at_us)
    if took_effect(store, view):
        yield from _lines(store, view, prices)
        return
    for n, proposed in enumerate(proposals_of(store, view), 1):
        yield _line(n, proposed, prices)


def took_effect(store: Store, view: DocumentView) -> bool:
    """Whether a document has lines: a proposal has none before it is approved."""
    return store.row(_ANY, (view.document.number,)) is not None


class _Prices:
    """The catalogue's prices as of a moment, each looked up once."""

    def __init__(self, store: Store, at_us: int) -> None:
        self.store, self.at_us = store, at_us
        self.known: dict[str | None, int | None] = {None: None}

    def of(self, model: str | None, said: Mapping[str, Any]) -> int | None:
        """What the line says, else the catalogue's."""
        if model is not None and model not in self.known:
            self.known[model] = price_then(self.store, model, self.at_us)
        price: int | None = said.get("price_fen", self.known[model])
        return price


def _lines(store: Store, view: DocumentView, prices: _Prices) -> Iterator[SlipLine]:
    for row in store.stream(LINES, (view.document.number,)):
        said: dict[str, Any] = dict(zip(LINE_FIELDS, row, strict=True))
        said["facts"] = msgspec.json.decode(said["facts"])
        yield SlipLine(**said, price_fen=prices.of(said["model"], said["facts"]))


def _line(n: int, proposed: Proposed, prices: _Prices) -> SlipLine:
    said = msgspec.structs.asdict(proposed)
    return SlipLine(
        n=n, **said, price_fen=prices.of(proposed.model, proposed.facts),
        replaces=None, replaced_by=None, reversed_by=None,
    )  # fmt: skip


def price_then(store: Store, model: str, at_us: int) -> int | None:
    """The catalogue's price of a model in fen as of a moment, None where it was not in the catalogue yet."""
    row = store.row(_THEN, (MODEL.name, model, at_us))
    return msgspec.json.decode(row[0], type=Model).price_fen if row else None
