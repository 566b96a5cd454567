"""The administrator's people and tokens, and signing keys that want a second person's word."""

from __future__ import annotations

from typing import Any

from devices import records
from devices.people.certificates import certificate_of, endings
from devices.people.certified import ending_on
from devices.people.persons import everybody, names_of
from devices.people.roles import ROLES, SCOPES
from devices.people.signing_keys import confirmable
from devices.people.tokens import every_token, is_waiting
from devices.problems import refuse
from devices.service.complaints.leaving import left_behind
from devices.values import UNIT
from web.pages import View


def people_page(view: View) -> dict[str, Any]:
    """Everybody, with their roles, and whether they can sign in and sign, and technicians whose certificate ends."""
    store = view.call.store
    return {"people": everybody(store), "endings": endings(store, view.call.today)}


def person_page(view: View) -> dict[str, Any]:
    """One person with their certificate, and the forms that grant, revoke, certify, reset and deactivate."""
    found = [each for each in everybody(view.call.store) if each.username == view.call.path["username"]]
    if not found:
        raise refuse("not_found")
    sites = [site.code for site, _ in records.all_current(view.call.store, records.SITE) if site.active]
    places = {role.name: sites if role.span == "site" else [UNIT] for role in ROLES}
    kept = certificate_of(view.call.store, found[0].username)
    until = kept.certificate.valid_until if kept else None
    return {
        "each": found[0],
        "left": left_behind(view.call.store, found[0].username, records.site_codes(view.call.store)),
        "places": places,
        "kept": kept,
        "ending": ending_on(view.call.today, until),
        "certifies": found[0].active
        and found[0].username != view.person.username
        and not (kept and kept.certificate.erased),
    }


def keys_page(view: View) -> dict[str, Any]:
    """Keys that the reader may confirm, with whose they are said to be: those that wait, and first keys apart."""
    keys = confirmable(view.call.store, view.person)
    named = {name for key in keys for name in (key.username, key.let_in_by) if name}
    return {
        "groups": [
            ("waiting", [key for key in keys if key.status == "waiting"]),
            ("first", [key for key in keys if key.status == "active"]),
        ],
        "names": names_of(view.call.store, named),
    }


def tokens_page(view: View) -> dict[str, Any]:
    """Every token, and the form that issues one."""
    store = view.call.store
    return {
        "tokens": [(token, is_waiting(token)) for token in every_token(store)],
        "now": view.call.at_us,
        "sites": [site.code for site, _ in records.all_current(store, records.SITE) if site.active],
        "scopes": [scope.name for scope in SCOPES],
        "people": [each for each in everybody(store) if each.active],
    }
