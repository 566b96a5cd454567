"""The papers of service: 派工单 with its 上门服务单, and 送修单, for whoever may read the order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from api.calls import Call
from api.resources.dispatch_orders import Job, job_of
from api.resources.forms import Loaded
from api.resources.records import found_record
from devices.ledger.reading.customers import customer_as_named, sees_customer
from devices.ledger.reading.passport import CustomerShown, passports
from devices.ledger.reading.registers import site_name
from devices.paperwork.dispatches import TO_BE_DONE, DispatchOrder, Used
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from devices.people.certificates import certificate_of
from devices.service.filing import swaps_under
from devices.store.database import Store
from labels.forms.service import (
    COPIES,
    DISPATCH_FORM,
    REPAIR_FORM,
    DeviceNamed,
    DispatchPrinted,
    RepairPrinted,
)


class CopiesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many copies: one without a name, or the site's and the customer's."""

    copies: Annotated[int, msgspec.Meta(ge=1, le=len(COPIES))] = 1


def load_dispatch_order(call: Call, store: Store) -> Loaded:
    """A dispatch order with its service record, filled or to be filled in by hand."""
    order, _ = found_record(call, DISPATCH_ORDER, call.path["number"])
    job = job_of(call, order)
    used = (job.record.used or ()) if job.record else ()
    swapped = swaps_under(store, job.number)
    about = {*job.serials, *(pair.faulty for pair in (*used, *swapped))}
    out = passports(store, sorted(job.carried))
    return DISPATCH_FORM, DispatchPrinted(
        unit=call.unit.name,
        site_name=site_name(store, job.site) or "",
        order=order,
        customer=_customer(call, store, job),
        contact=job.contact,
        devices=_devices(store, about),
        carried=[Used(each.meant_for, serial) for serial, each in out.items() if each.meant_for],
        swapped=swapped,
        unsettled=job.unsettled,
        certified_until=_certified_until(store, job),
        copies=call.query.copies,
    )


def _devices(store: Store, serials: Iterable[str]) -> dict[str, DeviceNamed]:
    found = passports(store, sorted(serials))
    return {serial: DeviceNamed(each.kind, each.model, each.warranty_until) for serial, each in found.items()}


def _customer(call: Call, store: Store, job: Job) -> CustomerShown | None:
    if job.customer is None:
        return None
    if job.customer_shown is None:
        return CustomerShown(masked=True)
    return customer_as_named(store, job.customer, job.number, _named_at(job, call.at_us))


def _named_at(order: DispatchOrder, now_us: int) -> int:
    """As of when a customer is named: of a job that is still to be done now, since somebody goes there."""
    if order.state in TO_BE_DONE:
        return now_us
    return order.record.filed_at if order.record else order.course[-1].at if order.course else now_us


def _certified_until(store: Store, job: Job) -> str | None:
    """The last day of the certificate of whoever is to go, which the customer may ask for."""
    kept = certificate_of(store, job.technician) if job.technician and job.state in TO_BE_DONE else None
    return kept.certificate.valid_until if kept else None


def load_repair(call: Call, store: Store) -> Loaded:
    """A repair order with its record, filled or to be filled in by hand."""
    order: RepairOrder
    order, _ = found_record(call, REPAIR, call.path["number"])
    at_us = order.record.filed_at if order.record else call.at_us
    customer = None
    if order.customer is not None:
        seen = sees_customer(store, order.customer, call.who.reads)
        customer = (
            customer_as_named(store, order.customer, order.number, at_us)
            if seen
            else CustomerShown(masked=True)
        )
    devices = _devices(store, [order.serial] if order.serial else [])
    return REPAIR_FORM, RepairPrinted(
        unit=call.unit.name,
        site_name=site_name(store, order.site) or "",
        order=order,
        customer=customer,
        device=next(iter(devices.values()), None),
        copies=call.query.copies,
    )
