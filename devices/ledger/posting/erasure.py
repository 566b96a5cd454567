"""Whether a customer may be erased: no device is theirs, and no proposal that waits would make one theirs."""

from __future__ import annotations

import msgspec
from peewee import fn

from devices.ledger.deciding.reversal import position_before
from devices.ledger.posting.gather import cited_document, reserved_for, trails_of
from devices.problems import refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Positions, Standings

_HELD_FOR_CUSTOMER = compiled(
    Positions.select(fn.COUNT(Positions.customer)).where(Positions.customer == GIVEN)
)
_PROPOSALS = compiled(
    Standings.select(Documents.number, Documents.type, Documents.cites, Documents.content)
    .join(Documents, on=(Documents.number == Standings.document))
    .where(Standings.review == "waiting", Standings.status == "pending")
    .order_by(Documents.number)
)


class _Named(msgspec.Struct, frozen=True):
    number: str | None = None


class _Item(msgspec.Struct, frozen=True):
    customer: _Named | None = None


class _Proposal(msgspec.Struct, frozen=True):
    customer: _Named | None = None
    lines: tuple[_Item, ...] = ()


def refuse_erasure(store: Store, number: str) -> None:
    """Refuse to erase a customer who would be needed; call it while `hold_customers` holds them.

    A posting holds whom it gives devices to just so: the later of it and an erasure sees the other. Raises Refused
    (`customer_has_devices`, `customer_has_proposals`).
    """
    held = store.row(_HELD_FOR_CUSTOMER, (number,))
    if held and held[0]:
        raise refuse("customer_has_devices", customer=number, count=held[0])
    proposals = proposals_for(store, number)
    if proposals:
        raise refuse("customer_has_proposals", customer=number, documents=proposals)


def proposals_for(store: Store, number: str) -> list[str]:
    """The proposals that would give this customer a device: that name them, or would give one back to them."""
    found = []
    for document, kind, cites, content in store.rows(_PROPOSALS):
        if kind == "reversal":
            theirs = number in _given_back(store, document, cites)
        else:
            theirs = number in _named(msgspec.json.decode(content, type=_Proposal))
        if theirs:
            found.append(document)
    return found


def _named(proposal: _Proposal) -> set[str | None]:
    parties = (proposal.customer, *(item.customer for item in proposal.lines))
    return {party.number for party in parties if party is not None}


def _given_back(store: Store, document: str, cites: str) -> set[str | None]:
    cited = cited_document(store, cites, with_lines=True)
    trails = trails_of(store, reserved_for(store, document))
    lines = cited.lines if cited else {}
    return {position_before(lines[serial], trail).customer for serial, trail in trails.items()}
