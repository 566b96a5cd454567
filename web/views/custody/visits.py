"""Visits for people: one visitor's way from the request to leaving, and the step that comes next."""

from __future__ import annotations

from typing import Any

import msgspec

from devices.audit.custody.custody_kinds import VISITS, Stage, Visit, VisitorData
from devices.audit.custody.visits import is_open, visit_of, visitor_of
from devices.people.persons import everybody, names_of
from devices.store.database import Store
from web.pages import View

ERASERS = ("auditor",)


class ShownVisit(msgspec.Struct, frozen=True):
    """A visit with who comes; `visitor` is None once that was erased."""

    visit: Visit
    visitor: VisitorData | None


def shown_visit(store: Store, visit: Visit) -> ShownVisit:
    """A visit and who comes."""
    return ShownVisit(visit, visitor_of(store, visit.number))


def visit_page(view: View) -> dict[str, Any]:
    """One visit, and the steps that its reader may take now. Raises Refused (`not_found`)."""
    call = view.call
    value, _ = visit_of(call.store, call.path["number"])
    asked_by = value.course[0].by
    next_steps = VISITS.next_steps(value.state)
    own = [step for step in next_steps if view.person.may(step.who, value.site)]
    steps = [step.name for step in own if not (step.decides and asked_by == view.person.username)]
    today = call.unit.day_of(call.at_us)
    return {
        "visit": value,
        "visitor": visitor_of(call.store, value.number),
        "stages": [(_state_after(stage), stage) for stage in value.course],
        "names": names_of(call.store, _people(value)),
        "steps": steps,
        "waits_for": sorted({role for step in next_steps for role in step.who}) if not steps else [],
        "escorts": _storekeepers(call.store, value.site) if "enter" in steps else [],
        "erases": view.person.may(ERASERS, value.site) and not value.erased and not is_open(value, today),
    }


def _state_after(stage: Stage) -> str:
    return VISITS.step[stage.step].after if stage.step in VISITS.step else VISITS.begins


def _people(value: Visit) -> set[str]:
    return {stage.by for stage in value.course} | {stage.escort for stage in value.course if stage.escort}


def _storekeepers(store: Store, site: str) -> list[tuple[str, str]]:
    return [
        (each.username, each.name)
        for each in everybody(store)
        if each.active and ("storekeeper", site) in each.roles
    ]
