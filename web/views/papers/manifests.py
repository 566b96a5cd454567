"""Packing lists for people: those there are, loading one, and one against what has been received of it."""

from __future__ import annotations

from typing import Any

import msgspec

from devices import serials
from devices.ledger.papers.announced import manifests_of
from devices.ledger.posting.manifests import Compared, compared
from devices.problems import PROBLEMS
from devices.values import BOOKS
from labels.words import sentence, term
from web.pages import View
from web.tasks import TASK
from web.views.home import sites_of

LOADERS = ("storekeeper",)
RECEIVING = TASK["receive"]
_SHOWN = 200
"""How many serials of a list are shown at once."""


class BadRow(msgspec.Struct, frozen=True):
    """A row of the list that was no use, or was left out: what stood there, and why, in words; a sheet has no row."""

    row: int | None
    text: str
    told: str


def manifests_page(view: View) -> dict[str, Any]:
    """The newest packing lists of each of the reader's sites, and the form that loads one."""
    return {
        "places": [
            (site, found) for site in sites_of(view.call) if (found := manifests_of(view.call.store, site))
        ],
        "own": sorted(view.person.sites_of(LOADERS)),
        "books": BOOKS,
    }


def manifest_page(view: View) -> dict[str, Any]:
    """One packing list: what of it is there, short or over, its rows that could not be read, and what was left out."""
    found = view.told(compared(view.call.store, view.call.path["number"]))
    bad = _bad_rows(view, found)
    return {
        "manifest": found,
        "lists": [(name, getattr(found, name)) for name in ("short", "over", "received")],
        "shown": _SHOWN,
        "repeated": bad["duplicate_serial"],
        "left_out": [
            BadRow(part.row, part.text, term("left_out", part.why, view.call.locale))
            for part in found.left_out
        ],
        "malformed": [each for code, rows in bad.items() if code != "duplicate_serial" for each in rows],
        "scan": f"/scan/{RECEIVING.name}?site={found.site}&paper={found.number}"
        if (found.short or found.withheld) and view.person.may(LOADERS, found.site)
        else None,
    }


def _bad_rows(view: View, found: Compared) -> dict[str, list[BadRow]]:
    """The rows that were no use, by code."""
    models = {row.row: row.model for row in found.rows}
    firsts = {row.text: row.row for row in reversed(found.rows)}
    bad: dict[str, list[BadRow]] = {"duplicate_serial": []}
    for fault in found.faults:
        facts = {
            "row": fault.row,
            "first_row": firsts[fault.text],
            "serial": serials.trimmed(serials.half_width(fault.text)),
            "text": fault.text,
            "model": models[fault.row],
        }
        told = {name: facts[name] for name in PROBLEMS[fault.code].facts if name in facts}
        bad.setdefault(fault.code, []).append(
            BadRow(fault.row, fault.text, sentence(f"problem.{fault.code}", told, view.call.locale))
        )
    return bad
