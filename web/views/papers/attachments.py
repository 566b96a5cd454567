"""Papers for people: keeping a scan of one, and the documents that can not do without one."""

from __future__ import annotations

from typing import Any

from api.callers.access import SITE_STAFF
from api.calls import Call
from devices import records
from devices.ledger.papers.attached import paper_kept
from devices.lifecycle import DOCUMENT
from devices.paperwork.papers import Attachment
from devices.problems import refuse
from devices.values import BIN_STATE, Bin
from web.pages import View

NEEDING = ("adoption", "opening")
"""The documents that need a proof and are made on this page."""


def proof_page(view: View) -> dict[str, Any]:
    """The form that keeps a paper; with `paper`, the documents that can rest on it. Raises Refused (`not_found`)."""
    call, person = view.call, view.person
    own = sorted(person.sites_of(SITE_STAFF))
    if not view.text("paper"):
        return {"own": own, "paper": None}
    paper = _paper(view)
    site = paper.site
    bins = [each for each in _bins(call, site) if (each.register, each.condition) in BIN_STATE]
    chosen = next((each for each in bins if each.code == view.text("bin")), None)
    return {
        "own": own,
        "paper": paper,
        "makes": [name for name in NEEDING if person.may(DOCUMENT[name].posters, site)],
        "days": call.days,
        "models": [model for model, _ in records.all_current(call.store, records.MODEL) if model.active],
        "bins": bins,
        "bin": chosen,
        "state": BIN_STATE[chosen.register, chosen.condition] if chosen else None,
    }


def _paper(view: View) -> Attachment:
    paper = paper_kept(view.call.store, view.text("paper"), view.person.reads)
    if paper is None:
        raise refuse("not_found")
    return paper


def _bins(call: Call, site: str) -> list[Bin]:
    return [
        each for each, _ in records.all_current(call.store, records.BIN) if each.site == site and each.active
    ]
