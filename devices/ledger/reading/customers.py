"""Who a customer is, as far as it has not been erased, and which customer a taxpayer id belongs to."""

from __future__ import annotations

import msgspec

from devices import records
from devices.ledger.reading.passport import CustomerShown
from devices.paperwork import CustomerData
from devices.paperwork_kinds import CUSTOMER
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import PersonalData

_OF_TAXPAYER = compiled(
    PersonalData.select(PersonalData.key).where(
        PersonalData.kind == CUSTOMER.name, PersonalData.taxpayer_id == GIVEN, PersonalData.latest == 1
    )
)


def customer_data(store: Store, number: str) -> CustomerData | None:
    """The data of a customer; None where there is no such customer, or it was erased."""
    content = records.personal_of(store, CUSTOMER, number)
    return msgspec.json.decode(content, type=CustomerData) if content else None


def customer_shown(store: Store, number: str) -> CustomerShown:
    """A customer to whoever may see them: their data, or that it was erased."""
    data = customer_data(store, number)
    if data is None:
        return CustomerShown(number, erased=records.current(store, CUSTOMER, number) is not None)
    return CustomerShown(number, data.taxpayer_id, data.name, data.address, data.contact)


def number_of_taxpayer(store: Store, taxpayer_id: str) -> str | None:
    """The number of the customer with this taxpayer id; None where there is none."""
    row = store.row(_OF_TAXPAYER, (taxpayer_id,))
    return row[0] if row else None
