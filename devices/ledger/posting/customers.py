"""Customers as documents name them: found by number or taxpayer id, and made known by the first document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from devices import records, taxpayers
from devices.journal import Writer
from devices.ledger.deciding.case import Case, Known, party_key
from devices.ledger.deciding.drafts import Draft, Party
from devices.ledger.deciding.naming import is_named, makes_customers
from devices.ledger.reading.customers import homes_of
from devices.paperwork.customers import Customer, CustomerData, Proposed
from devices.paperwork_kinds import CUSTOMER
from devices.problems import Problem, refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import PersonalData, Records
from devices.taxpayers import same_name
from devices.unit import Unit

_customers = (
    PersonalData.select(PersonalData.key, PersonalData.content, Records.content)
    .join(Records, on=((Records.kind == PersonalData.kind) & (Records.key == PersonalData.key)))
    .where(PersonalData.kind == CUSTOMER.name, PersonalData.latest == 1)
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


def customers_of(
    store: Store, draft: Draft, *, decided: bool = False
) -> tuple[dict[str, Known], list[Problem]]:
    """The customers a draft names, keyed by what it calls them; an unknown taxpayer gets the next number.

    A number that is not of the draft's own site is an unknown one, unless the draft is read from a proposal
    (`decided`), which was judged as it was named. Where a document makes no customer, one who is not known by that
    taxpayer id and name is missing.
    """
    found: dict[str, Known] = {}
    problems: list[Problem] = []
    fresh = 0
    for pointer, party in parties_of(draft):
        key = party_key(party)
        if key in found:
            continue
        known = (
            _by_number(store, party.number, pointer, None if decided else draft.site)
            if party.number
            else _by_taxpayer(store, party, pointer)
        )
        if isinstance(known, Problem):
            problems.append(known)
        elif isinstance(known, Known):
            if makes_customers(draft) or is_named(known, party, draft.site):
                found[key] = known
        elif makes_customers(draft):
            number = _number_after(store, draft.site, fresh)
            found[key] = Known(number, draft.site, known.id, known.form, *_told(party), fresh=True)
            fresh += 1
    return found, problems


def hold_customers(store: Store, numbers: Iterable[str]) -> None:
    """Keep everybody else from changing or erasing these customers until the transaction ends."""
    store.hold_rows(Records.key, numbers, "kind = 'customer'")


def hold_unerased(store: Store, number: str, pointer: str = "") -> None:
    """Hold a customer of whom a record is about to tell, so that an erasure of them sees it, or it sees the erasure.

    Raises Refused (`customer_erased`).
    """
    if not held_unerased(store, number):
        raise refuse("customer_erased", pointer, customer=number, serial=None)


def held_unerased(store: Store, number: str) -> bool:
    """Whether there is such a customer who was not erased, and who is held as by `hold_unerased`."""
    hold_customers(store, [number])
    found = records.current(store, CUSTOMER, number)
    return found is not None and not found[0].erased


def held_customers(
    store: Store, draft: Draft, given_back: Collection[str] = (), *, decided: bool = False
) -> tuple[dict[str, Known], list[Problem]]:
    """As `customers_of`, of customers that nobody else changes or erases until the transaction ends.

    `given_back` are the numbers of customers whom the draft does not name, but gives a device back to.
    """
    found, problems = customers_of(store, draft, decided=decided)
    numbers = {known.number for known in found.values() if not known.fresh} | {*given_back}
    if not numbers:
        return found, problems
    hold_customers(store, numbers)
    found, problems = customers_of(store, draft, decided=decided)
    others = {number: _by_number(store, number, "", None) for number in given_back}
    return {**{key: known for key, known in others.items() if isinstance(known, Known)}, **found}, problems


def _by_number(store: Store, number: str, pointer: str, site: str | None) -> Known | Problem:
    """A customer by number, of any site where that is None; one who is not of `site` is as unknown as any."""
    row = store.row(_BY_NUMBER, (number,))
    known = _known(*row) if row else None
    if known is None or site not in (None, known.home):
        return Problem("unknown_customer", f"{pointer}/number", {"customer": number})
    return known


def _by_taxpayer(store: Store, party: Party, pointer: str) -> Known | taxpayers.Taxpayer | Problem:
    recognised = taxpayers.recognise_taxpayer(party.taxpayer_id or "", f"{pointer}/taxpayer_id")
    if isinstance(recognised, Problem):
        return recognised
    row = store.row(_BY_TAXPAYER, (recognised.id,))
    return _known(*row) if row else recognised


def _known(number: str, content: str | None, record: str) -> Known:
    home = msgspec.json.decode(record, type=Customer).home
    if content is None:
        return Known(number, home, "", "", erased=True)
    data = msgspec.json.decode(content, type=CustomerData)
    return Known(number, home, data.taxpayer_id, data.form, data.name, data.address, data.contact)


def _number_after(store: Store, site: str, count: int) -> str:
    return records.next_number(store, CUSTOMER, site, after=count)


def _told(party: Party) -> tuple[str | None, str | None, str | None]:
    return (
        (party.name or "").strip() or None,
        (party.address or "").strip() or None,
        (party.contact or "").strip() or None,
    )


def known_customer(store: Store, number: str) -> Known:
    """A customer who is there, by number."""
    found = _by_number(store, number, "", None)
    assert isinstance(found, Known), "a device's customer is known"
    return found


def refuse_unnamed(store: Store, site: str, serial: str, owner: str, party: Party | None) -> None:
    """Make sure that whoever acts at `site` on a customer's device knows whose it is, unless that is their own.

    Raises Refused: `customer_required`, `customer_not_matched`, which does not tell what of it is wrong.
    """
    if party is None:
        if homes_of(store, [owner])[owner] != site:
            raise refuse("customer_required", "/customer", serial=serial)
        return
    known = _named(store, site, party)
    if known is None or known.number != owner:
        raise refuse("customer_not_matched", "/customer", serial=serial)


def named_customer(store: Store, site: str, party: Party) -> Known:
    """The customer whom a party names, as whoever acts at `site` must name them.

    Raises Refused: what is wrong of the number or taxpayer id, `unknown_customer` of a number, `customer_erased`,
    `customer_not_matched`, which counts as a guess: whoever may open an order by a name could else try names.
    """
    known = _named(store, site, party)
    if known is None:
        raise refuse("customer_not_matched", "/customer", serial=None)
    if known.erased:
        raise refuse("customer_erased", "/customer", customer=known.number, serial=None)
    return known


def _named(store: Store, site: str, party: Party) -> Known | None:
    """The customer whom a party names rightly; None for nobody, or where the name is wrong."""
    if party.number:
        known: Known | taxpayers.Taxpayer | Problem = _by_number(store, party.number, "/customer", site)
    else:
        known = _by_taxpayer(store, party, "/customer")
    if isinstance(known, Problem):
        raise refuse(known.code, known.pointer, **known.facts)
    return known if isinstance(known, Known) and is_named(known, party, site) else None


def keep_customers(writer: Writer, unit: Unit, case: Case[Draft], *, by: str) -> None:
    """Journal the customers a draft makes known, and what it tells anew of the site's own.

    Of another site's it changes nothing: that is told to their home (see notices).
    """
    draft, kept = case.draft, set[str]()
    for _, party in parties_of(draft):
        customer = case.customers[party_key(party)]
        if customer.home != draft.site or customer.number in kept:
            continue
        name, address, contact = _told(party)
        merged = CustomerData(
            customer.taxpayer_id,
            customer.form,
            customer.name or name,
            address or customer.address,
            contact or customer.contact,
        )
        if customer.fresh or (merged != data_of(customer) and not customer.erased):
            write_customer(writer, unit, Customer(customer.number, customer.home), merged, by=by)
            kept.add(customer.number)


def data_of(customer: Known) -> CustomerData:
    """What is known of a customer, as it is kept."""
    return CustomerData(
        customer.taxpayer_id, customer.form, customer.name, customer.address, customer.contact
    )


def learned(customer: Known, party: Party, site: str) -> Proposed | None:
    """What a party tells of a known customer that `site` may not write down itself; None where it is nothing new.

    A new name is always their home's to take over, even where the document is of that site.
    """
    name, address, contact = _told(party)
    foreign = customer.home != site
    new_name = name if name and (party.renamed or (foreign and not customer.name)) else None
    if new_name and customer.name and same_name(new_name, customer.name):
        new_name = None
    if not foreign:
        return Proposed(new_name) if new_name else None
    told = Proposed(
        new_name,
        address if address != customer.address else None,
        contact if contact != customer.contact else None,
    )
    return None if told == Proposed() else told


def write_customer(
    writer: Writer, unit: Unit, customer: Customer, data: CustomerData, *, by: str
) -> tuple[Customer, records.Written]:
    """Add a revision of a customer; the journal gets a commitment, the personal table the data."""
    personal = records.Personal(records.encode(data), data.taxpayer_id)
    value = msgspec.structs.replace(customer, site=customer.home)
    return records.write(writer, CUSTOMER, value, by=by, personal=personal, secret=unit.secret)


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
