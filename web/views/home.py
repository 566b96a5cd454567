"""The home page: what is due today and what waits for its reader; before anybody signed in, how to begin."""

from __future__ import annotations

from typing import Any

from api.access import visible_sites
from api.calls import Call
from devices.audit import due
from devices.audit.kinds import UNSETTLED
from devices.audit.stocktakes import stocktakes_of
from devices.ledger.due import DEADLINE_OF_STATE
from web.pages import View

COMMAND = ".venv/bin/panku init --username admin --name 王建国"
FOUNDED = "SELECT 1 FROM role_grant WHERE role = 'admin' AND active = 1 LIMIT 1"


def show_home(view: View) -> dict[str, Any]:
    """What the page shows."""
    call = view.call
    founded = call.store.row(FOUNDED) is not None
    if not founded or call.person is None:
        return {"founded": founded, "command": COMMAND.split()}
    sites, today = sites_of(call), call.unit.day_of(call.at_us)
    found = due.deadlines(call.store, call.unit, sites, today)
    return {
        "founded": True,
        "today": today.isoformat(),
        "waiting": _waiting(call),
        "counts": [
            each for site in sites for each in stocktakes_of(call.store, site) if each.state in UNSETTLED
        ],
        "due": found,
        "devices": {each.subject for each in found if each.deadline in DEADLINE_OF_STATE.values()},
    }


def sites_of(call: Call) -> list[str]:
    """The sites the reader reads, by code."""
    sites = visible_sites(call.who, None)
    if sites is None:
        return [site for (site,) in call.store.rows("SELECT code FROM site ORDER BY code")]
    return sites


def _waiting(call: Call) -> list[tuple[str, int]]:
    """How many documents wait for the reader's review, by site."""
    counts = []
    for site in sorted(call.who.sites_of(("auditor",))):
        row = call.store.row("SELECT COUNT(*) FROM standing WHERE site = ? AND review = 'waiting'", (site,))
        if row and row[0]:
            counts.append((site, int(row[0])))
    return counts
