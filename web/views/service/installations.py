"""Installations for people: what is under way, by what it waits for; one of them, and its next steps as forms.

The forms of the steps are made from STEP_FORMS, and which are shown from the workflow and what hinders a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any, Literal

import msgspec

from api.callers.access import TECHNICIANS
from api.calls import Call
from api.resources.service.installations import InstallationAnswer, installation_seen
from devices import records
from devices.calendar import day_of
from devices.ledger.duties.due import Due
from devices.ledger.reading.customers import customers_shown, homes_of
from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.installations import (
    ASKERS,
    GUIDANCE_OUTCOMES,
    GUIDED_MINUTES,
    INSTALL_MODES,
    INSTALLATIONS,
    LONGEST_GUIDANCE,
    Installation,
    InstallChecks,
    not_in_vain,
)
from devices.paperwork_kinds import DISPATCH_ORDER, INSTALLATION
from devices.people.certificates import technicians_of
from devices.people.persons import names_of
from devices.problems import refuse
from devices.service.installations.install_rules import INSTALL_LANES, install_lane
from devices.service.installations.installing import INSTALLED_IN
from devices.service.installations.installs import (
    due_of_installation,
    free_steps,
    installations_of,
    installs_under_way,
    of_technician,
    trip_of,
)
from web.pages import View
from web.views.home import sites_of
from web.views.service.briefs import page_of_order
from web.views.service.complaints import complaints_of_order


class StepField(msgspec.Struct, frozen=True):
    """One field of a step's form: where it stands in the body, how it is asked for, and the text that names it.

    The text is `page.installation.<told>`; of a check it is the term `told` of the group `told_as`, which has the words
    of a choice's codes as well. A sentence is journalled for good; it may be `filled` with a term, a group and a code.
    Fields `of_another_home` are asked for away from the customer's home alone.
    """

    name: str
    asked: Literal["minutes", "choice", "check", "line", "sentence", "moment", "technician", "phone"]
    told: str
    required: bool = True
    longest: int = 100
    choices: tuple[str, ...] = ()
    told_as: str = ""
    of_another_home: bool = False
    filled: tuple[str, str] | None = None


_TRIP = "dispatch_order"
_NAMING = (
    StepField("customer.taxpayer_id", "line", "taxpayer_id", longest=40, of_another_home=True),
    StepField("customer.name", "line", "customer_name", longest=200, of_another_home=True),
)
"""What is asked for away from the customer's home."""
STEP_FORMS: dict[str, tuple[StepField, ...]] = {
    "guide": (
        StepField("minutes", "minutes", "minutes_now"),
        StepField("outcome", "choice", "outcome", choices=GUIDANCE_OUTCOMES, told_as="guidance"),
    ),
    "send": (
        StepField(f"{_TRIP}.fault", "sentence", "what_to_do", longest=500, filled=("purpose", "install")),
        StepField(f"{_TRIP}.technician", "technician", "technician", required=False),
        StepField(f"{_TRIP}.window.starts_at", "moment", "window_from", required=False),
        StepField(f"{_TRIP}.window.ends_at", "moment", "window_to", required=False),
        StepField(f"{_TRIP}.contact.name", "line", "contact_name", required=False),
        StepField(f"{_TRIP}.contact.phone", "phone", "contact_phone", required=False),
        *_NAMING,
    ),
    "confirm": (
        *(
            StepField(f"checks.{name}", "check", name, told_as="install_check")
            for name in InstallChecks.__struct_fields__
        ),
        StepField("confirmed_by.name", "line", "confirmed_by"),
        StepField("confirmed_by.phone", "phone", "confirmed_phone", required=False),
    ),
    "give_up": (StepField("reason", "sentence", "why_unfit", longest=500),),
}
"""What the form of each step asks for."""
assert STEP_FORMS.keys() == INSTALLATIONS.step.keys(), "a step without a form"


class InstallRow(msgspec.Struct, frozen=True):
    """An installation that is under way, as the list shows it."""

    installation: Installation
    customer: CustomerShown | None
    due: Due


