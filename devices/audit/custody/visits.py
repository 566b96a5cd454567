"""The access log of people who are not storekeepers: asked for, approved before they enter, escorted, and out again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import msgspec

from devices import records
from devices.audit.custody.custody_kinds import VISIT, VISITS, Stage, Visit, VisitorData
from devices.calendar import read_day
from devices.journal import Writer
from devices.listed import Only, listed
from devices.people.grants import grants_of, refuse_site
from devices.people.signing_keys import refuse_waiting
from devices.problems import Problem, Refused, refuse
from devices.records import Personal
from devices.serials import shortened
from devices.store.database import Store
from devices.unit import Unit

INSIDE = VISITS.before("leave")
BEFORE_ENTRY = (*VISITS.before("approve"), *VISITS.before("enter"))
OPEN_STATES = (*BEFORE_ENTRY, *INSIDE)
"""In any other nothing more comes of a visit; of one before its entry only up to its day, see `is_open`."""
VISIT_READERS = ("storekeeper", "auditor", "supervisor")
"""Who reads who has visited; a clerk has no part in it."""


def request(
    writer: Writer, unit: Unit, *, site: str, visit_on: str, purpose: str, visitor: VisitorData, by: str
) -> Visit:
    """Ask for somebody to be let in on one day. Raises Refused: `malformed_date`, `day_past`, `empty_text`."""
    store, today = writer.store, unit.day_of(writer.now_us)
    problems = refuse_site(store, site)
    day = read_day(visit_on)
    if day is None:
        problems.append(Problem("malformed_date", "/visit_on", {"date": shortened(visit_on)}))
    elif day < today:
        problems.append(Problem("day_past", "/visit_on", {"date": visit_on, "today": today.isoformat()}))
    texts = {"purpose": purpose, "name": visitor.name, "organisation": visitor.organisation}
    problems += [
        Problem("empty_text", f"/{field}", {"field": field})
        for field, text in texts.items()
        if not text.strip()
    ]
    if problems:
        raise Refused(problems)
    number = records.next_number(store, VISIT, site)
    value = Visit(number, site, visit_on, purpose, "requested", (Stage("request", by, writer.now_us),))
    personal = Personal(records.encode(visitor))
    return records.write(writer, VISIT, value, by=by, expected=0, personal=personal, secret=unit.secret)[0]


def take_step(
    writer: Writer,
    unit: Unit,
    number: str,
    name: str,
    *,
    by: str,
    escort: str | None = None,
    reason: str | None = None,
) -> Visit:
    """Take the next step of a visit, now.

    Raises Refused: `not_found`, `visit_out_of_order`, `own_visit`, `key_not_confirmed`, `visit_day_over`,
    `visit_not_today`, `escort_not_storekeeper`.
    """
    store = writer.store
    value, revision = visit_of(store, number)
    step = VISITS.take(name, value.state, visit=number)
    if step.decides and value.course[0].by == by:
        raise refuse("own_visit", visit=number)
    if step.decides:
        refuse_waiting(store, by)
    _refuse_day(value, name, unit.day_of(writer.now_us))
    if name == "enter" and ("storekeeper", value.site) not in grants_of(store, escort or ""):
        raise refuse("escort_not_storekeeper", "/escort", username=escort, site=value.site)
    stage = Stage(name, by, writer.now_us, escort, reason)
    return records.write(writer, VISIT, VISITS.taken(value, stage), by=by, expected=revision)[0]


def _refuse_day(value: Visit, name: str, today: date) -> None:
    """An approval is for one day: it is not given after it, and nobody enters on another."""
    day = date.fromisoformat(value.visit_on)
    if name == "approve" and day < today:
        raise refuse("visit_day_over", visit=value.number, date=value.visit_on)
    if name == "enter" and day != today:
        raise refuse("visit_not_today", visit=value.number, date=value.visit_on, today=today.isoformat())


def is_open(value: Visit, today: date) -> bool:
    """Whether something may still come of a visit: somebody is inside, or their day has not passed."""
    if value.state in BEFORE_ENTRY:
        return date.fromisoformat(value.visit_on) >= today
    return value.state in INSIDE


def erase(writer: Writer, unit: Unit, number: str, *, by: str) -> Visit:
    """Erase for good who a visitor was; the log keeps that somebody came. The purpose is free text and stays.

    Raises Refused: `not_found`, `visitor_erased`, `visit_under_way`.
    """
    value, revision = visit_of(writer.store, number)
    if value.erased:
        raise refuse("visitor_erased", visit=number)
    if is_open(value, unit.day_of(writer.now_us)):
        raise refuse("visit_under_way", visit=number)
    changed = msgspec.structs.replace(value, commitment="", erased=True)
    written = records.write(writer, VISIT, changed, by=by, expected=revision)[0]
    records.erase_personal(writer.store, VISIT, number)
    return written


def visit_of(store: Store, number: str) -> tuple[Visit, int]:
    """A visit with its revision. Raises Refused (`not_found`)."""
    found = records.current(store, VISIT, number)
    if found is None:
        raise refuse("not_found")
    return found


def visits_of(store: Store, site: str, *, states: Collection[str] | None = None) -> list[Visit]:
    """The visits of a site, oldest first: all, or those in some states."""
    return list(listed(store, VISIT, [site], only=Only(states=states)))


def visitor_of(store: Store, number: str) -> VisitorData | None:
    """Who a visitor is, None once that was erased."""
    content = records.personal_of(store, VISIT, number)
    return msgspec.json.decode(content, type=VisitorData) if content else None
