"""What a complaint is about: a job, a repair, an installation or a document; whose it was, and who did it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from devices import records
from devices.ledger.posting.gather import cited_document
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.installations import Installation
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import DISPATCH_ORDER, INSTALLATION, REPAIR
from devices.problems import refuse
from devices.service.calls.about_jobs import did_the_job, refuse_other_site
from devices.service.installations.installs import trip_of
from devices.store.database import Store

COMPLAINED_ABOUT = (DISPATCH_ORDER, REPAIR, INSTALLATION)
"""The kinds of what a complaint is about, where that is no document."""
_AT_THE_PHONE = ("guide", "confirm")
"""The steps of an installation by which somebody helps a customer to it, without a trip."""


class Subject(msgspec.Struct, frozen=True):
    """Whose what a complaint is about was, which devices it was about, who did it as its technician, and everybody who
    had a hand in it.
    """

    customer: str | None = None
    serials: tuple[str, ...] = ()
    technician: str | None = None
    workers: Collection[str] = ()


def subject_at(store: Store, site: str, number: str) -> Subject:
    """What a site's job, repair, installation or document is.

    Raises Refused: `unknown_order`, `unknown_document`, `order_of_other_site`.
    """
    kind = records.kind_numbered(number, COMPLAINED_ABOUT)
    if kind is None:
        return _document(store, site, number)
    refuse_other_site(number, site, "/about")
    found = records.current(store, kind, number)
    if found is None:
        raise refuse("unknown_order", "/about", order=number)
    order: DispatchOrder | RepairOrder | Installation = found[0]
    if isinstance(order, DispatchOrder):
        return Subject(order.customer, order.serials, order.technician, did_the_job(order))
    serials = (order.serial,) if order.serial else ()
    if isinstance(order, RepairOrder):
        return Subject(order.customer, serials, workers=did_the_job(order))
    trip = trip_of(store, order)
    technician = trip.technician if trip else None
    return Subject(order.customer, serials, technician, set(_installers(order, trip)))


def _installers(value: Installation, trip: DispatchOrder | None) -> Iterator[str]:
    yield from (act.by for act in value.course if act.step in _AT_THE_PHONE)
    if trip:
        yield from did_the_job(trip)


def _document(store: Store, site: str, number: str) -> Subject:
    """A document, such as a sale; whose its devices are is not told of one alone."""
    found = cited_document(store, number, with_lines=False)
    if found is None or found.site != site:
        raise refuse("unknown_document", "/about", document=number)
    customer = found.content.get("customer") or {}
    return Subject(customer.get("number"), workers={found.made_by})