def installations_page(view: View) -> dict[str, Any]:
    """What is under way at the reader's sites, by what it waits for, and the form that asks for one."""
    call = view.call
    shown: list[Installation] = view.told(_under_way(call))
    customers = customers_shown(call.store, [each.customer for each in shown], call.who.reads)
    sites = records.sites_by_code(call.store)
    due = {each.number: due_of_installation(each, sites[each.site], call.today) for each in shown}
    orders = records.these(call.store, DISPATCH_ORDER, [each.order for each in shown if each.order])
    lanes: dict[str, list[InstallRow]] = {lane: [] for lane in INSTALL_LANES}
    for each in shown:
        row = InstallRow(each, customers.get(each.customer), due[each.number])
        trip = not_in_vain(orders.get(each.order or ""))
        lanes[install_lane(each, trip)].append(row)
    for rows in lanes.values():
        rows.sort(key=lambda row: (row.due.due_on, row.installation.number))
    return {
        "lanes": lanes,
        "most_minutes": GUIDED_MINUTES,
        "own": sorted(call.who.sites_of(ASKERS)),
        "modes": INSTALL_MODES,
        "serial": view.text("serial"),
        "at": view.text("at"),
    }


def _under_way(call: Call) -> list[Installation]:
    """What is under way at the sites that somebody reads, and what is theirs where they are a technician."""
    reads = sites_of(call)
    own = [site for site in call.who.sites_of(TECHNICIANS) if site not in reads]
    theirs = of_technician(call.store, installs_under_way(call.store, own), call.who.username) if own else ()
    return [*installs_under_way(call.store, reads), *theirs]


def installation_page(view: View) -> dict[str, Any]:
    """One installation with its next steps as forms. Raises Refused (`not_found`)."""
    call = view.call
    found = records.current(call.store, INSTALLATION, call.path["number"])
    if found is None:
        raise refuse("not_found")
    value: Installation = found[0]
    shown: InstallationAnswer = view.told(installation_seen(call, value))
    trip = trip_of(call.store, value)
    away = homes_of(call.store, [value.customer])[value.customer] != value.site
    return {
        "installation": shown,
        "trip": trip,
        "order_page": value.order
        and page_of_order(view.person, DISPATCH_ORDER.name, value.site, value.order),
        "reads": view.person.reads(value.site),
        "due": None
        if value.state == "unfit"
        else due_of_installation(value, records.sites_by_code(call.store)[value.site], call.today),
        "most_minutes": GUIDED_MINUTES,
        "longest": LONGEST_GUIDANCE,
        "acts": list(zip(accumulate(act.minutes or 0 for act in value.course), value.course, strict=True)),
        "names": names_of(call.store, {act.by for act in value.course}),
        "forms": [(name, _fields(name, away=away)) for name in shown.next],
        "waits_for": [] if shown.next else _whose_turn(free_steps(call.store, value, trip)),
        "technicians": technicians_of(call.store, value.site, call.today) if "send" in shown.next else [],
        "complaints": complaints_of_order(
            view, value.number, value.site, value.customer, day_of(value.opened_at).isoformat()
        ),
    }


def _fields(name: str, *, away: bool) -> list[StepField]:
    return [field for field in STEP_FORMS[name] if away or not field.of_another_home]


def _whose_turn(names: list[str]) -> list[str]:
    """The roles that may take one of these steps."""
    return list(dict.fromkeys(role for name in names for role in INSTALLATIONS.step[name].who))


class InstallOffer(msgspec.Struct, frozen=True):
    """Of a device that a customer has: the `installation` there is, and the `site` at which one may be asked for."""

    installation: Installation | None
    site: str | None


def install_offers(
    call: Call, devices: Iterable[tuple[str, str | None, str | None, str]]
) -> Mapping[str, InstallOffer]:
    """What a page offers of devices, by serial; each is given as its serial, state, customer's number and site.

    An installation of another customer, and one of a site that the reader does not read, is not told.
    """
    theirs = {serial: (customer, site) for serial, state, customer, site in devices if state in INSTALLED_IN}
    known = installations_of(call.store, theirs)
    offers = {}
    for serial, (customer, site) in theirs.items():
        there = [each for each in known.get(serial, []) if each.customer == customer]
        last = there[-1] if there else None
        may_ask = customer is not None and (last is None or last.state == "unfit")
        offer = InstallOffer(
            last if last is not None and call.who.reads(last.site) else None,
            site if may_ask and call.who.may(ASKERS, site) else None,
        )
        if offer.installation or offer.site:
            offers[serial] = offer
    return offers
