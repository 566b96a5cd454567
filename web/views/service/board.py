"""The board of dispatch orders (派工), and the form that opens one."""

from __future__ import annotations

from typing import Any

from devices.lifecycle import DESK
from devices.paperwork.dispatches import MOST_DEVICES, PURPOSES
from devices.people.certificates import technicians_of
from devices.people.persons import names_of
from devices.service.jobs.board import LANES, Board, board
from web.pages import View
from web.views.home import sites_of


def board_page(view: View) -> dict[str, Any]:
    """The board of the reader's sites, or of one of them, or of one technician, in lanes; see LANES."""
    call, sites = view.call, sites_of(view.call)
    chosen = view.text("site") if view.text("site") in sites else ""
    technician = view.text("technician")
    shown = board(call.store, [chosen] if chosen else sites, call.today, call.who.reads, technician or None)
    own = sorted(call.who.sites_of(DESK))
    sendable = {site: technicians_of(call.store, site, call.today) for site in own}
    known = {each.username for theirs in sendable.values() for each in theirs} | _technicians(shown)
    asked_for = (
        {technician: technician} if technician else {}
    )  # who else there is, and their name, is not told
    names = asked_for | names_of(call.store, known)
    return {
        "sites": sites,
        "site": chosen,
        "technician": technician,
        "lanes": [(lane, shown[lane]) for lane in LANES],
        "names": names,
        "own": [site for site in own if chosen in ("", site)],
        "sendable": sendable,
        "most_devices": MOST_DEVICES,
        "purposes": PURPOSES,
        "serial": view.text("serial"),
        "customer": view.text("customer"),
    }


def _technicians(shown: Board) -> set[str]:
    return {
        card.order.technician
        for cards in shown.values()
        for card in cards
        if card.order.technician is not None
    }
