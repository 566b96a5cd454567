"""The journals for auditors: their heads to be held outside, a comparison with one that was, and a check of the end."""

from __future__ import annotations

from typing import Any

from devices import serials
from devices.journal import heads, link_hash
from devices.ledger.proving.journal_end import LINES, LINKS, verify_recent
from devices.problems import refuse
from devices.values import UNIT
from web.pages import View
from web.views.home import sites_of

CHECKERS = ("auditor", "supervisor")
FULL = ".venv/bin/panku verify"
AGAINST = ".venv/bin/panku verify --against heads.json"


def journals_page(view: View) -> dict[str, Any]:
    """The head of every journal, and whether one that was held outside is still in its journal."""
    own = {*sites_of(view.call), UNIT}
    return {
        "heads": [(head, head.site in own) for head in heads(view.call.store)],
        "today": view.call.unit.day_of(view.call.at_us).isoformat(),
        "most": LINKS,
        "commands": [FULL.split(), AGAINST.split()],
        "asked": {name: view.text(name) for name in ("site", "seq", "hash")},
        "outcome": _compared(view),
    }


def _compared(view: View) -> str | None:
    """`same`, `differs` or `gone`: how a head held outside stands; None where none is asked about."""
    site, seq, held = view.text("site"), view.text("seq"), view.text("hash")
    if not seq:
        return None
    if not (seq.isdecimal() and len(seq) < 16):
        raise refuse("malformed_parameter", name="seq", value=serials.shortened(seq))
    kept = link_hash(view.call.store, site, int(seq))
    if kept is None:
        return "gone"
    return "same" if kept == held.lower() else "differs"


def journal_page(view: View) -> dict[str, Any]:
    """The end of one journal, checked now. Raises Refused (`role_missing`, `not_found`)."""
    site = view.call.path["site"]
    if site != UNIT and not view.person.may(CHECKERS, site):
        raise refuse("role_missing", roles=list(CHECKERS), site=site)
    found = verify_recent(view.call.store, site)
    if found is None:
        raise refuse("not_found")
    return {
        "site": site,
        "checked": found,
        "at_us": view.call.at_us,
        "most": (LINKS, LINES),
        "commands": [FULL.split()],
    }
