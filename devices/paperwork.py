"""The records a document can rest on: customers, repair and dispatch orders, manifests, consignments, attachments."""

from __future__ import annotations

from typing import Literal

import msgspec

from devices.values import Book, Instant
from devices.workflow import Step, Workflow


class Customer(msgspec.Struct, frozen=True):
    """A customer by number. Who they are is personal data; the journal holds the commitment to it only.

    `moved_to` is the site that a supervisor has made their home; before that it is the one in their number.
    """

    number: str
    site: str
    commitment: str = ""
    erased: bool = False
    moved_to: str | None = None

    @property
    def home(self) -> str:
        """The site that they belong to: it always sees them, and keeps their data."""
        return self.moved_to or self.number.split("-")[1]


class CustomerData(msgspec.Struct, frozen=True):
    """A customer's personal data, kept in the one erasable table. `form` is the taxpayer id's (see taxpayers)."""

    taxpayer_id: str
    form: str
    name: str | None = None
    address: str | None = None
    contact: str | None = None


class Proposed(msgspec.Struct, frozen=True):
    """What another site learned of a customer, for their home to take over or not: personal data."""

    name: str | None = None
    address: str | None = None
    contact: str | None = None


NOTICES = Workflow(
    "told",
    #    step       before     after       refused otherwise
    Step("see",     ("told",), "seen",     "notice_settled"),
    Step("accept",  ("told",), "accepted", "notice_settled"),
    Step("decline", ("told",), "declined", "notice_settled"),
)  # fmt: skip
"""A notice is seen, or, where it proposes something, accepted or declined."""


class Notice(msgspec.Struct, frozen=True):
    """What another site did with a customer of this one: told to `site`, their home, by `at`.

    `under` is the number of the document or order, `what` its type, or `repair` or `dispatch_order`; `told_on` is an
    ISO date. With `proposes`, what was learned of the customer is personal data (Proposed) that `commitment` commits
    to.
    """

    site: str
    customer: str
    under: str
    what: str
    at: str
    by: str
    told_on: str
    serials: tuple[str, ...]
    proposes: bool = False
    commitment: str = ""
    erased: bool = False
    state: str = NOTICES.begins
    settled_by: str | None = None


class ServiceRecord(msgspec.Struct, frozen=True):
    """上门服务单 or repair record: what was done under an order; money in integer fen."""

    completed_at: Instant
    diagnosis: str
    work: str
    charged_fen: int
    filed_at: Instant
    filed_by: str


OrderState = Literal["open", "closed", "cancelled"]

ORDERS = Workflow(
    "open",
    #    step      before      after        refused otherwise
    Step("file",   ("open",),  "closed",    "order_closed", {"closed": "service_record_exists"}),
    Step("cancel", ("open",),  "cancelled", "order_closed"),
)  # fmt: skip
"""An order is closed by its service record, or cancelled."""


class RepairOrder(msgspec.Struct, frozen=True):
    """A device sent in for repair, by whom it was then; it closes when its service record is filed.

    `opened_on` is an ISO date. `serial` is None only to a reader from whom a blind count keeps it.
    """

    number: str
    site: str
    serial: str | None
    fault: str
    opened_on: str
    opened_by: str
    customer: str | None = None
    cancelled: bool = False
    record: ServiceRecord | None = None

    @property
    def state(self) -> OrderState:
        """`open`, until it is closed by its service record, or cancelled."""
        return "cancelled" if self.cancelled else "open" if self.record is None else "closed"


class DispatchOrder(msgspec.Struct, frozen=True):
    """派工单: a technician is sent to a customer's device; it is met when its service record is filed.

    `serial` is None only to a reader from whom a blind count keeps it.
    """

    number: str
    site: str
    serial: str | None
    fault: str
    technician: str
    opened_on: str
    opened_by: str
    customer: str | None = None
    cancelled: bool = False
    record: ServiceRecord | None = None

    @property
    def state(self) -> OrderState:
        """`open`, until it is closed by its service record, or cancelled."""
        return "cancelled" if self.cancelled else "open" if self.record is None else "closed"


class ManifestRow(msgspec.Struct, frozen=True):
    """One row of a packing list as a person sees it; `problem` is a code, and then the serial may be missing."""

    row: int
    text: str
    serial: str | None = None
    model: str | None = None
    carton: str | None = None
    problem: str | None = None


WhyLeftOut = Literal["title", "heading", "sum", "note", "nothing", "column", "sheet", "hidden"]
"""Why a part of a list is no device: it stands above the heading, or is one again; a sum; a note or signature;
nothing stands in the columns that are read; a column, or a sheet, that is not read; a hidden sheet."""


class LeftOut(msgspec.Struct, frozen=True):
    """A part of a list that is no device: its row as a person sees it, what stood there, cut short, and why.

    Of a column it is the row and the text of the heading; of a sheet there is no row, and the text is its title.
    """

    row: int | None
    text: str
    why: WhyLeftOut


class Manifest(msgspec.Struct, frozen=True):
    """What a supplier says it sent, and what else stood on its list, which was left out.

    `attachment` is the digest of the file it was read from.
    """

    number: str
    site: str
    register: Book
    supplier: str
    delivery_note: str
    rows: tuple[ManifestRow, ...]
    attachment: str | None = None
    left_out: tuple[LeftOut, ...] = ()


class Consignment(msgspec.Struct, frozen=True):
    """托运单: one waybill of an approved carrier; `papers` are digests of attachments."""

    number: str
    site: str
    carrier: str
    waybill: str
    destination: str
    sent_on: str
    packages: int = 1
    note: str = ""
    papers: tuple[str, ...] = ()


class Attachment(msgspec.Struct, frozen=True):
    """A paper that a site keeps, known by the SHA-256 of its bytes; the bytes are there once, whoever keeps them.

    A `personal` one is a paper that `customer` signed, kept `under` the order it is of: erasing the customer erases
    its bytes, and its digest stays. Its name is the order's, since a file's own may be a person's.
    """

    digest: str
    site: str
    name: str
    media_type: str
    size_bytes: int
    personal: bool = False
    customer: str | None = None
    under: str | None = None
    erased: bool = False


def consignment_key(site: str, carrier: str, waybill: str) -> str:
    """The number of a consignment: a site's carrier and waybill name it, so posting twice makes one."""
    return f"{site}/{carrier}/{waybill}"


def attachment_key(site: str, digest: str) -> str:
    """The key of a site's own record of a paper; another site that keeps the same bytes has its own."""
    return f"{site}/{digest}"


def notice_key(under: str, customer: str) -> str:
    """The key of a notice: one of each document or order for each customer it concerns."""
    return f"{under}/{customer}"
