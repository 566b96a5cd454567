"""What has to be done by when: the declared deadlines, and how each of them stands on a given day.

Pure: the facts (when something started, when it was done) are given by the caller, all as business dates in
the unit's time zone. The names are codes; their words stand in labels/words (`deadline.`, `standing.`).
See docs/decisions.md, "Whose days a deadline counts".
"""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

import msgspec

from devices import calendar
from devices.values import Site

Standing = Literal["due", "overdue", "met", "met_late"]
STANDINGS: tuple[Standing, ...] = ("due", "overdue", "met", "met_late")


class Deadline(msgspec.Struct, frozen=True):
    """One rule: some days after the fact `starts_from`, one of the facts `met_by` must be there.

    `of_state` is the state that a device is under the deadline in, where it is a device's; the facts are documents
    then, and each of `met_by` takes the device out of that state. calendar: "working" counts by the official
    calendar, "calendar" counts every day, "month" goes to the end of the calendar month and counts from there. days:
    how many, or the field of Site that says how many.
    """

    name: str
    calendar: Literal["working", "calendar", "month"]
    days: int | str
    of_state: str | None
    starts_from: str
    met_by: tuple[str, ...]


BROUGHT_BACK = ("carry_back", "swap")
MAKER_ANSWERED = ("factory_receipt", "factory_exchange")
SERVICE_RECORD = ("service_record",)
INSTALLED = ("installed",)
CALLED = ("answer", "unreached")

DEADLINES = (
    #        name                  calendar    days, or the site's  of a device   starts from          met by
    Deadline("registration",       "working",  3,                 "sold",       "sale",              ("registration",)),
    Deadline("in_transit",         "calendar", "in_transit_days", "in_transit", "dispatch",          ("arrival",)),
    Deadline("carried",            "calendar", "carried_days",    "carried",    "carry_out",         BROUGHT_BACK),
    Deadline("at_factory",         "calendar", "at_factory_days", "at_factory", "factory_dispatch",  MAKER_ANSWERED),
    Deadline("repair_record",      "working",  3,                 None,         "repair_completion", SERVICE_RECORD),
    Deadline("on_site_repair",     "working",  1,                 None,         "asking",            ("completion",)),
    Deadline("installation",       "working",  "installation_days", None,      "asking",            INSTALLED),
    Deadline("follow_up",          "working",  3,                 None,         "completion",        CALLED),
    Deadline("explanation",        "working",  1,                 None,         "answer",            ("explanation",)),
    Deadline("complaint",          "working",  2,                 None,         "receiving",         ("resolution",)),
    Deadline("complaint_filing",   "working",  "filing_days",     None,         "resolution",        ("filing",)),
    Deadline("corrective_action",  "calendar", 0,                 None,         "day_agreed",        ("check",)),
    Deadline("stocktake",          "month",    0,                 None,         "month",             ("stocktake",)),
    Deadline("safety_inspection",  "month",    0,                 None,         "month",             ("inspection",)),
    Deadline("audit_inspection",   "calendar", "inspection_days", None,         "audit_inspection",  ("inspection",)),
    Deadline("inspection_finding", "calendar", 0,                 None,         "day_agreed",        ("settlement",)),
    Deadline("visit",              "calendar", 0,                 None,         "entry",             ("leaving",)),
)  # fmt: skip
DEADLINE_OF_STATE: Mapping[str, Deadline] = MappingProxyType(
    {deadline.of_state: deadline for deadline in DEADLINES if deadline.of_state is not None}
)
"""The deadline a device is under while it is in a state."""
DEADLINE: Mapping[str, Deadline] = MappingProxyType({deadline.name: deadline for deadline in DEADLINES})
assert len(DEADLINE) == len(DEADLINES), "two deadlines share a name"

SITE_SETTINGS: tuple[str, ...] = tuple(d.days for d in DEADLINES if isinstance(d.days, str))
assert set(SITE_SETTINGS) <= set(Site.__struct_fields__), "a deadline names a setting that no site has"


def due(deadline: Deadline, start: date, site: Site) -> date:
    """The last day on which the deadline is still kept; `start` is the business date it starts from.

    site: the site that answers for it; its settings decide the deadlines that are its own to set.
    A working day after `calendar.known_until()` is an estimate.
    """
    return _COUNT[deadline.calendar](start, days_of(deadline, site))


def days_of(deadline: Deadline, site: Site) -> int:
    """How many days the deadline gives at that site, working or calendar days as the deadline says."""
    return deadline.days if isinstance(deadline.days, int) else int(getattr(site, deadline.days))


def standing_on(due_on: date, met_on: date | None, today: date) -> Standing:
    """How a deadline stands: "due" through its last day, then "overdue"; "met" or "met_late" once done."""
    if met_on is not None:
        return "met" if met_on <= due_on else "met_late"
    return "due" if today <= due_on else "overdue"


def _calendar_days(start: date, days: int) -> date:
    return start + timedelta(days=days)


def _days_after_month(start: date, days: int) -> date:
    return calendar.last_day(calendar.month_of(start)) + timedelta(days=days)


_COUNT = MappingProxyType(
    {"working": calendar.add_working_days, "calendar": _calendar_days, "month": _days_after_month}
)
