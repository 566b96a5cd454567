"""Who a customer is, as far as it has not been erased, which customer a taxpayer id belongs to, and who sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from devices import records
from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.customers import Customer, CustomerData, Proposed, notice_key
from devices.paperwork.dispatches import TO_BE_DONE
from devices.paperwork_kinds import COMPLAINT, CUSTOMER, DISPATCH_ORDER, INSTALLATION, NOTICE, REPAIR
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import PersonalData, Positions, Records, Revisions

Sees = Callable[[str], bool]
"""Told a site's code: whether a viewer reads that site."""

_OF_TAXPAYER = compiled(
    PersonalData.select(PersonalData.key).where(
        PersonalData.kind == CUSTOMER.name, PersonalData.taxpayer_id == GIVEN, PersonalData.latest == 1
    )
)
_RECORDS = compiled(
    Records.select(Records.key, Records.content).where(Records.kind == CUSTOMER.name, Records.key.in_(EACH))
)

_ACTED_LAST = compiled(
    Positions.select(Positions.customer, Positions.responsible_site)
    .distinct()
    .where(Positions.customer.in_(EACH))
)
_HOLDING = compiled(
    Positions.select(Positions.customer, Positions.site)
    .distinct()
    .where(Positions.customer.in_(EACH), Positions.register == "custody")
)
_AT_WORK = (REPAIR, DISPATCH_ORDER, INSTALLATION, COMPLAINT)
"""What is dealing with its customer while it is open."""
_WORKING_FOR = compiled(
    Records.select(Records.customer, Records.site).where(
        Records.customer.in_(EACH),
        Records.kind.in_([kind.name for kind in _AT_WORK]),
        Records.state.in_(sorted({state for kind in _AT_WORK for state in kind.open_states})),
    )
)
_NAMED = compiled(
    PersonalData.select(PersonalData.key, PersonalData.content).where(
        PersonalData.kind == CUSTOMER.name, PersonalData.latest == 1, PersonalData.key.in_(EACH)
    )
)
_UNSETTLED_FOR = compiled(
    Records.select(Records.customer, Records.site)
    .join(Positions, on=(Positions.order_number == Records.key))
    .where(
        Records.customer.in_(EACH),
        Records.kind == DISPATCH_ORDER.name,
        Records.state.not_in(TO_BE_DONE),
        Positions.state == "carried",
    )
)
DEALINGS = (_ACTED_LAST, _HOLDING, _WORKING_FOR, _UNSETTLED_FOR)
"""Each finds (customer, site): the site acted last on a device of theirs, holds one, has an order, an installation or
a complaint of theirs open, or has a spare out under an order of theirs that is done."""
_AS_OF = compiled(
    PersonalData.select(PersonalData.content)
    .join(
        Revisions,
        on=(Revisions.kind == PersonalData.kind)
        & (Revisions.key == PersonalData.key)
        & (Revisions.revision == PersonalData.revision),
    )
    .where(PersonalData.kind == CUSTOMER.name, PersonalData.key == GIVEN, Revisions.recorded_at <= GIVEN)
    .order_by(PersonalData.revision.desc())
    .limit(1)
)


def homes_of(store: Store, numbers: Iterable[str]) -> dict[str, str]:
    """The home of each of these customers, by number."""
    rows = store.rows_in(_RECORDS, sorted(set(numbers)))
    return {number: msgspec.json.decode(record, type=Customer).home for number, record in rows}


def seen_customers(store: Store, numbers: Iterable[str | None], sees: Sees) -> set[str]:
    """Those of these customers whom a viewer sees: the one definition, which every answer, page and paper asks.

    Their home always does; another site while it deals with them (DEALINGS). See docs/decisions.md, "Who may see a
    customer".
    """
    wanted = {number for number in numbers if number}
    seen = {number for number, home in homes_of(store, wanted).items() if sees(home)}
    for dealing in DEALINGS:
        hidden = wanted - seen
        if not hidden:
            break
        seen |= {number for number, site in store.rows_in(dealing, sorted(hidden)) if site and sees(site)}
    return seen


def sees_customer(store: Store, number: str, sees: Sees) -> bool:
    """Whether a viewer sees one customer."""
    return number in seen_customers(store, [number], sees)


def customer_data(store: Store, number: str) -> CustomerData | None:
    """The data of a customer; None where there is no such customer, or it was erased."""
    content = records.personal_of(store, CUSTOMER, number)
    return msgspec.json.decode(content, type=CustomerData) if content else None


def customer_shown(store: Store, number: str) -> CustomerShown:
    """A customer to whoever may see them: their data, or that it was erased."""
    data = customer_data(store, number)
    if data is None:
        return CustomerShown(number, erased=records.current(store, CUSTOMER, number) is not None)
    return _shown(number, data)


def customers_shown(store: Store, numbers: Iterable[str | None], sees: Sees) -> dict[str, CustomerShown]:
    """Several customers as a viewer may see them, by number: whom they do not see is masked."""
    wanted = sorted({number for number in numbers if number})
    seen = seen_customers(store, wanted, sees)
    known = {
        number: msgspec.json.decode(content, type=CustomerData)
        for number, content in store.rows_in(_NAMED, sorted(seen))
        if content
    }
    return {
        number: CustomerShown(masked=True)
        if number not in seen
        else _shown(number, known[number])
        if number in known
        else CustomerShown(number, erased=True)
        for number in wanted
    }


def proposed_by(store: Store, under: str, customer: str) -> Proposed | None:
    """What a document or order proposes of a customer; None where it is nothing, or was erased."""
    content = records.personal_of(store, NOTICE, notice_key(under, customer))
    return msgspec.json.decode(content, type=Proposed) if content else None


def customer_as_named(store: Store, number: str, under: str, at_us: int) -> CustomerShown:
    """A customer as they were named on a document or order at that moment: as known then, with what it told anew."""
    row = store.row(_AS_OF, (number, at_us))
    if row is None or row[0] is None:
        return customer_shown(store, number)
    data = msgspec.json.decode(row[0], type=CustomerData)
    told = proposed_by(store, under, number)
    return _shown(number, with_proposed(data, told) if told else data)


def with_proposed(data: CustomerData, proposed: Proposed) -> CustomerData:
    """A customer's data with what was learned of them in its place."""
    told = {name: value for name, value in msgspec.structs.asdict(proposed).items() if value}
    return msgspec.structs.replace(data, **told)


def number_of_taxpayer(store: Store, taxpayer_id: str) -> str | None:
    """The number of the customer with this taxpayer id; None where there is none."""
    row = store.row(_OF_TAXPAYER, (taxpayer_id,))
    return row[0] if row else None


def _shown(number: str, data: CustomerData) -> CustomerShown:
    return CustomerShown(number, data.taxpayer_id, data.name, data.address, data.contact)
