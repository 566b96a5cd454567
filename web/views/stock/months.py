"""Closed months for people: those there are, closing one, and one of them with its statement and signatures."""

from __future__ import annotations

from typing import Any

from devices.audit import vouching
from devices.audit.month.month_statement import decode_statement
from devices.audit.month.months import payload_of
from devices.audit.stocktake.stocktakes import SIGNING_ROLES
from devices.ledger.posting.closed_months import month_record, months_of
from devices.people.persons import names_of
from devices.values import BOOKS
from web.pages import View
from web.views.home import sites_of


def months_page(view: View) -> dict[str, Any]:
    """The closed months of the reader's sites, newest first, and the form that closes one."""
    call = view.call
    found = [month for site in sites_of(call) for month in months_of(call.store, site)]
    return {
        "months": sorted(found, key=lambda each: each.month, reverse=True),
        "own": sorted(call.who.sites_of(SIGNING_ROLES)),
        "books": BOOKS,
        "days": call.days,
    }


def month_page(view: View) -> dict[str, Any]:
    """One month: its frozen statement, its cards' digests, and who has signed."""
    call = view.call
    site, register, name = call.path["site"], call.path["register"], call.path["month"]
    month, _ = month_record(call.store, site, register, name)
    frozen = decode_statement(month.payload)
    payload = payload_of(month)
    given = vouching.standing_vouched(call.store, payload.subject, payload.digest)
    missing = [role for role in SIGNING_ROLES if role not in {each.role for each in given}]
    closed = month.state == "closed"
    return {
        "month": month,
        "frozen": frozen,
        "signatures": given,
        "let_in_by_one": vouching.let_in_by_one(given),
        "names": names_of(call.store, vouching.people_of(given)),
        "signs_as": next((role for role in missing if closed and (role, site) in view.person.roles), None),
        "reopens": closed and view.person.may(SIGNING_ROLES, site),
        "path": f"/v1/months/{site}/{register}/{name}",
    }
