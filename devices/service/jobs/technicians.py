"""Who may be sent to a customer, whose work an order is, and who takes which step of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from devices.paperwork.dispatches import DISPATCHES, TECHNICIAN, DispatchOrder
from devices.people.certificates import certificate_standing
from devices.people.certified import refuse_technician
from devices.people.roles import Person
from devices.store.database import Store


def refuse_uncertified(store: Store, username: str, site: str, day: date) -> None:
    """Refuse whoever may not be sent on that day. Raises Refused: `not_certified` (see certificates)."""
    refuse_technician(certificate_standing(store, username, site, day))


def works_on(person: Person, site: str, assignee: str | None) -> bool:
    """Whether a site's order is somebody's work: it is assigned to them, and they are still a technician there."""
    return assignee == person.username and person.may((TECHNICIAN,), site)


def takes_step(person: Person, name: str, order: DispatchOrder) -> bool:
    """Whether a step of an order is somebody's: as a role that it declares, or as the technician assigned to it."""
    return takes_as_declared(person, DISPATCHES.step[name].who, order.site, order.technician)


def takes_as_declared(person: Person, who: Sequence[str], site: str, assignee: str | None) -> bool:
    """Whether what these roles do at a site is somebody's to do: a technician does it where the work is theirs."""
    if person.may([role for role in who if role != TECHNICIAN], site):
        return True
    return TECHNICIAN in who and works_on(person, site, assignee)
