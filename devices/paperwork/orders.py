"""Repair orders (送修), and the records that close them."""

from __future__ import annotations

from typing import Literal

import msgspec

from devices.values import Instant
from devices.workflow import Step, Workflow


class RepairRecord(msgspec.Struct, frozen=True):
    """What was done under a repair order; money in integer fen."""

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
    record: RepairRecord | None = None

    @property
    def state(self) -> OrderState:
        """`open`, until it is closed by its service record, or cancelled."""
        return "cancelled" if self.cancelled else "open" if self.record is None else "closed"
