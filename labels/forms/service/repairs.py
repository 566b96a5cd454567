"""维修单: the receipt for a device sent in for repair, with the record of it, filled or to be filled in by hand."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.orders import RepairOrder
from labels.forms.form import Box, Field, Form, FormPart, Table
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
    to_write,
)


class RepairPrinted(msgspec.Struct, frozen=True, kw_only=True):
    """A repair order as it is printed; `device` is what is known of the one sent in. There are so many `copies`."""

    unit: str
    site_name: str
    order: RepairOrder
    customer: CustomerShown | None = None
    device: DeviceNamed | None = None
    copies: int = 1


class _SentIn(msgspec.Struct, frozen=True):
    serial: str | None
    kind: str | None
    model: str | None
    warranty_until: str | None


def _sent_in(printed: RepairPrinted) -> Iterator[tuple[int, _SentIn]]:
    device = printed.device
    about = (device.kind, device.model, device.warranty_until) if device else (None, None, None)
    yield 1, _SentIn(printed.order.serial, *about)


def _repair_record(printed: RepairPrinted) -> FormPart | None:
    title = "form.part.repair_record"
    if printed.order.record is not None:
        return FormPart(
            title, (COMPLETED, DIAGNOSIS, Field("form.field.work", "order.record.work", wide=True), *AS_FILED)
        )
    if printed.order.cancelled:
        return None
    work = to_write("form.field.work", lines=4)
    return FormPart(title, (COMPLETED_TO_WRITE, CHARGED_TO_WRITE, DIAGNOSIS_TO_WRITE, work))


def _repair_boxes(printed: RepairPrinted) -> list[Box]:
    order, record = printed.order, printed.order.record
    desk = Box("form.box.poster", order.opened_by)
    if order.cancelled:
        return [desk]
    by, at_us = (record.filed_by, record.filed_at) if record else (None, None)
    return [
        Box("form.box.sender", place=TO_SIGN_OR_STAMP),
        desk,
        Box("form.box.repairer", by, at_us),
    ]


REPAIR_FORM = Form(
    name="repair_order",
    title=lambda printed: ("form.title.repair_order", {}),
    number="order.number",
    unit="unit",
    fields=(
        site_field("order"),
        Field("form.field.state", "order.state", words="repair_order"),
        Field("form.field.sent_in_on", "order.opened_on", "date"),
        Field("form.field.order_opened_by", "order.opened_by", "person"),
        *CUSTOMER_FIELDS,
        FAULT,
    ),
    tables=(
        Table(
            "form.table.devices",
            _sent_in,
            (*DEVICE_COLUMNS, column("warranty_until", "warranty_until", 46, "date")),
        ),
    ),
    below=_repair_record,
    boxes=_repair_boxes,
    code="order.number",
    copies=copies_named,
)
