"""Who may take which step of a complaint: its owner works on it; who decides never owns it, is complained of, nor did
what it is about.

What keeps somebody from a step is one function, which the acts, the API's `next` and the pages read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from devices.calendar import day_of
from devices.deadlines import due
from devices.paperwork.complaints import COMPLAINTS, DECIDERS, EVERYBODY, OWNER, Complaint
from devices.people.persons import everybody, person_of
from devices.people.roles import Person
from devices.problems import Problem
from devices.records import sites_by_code
from devices.service.complaints.counting import TO_RESOLVE
from devices.store.database import Store
from devices.values import UNIT

ON_THEIR_WORD = ("decide", "confirm", "check", "close")
"""The steps that judge the owner's work."""


def keeps_from(store: Store, name: str, value: Complaint, person: Person, today: date) -> Problem | None:
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
    if name == "hand_over" and not _gives_on(store, value, person, today):
        return Problem("owner_fixed", "", {**facts, "owner": value.owner})
    return _out_of_place(name, value)


def _gives_on(store: Store, value: Complaint, person: Person, today: date) -> bool:
    """Whether somebody may give a complaint to another owner: nobody gets rid of theirs by letting its days pass."""
    if is_to_hand_over(store, value):
        return True
    return person.username != value.owner and is_left_lying(store, value, today)


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


def is_to_hand_over(store: Store, value: Complaint) -> bool:
    """Whether a complaint may get another owner: its own is complained of, has no role at the site any more, or is the
    only one who could decide on it.
    """
    if value.owner in value.persons:
        return True
    owner = person_of(store, value.owner)
    if owner is None or not owner.may(EVERYBODY, value.site):
        return True
    return owner.may(DECIDERS, value.site) and not _others_who_decide(store, value)


def is_left_lying(store: Store, value: Complaint, today: date) -> bool:
    """Whether its owner has not made good a complaint in time, and is who has to go on: else nobody could take it from
    one who buries it.
    """
    if value.state not in COMPLAINTS.before("investigate") + COMPLAINTS.before("resolve"):
        return False
    return today > due(TO_RESOLVE, day_of(value.received_at), sites_by_code(store)[value.site])


def fits_as_owner(store: Store, value: Complaint, username: str) -> bool:
    """Whether a complaint may be given to somebody: they have a role at its site, and are not complained of."""
    person = person_of(store, username)
    if person is None or username in value.persons or username == value.owner:
        return False
    return person.may(EVERYBODY, value.site)


def possible_owners(store: Store, value: Complaint) -> list[tuple[str, str]]:
    """Whom a complaint may be given to: their usernames and names."""
    return [
        (username, name)
        for username, name in people_at(store, EVERYBODY, value.site)
        if username not in (*value.persons, value.owner)
    ]


def people_at(store: Store, roles: Collection[str], site: str) -> Iterable[tuple[str, str]]:
    """The active people who have one of these roles at a site, or for the whole unit: usernames and names."""
    for each in everybody(store):
        if each.active and any(role in roles and at in (site, UNIT) for role, at in each.roles):
            yield each.username, each.name


def _others_who_decide(store: Store, value: Complaint) -> bool:
    checks = {value.measure.owner} if value.measure and value.state == "correcting" else set()
    unfit = {value.owner, *value.persons, *value.workers, *checks}
    return any(username not in unfit for username, _ in people_at(store, DECIDERS, value.site))


def leaves_nobody_to_check(store: Store, value: Complaint, username: str) -> bool:
    """Whether nobody could check a corrective action any more, were it somebody's."""
    unfit = {value.owner, *value.persons, *value.workers, username}
    return not any(other not in unfit for other, _ in people_at(store, DECIDERS, value.site))
