"""The journalled records of custody: safety inspections, the access log's visits, and handovers."""

from __future__ import annotations

from typing import Literal

import msgspec

from devices.calendar import day_of
from devices.records import Found, RecordKind
from devices.values import Instant
from devices.workflow import Step, Workflow

InspectorRole = Literal["storekeeper", "auditor"]
VisitState = Literal["requested", "approved", "refused", "entered", "left"]
HandoverState = Literal["open", "completed", "cancelled"]


VISITS = Workflow(
    "requested",
    #    step       before           after       refused otherwise     whose it is
    Step("approve", ("requested",),  "approved", "visit_out_of_order", who=("auditor",), decides=True),
    Step("refuse",  ("requested",),  "refused",  "visit_out_of_order", who=("auditor",), decides=True),
    Step("enter",   ("approved",),   "entered",  "visit_out_of_order", who=("storekeeper",)),
    Step("leave",   ("entered",),    "left",     "visit_out_of_order", who=("storekeeper",)),
)  # fmt: skip
"""A visitor is approved before they enter, and out again at its end."""

HANDOVERS = Workflow(
    "open",
    #    step         before       after        refused otherwise
    Step("sign",      ("open",),   "open",      "handover_settled"),
    Step("complete",  ("open",),   "completed", "handover_settled"),
    Step("cancel",    ("open",),   "cancelled", "handover_settled"),
)  # fmt: skip
"""Signed by three, of whom the last completes it; until then it can be given up."""


class InspectionFinding(msgspec.Struct, frozen=True):
    """What is wrong with one item, who sees to it and by which day (ISO); once settled, what was done."""

    fault: str
    owner: str
    due_on: str
    work: str | None = None
    settled_at: Instant | None = None
    settled_by: str | None = None


class InspectedItem(msgspec.Struct, frozen=True):
    """The answer to one item of the checklist; `expires_on` is an ISO date where the item asks for one."""

    item: str
    ok: bool
    expires_on: str | None = None
    note: str = ""
    finding: InspectionFinding | None = None


class Inspection(msgspec.Struct, frozen=True):
    """安全检查: every item of the checklist answered, by a storekeeper or by the auditor for themselves."""

    number: str
    site: str
    role: InspectorRole
    made_on: str
    made_at: Instant
    made_by: str
    items: tuple[InspectedItem, ...]


class Stage(msgspec.Struct, frozen=True):
    """One step of a visit as it was taken: by whom, when by the server's clock, and what it asked for."""

    step: str
    by: str
    at: Instant
    escort: str | None = None
    reason: str | None = None


class Visit(msgspec.Struct, frozen=True):
    """出入登记: somebody who is no storekeeper comes in, on one day (ISO), for a purpose.

    Who they are is personal data; `course` holds every step in order, the request first.
    """

    number: str
    site: str
    visit_on: str
    purpose: str
    state: VisitState
    course: tuple[Stage, ...]
    commitment: str = ""
    erased: bool = False


class VisitorData(msgspec.Struct, frozen=True):
    """Who a visitor is, kept in the one erasable table."""

    name: str
    organisation: str
    contact: str | None = None


class Handover(msgspec.Struct, frozen=True):
    """库管人员交接: the storekeeper's role moves from one person to another before a third.

    `payload` is what the three sign, as JSON text; `note` says why it was cancelled.
    """

    number: str
    site: str
    outgoing: str
    incoming: str
    supervisor: str
    state: HandoverState
    payload: str
    opened_at: Instant
    opened_by: str
    completed_at: Instant | None = None
    note: str | None = None


def _inspection(value: Inspection) -> Found:
    """An inspection by whether a finding of it is open, and the day on which it was made or its last one settled."""
    findings = [item.finding for item in value.items if item.finding is not None]
    settled = [day_of(each.settled_at).isoformat() for each in findings if each.settled_at is not None]
    return Found("open" if len(settled) < len(findings) else "settled", day=max([value.made_on, *settled]))


INSPECTION = RecordKind(
    "inspection", Inspection, lambda v: v.number, lambda v: v.site, found_by=_inspection, letter="I"
)
VISIT = RecordKind(
    "visit",
    Visit,
    lambda v: v.number,
    lambda v: v.site,
    found_by=lambda v: Found(v.state, day=day_of(v.course[-1].at).isoformat()),
    letter="V",
)
HANDOVER = RecordKind(
    "handover",
    Handover,
    lambda v: v.number,
    lambda v: v.site,
    found_by=lambda v: Found(v.state),
    letter="H",
)
CUSTODY_KINDS = (INSPECTION, VISIT, HANDOVER)
