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
    """One rule: some days after the fact `starts_from`, the fact `met_by` must be there.

    calendar: "working" counts by the official calendar, "calendar" counts every day, "month" goes to the end of the
    calendar month and counts from there. days: how many, or the field of Site that says how many.
    """

    name: str
    starts_from: str
    met_by: str
    calendar: Literal["working", "calendar", "month"]
    days: int | str


DEADLINES = (
    #        name                  starts from            met by             calendar    days, or the site's setting
    Deadline("registration",       "sale",                "registration",    "working",  3),
    Deadline("repair_record",      "repair_completion",   "service_record",  "working",  3),
    Deadline("on_site_repair",     "dispatch_order",      "service_record",  "working",  1),
    Deadline("in_transit",         "dispatch",            "arrival",         "calendar", "in_transit_days"),
    Deadline("carried",            "carry_out",           "carry_back",      "calendar", "carried_days"),
    Deadline("at_factory",         "factory_dispatch",    "factory_receipt", "calendar", "at_factory_days"),
    Deadline("stocktake",          "month",               "stocktake",       "month",    0),
    Deadline("safety_inspection",  "month",               "inspection",      "month",    0),
    Deadline("audit_inspection",   "auditors_inspection", "inspection",      "calendar", "inspection_days"),
    Deadline("inspection_finding", "day_agreed",          "settlement",      "calendar", 0),
    Deadline("visit",              "entry",               "leaving",         "calendar", 0),
)  # fmt: skip
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


def standing(due_on: date, met_on: date | None, today: date) -> Standing:
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
