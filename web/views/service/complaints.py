"""Complaints for people: by what they wait for and whom, the form that receives one, and one with its next steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from api.calls import Call
from api.resources.service.complaints import (
    ComplaintAnswer,
    complaint_seen,
    complaints_in_sight,
    owned_at,
    receiving_sites,
)
from devices import records
from devices.ledger.reading.customers import customers_shown, homes_of
from devices.ledger.reading.passport import CustomerShown
from devices.listed import Only, listed, open_at
from devices.paperwork.complaints import (
    CATEGORIES,
    CHANNELS_ASKED,
    COMPLAINTS,
    EVERYBODY,
    TO_BE_CLOSED,
    WORDS_IN_VAIN,
    Complaint,
)
from devices.paperwork.dispatches import MOST_DEVICES
from devices.paperwork_kinds import COMPLAINT
from devices.people.persons import active_people, names_of
from devices.people.roles import Person
from devices.problems import refuse
from devices.service.complaints.counting import (
    YearOfComplaints,
    complainant_of,
    unregistered_complaints,
    warnings_of_year,
)
from devices.service.complaints.subjects import COMPLAINED_ABOUT
from devices.service.complaints.waiting import (
    COMPLAINT_LANES,
    Waits,
    complaints_about,
    is_to_register,
    people_of_site,
    staffed_on,
    what_they_wait_for,
)
from devices.values import UNIT
from web.pages import View
from web.views.filters import filters_of
from web.views.home import sites_of
from web.views.service.briefs import page_of_order
from web.views.service.complaint_forms import form_of
from web.views.service.dialled import Dial, dial_of
from web.views.service.newest import newest, place_of
from web.views.service.paper_months import paper_months

_REGISTER = "register"
_LANES = (*COMPLAINT_LANES, _REGISTER)
"""The parts of the list in their order; what is to be registered stands in the last beside its own."""
_FILTERS = ("site", "state", "from", "to", "mine")


class ComplaintRow(msgspec.Struct, frozen=True):
    """A complaint as the list shows it, what it waits for, and since which day."""

    complaint: Complaint
    customer: CustomerShown | None
    waits: Waits


def complaints_page(view: View) -> dict[str, Any]:
    """What waits at the reader's sites, and what they own elsewhere, by what it waits for; and every one there is.

    Raises Refused (`malformed_parameter`, `malformed_cursor`).
    """
    call, sites = view.call, sites_of(view.call)
    asked = filters_of(view, _FILTERS, state=COMPLAINTS.states)
    chosen = [asked["site"]] if asked.get("site") in sites else sites
    shown: list[Complaint] = view.told(_waiting(call, chosen, asked))
    rest = _every(view, chosen, asked)
    every, following = newest(view, COMPLAINT, rest, asked, path="/complaints", anchor="#every")
    rows = _rows(call, [*shown, *every])
    lanes: dict[str, list[ComplaintRow]] = {lane: [] for lane in _LANES}
    for value in shown:
        row = rows[value.number]
        if row.waits.lane is not None:
            lanes[row.waits.lane].append(row)
        if is_to_register(value):
            lanes[_REGISTER].append(row)
    for found in lanes.values():
        found.sort(key=_pressing)
    return {
        "lanes": lanes,
        "every": [rows[value.number] for value in every],
        "following": following,
        "years": [] if asked.get("mine") else _warnings(call, chosen),
        "names": names_of(
            call.store, {name for value in (*shown, *every) for name in (value.owner, *value.persons)}
        ),
        "sites": sites,
        "papers": paper_months(call, asked.get("site"), sites),
        "today": call.today.isoformat(),
        "states": COMPLAINTS.states,
        "asked": dict.fromkeys(_FILTERS, "") | asked,
    }


def _waiting(call: Call, sites: list[str], asked: dict[str, str]) -> list[Complaint]:
    """What is open, or closed and not registered, at these sites, and what the reader owns and does not read."""
    username = call.who.username
    there = [*open_at(call.store, COMPLAINT, sites), *unregistered_complaints(call.store, sites)]
    if asked.get("mine"):
        there = [value for value in there if value.owner == username]
    if asked.get("site"):
        return there
    own = Only(states=TO_BE_CLOSED, assignee=username)
    return [*there, *listed(call.store, COMPLAINT, owned_at(call), only=own)]


def _every(view: View, sites: list[str], asked: dict[str, str]) -> Iterator[Complaint]:
    """Every complaint that the reader may read and that was asked for, by number, the newest first."""
    call = view.call
    only = Only(
        states=(asked["state"],) if "state" in asked else None,
        assignee=call.who.username if asked.get("mine") else None,
        since=asked.get("from"),
        until=asked.get("to"),
    )
    elsewhere = [] if asked.get("site") else owned_at(call)
    return complaints_in_sight(call, sites, elsewhere, only, place_of(view), newest_first=True)


def _rows(call: Call, values: Iterable[Complaint]) -> dict[str, ComplaintRow]:
    told = {value.number: value for value in values}
    waits = what_they_wait_for(staffed_on(call.store, call.today), told.values())
    customers = customers_shown(call.store, [each.customer for each in told.values()], call.who.reads)
    return {
        number: ComplaintRow(value, customers.get(value.customer or ""), waits[number])
        for number, value in told.items()
    }


def _pressing(row: ComplaintRow) -> tuple[str, str]:
    return row.waits.due[0].due_on if row.waits.due else "9", row.complaint.number


def _warnings(call: Call, sites: list[str]) -> list[YearOfComplaints]:
    """What is warned of at these sites; of the unit to whoever reads all of it."""
    found = warnings_of_year(call.store, sites, call.today) if sites else []
    return [each for each in found if each.site != UNIT or call.who.reads_every_site]


def new_complaint_page(view: View) -> dict[str, Any]:
    """The form that receives a complaint at one of the reader's sites, filled in from the page that led here."""
    call = view.call
    own = receiving_sites(call)
    site = view.text("site") if view.text("site") in own else own[0]
    return {
        "sites": own,
        "site": site,
        "filled": {name: view.text(name) for name in ("about", "serial")},
        "customer": _own_customer(call, view.text("customer"), site),
        "channels": CHANNELS_ASKED,
        "categories": CATEGORIES,
        "most_devices": MOST_DEVICES,
        "people": people_of_site(active_people(call.store).values(), site),
    }


