"""One handover for people: what is handed over, what is still open, and the three signatures."""

from __future__ import annotations

from typing import Any

from devices.audit import signing, vouching
from devices.audit.custody.custody_kinds import HANDOVER, Handover
from devices.audit.custody.handovers import (
    PARTIES,
    ROLE_HANDED_OVER,
    decode_handover,
    handover_of,
    payload_of,
)
from devices.audit.custody.open_items import OPEN_ITEMS
from devices.listed import listed
from devices.paperwork.follow_ups import job_of_follow_up
from devices.people.persons import names_of
from devices.people.roles import Person
from devices.problems import refuse_foreign
from devices.service.complaints.leaving import LeftBehind, left_behind
from devices.store.database import Store
from web.pages import View

PAGE_OF_LIST = {
    **dict.fromkeys(("unreviewed", "unresolved", "pending", "documents_since"), "/documents/{}"),
    **dict.fromkeys(("repairs", "dispatch_orders"), "/orders/{}"),
    "installations": "/installations/{}",
    "follow_ups": "/follow-ups/{}",
    "complaints": "/complaints/{}",
    **dict.fromkeys(("carried", "in_transit", "at_factory", "missing"), "/devices/{}"),
    "inspection_findings": "/inspections/{}",
    "visits": "/visits/{}",
    **dict.fromkeys(("unsettled_stocktakes", "late_scans"), "/stocktakes/{}"),
}
"""By list of open items: the page of one of them; a finding's is that of its inspection."""
assert PAGE_OF_LIST.keys() == {items.name for items in OPEN_ITEMS}, "a list without pages"


def handover_page(view: View) -> dict[str, Any]:
    """One handover, for its readers and its parties, who may have no role at the site. Raises `not_found`."""
    store, person = view.call.store, view.person
    value, _ = handover_of(store, view.call.path["number"])
    parts = _parts_of(value, person.username)
    if not (parts or person.reads(value.site)):
        raise refuse_foreign()
    statement, payload = view.told(decode_handover(value.payload)), payload_of(value)
    is_open = value.state == "open"
    given = vouching.standing_vouched(store, value.number, payload.digest)
    people = {getattr(value, party) for party in PARTIES} | {value.opened_by} | vouching.people_of(given)
    return {
        "handover": value,
        "header": statement.header,
        "lists": [
            (name, [(item, _page_of(name, item)) for item in statement.open_items.get(name, [])])
            for name in PAGE_OF_LIST
        ],
        "open_count": sum(len(items) for items in statement.open_items.values()),
        "left": left_behind(store, value.outgoing, [value.site]) if is_open else LeftBehind(),
        "parties": PARTIES,
        "digest": payload.digest,
        "signatures": given,
        "let_in_by_one": vouching.let_in_by_one(given),
        "names": names_of(store, people),
        "signs_as": unsigned_part(store, value, person.username),
        "cancels": is_open and bool(parts or person.may((ROLE_HANDED_OVER,), value.site)),
        "reads": person.reads(value.site),
        "is_open": is_open,
    }


def _page_of(name: str, item: str) -> str:
    subject = item.partition("/")[0]
    return PAGE_OF_LIST[name].format(job_of_follow_up(subject) if name == "follow_ups" else subject)


def handovers_for(store: Store, person: Person, sites: list[str]) -> list[Handover]:
    """The handovers of these sites, and those that a person is a party of, who may have no role there yet."""
    return [
        each for each in listed(store, HANDOVER) if each.site in sites or _parts_of(each, person.username)
    ]


def _parts_of(value: Handover, username: str) -> list[str]:
    """As which of its parties somebody signs a handover."""
    return [party for party in PARTIES if getattr(value, party) == username]


def unsigned_part(store: Store, value: Handover, username: str) -> str | None:
    """As which party somebody has still to sign an open handover."""
    if value.state != "open":
        return None
    signed = {each.role for each in signing.standing(store, value.number, payload_of(value).digest)}
    return next((party for party in _parts_of(value, username) if party not in signed), None)
