"""Erasing a customer: whether they may be, and everything that every record of them says of them.

What that is, each kind declares (`tells_of_customer`). See docs/decisions.md, "What an erasure reaches is declared".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from peewee import fn

from devices import records
from devices.journal import Writer
from devices.ledger.deciding.reversal import position_before
from devices.ledger.posting.gather import cited_document, reserved_for, trails_of
from devices.ledger.posting.personal_papers import erase_bytes
from devices.listed import Only, listed
from devices.paperwork.customers import Customer
from devices.paperwork_kinds import ATTACHMENT, CUSTOMER
from devices.problems import refuse
from devices.records import RecordKind
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Documents, Positions, Records, Standings

_HELD_FOR_CUSTOMER = compiled(
    Positions.select(fn.COUNT(Positions.customer)).where(Positions.customer == GIVEN)
)
_PROPOSALS = compiled(
    Standings.select(Documents.number, Documents.type, Documents.cites, Documents.content)
    .join(Documents, on=(Documents.number == Standings.document))
    .where(Standings.review == "waiting", Standings.status == "pending")
    .order_by(Documents.number)
)
_SERVED = compiled(
    Records.select(Records.customer)
    .distinct()
    .where(Records.kind == GIVEN, Records.state.in_(EACH), Records.customer.is_null(is_null=False))
)
_SITES = compiled(Records.select(Records.site).distinct().where(Records.customer == GIVEN))


class _Named(msgspec.Struct, frozen=True):
    number: str | None = None


class _Item(msgspec.Struct, frozen=True):
    customer: _Named | None = None


class _Proposal(msgspec.Struct, frozen=True):
    customer: _Named | None = None
    lines: tuple[_Item, ...] = ()


def sites_about(store: Store, number: str) -> set[str]:
    """The sites that keep records of a customer, whose journals an erasure holds beside their home's."""
    return {site for (site,) in store.rows(_SITES, (number,))}


def refuse_erasure(store: Store, number: str, kinds: Sequence[RecordKind]) -> None:
    """Refuse to erase a customer who would be needed; call it while `hold_customers` holds them.

    A posting holds whom it gives devices to just so, and so does whoever opens a record of them: the later of it and
    an erasure sees the other. Raises Refused (`customer_has_devices`, `customer_has_proposals`,
    `customer_has_open_service`).
    """
    held = store.row(_HELD_FOR_CUSTOMER, (number,))
    if held and held[0]:
        raise refuse("customer_has_devices", customer=number, count=held[0])
    proposals = proposals_for(store, number)
    if proposals:
        raise refuse("customer_has_proposals", customer=number, documents=proposals)
    if served := open_service_of(store, number, kinds):
        raise refuse("customer_has_open_service", customer=number, records=served)


def open_service_of(store: Store, number: str, kinds: Sequence[RecordKind]) -> list[str]:
    """The numbers of a customer's records that are in a state in which they still need them."""
    return [
        kind.key(value)
        for kind in kinds
        if kind.open_states
        for value in listed(store, kind, only=Only(states=kind.open_states, customers=[number]))
    ]


def customers_served(store: Store, kinds: Sequence[RecordKind]) -> set[str]:
    """The customers of whom `open_service_of` tells a record: everybody's at once."""
    return {
        number
        for kind in kinds
        for (number,) in store.rows_in(_SERVED, sorted(kind.open_states), before=(kind.name,))
    }


def forget_customer(writer: Writer, customer: Customer, kinds: Collection[RecordKind], *, by: str) -> None:
    """Forget a customer for good, with what every record of them says of them, and the bytes of what they signed.

    The journals of their home and of `sites_about` are held; each record gets a revision that says so, in the home's.
    """
    _forget(writer, CUSTOMER, customer, customer, by=by)
    theirs = Only(customers=[customer.number])
    for kind in kinds:
        if kind.tells_of_customer is None:
            continue
        for value in list(listed(writer.store, kind, only=theirs)):
            if kind.tells_of_customer(value):
                _forget(writer, kind, value, customer, by=by)


def _forget(writer: Writer, kind: RecordKind, value: Any, customer: Customer, *, by: str) -> None:
    committed = {"commitment": ""} if "commitment" in value.__struct_fields__ else {}
    changed = msgspec.structs.replace(value, erased=True, **committed)
    records.write(writer, kind, changed, by=by, told_at=customer.home)
    records.erase_personal(writer.store, kind, kind.key(value))
    if kind is ATTACHMENT:
        erase_bytes(writer.store, value.digest)


def proposals_for(store: Store, number: str) -> list[str]:
    """The proposals that would give this customer a device: that name them, or would give one back to them."""
    return [document for document, customers in proposals_naming(store) if number in customers]


def proposals_naming(store: Store) -> Iterator[tuple[str, set[str | None]]]:
    """Every proposal, by number, with the customers whom it would give a device."""
    for document, kind, cites, content in store.rows(_PROPOSALS):
        if kind == "reversal":
            yield document, _given_back(store, document, cites)
        else:
            yield document, _named(msgspec.json.decode(content, type=_Proposal))


def _named(proposal: _Proposal) -> set[str | None]:
    parties = (proposal.customer, *(item.customer for item in proposal.lines))
    return {party.number for party in parties if party is not None}


def _given_back(store: Store, document: str, cites: str) -> set[str | None]:
    cited = cited_document(store, cites, with_lines=True)
    trails = trails_of(store, reserved_for(store, document))
    lines = cited.lines if cited else {}
    return {position_before(lines[serial], trail).customer for serial, trail in trails.items()}
