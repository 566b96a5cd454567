"""Which deadlines were met since a day: those of the ledger, and those of counts, inspections, findings and visits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from devices.audit.custody.inspections import inspections_of
from devices.audit.custody.visits import visits_of
from devices.audit.due import bins_since
from devices.audit.stocktake.stocktakes import stocktakes_of
from devices.calendar import first_day, month_of
from devices.deadlines import DEADLINE
from devices.ledger.duties import met_deadlines as ledger_met
from devices.ledger.duties.due import Due, due_of
from devices.records import SITE, all_current
from devices.store.database import Store
from devices.unit import Unit
from devices.values import Site


def met(store: Store, unit: Unit, sites: Sequence[str], since: date) -> list[Due]:
    """What these sites have done since a day that was to be done by some day, the earliest first."""
    found = ledger_met.met(store, unit, sites, since)
    for site, _ in all_current(store, SITE):
        if site.code in sites:
            done = (
                *_counts(store, unit, site),
                *_inspections(store, unit, site),
                *_visits(store, unit, site),
            )
            found += [each for each in done if (each.met_on or "") >= since.isoformat()]
    return sorted(found, key=lambda each: (each.met_on or "", each.deadline, each.subject))


def _counts(store: Store, unit: Unit, site: Site) -> Iterator[Due]:
    """The first sealed count of each register in a calendar month, on the day of its close."""
    since = bins_since(store, unit, site)
    counted: set[tuple[str, str]] = set()
    for each in stocktakes_of(store, site.code):
        if each.state != "sealed" or each.closed is None:
            continue
        day = unit.day_of(each.closed.at)
        if (each.register, month_of(day)) not in counted:
            counted.add((each.register, month_of(day)))
            started = max(since.get(each.register, day), first_day(month_of(day)))
            yield due_of(DEADLINE["stocktake"], each.register, site, started, day, day)


def _inspections(store: Store, unit: Unit, site: Site) -> Iterator[Due]:
    """Each month's first inspection by a storekeeper, each of an auditor, and every finding that was settled."""
    first = min(bins_since(store, unit, site).values(), default=date.min)
    inspected: set[str] = set()
    before = first
    for each in inspections_of(store, site.code):
        day = date.fromisoformat(each.made_on)
        if each.role == "auditor":
            yield due_of(DEADLINE["audit_inspection"], site.code, site, before, day, day)
            before = day
        elif month_of(day) not in inspected:
            inspected.add(month_of(day))
            started = max(first, first_day(month_of(day)))
            yield due_of(DEADLINE["safety_inspection"], site.code, site, started, day, day)
        for item in each.items:
            if item.finding is not None and item.finding.settled_at is not None:
                settled, by = unit.day_of(item.finding.settled_at), date.fromisoformat(item.finding.due_on)
                subject = f"{each.number}/{item.item}"
                found = due_of(DEADLINE["inspection_finding"], subject, site, by, settled, settled)
                yield msgspec.structs.replace(found, started_on=each.made_on)


def _visits(store: Store, unit: Unit, site: Site) -> Iterator[Due]:
    for value in visits_of(store, site.code):
        if value.state == "left":
            left = unit.day_of(value.course[-1].at)
            yield due_of(
                DEADLINE["visit"], value.number, site, date.fromisoformat(value.visit_on), left, left
            )
