"""The kinds of the records a document can rest on, and the letter each is numbered under."""

from __future__ import annotations

from devices.calendar import day_of
from devices.paperwork import (
    Attachment,
    Consignment,
    Customer,
    DispatchOrder,
    Manifest,
    Notice,
    RepairOrder,
    attachment_key,
    notice_key,
)
from devices.records import Found, RecordKind


def _order(order: RepairOrder | DispatchOrder) -> Found:
    """An order by its state, its customer, its device, and the day on which it came into that state."""
    closed = order.record is not None and day_of(order.record.filed_at).isoformat()
    return Found(order.state, order.customer, order.serial, closed or order.opened_on)


PERSONAL = "personal"
"""What the record of a paper that can be erased is found by."""

CUSTOMER = RecordKind(
    "customer",
    Customer,
    lambda v: v.number,
    lambda v: v.home,
    letter="C",
    tells_of_customer=lambda v: not v.erased,
)
NOTICE = RecordKind(
    "notice",
    Notice,
    lambda v: notice_key(v.under, v.customer),
    lambda v: v.site,
    found_by=lambda v: Found(v.state, v.customer, day=v.told_on),
    tells_of_customer=lambda v: v.proposes and not v.erased,
)
REPAIR = RecordKind(
    "repair",
    RepairOrder,
    lambda v: v.number,
    lambda v: v.site,
    found_by=_order,
    letter="R",
    open_states=("open",),
)
DISPATCH_ORDER = RecordKind(
    "dispatch_order",
    DispatchOrder,
    lambda v: v.number,
    lambda v: v.site,
    found_by=_order,
    letter="D",
    open_states=("open", "accepted", "waiting"),
)
MANIFEST = RecordKind("manifest", Manifest, lambda v: v.number, lambda v: v.site, letter="M")
CONSIGNMENT = RecordKind(
    "consignment",
    Consignment,
    lambda v: v.number,
    lambda v: v.site,
    found_by=lambda v: Found(day=v.sent_on),
)
ATTACHMENT = RecordKind(
    "attachment",
    Attachment,
    lambda v: attachment_key(v.site, v.digest),
    lambda v: v.site,
    found_by=lambda v: Found(PERSONAL if v.personal else None, v.customer),
    tells_of_customer=lambda v: v.personal and not v.erased,
)
PAPERWORK_KINDS = (CUSTOMER, NOTICE, REPAIR, DISPATCH_ORDER, MANIFEST, CONSIGNMENT, ATTACHMENT)
