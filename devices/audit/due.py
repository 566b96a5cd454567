"""What audits have due: monthly counts and inspections, findings, and visitors who have not left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from devices.audit.custody.inspections import inspections_of, open_findings
from devices.audit.custody.visits import visits_of
from devices.audit.stocktake.stocktakes import stocktakes_of
from devices.calendar import first_day, month_after, month_of
from devices.deadlines import DEADLINE
from devices.ledger.duties import due as ledger_due
from devices.ledger.duties.due import Due, due_of
from devices.records import SITE, all_current
from devices.store.database import Store
from devices.unit import Unit
from devices.values import Site

MONTHS_SHOWN = 12
"""Overdue months that are told; whoever is further behind has been told enough."""

BINS_SINCE = (
    "SELECT b.register, MIN(r.recorded_at) FROM bin b JOIN revision r ON r.kind = 'bin'"
    " AND r.key = b.site || '/' || b.code AND r.revision = 1 WHERE b.site = ? AND b.active = 1"
    " GROUP BY b.register ORDER BY b.register"
)


def deadlines(store: Store, unit: Unit, sites: Sequence[str], today: date) -> list[Due]:
    """Everything these sites still have to do by some day, the earliest day first: by the ledger, and by audits."""
    wanted = set(sites)
    found = list(ledger_due.deadlines(store, sites, today))
    for site, _ in all_current(store, SITE):
        if site.code in wanted and site.active:
            found += _of_site(store, unit, site, today)
    return sorted(found, key=lambda each: (each.due_on, each.deadline, each.subject))


def bins_since(store: Store, unit: Unit, site: Site) -> dict[str, date]:
    """By register, the day from which a site has had bins for it."""
    return {register: unit.day_of(at_us) for register, at_us in store.rows(BINS_SINCE, (site.code,))}


def _of_site(store: Store, unit: Unit, site: Site, today: date) -> Iterator[Due]:
    since = bins_since(store, unit, site)
    yield from _counts(store, unit, site, since, today)
    if since:
        yield from _inspections(store, site, min(since.values()), today)
    yield from _findings(store, site, today)
    yield from _visits(store, site, today)


def _counts(store: Store, unit: Unit, site: Site, since: dict[str, date], today: date) -> Iterator[Due]:
    """A register with bins is counted and sealed in each calendar month; a count is of the month of its close."""
    sealed = {
        (each.register, month_of(unit.day_of(each.closed.at)))
        for each in stocktakes_of(store, site.code)
        if each.state == "sealed" and each.closed
    }
    for register, first in since.items():
        for started in _months(first, today):
            if (register, month_of(started)) not in sealed:
                yield due_of(DEADLINE["stocktake"], register, site, started, today)


def _inspections(store: Store, site: Site, first: date, today: date) -> Iterator[Due]:
    made = {role: [] for role in ("storekeeper", "auditor")}  # type: dict[str, list[date]]
    for each in inspections_of(store, site.code):
        made[each.role].append(date.fromisoformat(each.made_on))
    inspected = {month_of(day) for day in made["storekeeper"]}
    for started in _months(first, today):
        if month_of(started) not in inspected:
            yield due_of(DEADLINE["safety_inspection"], site.code, site, started, today)
    last = max(made["auditor"], default=first)
    yield due_of(DEADLINE["audit_inspection"], site.code, site, last, today)


def _findings(store: Store, site: Site, today: date) -> Iterator[Due]:
    for value, each, finding in open_findings(store, site.code):
        by = date.fromisoformat(finding.due_on)
        found = due_of(DEADLINE["inspection_finding"], f"{value.number}/{each.item}", site, by, today)
        yield msgspec.structs.replace(found, started_on=value.made_on)


def _visits(store: Store, site: Site, today: date) -> Iterator[Due]:
    for value in visits_of(store, site.code):
        if value.state == "entered":
            yield due_of(DEADLINE["visit"], value.number, site, date.fromisoformat(value.visit_on), today)


def _months(first: date, today: date) -> Iterator[date]:
    """When each month began that something is asked for, from `first`: this one and the last twelve before it."""
    months = [month_of(first)]
    while months[-1] < month_of(today):
        months.append(month_after(months[-1]))
    for month in months[-MONTHS_SHOWN - 1 :]:
        yield max(first, first_day(month))
