"""The papers of service: 派工单 with its 上门服务单, 维修单 and 安装记录, each for whoever may read what it is of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from api.calls import Call
from api.resources.forms import Loaded
from api.resources.records import found_record
from api.resources.service.dispatch_orders import Job, job_of
from api.resources.service.installations import installation_seen
from devices.ledger.reading.customers import customer_as_named, sees_customer
from devices.ledger.reading.passport import CustomerShown, passports
from devices.ledger.reading.registers import site_name
from devices.paperwork.dispatches import TO_BE_DONE, DispatchOrder
from devices.paperwork.installations import INSTALLING, Installation
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import DISPATCH_ORDER, INSTALLATION, REPAIR
from devices.people.certificates import certificate_of
from devices.service.jobs.settling import pairs_carried, swaps_under
from devices.store.database import Store
from labels.forms.service.dispatch import DISPATCH_FORM, DispatchPrinted
from labels.forms.service.installation import INSTALLATION_FORM, InstallationPrinted
from labels.forms.service.parts import COPIES, DeviceNamed
from labels.forms.service.repairs import REPAIR_FORM, RepairPrinted


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
    return DISPATCH_FORM, DispatchPrinted(
        unit=call.unit.name,
        site_name=site_name(store, job.site) or "",
        order=order,
        customer=_customer(
            store, job.customer, job.number, _named_at(job, call.at_us), seen=job.customer_shown is not None
        ),
        contact=job.contact,
        devices=_devices(store, about),
        carried=pairs_carried(store, job.number),
        swapped=swapped,
        unsettled=job.unsettled,
        certified_until=_certified_until(store, job),
        copies=call.query.copies,
    )


def _devices(store: Store, serials: Iterable[str]) -> dict[str, DeviceNamed]:
    found = passports(store, sorted(serials))
    return {serial: DeviceNamed(each.kind, each.model, each.warranty_until) for serial, each in found.items()}


def _device(store: Store, serial: str | None) -> DeviceNamed | None:
    return _devices(store, [serial]).get(serial) if serial else None


def _customer(
    store: Store, number: str | None, under: str, at_us: int, *, seen: bool
) -> CustomerShown | None:
    """A customer as they were named on a paper at that moment, where its reader sees them."""
    if number is None:
        return None
    return customer_as_named(store, number, under, at_us) if seen else CustomerShown(masked=True)


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
    seen = order.customer is not None and sees_customer(store, order.customer, call.who.reads)
    return REPAIR_FORM, RepairPrinted(
        unit=call.unit.name,
        site_name=site_name(store, order.site) or "",
        order=order,
        customer=_customer(store, order.customer, order.number, at_us, seen=seen),
        device=_device(store, order.serial),
        copies=call.query.copies,
    )


def load_installation(call: Call, store: Store) -> Loaded:
    """An installation with what ended it, or to be filled in by hand."""
    value: Installation
    value, _ = found_record(call, INSTALLATION, call.path["number"])
    answer = installation_seen(call, value)
    at_us = call.at_us if value.state in INSTALLING else value.course[-1].at
    seen = answer.customer_shown is not None
    return INSTALLATION_FORM, InstallationPrinted(
        unit=call.unit.name,
        site_name=site_name(store, value.site) or "",
        installation=value,
        customer=_customer(store, value.customer, value.number, at_us, seen=seen),
        confirmed_by=answer.confirmed_by,
        device=_device(store, value.serial),
        copies=call.query.copies,
    )
