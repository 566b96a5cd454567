"""Dispatch orders (派工单) and the service records (上门服务单) that are filed under them: one order for every trip.

Their steps are one table, DISPATCHES, that the acts, the API, the pages, the docs and the tests read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime, time
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from devices.calendar import TIME_ZONE
from devices.lifecycle import DESK
from devices.values import Instant
from devices.workflow import SAME, Step, Workflow

Purpose = Literal["repair", "install", "return_visit"]
PURPOSES: tuple[Purpose, ...] = ("repair", "install", "return_visit")
MOST_DEVICES = 20
REPEAT_DAYS = 90
"""A job on a device of which another was done within as many days repeats it."""

WaitReason = Literal["customer_absent", "customer_equipment", "part_missing", "remote_place"]
WAIT_REASONS: tuple[WaitReason, ...] = (
    "customer_absent", "customer_equipment", "part_missing", "remote_place",
)  # fmt: skip

DispatchState = Literal["open", "accepted", "waiting", "done", "cancelled"]
TO_BE_DONE: tuple[DispatchState, ...] = ("open", "accepted", "waiting")
"""The states of an order whose job is still to be done."""
TECHNICIAN = "technician"
"""The role of whoever is sent; as whose a step is, the one technician of that order."""

_FILED = {"done": "service_record_exists", "cancelled": "order_closed"}
_OVER = {"done": "order_closed", "cancelled": "order_closed"}
_WORKS = (TECHNICIAN, "clerk")
"""Who does a job, or writes it up: never whoever gives out the spares, so that no one person makes a swap alone."""
DISPATCHES = Workflow(
    "open",
    #    step        before                            after        refused otherwise              whose it is
    Step("reassign", ("open", "accepted"),             "open",      "dispatch_out_of_order", _OVER, who=DESK),
    Step("appoint",  ("open", "accepted"),             SAME,        "dispatch_out_of_order", _OVER, who=_WORKS),
    Step("accept",   ("open",),                        "accepted",  "dispatch_out_of_order", _OVER, who=(TECHNICIAN,)),
    Step("postpone", ("accepted",),                    "waiting",   "dispatch_out_of_order", _OVER, who=(TECHNICIAN,)),
    Step("resume",   ("waiting",),                     "accepted",  "dispatch_out_of_order", _OVER, who=_WORKS),
    Step("file",     ("open", "accepted"),             "done",      "dispatch_out_of_order", _FILED, who=_WORKS),
    Step("correct",  ("done",),                        "done",      "dispatch_out_of_order", who=_WORKS),
    Step("cancel",   ("open", "accepted", "waiting"),  "cancelled", "dispatch_out_of_order", _OVER, who=DESK),
    told_as="order_state",
)  # fmt: skip
"""A technician is assigned, accepts, may wait, and is done once the service record is filed; see SERVICE section 5."""

RepairOutcome = Literal["solved", "unsolved"]
InstallOutcome = Literal["installed", "not_installed"]
VisitOutcome = Literal["all_well", "helped"]


class Outcomes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of each purpose of an order, None for one that it does not have."""

    repair: RepairOutcome | None = None
    install: InstallOutcome | None = None
    return_visit: VisitOutcome | None = None


OUTCOMES: Mapping[Purpose, tuple[str, ...]] = MappingProxyType(
    {
        "repair": ("solved", "unsolved"),
        "install": ("installed", "not_installed"),
        "return_visit": ("all_well", "helped"),
    }
)  # fmt: skip


class Window(msgspec.Struct, frozen=True):
    """The time in which the technician was agreed to come."""

    starts_at: Instant
    ends_at: Instant


class Used(msgspec.Struct, frozen=True):
    """A spare that went in on the spot, and the faulty device that came out for it; both by serial."""

    faulty: str
    spare: str


Confirmed = Literal["signed", "stamped", "declined"]
CONFIRMED: tuple[Confirmed, ...] = ("signed", "stamped", "declined")


class Confirmation(msgspec.Struct, frozen=True):
    """How the customer confirmed the job: the digest of the paper they signed or stamped, else why they did not."""

    how: Confirmed
    paper: str | None = None
    reason: str | None = None


