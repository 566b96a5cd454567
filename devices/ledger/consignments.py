"""A document that sends devices away makes its waybill known, so that papers can be attached to it later."""

from __future__ import annotations

from devices import records
from devices.journal import Writer
from devices.ledger.drafts import Dispatch, Draft, FactoryDispatch, SupplierReturn
from devices.paperwork import CONSIGNMENT, Consignment, consignment_key


def keep_consignment(writer: Writer, draft: Draft, *, by: str) -> None:
    """Journal the consignment of a sending document, unless its site has that waybill already."""
    if not isinstance(draft, Dispatch | FactoryDispatch | SupplierReturn):
        return
    key = consignment_key(draft.site, draft.carrier, draft.consignment_number)
    if records.current(writer.store, CONSIGNMENT, key) is not None:
        return
    value = Consignment(
        number=key,
        site=draft.site,
        carrier=draft.carrier,
        waybill=draft.consignment_number,
        destination=destination_of(draft),
        sent_on=draft.business_date,
    )
    records.write(writer, CONSIGNMENT, value, by=by, expected=0)


def destination_of(draft: Dispatch | FactoryDispatch | SupplierReturn) -> str:
    """Where a consignment goes: a site, the maker, or the supplier."""
    if isinstance(draft, Dispatch):
        return draft.destination
    return draft.maker if isinstance(draft, FactoryDispatch) else "supplier"