def _own_customer(call: Call, number: str, site: str) -> CustomerShown | None:
    """The customer of this number, where they are one of the site's own, who are named by it."""
    if homes_of(call.store, [number]).get(number) != site:
        return None
    shown = customers_shown(call.store, [number], call.who.reads)[number]
    return CustomerShown(number) if shown.masked else shown


def complaint_page(view: View) -> dict[str, Any]:
    """One complaint: its course, whom it waits for, and what its reader may do next. Raises Refused (`not_found`)."""
    call = view.call
    found = records.current(call.store, COMPLAINT, call.path["number"])
    if found is None:
        raise refuse("not_found")
    value: Complaint = found[0]
    shown: ComplaintAnswer = view.told(complaint_seen(call, value))
    staffed = staffed_on(call.store, call.today)
    waits = what_they_wait_for(staffed, [value])[value.number]
    return {
        "complaint": shown,
        "waits": waits,
        "names": names_of(call.store, _people(value)),
        "reads": view.person.reads(value.site),
        "about_page": _page_about(view.person, value),
        "dial": _whom_to_call(shown),
        "forms": [form_of(name, value, staffed.people.values()) for name in _in_order(shown.next, waits)],
        "is_kept_from_reader": shown.complainant is None
        and not value.erased
        and view.person.username in value.persons
        and complainant_of(call.store, value.number),
        "last_word": value.not_content >= WORDS_IN_VAIN,
        "today": call.today.isoformat(),
    }


def _whom_to_call(shown: ComplaintAnswer) -> Dial | None:
    """Whoever complained, or, where they left no contact, the customer whom their reader sees."""
    if shown.complainant is None:
        return None
    customer = shown.customer_shown or CustomerShown()
    return dial_of(shown.complainant.contact or customer.contact)


def _in_order(names: Iterable[str], waits: Waits) -> list[str]:
    """The steps that somebody may take, those first that a complaint waits for."""
    return sorted(names, key=lambda name: (name not in waits.steps, list(COMPLAINTS.step).index(name)))


def _people(value: Complaint) -> set[str]:
    told = {value.owner, value.received_by, *value.persons}
    for act in value.course:
        also = (act.owner, act.measure.owner if act.measure else None)
        told |= {act.by, *act.persons, *(name for name in also if name)}
    return told


def _page_about(person: Person, value: Complaint) -> str | None:
    """The page of what a complaint is about, for whoever may see it; a job's call leads to its complaint itself."""
    if value.about is None:
        return None
    if not person.reads(value.site):
        return None
    kind = records.kind_numbered(value.about, COMPLAINED_ABOUT)
    return page_of_order(person, kind.name, value.site, value.about) if kind else f"/documents/{value.about}"


class ComplaintsOf(msgspec.Struct, frozen=True):
    """What the page of an order tells of complaints: those about it, and whether its reader receives one there."""

    about: str
    site: str
    found: list[Complaint]
    receives: bool


def complaints_of_order(
    view: View, number: str, site: str, customer: str | None, opened_on: str
) -> ComplaintsOf:
    """What the page of a job, a repair or an installation tells of complaints; of those there are to readers alone."""
    reads = view.person.reads(site)
    found = complaints_about(view.call.store, number, site, customer, opened_on) if reads else []
    return ComplaintsOf(number, site, view.told(found), view.person.may(EVERYBODY, site))