class ServiceRecord(msgspec.Struct, frozen=True):
    """上门服务单: what was done under a dispatch order; money in integer fen.

    `used` is None in a record from before it was kept; then a swap under the order is not held against it. Such a
    record has no arrival, outcome or confirmation either.
    """

    completed_at: Instant
    diagnosis: str
    work: str
    charged_fen: int
    filed_at: Instant
    filed_by: str
    arrived_at: Instant | None = None
    outcomes: Outcomes = Outcomes()
    used: tuple[Used, ...] | None = None
    confirmation: Confirmation | None = None


class Correction(msgspec.Struct, frozen=True):
    """A record as it was before it was corrected, by whom and why."""

    record: ServiceRecord
    reason: str
    at: Instant
    by: str


class StepTaken(msgspec.Struct, frozen=True):
    """One step that was taken of an order, and what it said."""

    step: str
    at: Instant
    by: str
    reason: str | None = None
    technician: str | None = None
    window: Window | None = None


class JobContact(msgspec.Struct, frozen=True):
    """Whom to ask for at the customer's, where it is not they themselves: personal data of the order."""

    name: str | None = None
    phone: str | None = None
    address: str | None = None


class DispatchOrder(msgspec.Struct, frozen=True):
    """派工单: a technician is sent to a customer; it is done when its service record is filed.

    `serials` are the devices it is about: none where the trouble is no device's; those that a blind count keeps from a
    reader are left out. `technician` is a username, None until one is assigned; of an order from before technicians
    were people, `technician_text` is what was written instead. `issued_as` is its number in 服务综合管理系统;
    `repeat_of` the order of the last job on one of its devices within REPEAT_DAYS.
    """

    number: str
    site: str
    customer: str | None
    serials: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    fault: str
    asked_at: Instant
    opened_at: Instant
    opened_by: str
    technician: str | None = None
    window: Window | None = None
    issued_as: str | None = None
    repeat_of: str | None = None
    state: DispatchState = "open"
    course: tuple[StepTaken, ...] = ()
    record: ServiceRecord | None = None
    corrections: tuple[Correction, ...] = ()
    commitment: str = ""
    erased: bool = False
    technician_text: str | None = None

    @property
    def cancelled(self) -> bool:
        """Whether it came to nothing."""
        return self.state == "cancelled"

    @property
    def is_given(self) -> bool:
        """Whether somebody was sent: a technician, or of an old order whoever was written instead."""
        return bool(self.technician or self.technician_text)

    @property
    def used(self) -> tuple[Used, ...]:
        """The pairs that its record says went in; none of one from before they were kept."""
        return (self.record.used if self.record else None) or ()

    @property
    def waits_for(self) -> str | None:
        """Why its job waits, a WaitReason; None where it does not."""
        return self.course[-1].reason if self.state == "waiting" and self.course else None


def issued_key(number: str) -> str:
    """What a number of 服务综合管理系统 is known by: in another case or width, or spaced, it is the same."""
    return "".join(unicodedata.normalize("NFKC", number).split()).casefold()


class _Before(msgspec.Struct, frozen=True):
    """A dispatch order as it was kept before technicians were people."""

    number: str
    site: str
    serial: str
    fault: str
    technician: str
    opened_on: str
    opened_by: str
    customer: str | None = None
    cancelled: bool = False
    record: ServiceRecord | None = None


def read_dispatch_order(content: str | bytes) -> DispatchOrder:
    """A kept order as its value; one from before is read as it would be kept now. Raises msgspec.ValidationError."""
    try:
        return msgspec.json.decode(content, type=DispatchOrder)
    except msgspec.ValidationError:
        return _as_now(msgspec.json.decode(content, type=_Before))


def _as_now(order: _Before) -> DispatchOrder:
    day = datetime.fromisoformat(order.opened_on).date()
    opened_at = int(datetime.combine(day, time(), ZoneInfo(TIME_ZONE)).timestamp()) * 1_000_000
    state: DispatchState = "cancelled" if order.cancelled else "open" if order.record is None else "done"
    return DispatchOrder(
        order.number, order.site, order.customer, (order.serial,), ("repair",), order.fault, opened_at, opened_at,
        order.opened_by, state=state, record=order.record, technician_text=order.technician,
    )  # fmt: skip


assert set(OUTCOMES) == set(PURPOSES) == set(Outcomes.__struct_fields__), "every purpose has its outcomes"
