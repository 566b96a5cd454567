"""One request as a handler sees it, and what a handler may use. Clock and stores arrive as arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec

from api.gauges import Gauges
from api.measures import Meter
from devices.calendar import BookDays
from devices.journal import newest_moment
from devices.ledger.deciding.plan import Rulebook
from devices.ledger.duties.due import Due, Duty, what_is_due
from devices.ledger.reading.replica import Replica
from devices.people.roles import Person
from devices.problems import refuse
from devices.records import RecordKind
from devices.store import schema
from devices.store.database import Store
from devices.store.readiness import Readiness
from devices.unit import Unit, unit_of
from labels.words import Locale

_Read = TypeVar("_Read")


class ShownSetting(msgspec.Struct, frozen=True):
    """One setting of the running server as an administrator may see it: passwords are masked, nothing is "".

    `default` is as it would be written.
    """

    field: str
    variable: str
    value: str
    default: str
    is_default: bool


def newest_of_sound_books(store: Store) -> int:
    """What readiness asks of the books: the latest moment recorded in them. Raises SchemaDiffers."""
    schema.check_schema(store)
    return newest_moment(store)


class Services:
    """What every handler works with; `clock` answers in UTC microseconds, `kinds` are all kinds of records."""

    def __init__(
        self,
        store: Store,
        session_store: Store,
        rulebook: Rulebook,
        duties: Sequence[Duty],
        clock: Callable[[], int],
        *,
        kinds: Sequence[RecordKind],
        secure_cookies: bool,
        body_limit_bytes: int,
        upload_limit_bytes: int,
        trusted_proxies: tuple[str, ...] = (),
        replica: Replica | None = None,
        settings: tuple[ShownSetting, ...] = (),
        metrics_token: str = "",
    ) -> None:
        self.store = store
        self.session_store = session_store
        self.rulebook = rulebook
        self.duties = duties
        self.clock = clock
        self.kinds = kinds
        self.secure_cookies = secure_cookies
        self.body_limit_bytes = body_limit_bytes
        self.upload_limit_bytes = upload_limit_bytes
        self.trusted_proxies = trusted_proxies
        self.replica = replica
        self.settings = settings
        self.metrics_token = metrics_token
        self.meter = Meter()
        self.gauges = Gauges(store, duties, clock)
        self.readiness = Readiness(store.url, session_store.url, newest_of_sound_books)
        self._unit: Unit | None = None

    @property
    def unit(self) -> Unit:
        """The unit; it never changes once founded. Raises Refused (`unavailable`) before."""
        if self._unit is None:
            self._unit = unit_of(self.store)
        if self._unit is None:
            raise refuse("unavailable", cause="not_founded")
        return self._unit


class Call(msgspec.Struct):
    """One request: who asks, the parts of its path, its checked query and body, and where it came from.

    `if_match` is the revision the caller has seen, None where the header is absent; `signing_key` is the caller's,
    once a check has opened it with their password; `prepared` what a check made of what is slow to read or to judge;
    `request` the mark of one that takes effect only once. `claimed` is the person that somebody who signs in says they
    are, if there is one: the security log names nobody else; `events` are what it is to be told of what went well.
    `blind` is what is kept from the caller while they count (`api/callers/blind.py`), once it was looked up.
    """

    services: Services
    person: Person | None
    path: dict[str, str]
    query: Any
    body: Any
    raw: bytes
    at_us: int
    address: str
    locale: Locale
    if_match: int | None = None
    file_name: str = ""
    media_type: str = ""
    session: str | None = None
    signing_key: Any = None
    prepared: Any = None
    claimed: str = ""
    request: str | None = None
    events: list[str] = []
    blind: Any = None

    @property
    def store(self) -> Store:
        """The books."""
        return self.services.store

    def read_past(self, read: Callable[[Store], _Read]) -> _Read:
        """What `read` finds in the books, or in a replica of them that has all that the caller wrote."""
        replica = self.services.replica
        return replica.read(self.store, self.who.username, read) if replica else read(self.store)

    @property
    def unit(self) -> Unit:
        """The unit."""
        return self.services.unit

    @property
    def today(self) -> date:
        """The day of the request, in the unit's time zone."""
        return self.unit.day_of(self.at_us)

    @property
    def days(self) -> BookDays:
        """The days that the books are kept of, to the day of the request."""
        return self.unit.days(self.at_us)

    def due_at(self, sites: Sequence[str]) -> list[Due]:
        """Everything that these sites still have to do by some day, the earliest day first."""
        return what_is_due(self.store, self.services.duties, sites, self.today)

    @property
    def who(self) -> Person:
        """The one who asks. Raises Refused (`sign_in_required`) where nobody is signed in."""
        if self.person is None:
            raise refuse("sign_in_required")
        return self.person


class Done(msgspec.Struct, frozen=True):
    """What a write did: the HTTP status, and the key under which its answer can be shown again.

    `secret` is told once and never stored: an enrolment code, a token.
    """

    status: int
    key: str
    secret: str | None = None


class Shown(msgspec.Struct, frozen=True):
    """An answer: its body, the revision that becomes its ETag, and the query by which what follows is asked for."""

    body: Any
    revision: int | None = None
    next: Mapping[str, Any] | None = None
    location: str | None = None
    media_type: str = "application/json"
    session: str | None = None
