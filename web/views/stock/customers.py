"""A customer: who they are, where the reader may know, and every device of theirs."""

from __future__ import annotations

from itertools import islice
from typing import Any

from devices import records
from devices.ledger.reading.customers import customer_data
from devices.ledger.reading.passport import devices_of
from devices.paperwork_kinds import CUSTOMER
from devices.problems import refuse
from web.pages import View
from web.views.telling import place_of

_SHOWN = 500


def customer_page(view: View) -> dict[str, Any]:
    """One customer of a site the reader reads. Raises Refused (`not_found`)."""
    call = view.call
    number = call.path["number"]
    found = records.current(call.store, CUSTOMER, number)
    if found is None:
        raise refuse("not_found")
    held = list(islice(devices_of(call.store, number), _SHOWN))
    return {
        "customer": found[0],
        "data": customer_data(call.store, number),
        "devices": [(each, place_of(each, call.locale)) for each in held],
    }
