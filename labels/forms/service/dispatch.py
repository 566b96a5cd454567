"""派工单 with its 上门服务单 on one A4: filled, or blank to be filled in by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.dispatches import (
    CONFIRMED,
    OUTCOMES,
    TO_BE_DONE,
    DispatchOrder,
    JobContact,
    Purpose,
    Used,
    Window,
)
from labels.forms.form import Box, Column, Field, Form, FormPart, Table, Word
from labels.forms.paper import clock_time
from labels.forms.parts import column
from labels.forms.service.parts import (
    AS_FILED,
    CHARGED_TO_WRITE,
    COMPLETED,
    COMPLETED_TO_WRITE,
    CUSTOMER_FIELDS,
    DEVICE_COLUMNS,
    DIAGNOSIS,
    DIAGNOSIS_TO_WRITE,
    FAULT,
    TO_SIGN_OR_STAMP,
    DeviceNamed,
    copies_named,
    site_field,
    to_tick,
    to_write,
    when_to_write,
)


class DispatchPrinted(msgspec.Struct, frozen=True, kw_only=True):
    """A dispatch order as it is printed, for whoever may read it.

    `customer` is as they were named on it, masked to whoever does not see them; `contact` whom to ask for there.
    `devices` are by serial. `carried` are the spares out under it with what each is meant for, `swapped` the pairs
    that were swapped under it with their documents, `unsettled` those that wait for theirs. `certified_until` is the
    last day of the certificate of whoever is to go. There are so many `copies`.
    """

    unit: str
    site_name: str
    order: DispatchOrder
    customer: CustomerShown | None = None
    contact: JobContact | None = None
    devices: Mapping[str, DeviceNamed] = {}
    carried: Sequence[Used] = ()
    swapped: Mapping[Used, str] = {}
    unsettled: Sequence[Used] = ()
    certified_until: str | None = None
    copies: int = 1


# --- the head


def window_text(window: Window) -> str:
    """From when to when somebody comes, to the minute; the day of the end only where it is another."""
    starts, ends = clock_time(window.starts_at), clock_time(window.ends_at)
    until = "%H:%M" if starts.date() == ends.date() else "%Y-%m-%d %H:%M"
    return f"{starts:%Y-%m-%d %H:%M} – {ends.strftime(until)}"


def _asked_for(printed: DispatchPrinted) -> str | None:
    contact = printed.contact
    return "  ".join(filter(None, (contact.name, contact.phone))) or None if contact else None


def _why_cancelled(printed: DispatchPrinted) -> str | None:
    order = printed.order
    return order.course[-1].reason if order.cancelled and order.course else None


_HEAD = (
    site_field("order"),
    Field("form.field.state", "order.state", words="dispatch"),
    Field("form.field.purposes", "order.purposes", words="purpose"),
    Field("form.field.issued_as", "order.issued_as"),
    Field("form.field.asked_at", "order.asked_at", "moment"),
    Field("form.field.window", lambda p: window_text(p.order.window) if p.order.window else None),
    Field("form.field.order_opened_at", "order.opened_at", "moment"),
    Field("form.field.order_opened_by", "order.opened_by", "person"),
    Field("form.field.technician", "order.technician", "person"),
    Field("form.field.technician", "order.technician_text"),
    Field("form.field.certified_until", "certified_until", "date"),
    Field("form.field.repeat_of", "order.repeat_of"),
    Field("form.field.waits_for", "order.waits_for", words="wait"),
    *CUSTOMER_FIELDS,
    Field("form.field.job_contact", _asked_for, wide=True),
    Field("form.field.job_address", lambda p: p.contact.address if p.contact else None, wide=True),
    FAULT,
    Field("form.field.why_cancelled", _why_cancelled, wide=True),
)

# --- the devices, and what went in for them


class _Device(msgspec.Struct, frozen=True):
    serial: str
    kind: str | None
    model: str | None
    warranty_until: str | None
    carried: str | None
    spare: str | None
    swap: str | Word | None


def _devices(printed: DispatchPrinted) -> Iterator[tuple[int, _Device]]:
    """The devices of the order, and any other that a spare went in for."""
    used = {pair.faulty: pair for pair in (*printed.swapped, *_told_used(printed))}
    carried = {pair.faulty: pair.spare for pair in printed.carried}
    for n, serial in enumerate(dict.fromkeys((*printed.order.serials, *used)), 1):
        about, pair = printed.devices.get(serial), used.get(serial)
        yield (
            n,
            _Device(
                serial,
                about.kind if about else None,
                about.model if about else None,
                about.warranty_until if about else None,
                carried.get(serial),
                pair.spare if pair else None,
                _swap(printed, pair) if pair else None,
            ),
        )


def _told_used(printed: DispatchPrinted) -> Sequence[Used]:
    record = printed.order.record
    return (record.used or ()) if record else ()


def _swap(printed: DispatchPrinted, pair: Used) -> str | Word | None:
    waits = Word("form.swap.unsettled") if pair in printed.unsettled else None
    return printed.swapped.get(pair) or waits


_WARRANTY = column("warranty_until", "warranty_until", 24, "date")
_TO_USE = (
    column("carried", "carried", 46, "barcode"),
    Column("form.column.fitted", lambda _: ("on",), 18, "choice", words="form.swap"),
)
_USED = (column("spare", "spare", 46, "barcode"), column("swap", "swap", 37))


def _columns(printed: DispatchPrinted) -> tuple[Column, ...]:
    """Of a job that is still to be done what is carried, to be ticked where it goes in; else what went in."""
    return (*DEVICE_COLUMNS, _WARRANTY, *(_TO_USE if printed.order.state in TO_BE_DONE else _USED))


# --- the service record


def _outcome(purpose: Purpose) -> Field:
    return Field(f"form.field.outcome_{purpose}", f"order.record.outcomes.{purpose}", words="outcome")


def _outcome_blank(purpose: Purpose) -> Field:
    return to_tick(f"form.field.outcome_{purpose}", OUTCOMES[purpose], "outcome")


def _confirmation(name: str) -> Callable[[DispatchPrinted], Any]:
    def read(printed: DispatchPrinted) -> Any:
        return getattr(printed.order.record and printed.order.record.confirmation, name, None)

    return read


def _correction(n: int) -> tuple[Field, ...]:
    return (
        Field("form.field.corrected_at", lambda p: p.order.corrections[n].at, "moment"),
        Field("form.field.corrected_by", lambda p: p.order.corrections[n].by, "person"),
        Field("form.field.why_corrected", lambda p: p.order.corrections[n].reason, wide=True),
    )


def _record(printed: DispatchPrinted) -> FormPart | None:
    """The service record as it was filed, or to be filled in by hand; none of an order that was cancelled."""
    order, title = printed.order, "form.part.service_record"
    if order.record is not None:
        return FormPart(
            title,
            (
                Field("form.field.arrived_at", "order.record.arrived_at", "moment"),
                COMPLETED,
                *map(_outcome, order.purposes),
                DIAGNOSIS,
                Field("form.field.service_work", "order.record.work", wide=True),
                *AS_FILED,
                Field("form.field.confirmation", _confirmation("how"), words="confirmed"),
                Field("form.field.why_declined", _confirmation("reason"), wide=True),
                Field("form.field.signed_paper", _confirmation("paper"), "serial", wide=True),
                *(field for n in range(len(order.corrections)) for field in _correction(n)),
            ),
        )
    if order.state not in TO_BE_DONE:
        return None
    return FormPart(
        title,
        (
            when_to_write("form.field.arrived_at"),
            COMPLETED_TO_WRITE,
            *map(_outcome_blank, order.purposes),
            DIAGNOSIS_TO_WRITE,
            to_write("form.field.service_work", lines=4),
            CHARGED_TO_WRITE,
            to_tick("form.field.confirmation", CONFIRMED, "confirmed"),
            to_write("form.field.why_declined", lines=2),
        ),
    )


def _boxes(printed: DispatchPrinted) -> list[Box]:
    order, record = printed.order, printed.order.record
    desk = Box("form.box.desk", order.opened_by, order.opened_at)
    if order.cancelled:
        return [desk]
    filed = record is not None and record.filed_by == order.technician
    technician = Box("form.box.technician", order.technician, record.filed_at if record and filed else None)
    how = _confirmation("how")(printed)
    customer = Box("form.box.customer", outcome=how and f"confirmed.{how}", place=TO_SIGN_OR_STAMP)
    return [desk, technician, customer]


DISPATCH_FORM = Form(
    name="dispatch_order",
    title=lambda printed: ("form.title.dispatch_order", {}),
    number="order.number",
    unit="unit",
    fields=_HEAD,
    tables=(Table("form.table.devices", _devices, _columns),),
    below=_record,
    boxes=_boxes,
    code="order.number",
    copies=copies_named,
)
