"""Days of the filled example's service: what is written at one site as they pass, each act at its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from devices.calendar import TIME_ZONE, is_working_day
from devices.journal import Writer, open_journals
from devices.people import enrolment, grants, persons
from devices.people.roles import Person
from devices.store.database import Store
from devices.unit import Unit
from devices.values import UNIT

SERVED_SITE = "BJ01"
SERVICE_STAFF = {
    "liu": ("six umbrellas by the station", "clerk"),
    "sun": ("two slow ferries after rain", "supervisor"),
}
"""Who else there is in an example with service; printed beside PASSWORDS."""

_Result = TypeVar("_Result")


class DemoDay:
    """One day at BJ01, as time passes; `at` says when the next act happens."""

    def __init__(self, store: Store, unit: Unit, day: date) -> None:
        self.store, self.unit, self.day = store, unit, day
        self.now_us = moment_on(day, "08:00")

    def at(self, told: str) -> DemoDay:
        """The same day, at a time such as 14:30."""
        self.now_us = moment_on(self.day, told)
        return self

    def write(self, act: Callable[[Writer], _Result], *others: str) -> _Result:
        """Do something while the journals of the site, and of others, are held."""
        with self.store.writing():
            return act(open_journals(self.store, [SERVED_SITE, *others], self.now_us))

    def employ(self, username: str, name: str) -> None:
        """Let one of SERVICE_STAFF sign up, with their role: a supervisor's is for the whole unit."""
        admin = Person(username="admin", name="", roles=frozenset({("admin", UNIT)}))
        password, role = SERVICE_STAFF[username]
        site = UNIT if role == "supervisor" else SERVED_SITE

        def act(writer: Writer) -> None:
            code = persons.create(writer, self.unit, admin, username, name).code
            enrolment.enrol(writer, username, code, enrolment.unjudged(username, password))
            grants.grant(writer, admin, username, role, site)

        self.write(act, UNIT)


def working_day_before(day: date) -> date:
    """The last working day before another day."""
    before = day - timedelta(days=1)
    return before if is_working_day(before) else working_day_before(before)


def moment_on(day: date, told: str) -> int:
    """A time of a day, such as 14:30, in microseconds."""
    at = datetime.combine(day, time.fromisoformat(told), ZoneInfo(TIME_ZONE))
    return int(at.timestamp()) * 1_000_000
