"""Late scans over HTTP: what came when its count took none any more, and what is to be made of it."""

from __future__ import annotations

import msgspec

from api.calls import Call, Done, Shown
from api.wire.paging import SiteQuery, page, sites_asked
from api.writing import at_site_of_number
from devices import records
from devices.audit.kinds import LATE_SCAN, LateState
from devices.audit.stocktake import late, stocktakes
from devices.listed import Only, listed
from devices.problems import refuse
from devices.texts.lengths import Sentence


class LateScanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be made of a late scan."""

    explanation: Sentence


class LateScanQuery(SiteQuery, frozen=True, kw_only=True):
    """Late scans by site and state; a page at a time."""

    state: LateState | None = None


def list_late(call: Call, _: Done) -> Shown:
    """The late scans of the caller's sites, by stocktake and id."""
    states = None if call.query.state is None else (call.query.state,)
    found = listed(call.store, LATE_SCAN, sites_asked(call), call.query.place, only=Only(states=states))
    return page(call, found, LATE_SCAN.key)


def explain_late(call: Call) -> Done:
    """Say what is to be made of a late scan; signatures that were given before the seal are void."""
    writer = at_site_of_number(call)
    number, scan_id = call.path["number"], call.path["id"]
    counted, _ = stocktakes.stocktake_of(call.store, number)
    said, who = call.body.explanation, call.who.username
    late.explain_late(writer, counted, scan_id, explanation=said, by=who, expected=call.if_match)
    return Done(200, number)


def show_late(call: Call, _: Done) -> Shown:
    """One late scan, with the ETag by which it is explained."""
    found = records.current(call.store, LATE_SCAN, f"{call.path['number']}/{call.path['id']}")
    if found is None:
        raise refuse("not_found")
    return Shown(*found)
