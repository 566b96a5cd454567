"""Who may take which step of a complaint: its owner works on it; who decides never owns it, is complained of, nor did
what it is about. Pure: who there is, is given.

What keeps somebody from a step is one function, which the acts, the API's `next` and the pages read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

import msgspec

from devices.calendar import day_of
from devices.deadlines import DEADLINE, due
from devices.paperwork.complaints import COMPLAINTS, DECIDERS, EVERYBODY, OWNER, Complaint
from devices.people.roles import Person
from devices.problems import Problem
from devices.values import Site

ON_THEIR_WORD = ("decide", "confirm", "check", "close")
"""The steps that judge the owner's work."""


class Staffed(msgspec.Struct, frozen=True):
    """Who there is to work and to decide on complaints: the people who have a role, by username, the sites by code, and
    the day.
    """

    people: Mapping[str, Person]
    sites: Mapping[str, Site]
    today: date


def keeps_from(staffed: Staffed, name: str, value: Complaint, person: Person) -> Problem | None:
    """What keeps somebody who may act at the site from a step of a complaint in this state; None where nothing does."""
    facts = {"complaint": value.number}
    step = COMPLAINTS.step[name]
    if OWNER in step.who and person.username != value.owner:
        return Problem("not_the_owner", "", {**facts, "owner": value.owner})
    if name != "register" and person.username in value.persons:
        return Problem("complained_of", "", {**facts, "username": person.username})
    if name in ON_THEIR_WORD and person.username == value.owner:
        return Problem("own_complaint", "", facts)
    if name in ON_THEIR_WORD and person.username in value.workers:
        return Problem("own_job", "", {"order": value.about, "username": person.username})
    if name == "check" and value.measure and person.username == value.measure.owner:
        return Problem("own_measure", "", facts)
    if name == "hand_over" and not _gives_on(staffed, value, person):
        return Problem("owner_fixed", "", {**facts, "owner": value.owner})
    return _out_of_place(name, value)


def _gives_on(staffed: Staffed, value: Complaint, person: Person) -> bool:
    """Whether somebody may give a complaint to another owner: nobody gets rid of theirs by letting its days pass."""
    if is_to_hand_over(staffed, value):
        return True
    return person.username != value.owner and is_left_lying(staffed, value)


def _out_of_place(name: str, value: Complaint) -> Problem | None:
    """A corrective action is for a valid one, and no valid one is closed without."""
    facts = {"complaint": value.number}
    if value.state != "confirmed" or name not in ("correct", "close"):
        return None
    if name == "correct" and not value.valid:
        return Problem("complaint_not_valid", "", facts)
    if name == "close" and value.valid:
        return Problem("measure_required", "", facts)
    return None


def takes_complaint(person: Person, name: str, value: Complaint) -> bool:
    """Whether a step is for somebody's role at the site, or for them as the owner."""
    who = COMPLAINTS.step[name].who
    if OWNER in who and person.username == value.owner and person.may(EVERYBODY, value.site):
        return True
    return person.may([role for role in who if role != OWNER], value.site)


def steps_for(staffed: Staffed, value: Complaint, person: Person) -> Iterator[str]:
    """The steps of a complaint that somebody may take."""
    for step in COMPLAINTS.next_steps(value.state):
        if step.name == "erase" and value.erased:
            continue
        if takes_complaint(person, step.name, value) and not keeps_from(staffed, step.name, value, person):
            yield step.name


def is_to_hand_over(staffed: Staffed, value: Complaint) -> bool:
    """Whether a complaint may get another owner: its own is complained of, has no role at the site any more, or is the
    only one who could decide on it.
    """
    if value.owner in value.persons:
        return True
    owner = staffed.people.get(value.owner)
    if owner is None or not owner.may(EVERYBODY, value.site):
        return True
    measurer = value.measure.owner if value.measure and value.state == "correcting" else None
    return owner.may(DECIDERS, value.site) and not may_be_judged(staffed.people, value, measurer)


def is_left_lying(staffed: Staffed, value: Complaint) -> bool:
    """Whether its owner has not made good a complaint in time, or as many days after the customer's word agreed on no
    corrective action of a valid one, and is who has to go on: else nobody could take it from one who buries it.
    """
    since = value.received_at
    if value.state in COMPLAINTS.before("correct") and value.valid:
        since = (value.last("confirm") or value.course[-1]).at
    elif value.state not in COMPLAINTS.before("investigate") + COMPLAINTS.before("resolve"):
        return False
    return staffed.today > due(DEADLINE["complaint"], day_of(since), staffed.sites[value.site])


def fits_as_owner(people: Mapping[str, Person], value: Complaint, username: str) -> bool:
    """Whether a complaint may be given to somebody: they have a role at its site, and are not complained of."""
    person = people.get(username)
    if person is None or username in value.persons or username == value.owner:
        return False
    return person.may(EVERYBODY, value.site)


def people_at(people: Mapping[str, Person], roles: Collection[str], site: str) -> list[str]:
    """The usernames of those who have one of these roles at a site, or for the whole unit."""
    return [username for username, person in people.items() if person.may(roles, site)]


def may_be_judged(people: Mapping[str, Person], value: Complaint, measurer: str | None = None) -> bool:
    """Whether there is somebody to decide on a complaint: neither its owner, nor complained of, nor who had a hand in
    what it is about; nor the `measurer`, whose corrective action is to be checked.
    """
    unfit = {value.owner, *value.persons, *value.workers, measurer}
    return any(username not in unfit for username in people_at(people, DECIDERS, value.site))
