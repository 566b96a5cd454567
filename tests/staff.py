"""A unit with its first administrator, sites and people, for tests of what people may do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from devices import records, unit
from devices.journal import Writer, open_journals
from devices.people import enrolment, grants, persons
from devices.people.roles import SYSTEM, Person
from devices.people.signing_in.session_store import session_store_url
from devices.problems import Refused
from devices.records import SITE
from devices.store.database import Store
from devices.values import UNIT, Site

NOW = 1_795_000_000_000_000  # 2026-11-18, in microseconds
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PASSWORD = "library window otter"
OTHER_PASSWORD = "marble kettle seventeen"
ADDRESS = "192.0.2.7"

Result = TypeVar("Result")


class Staff:
    """A founded unit: `admin` administers it; sites A1 and B2 are open, C3 is not."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.session_store = Store(session_store_url(store.url))
        with store.writing():
            self.unit = unit.found(store, "航信服务单位", NOW)
        with self.writing() as writer:
            self.admin_key = enrolment.found_administrator(writer, self.unit, "admin.zhou", "周敏", PASSWORD)
            for code, active in (("A1", True), ("B2", True), ("C3", False)):
                records.write(writer, SITE, Site(code, f"{code} 网点", active=active), by=SYSTEM.username)

    @property
    def admin(self) -> Person:
        return self.person("admin.zhou")

    def person(self, username: str) -> Person:
        found = persons.person_of(self.store, username)
        assert found is not None
        return found

    @contextmanager
    def writing(self, at_us: int = NOW) -> Iterator[Writer]:
        with self.store.writing():
            yield open_journals(self.store, (UNIT,), at_us)

    def write(self, function: Callable[[Writer], Result], at_us: int = NOW) -> Result:
        """Run `function` in a write transaction that holds the UNIT journal."""
        with self.writing(at_us) as writer:
            return function(writer)

    def create(self, username: str, name: str = "李明", by: Person | None = None) -> str:
        """A person who has not enrolled; returns the code."""
        return self.write(lambda w: persons.create(w, self.unit, by or self.admin, username, name).code)

    def enrol(self, username: str, code: str, password: str = PASSWORD, at_us: int = NOW) -> str:
        """Sign up with a code; returns the fingerprint of the key made."""
        return self.write(
            lambda w: (
                enrolment.enrol(
                    w, username, code, enrolment.choose(w.store, self.unit, username, password)
                ).fingerprint
            ),
            at_us,
        )

    def enrolled(self, username: str, *roles: tuple[str, str], password: str = PASSWORD) -> Person:
        """A person with a password, a key and these roles."""
        self.enrol(username, self.create(username), password)
        for role, site in roles:
            self.grant(username, role, site)
        return self.person(username)

    def grant(self, username: str, role: str, site: str, by: Person | None = None) -> None:
        with self.writing() as writer:
            grants.grant(writer, by or self.admin, username, role, site)

    def revisions(self, kind: str) -> list[tuple[Any, ...]]:
        """(key, revision, made_by) of every revision of a kind, oldest first."""
        return self.store.rows(
            "SELECT key, revision, made_by FROM revision WHERE kind = ? ORDER BY journal_seq", (kind,)
        )

    def close(self) -> None:
        self.session_store.close()


def codes(refused: Refused) -> list[str]:
    """The codes of a refusal, in their order."""
    return [problem.code for problem in refused.problems]
