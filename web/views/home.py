"""The home page: what waits for its reader, what is wrong and what is due; before anybody signed in, how to begin."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec.structs import replace

from api.callers.access import TECHNICIANS, visible_sites
from api.callers.blind import counts_blind
from api.calls import Call
from devices.audit.kinds import UNSETTLED, LateScan, Stocktake
from devices.audit.stocktake.late import waiting_at
from devices.audit.stocktake.reading import missing_since
from devices.audit.stocktake.stocktakes import stocktakes_of
from devices.calendar import a_year_before, day_of
from devices.deadlines import DEADLINE_OF_STATE
from devices.journal import clock_standing
from devices.ledger.books.open_months import open_months
from devices.ledger.duties.due import Due
from devices.ledger.duties.told_at_home import waiting_notices
from devices.ledger.duties.unreviewed import unreviewed
from devices.ledger.reading import listing
from devices.lifecycle import DESK
from devices.paperwork.follow_ups import job_of_follow_up
from devices.people.certificates import endings
from devices.people.grants import administrators
from devices.people.roles import ADMIN
from devices.people.signing_keys import confirmable
from devices.people.tokens import is_waiting, tokens_of
from devices.records import site_codes, sites_by_code
from devices.service.duties import CALL_DUTY, COMPLAINT_DUTY
from devices.service.jobs.board import BoardCounts, counts_at
from devices.spares.minimum_levels import Level, levels_of, short
from devices.values import UNIT
from web.pages import View
from web.views.administration.registers import PAGE_OF_STEP, set_up
from web.views.custody.handovers import handovers_for, unsigned_part
from web.views.service.at_home import calls_at_home, complaints_at_home, warned_at_home
from web.views.service.jobs import JobInHand, cards_of, in_hand_of

COMMAND = ".venv/bin/panku init --username admin --name 王建国 --books-from"
"""How a unit is founded; the day with which its books begin comes after it."""
REJECTED_SHOWN = 20
PAGE_OF = {
    **dict.fromkeys([each.name for each in DEADLINE_OF_STATE.values()], "/devices/{}"),
    "repair_record": "/orders/{}",
    "on_site_repair": "/orders/{}",
    "installation": "/installations/{}",
    **dict.fromkeys(CALL_DUTY.deadlines, "/follow-ups/{job}"),
    **dict.fromkeys(COMPLAINT_DUTY.deadlines, "/complaints/{}"),
    "stocktake": "/stocktakes",
    "safety_inspection": "/custody",
    "audit_inspection": "/custody",
    "inspection_finding": "/inspections/{}",
    "visit": "/visits/{}",
}
"""By deadline: the page of its subject."""


def home_page(view: View) -> dict[str, Any]:
    """What the page shows."""
    call = view.call
    founded = bool(administrators(call.store))
    if not founded or call.person is None:
        return {
            "founded": founded,
            "command": [*COMMAND.split(), a_year_before(day_of(call.at_us)).isoformat()],
        }
    sites, today = sites_of(call), call.unit.day_of(call.at_us)
    found, jobs = call.due_at(sites), _jobs(view)
    known = sites_by_code(call.store)
    return {
        "founded": True,
        "jobs": jobs,
        "reads": bool(sites) or jobs is None,
        "today": today.isoformat(),
        "to_set_up": _to_set_up(call),
        "clock": clock_standing(call.store, call.at_us),
        "clock_is_ours": call.who.may((ADMIN,), UNIT),
        "waiting": _waiting(call),
        "counts": [each for site in sites for each in stocktakes_of(call.store, site, states=UNSETTLED)],
        "rejected": listing.documents(
            call.store, sites=sites, unresolved=True, limit=REJECTED_SHOWN
        ).documents,
        "keys": _keys(call),
        "certificates": len(endings(call.store, today)) if call.who.may((ADMIN,), UNIT) else 0,
        "tokens": sum(is_waiting(each) for each in tokens_of(call.store, call.who.username, call.at_us)),
        "notices": len(waiting_notices(call.store, sorted(call.who.sites_of(DESK)))),
        "late": _late(call, sites),
        "months": open_months(call.store, sites, today),
        "short": _short(call, sites),
        "service": _service(call),
        "calls": calls_at_home(call, known),
        "complaints": complaints_at_home(call, known),
        "warned": warned_at_home(call, known),
        "due": [(due_as_read(each), page_of(each)) for each in found],
        "handovers": [
            each
            for each in handovers_for(call.store, call.who, [])
            if unsigned_part(call.store, each, call.who.username)
        ],
    }


def _jobs(view: View) -> list[JobInHand] | None:
    """What a technician has in hand; None for anybody else."""
    if not view.person.sites_of(TECHNICIANS):
        return None
    return cards_of(view, in_hand_of(view.call))


def _service(call: Call) -> BoardCounts | None:
    """How the dispatch orders stand, to the desk that plans them; None where it has none."""
    sites = sorted(call.who.sites_of(DESK))
    if not sites:
        return None
    found = counts_at(call.store, sites, call.today)
    return found if found.ahead or found.unsettled else None


def due_as_read(each: Due) -> Due:
    """What is due, as people read of it: a call by the number of its job, which its page and its papers bear."""
    if each.deadline in CALL_DUTY.deadlines:
        return replace(each, subject=job_of_follow_up(each.subject))
    return each


def page_of(each: Due) -> str | None:
    """The page of what a deadline is about; None where it has none of its own."""
    path = PAGE_OF.get(each.deadline)
    subject = each.subject.partition("/")[0]
    return path and path.format(subject, job=job_of_follow_up(subject))


def _to_set_up(call: Call) -> list[tuple[str, str]]:
    """The steps of setting the unit up that are still open, each with its page, for whoever can take them."""
    if not call.who.may((ADMIN,), UNIT):
        return []
    return [(step, PAGE_OF_STEP[step]) for step, done in set_up(call.store) if not done]


def _keys(call: Call) -> dict[str, int]:
    """How many signing keys the reader may confirm: those that are `waiting`, and `active` ones, which sign already."""
    return Counter(key.status for key in confirmable(call.store, call.who))


def _short(call: Call, sites: list[str]) -> list[Level]:
    """The models of which too few spares are available, but where the reader counts those blind."""
    found = short(levels_of(call.store, sites))
    return [each for each in found if not counts_blind(call, each.site, "spare")]


def sites_of(call: Call) -> list[str]:
    """The sites the reader reads, by code."""
    sites = visible_sites(call.who, None)
    if sites is None:
        return site_codes(call.store)
    return sites


def _late(call: Call, sites: list[str]) -> list[tuple[Stocktake, list[LateScan], list[str]]]:
    """The late scans that wait to be settled, by stocktake, with those of their devices that its seal made missing."""
    return [
        (
            counted,
            late,
            missing_since(call.store, counted.number, {each.serial for each in late if each.serial}),
        )
        for counted, late in waiting_at(call.store, sites)
    ]


def _waiting(call: Call) -> list[tuple[str, int]]:
    """How many documents wait for the reader's review, by site."""
    waiting = unreviewed(call.store, sorted(call.who.sites_of(("auditor",))))
    return [(site, count) for site, count in waiting.items() if count]
