"""The forms about devices: one device's history, and every device of a customer."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from devices.journal import Head
from devices.ledger.reading.history import Event
from devices.ledger.reading.passport import CustomerShown, Passport
from labels.forms.form import Box, Column, Field, Form, Proof, Table, Word
from labels.forms.parts import NUMBER, column, poster_of


class HistoryPrinted(msgspec.Struct, frozen=True):
    """A device's history as its reader may see it; `lines` can be read once. `head` is the journal's that moved it."""

    unit: str
    device: Passport
    head: Head | None
    on: str
    lines: Iterable[Event]


MASKED, ERASED = Word("form.customer.masked"), Word("form.customer.erased")


def customer_name(customer: CustomerShown | None) -> str | Word | None:
    """What is printed of a customer: number and name, or why not."""
    if customer is None:
        return None
    if customer.masked:
        return MASKED
    if customer.erased:
        return ERASED
    return " ".join(part for part in (customer.number, customer.name) if part) or None


HISTORY = Form(
    name="history",
    title=lambda printed: ("form.title.history", {}),
    number="device.serial",
    unit="unit",
    fields=(
        Field("form.field.serial", "device.serial", "serial"),
        Field("form.field.kind", "device.kind", words="kind"),
        Field("form.field.model", lambda p: f"{p.device.model} {p.device.model_name}"),
        Field("form.field.state", "device.state", words="state"),
        Field("form.field.register", "device.register", words="register"),
        Field("form.field.place", lambda p: " ".join(filter(None, (p.device.site, p.device.bin))) or None),
        Field("form.field.party", "device.party"),
        Field("form.field.customer", lambda p: customer_name(p.device.customer)),
        Field("form.field.taxpayer_id", lambda p: p.device.customer and p.device.customer.taxpayer_id),
        Field("form.field.warranty_until", "device.warranty_until", "date"),
        Field("form.field.replaces", "device.replaces", "serial"),
        Field("form.field.replaced_by", "device.replaced_by", "serial"),
        Field("form.field.paired_with", "device.paired_with", "serial"),
        Field("form.field.on", "on", "date"),
    ),
    tables=(
        Table(
            "form.table.lines",
            lambda printed: printed.lines,
            (
                Column("form.column.n", "step", 10, "ordinal"),
                Column("form.column.business_date", "business_date", 22, "date"),
                Column("form.column.recorded_at", "recorded_at_us", 36, "moment"),
                Column("form.column.document", "document", 37),
                Column("form.column.type", "document_type", 24, words="document"),
                Column("form.column.reverses", "reverses", 15, "number"),
                Column("form.column.before", "from_state", 22, words="state"),
                Column("form.column.state", "position.state", 22, words="state"),
                Column("form.column.register", "position.register", 22, words="register"),
                Column("form.column.place", lambda e: " ".join(
                    filter(None, (e.position.site, e.position.bin or e.position.party))) or None, 26),
                Column("form.column.customer", lambda e: MASKED if e.masked else e.position.customer, 28),
                Column("form.column.made_by", poster_of, 24, "person"),
                Column("form.column.reviewed_by", "reviewed_by", 24, "person"),
            ),
        ),
    ),
    boxes=lambda printed: [Box("form.box.poster"), Box("form.box.auditor")],
    proof=lambda p: p.head and Proof(None, p.head.site, p.head.seq, p.head.hash),
    landscape=True,
)  # fmt: skip


class BelongingsPrinted(msgspec.Struct, frozen=True):
    """A customer with the devices of theirs that the reader may see; `devices` can be read once."""

    unit: str
    number: str
    customer: CustomerShown
    on: str
    devices: Iterable[Passport]


BELONGINGS = Form(
    name="belongings",
    title=lambda printed: ("form.title.belongings", {}),
    number="number",
    unit="unit",
    fields=(
        Field("form.field.customer", lambda p: customer_name(p.customer), wide=True),
        Field("form.field.taxpayer_id", "customer.taxpayer_id", "serial"),
        Field("form.field.contact", "customer.contact"),
        Field("form.field.address", "customer.address", wide=True),
        Field("form.field.on", "on", "date"),
    ),
    tables=(
        Table(
            "form.table.devices",
            lambda printed: enumerate(printed.devices, 1),
            (
                NUMBER,
                column("serial", "serial", 30, "serial"),
                column("kind", "kind", 18, words="kind"),
                column("model", "model", 20),
                column("state", "state", 26, words="state"),
                column("site", "responsible_site", 18),
                column("warranty_until", "warranty_until", 24, "date"),
                column("paired_with", "paired_with", 30, "serial"),
                column("replaces", "replaces", 30, "serial"),
                column("document", "document", 37),
                column("business_date", "business_date", 24, "date"),
            ),
        ),
    ),
    boxes=lambda printed: [Box("form.box.poster"), Box("form.box.customer")],
    landscape=True,
)
