"""Customers as documents name them: found by number or taxpayer id, and made known by the first document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from devices import records, taxpayers
from devices.journal import Writer
from devices.ledger.deciding.case import Known, party_key
from devices.ledger.deciding.drafts import Draft, Party
from devices.paperwork import Customer, CustomerData, home_of
from devices.paperwork_kinds import CUSTOMER
from devices.problems import Problem
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import PersonalData, Records
from devices.unit import Unit

_customers = PersonalData.select(PersonalData.key, PersonalData.content).where(
    PersonalData.kind == CUSTOMER.name, PersonalData.latest == 1
)
_BY_NUMBER = compiled(_customers.where(PersonalData.key == GIVEN))
_BY_TAXPAYER = compiled(_customers.where(PersonalData.taxpayer_id == GIVEN))


def parties_of(draft: Draft) -> Iterator[tuple[str, Party]]:
    """Every customer a draft names, with the pointer of where."""
    whole: Party | None = getattr(draft, "customer", None)
    if whole is not None:
        yield "/customer", whole
    for index, item in enumerate(getattr(draft, "lines", ())):
        party: Party | None = getattr(item, "customer", None)
        if party is not None:
            yield f"/lines/{index}/customer", party


def customers_of(store: Store, draft: Draft) -> tuple[dict[str, Known], list[Problem]]:
    """The customers a draft names, keyed by what it calls them; an unknown taxpayer gets the next number."""
    found: dict[str, Known] = {}
    problems: list[Problem] = []
    fresh = 0
    for pointer, party in parties_of(draft):
        key = party_key(party)
        if key in found:
            continue
        known = _by_number(store, party.number) if party.number else _by_taxpayer(store, party, pointer)
        if isinstance(known, Problem):
            problems.append(known)
        elif isinstance(known, taxpayers.Taxpayer):
            number = _number_after(store, draft.site, fresh)
            found[key] = Known(number, known.id, known.form, *_told(party), fresh=True)
            fresh += 1
        else:
            found[key] = known
    return found, problems


def hold_customers(store: Store, numbers: Iterable[str]) -> None:
    """Keep everybody else from changing or erasing these customers until the transaction ends."""
    store.hold_rows(Records.key, numbers, "kind = 'customer'")


def held_customers(
    store: Store, draft: Draft, given_back: Collection[str] = ()
) -> tuple[dict[str, Known], list[Problem]]:
    """As `customers_of`, of customers that nobody else changes or erases until the transaction ends.

    `given_back` are the numbers of customers whom the draft does not name, but gives a device back to.
    """
    found, problems = customers_of(store, draft)
    numbers = {known.number for known in found.values() if not known.fresh} | {*given_back}
    if not numbers:
        return found, problems
    hold_customers(store, numbers)
    found, problems = customers_of(store, draft)
    others = {number: _by_number(store, number) for number in given_back}
    return {**{key: known for key, known in others.items() if isinstance(known, Known)}, **found}, problems


def _by_number(store: Store, number: str) -> Known | Problem:
    row = store.row(_BY_NUMBER, (number,))
    if row is None:
        return Problem("unknown_customer", "/customer/number", {"customer": number})
    return _known(*row)


def _by_taxpayer(store: Store, party: Party, pointer: str) -> Known | taxpayers.Taxpayer | Problem:
    recognised = taxpayers.recognise_taxpayer(party.taxpayer_id or "", f"{pointer}/taxpayer_id")
    if isinstance(recognised, Problem):
        return recognised
    row = store.row(_BY_TAXPAYER, (recognised.id,))
    return _known(*row) if row else recognised


def _known(number: str, content: str | None) -> Known:
    if content is None:
        return Known(number, "", "", erased=True)
    data = msgspec.json.decode(content, type=CustomerData)
    return Known(number, data.taxpayer_id, data.form, data.name, data.address, data.contact)


def _number_after(store: Store, site: str, count: int) -> str:
    return records.next_number(store, CUSTOMER, site, after=count)


def _told(party: Party) -> tuple[str | None, str | None, str | None]:
    return (
        (party.name or "").strip() or None,
        (party.address or "").strip() or None,
        (party.contact or "").strip() or None,
    )


def keep_customers(writer: Writer, unit: Unit, draft: Draft, known: Mapping[str, Known], *, by: str) -> None:
    """Journal the customers a draft makes known, and what it tells anew of those that are."""
    for _, party in parties_of(draft):
        customer = known[party_key(party)]
        name, address, contact = _told(party)
        merged = CustomerData(
            customer.taxpayer_id,
            customer.form,
            customer.name or name,
            address or customer.address,
            contact or customer.contact,
        )
        before = CustomerData(
            customer.taxpayer_id, customer.form, customer.name, customer.address, customer.contact
        )
        if customer.fresh or (merged != before and not customer.erased):
            write_customer(writer, unit, customer.number, merged, by=by, told_at=draft.site)
            known = {**known, party_key(party): msgspec.structs.replace(customer, fresh=False)}


def write_customer(
    writer: Writer, unit: Unit, number: str, data: CustomerData, *, by: str, told_at: str | None = None
) -> tuple[Customer, records.Written]:
    """Add a revision of a customer; the journal gets a commitment, the personal table the data.

    A customer belongs to the site in the number for good, whichever site tells anew of them (`told_at`).
    """
    personal = records.Personal(records.encode(data), data.taxpayer_id)
    value = Customer(number, home_of(number))
    return records.write(
        writer, CUSTOMER, value, by=by, personal=personal, secret=unit.secret, told_at=told_at
    )


def by_number_only(draft: Draft, known: Mapping[str, Known]) -> Draft:
    """The draft as it is journalled: its customers by number, nothing personal in it."""
    changes: dict[str, Any] = {}
    if getattr(draft, "customer", None) is not None:
        changes["customer"] = _numbered(draft.customer, known)  # type: ignore[attr-defined]
    lines = getattr(draft, "lines", ())
    if any(getattr(item, "customer", None) for item in lines):
        changes["lines"] = tuple(
            msgspec.structs.replace(item, customer=_numbered(item.customer, known)) if item.customer else item
            for item in lines
        )
    return msgspec.structs.replace(draft, **changes) if changes else draft


def _numbered(party: Party, known: Mapping[str, Known]) -> Party:
    return Party(number=known[party_key(party)].number)
