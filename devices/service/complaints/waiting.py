"""What complaints wait for, and whom: by the step that comes next, and the people who may take it.

A complaint that nobody may go on with, as one that the person complained of received, waits to be handed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Literal

import msgspec

from devices.ledger.duties.due import Due
from devices.listed import Only, listed
from devices.paperwork.complaints import COMPLAINTS, EVERYBODY, TO_BE_CLOSED, Complaint
from devices.paperwork_kinds import COMPLAINT
from devices.people.persons import active_people
from devices.people.roles import Person
from devices.records import sites_by_code
from devices.service.complaints.counting import deadlines_of_complaint
from devices.service.complaints.deciders import Staffed, is_to_hand_over, steps_for
from devices.store.database import Store
from devices.values import UNIT

ComplaintLane = Literal["hand_over", "investigate", "decide", "resolve", "confirm", "close", "check"]
COMPLAINT_LANES: tuple[ComplaintLane, ...] = (
    "hand_over", "investigate", "decide", "resolve", "confirm", "close", "check",
)  # fmt: skip
LANE_OF_STATE: Mapping[str, ComplaintLane] = {
    "received": "investigate",
    "investigated": "decide",
    "valid": "resolve",
    "invalid": "resolve",
    "resolved": "confirm",
    "confirmed": "close",
    "correcting": "check",
}
assert LANE_OF_STATE.keys() == set(TO_BE_CLOSED), "a state that waits for nothing"

BESIDE = ("hand_over", "register", "erase")
"""The steps that may be taken beside the one that a complaint waits for."""
MAY_BE_REGISTERED = COMPLAINTS.before("register")


class Waits(msgspec.Struct, frozen=True):
    """What a complaint waits for. `steps` come next, `people` may take one of them: nobody, where another supervisor or
    auditor is needed. `since` is when the last step was taken, in UTC microseconds; `due` what is not met yet of its
    deadlines, the earliest day first.
    """

    lane: ComplaintLane | None
    steps: tuple[str, ...]
    people: tuple[Person, ...]
    since: int
    due: tuple[Due, ...] = ()

    @property
    def is_overdue(self) -> bool:
        """Whether a day has passed by which something was to be done."""
        return any(each.standing == "overdue" for each in self.due)


def what_they_wait_for(staffed: Staffed, values: Iterable[Complaint]) -> dict[str, Waits]:
    """What each of these complaints waits for, by number; a closed one for no step, though perhaps to be registered."""
    return {value.number: _waits(staffed, value) for value in values}


def _waits(staffed: Staffed, value: Complaint) -> Waits:
    steps = [step.name for step in COMPLAINTS.next_steps(value.state) if step.name not in BESIDE]
    lane = LANE_OF_STATE.get(value.state)
    takers = _who_may(staffed, value, steps)
    if lane is not None and not takers and is_to_hand_over(staffed, value):
        lane, steps = "hand_over", ["hand_over"]
        takers = _who_may(staffed, value, steps)
    deadlines = deadlines_of_complaint(value, staffed.sites[value.site], staffed.today)
    unmet = (due for due in deadlines if due.met_on is None)
    return Waits(
        lane,
        tuple(steps),
        tuple(takers),
        value.course[-1].at,
        tuple(sorted(unmet, key=lambda due: (due.due_on, due.deadline))),
    )


def _who_may(staffed: Staffed, value: Complaint, steps: Collection[str]) -> list[Person]:
    """Those who may take one of these steps of a complaint."""
    return [
        person
        for person in staffed.people.values()
        if any(name in steps for name in steps_for(staffed, value, person))
    ]


def staffed_on(store: Store, today: date) -> Staffed:
    """Who there is on a day, in two statements."""
    return Staffed(active_people(store), sites_by_code(store), today)


def people_of_site(people: Iterable[Person], site: str) -> list[Person]:
    """Those who have a role at a site, or for the whole unit, the site's own first."""
    there = (person for person in people if person.may(EVERYBODY, site))
    return sorted(there, key=lambda person: (all(at == UNIT for _, at in person.roles), person.username))


def is_to_register(value: Complaint) -> bool:
    """Whether a complaint can be registered with the call centre, and was not yet."""
    return value.registered is None and value.state in MAY_BE_REGISTERED


def complaints_about(
    store: Store, number: str, site: str, customer: str | None, since: str
) -> list[Complaint]:
    """The complaints about a job, a repair or an installation of a site, by number: among its customer's, or where it
    has none, among those received there since the ISO day of its opening.
    """
    of_customer = customer is not None
    only = Only(customers=(customer,)) if customer is not None else Only(since=since)
    found = listed(store, COMPLAINT, None if of_customer else [site], only=only)
    return [value for value in found if value.about == number]
