"""People for tests: a founded unit with its administrator, and persons who have enrolled."""

from collections.abc import Callable
from typing import TypeVar

from devices import records
from devices.database import Store
from devices.journal import Writer, open_journals
from devices.people import enrolment, grants, persons
from devices.people.roles import Person
from devices.unit import Unit, found, unit_of
from devices.values import UNIT, Site

AT_US = 1_793_500_000_000_000
SECOND_US = 1_000_000
DAY_US = 24 * 3600 * SECOND_US
PASSWORD = "vat quartz lemon 81 harbour"
OTHER_PASSWORD = "mossy tin kettle 47 orbit"

Result = TypeVar("Result")


def writing(store: Store, function: Callable[[Writer], Result], at_us: int = AT_US) -> Result:
    """Run `function` in a write transaction that holds the UNIT journal."""
    with store.writing():
        return function(open_journals(store, [UNIT], at_us))


def the_unit(store: Store) -> Unit:
    """The unit of a store in which `found_unit` was called."""
    unit = unit_of(store)
    assert unit is not None
    return unit


def found_unit(store: Store, *sites: str) -> Person:
    """Found a unit with these sites and an administrator, who is returned."""

    def begin(writer: Writer) -> None:
        unit = found(store, "Test unit", AT_US)
        enrolment.found_administrator(writer, unit, "root", "Root Person", PASSWORD)
        for site in sites:
            records.write(writer, records.SITE, Site(site, site), by="root", expected=0)

    writing(store, begin)
    return known(store, "root")


def known(store: Store, username: str) -> Person:
    """An active person as the books know them."""
    person = persons.person_of(store, username)
    assert person is not None
    return person


def invite(store: Store, by: Person, username: str) -> str:
    """Make a person and return their enrolment code."""
    created = writing(
        store, lambda writer: persons.create(writer, the_unit(store), by, username, username.title())
    )
    return created.code


def enrolled(store: Store, by: Person, username: str, *roles: tuple[str, str]) -> Person:
    """Make a person who has enrolled with PASSWORD and has these roles."""
    code = invite(store, by, username)

    def join(writer: Writer) -> None:
        enrolment.enrol(writer, the_unit(store), username, code, PASSWORD)
        for role, site in roles:
            grants.grant(writer, by, username, role, site)

    writing(store, join)
    return known(store, username)
