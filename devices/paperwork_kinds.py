"""The kinds of the records of customers, and of those a document can rest on, and each one's letter."""

from __future__ import annotations

from devices.calendar import day_of
from devices.paperwork.complaints import TO_BE_CLOSED, Complaint
from devices.paperwork.customers import Customer, Notice, notice_key
from devices.paperwork.dispatches import TO_BE_DONE, DispatchOrder, issued_key, read_dispatch_order
from devices.paperwork.follow_ups import TO_BE_CALLED, TO_BE_SETTLED, FollowUp
from devices.paperwork.installations import INSTALLING, Installation
from devices.paperwork.orders import RepairOrder
from devices.paperwork.papers import Attachment, Consignment, Manifest, attachment_key
from devices.records import Found, RecordKind


def _repair(order: RepairOrder) -> Found:
    """A repair order by its state, its customer, its device, and the day on which it came into that state."""
    closed = order.record is not None and day_of(order.record.filed_at).isoformat()
    serials = (order.serial,) if order.serial else ()
    return Found(order.state, order.customer, closed or order.opened_on, serials=serials)


def _dispatch(order: DispatchOrder) -> Found:
    """A dispatch order by its state, its customer, the day it was opened or its job done, its technician, its devices
    and what went in for them; one that came to nothing frees its number elsewhere.
    """
    day = day_of(order.record.completed_at if order.record else order.opened_at).isoformat()
    reference = None if order.cancelled else issued_key(order.issued_as or "") or None
    serials = tuple(dict.fromkeys((*order.serials, *(pair.spare for pair in order.used))))
    return Found(order.state, order.customer, day, order.technician, reference, serials)


def _installation(value: Installation) -> Found:
    """An installation by its state, its customer, its device, and the day it was opened, done or given up."""
    serials = (value.serial,) if value.serial else ()
    return Found(value.state, value.customer, day_of(value.ended_at).isoformat(), serials=serials)


def _follow_up(value: FollowUp) -> Found:
    """A follow-up by its state, its customer, the day of the job, once it ended that of the call, and whose job it is;
    by a call centre's number of its last call.
    """
    day = day_of(value.ended_at if value.ended_at is not None else value.done_at).isoformat()
    reference = issued_key(value.reference or "") or None
    return Found(value.state, value.customer, day, value.technician, reference, value.serials)


def _complaint(value: Complaint) -> Found:
    """A complaint by its state, its customer, the day it was written down, its owner, its devices, and by the number
    that the call centre has it under. By the day it was received, which people tell, it could be told out of a period.
    """
    day = day_of(value.written_at).isoformat()
    reference = issued_key(value.registered.reference) if value.registered else None
    return Found(value.state, value.customer, day, value.owner, reference, value.serials)


_PERSONAL = "personal"
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
    found_by=_repair,
    letter="R",
    open_states=("open",),
)
DISPATCH_ORDER = RecordKind(
    "dispatch_order",
    DispatchOrder,
    lambda v: v.number,
    lambda v: v.site,
    found_by=_dispatch,
    letter="D",
    read=read_dispatch_order,
    tells_of_customer=lambda v: bool(v.commitment),
    open_states=TO_BE_DONE,
)
INSTALLATION = RecordKind(
    "installation",
    Installation,
    lambda v: v.number,
    lambda v: v.site,
    found_by=_installation,
    letter="N",
    tells_of_customer=lambda v: bool(v.commitment),
    open_states=INSTALLING,
)
FOLLOW_UP = RecordKind(
    "follow_up",
    FollowUp,
    lambda v: v.number,
    lambda v: v.site,
    found_by=_follow_up,
    tells_of_customer=lambda v: bool(v.commitment),
    open_states=(*TO_BE_CALLED, *TO_BE_SETTLED),
)
COMPLAINT = RecordKind(
    "complaint",
    Complaint,
    lambda v: v.number,
    lambda v: v.site,
    found_by=_complaint,
    letter="P",
    tells_of_customer=lambda v: bool(v.commitment),
    open_states=TO_BE_CLOSED,
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
    found_by=lambda v: Found(_PERSONAL if v.personal else None, v.customer),
    tells_of_customer=lambda v: v.personal and not v.erased,
)
PAPERWORK_KINDS = (
    CUSTOMER,
    NOTICE,
    REPAIR,
    DISPATCH_ORDER,
    INSTALLATION,
    FOLLOW_UP,
    COMPLAINT,
    MANIFEST,
    CONSIGNMENT,
    ATTACHMENT,
)
