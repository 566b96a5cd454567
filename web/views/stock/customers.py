"""A customer whom the reader sees, with every device of theirs; and what other sites told their home of customers."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import Any

from api.callers.access import SITE_STAFF, reads_in_brief
from devices import records
from devices.ledger.duties.told_at_home import flag_of, waiting_notices
from devices.ledger.reading.customers import customer_data, proposed_by, sees_customer
from devices.ledger.reading.passport import devices_of
from devices.lifecycle import DESK
from devices.paperwork.complaints import EVERYBODY
from devices.paperwork_kinds import CUSTOMER
from devices.people.persons import names_of
from devices.problems import refuse, refuse_foreign
from devices.service.briefs import orders_of_customer
from devices.values import UNIT
from web.pages import View
from web.views.home import sites_of
from web.views.service.briefs import briefs_shown
from web.views.service.installations import install_offers
from web.views.telling import place_of

_SHOWN = 500
_ORDERS_SHOWN = 100


def customer_page(view: View) -> dict[str, Any]:
    """One customer whom the reader sees. Raises Refused (`not_found`)."""
    call = view.call
    number = call.path["number"]
    found = records.current(call.store, CUSTOMER, number)
    if found is None:
        raise refuse("not_found")
    customer, revision = found
    if not sees_customer(call.store, number, call.who.reads):
        raise refuse_foreign()
    reads = partial(reads_in_brief, call.who)
    orders = orders_of_customer(call.store, number, reads, limit=_ORDERS_SHOWN + 1)
    held = view.told(list(islice(devices_of(call.store, number), _SHOWN)))
    return {
        "customer": customer,
        "revision": revision,
        "data": customer_data(call.store, number),
        "corrects": call.who.may(DESK, customer.home),
        "erases": call.who.may(("auditor",), customer.home),
        "complains_at": customer.home if call.who.may(EVERYBODY, customer.home) else None,
        "moves": call.who.may(("supervisor",), UNIT),
        "sites": [code for code in sites_of(call) if code != customer.home],
        "briefs": briefs_shown(view, [brief for brief, _ in orders[:_ORDERS_SHOWN]]),
        "more_briefs": len(orders) > _ORDERS_SHOWN,
        "devices": [(each, place_of(each, call.locale)) for each in held],
        "offers": install_offers(
            call, ((each.serial, each.state, number, each.site or each.responsible_site) for each in held)
        ),
    }


def notices_page(view: View) -> dict[str, Any]:
    """What waits to be seen, or decided, of what other sites did with the customers of the reader's."""
    call = view.call
    found = waiting_notices(call.store, sorted(call.who.sites_of(SITE_STAFF)) or sites_of(call))
    return {
        "notices": [
            (
                each,
                flag_of(call.store, each),
                proposed_by(call.store, each.under, each.customer),
                customer_data(call.store, each.customer),
                call.who.may(DESK, each.site),
            )
            for each in found
        ],
        "names": names_of(call.store, {each.by for each in found}),
    }
