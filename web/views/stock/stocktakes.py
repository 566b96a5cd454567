"""Counts for people: those there are, one of them while it runs, its sheet with explanations, and signing."""

from __future__ import annotations

from typing import Any

from devices import records
from devices.audit import vouching
from devices.audit.kinds import AWAITED, LATE_SCANS, RUNNING, LateScan, Stocktake
from devices.audit.stocktake import late, scans, sheet, stocktakes
from devices.audit.stocktake.counting import RESULTS, VARIANCES
from devices.audit.stocktake.reading import lines_by_result, missing_since, results_of, shortages_of
from devices.people.persons import names_of
from devices.store.database import Store
from devices.values import REGISTERS
from web.pages import View
from web.views.home import sites_of

COUNTERS = stocktakes.SIGNING_ROLES
_PAGE = 100
VARIANCE = "variance"


def stocktakes_page(view: View) -> dict[str, Any]:
    """The counts of the reader's sites, newest first, and the form that opens one."""
    store = view.call.store
    found = [each for site in sites_of(view.call) for each in stocktakes.stocktakes_of(store, site)]
    registers = {
        (each.site, each.register) for each, _ in records.all_current(store, records.BIN) if each.active
    }
    own = sorted(view.person.sites_of(COUNTERS))
    return {
        "counts": sorted(found, key=lambda each: each.opened_at, reverse=True),
        "own": own,
        "registers": [name for name in REGISTERS if any((site, name) in registers for site in own)],
    }


def stocktake_page(view: View) -> dict[str, Any]:
    """One count: how far it is, or its sheet."""
    store = view.call.store
    counted, _ = stocktakes.stocktake_of(store, view.call.path["number"])
    running = counted.state in RUNNING
    hidden = running and counted.method == "blind"
    tally = scans.tally(store, counted.number)
    counters = stocktakes.counters_as_known(store, counted)
    me = view.person.username
    shown = {
        "counted": counted,
        "running": running,
        "hidden": hidden,
        "tally": tally,
        "mine": tally.by_person.get(me, 0),
        "counters": counters,
        "names": names_of(store, {each.username for each in counters}),
        "others_unfinished": any(not each.finished for each in counters if each.username != me),
        "late_waiting": len(late.waiting(store, counted.number)),
        "disputed": scans.disputed(store, counted) if counted.state == "recounting" else [],
        "acts": view.person.may(COUNTERS, counted.site),
        "recounts": counted.double and counted.state == "counting",
        "closed": counted.closed is not None,
    }
    return shown | (_sheet(view, counted) if counted.closed else {})


def _sheet(view: View, counted: Stocktake) -> dict[str, Any]:
    store, close = view.call.store, counted.closed
    assert close is not None, "closed"
    chosen = view.text("result", VARIANCE)
    wanted = VARIANCES if chosen == VARIANCE else (chosen,) if chosen != "all" else ()
    header = sheet.header_of(store, counted.number, close.closing)
    after = view.text("after")
    lines = list(
        sheet.lines_of(store, counted.number, close.closing, results=wanted, after=after, limit=_PAGE + 1)
    )
    payload = stocktakes.payload_of(store, counted)
    given = vouching.standing_vouched(store, counted.number, payload.digest)
    counts = lines_by_result(store, counted.number, close.closing)
    variances = sheet.lines_of(store, counted.number, close.closing, results=VARIANCES)
    roles = [role for role in COUNTERS if (role, counted.site) in view.person.roles]
    signed = {each.role for each in given}
    came_late = late.late_of(store, counted.number)
    named = vouching.people_of(given) | _people_of(header, came_late)
    return {
        "header": header,
        "lines": lines[:_PAGE],
        "next_after": lines[_PAGE - 1].row.serial if len(lines) > _PAGE else None,
        "chosen": chosen,
        "counts": [(result.name, counts[result.name]) for result in RESULTS if result.name in counts],
        "variances": VARIANCES,
        "unexplained": len(sheet.unexplained(variances)),
        "digest": payload.digest,
        "signatures": given,
        "let_in_by_one": vouching.let_in_by_one(given),
        "names": names_of(store, named),
        **_late(store, counted, came_late),
        "explains_late": counted.state in AWAITED and bool(roles),
        "explains": counted.state == "closed" and bool(roles),
        "signs_as": next((role for role in roles if role not in signed and counted.state == "closed"), None),
        "documents": shortages_of(store, counted.number),
    }


def _late(store: Store, counted: Stocktake, came_late: list[tuple[LateScan, int]]) -> dict[str, Any]:
    """The late scans with their revisions and whether they came after the seal, and what to do about those that wait.

    Of a closed count they may be short on its sheet: it had better be reopened. Of a sealed one they may be missing by
    its seal: they are to be recovered.
    """
    assert counted.closed is not None, "closed"
    on_sheet = {each.id for each in late.late_on_sheet(store, counted)}
    serials = {
        each.serial for each, _ in came_late if each.state == LATE_SCANS.begins and not each.undoes
    } - {None}
    wait = {str(serial) for serial in serials}
    results = results_of(store, counted.number, counted.closed.closing, wait)
    sealed = counted.sealed_at is not None
    shown = sorted(came_late, key=lambda each: each[0].state != LATE_SCANS.begins)[:_PAGE]
    return {
        "late": [(each, revision, each.id not in on_sheet) for each, revision in shown],
        "late_more": len(came_late) - len(shown),
        "late_short": []
        if sealed
        else sorted(each for each, result in results.items() if result == "shortage"),
        "late_missing": missing_since(store, counted.number, wait),
    }


def _people_of(header: sheet.Header, came_late: list[tuple[LateScan, int]]) -> set[str]:
    """Everybody whom a sheet names: who counted, was told of what, and whose scans came late or were settled."""
    told = {each.username for each in header.people} | {each.username for each in header.disclosed}
    late = {who for each, _ in came_late for who in (each.made_by, each.settled_by) if who}
    return told | late | {*header.counters, *(each.made_by for each in header.left_waiting)}
