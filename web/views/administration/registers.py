"""The administrator's registers: sites, bins, models and carriers, and what is still to be set up."""

from __future__ import annotations

from typing import Any

from devices import records
from devices.people.persons import everybody
from devices.people.roles import SITE_ROLES
from devices.spares.minimum_levels import MOST, set_levels
from devices.store.database import Store
from devices.values import BIN_STATE, DEVICE_KIND
from web.pages import View

SET_UP_STEPS = ("site", "bins", "models", "carriers", "people", "roles")
"""What a unit sets up before its first document, in order."""
PAGE_OF_STEP = dict.fromkeys(SET_UP_STEPS, "/admin/registers") | dict.fromkeys(
    ("people", "roles"), "/admin/people"
)
"""Where each step is taken."""


def registers_page(view: View) -> dict[str, Any]:
    """Every register with its revisions, and the forms that add to them and change them."""
    store = view.call.store
    return {
        "sites": records.all_current(store, records.SITE),
        "bins": records.all_current(store, records.BIN),
        "models": records.all_current(store, records.MODEL),
        "carriers": records.all_current(store, records.CARRIER),
        "levels": _levels(store),
        "most": MOST,
        "kinds": list(DEVICE_KIND),
        "places": list(BIN_STATE),
        "steps": set_up(store),
    }


def _levels(store: Store) -> dict[str, list[tuple[str, int, int]]]:
    """By site in use: each model with its minimum level and that one's revision, 0 where it was never set.

    A model that is closed is there as long as some of it are wanted.
    """
    known = {(level.site, level.model): (level.minimum, each) for level, each in set_levels(store)}
    models = [model for model, _ in records.all_current(store, records.MODEL)]
    sites = [site.code for site, _ in records.all_current(store, records.SITE) if site.active]
    found: dict[str, list[tuple[str, int, int]]] = {}
    for site in sites:
        levels = [(model, *known.get((site, model.code), (0, 0))) for model in models]
        found[site] = [(m.code, minimum, each) for m, minimum, each in levels if m.active or minimum]
    return found


def set_up(store: Store) -> list[tuple[str, bool]]:
    """Each step of setting a unit up, and whether it has been done: guidance only, nothing depends on it."""
    sites = {site.code for site, _ in records.all_current(store, records.SITE) if site.active}
    binned = {each.site for each, _ in records.all_current(store, records.BIN) if each.active}
    people = [each for each in everybody(store) if each.active]
    held = {(role, site) for each in people for role, site in each.roles}
    done = {
        "site": bool(sites),
        "bins": bool(sites) and sites <= binned,
        "models": any(model.active for model, _ in records.all_current(store, records.MODEL)),
        "carriers": any(carrier.active for carrier, _ in records.all_current(store, records.CARRIER)),
        "people": sum(each.enrolled for each in people) >= 3,
        "roles": bool(sites) and all((role, site) in held for site in sites for role in SITE_ROLES[:2]),
    }
    return [(step, done[step]) for step in SET_UP_STEPS]
