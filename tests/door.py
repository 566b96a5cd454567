"""The API's door for tests: the real application over a filled store, and people who sign in."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

import falcon
import msgspec
from falcon import testing

from api.app import create_app
from api.calls import Services
from devices.journal import open_journals
from devices.people import enrolment, grants, persons, tokens
from devices.people.roles import Person
from devices.people.signing_in.session_store import session_store_url
from devices.store.database import Store
from devices.unit import unit_of
from devices.values import UNIT
from panku.demo import PASSWORDS, fill
from panku.wiring import DUTIES, RECORD_KINDS, RULEBOOK

NOW = 1_795_500_000_000_000  # 2026-11-24 in Shanghai
TODAY = "2026-11-24"
EXTRA = {
    "wu": ("clerk", "BJ01", "orange tram below the hill"),
    "chen": ("supervisor", UNIT, "eleven paper cranes tonight"),
    "he": ("auditor", "TJ01", "three kettles on a slow stove"),
    "ma": ("auditor", "BJ01", "a blue lantern over the canal"),
}


def fill_demo(store: Store) -> None:
    """Fill empty books with the demo, as of the day before NOW."""
    fill(store, NOW - 86_400_000_000)


_asked = threading.local()


class _Asked:
    """The services, or a part of them, of whichever door is asked now, by this thread."""

    def __init__(self, find: Callable[[], Any]) -> None:
        object.__setattr__(self, "_find", find)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._find(), name, value)


class _Services(_Asked):
    @property
    def meter(self) -> Any:
        return _Asked(lambda: self._find().meter)


@cache
def _shared() -> falcon.App[falcon.Request, falcon.Response]:
    services: Any = _Services(lambda: _asked.services)
    return create_app(services)


class Door:
    """The application over demo books; `sign_in` gives a client of that person."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.session_store = Store(session_store_url(store.url), store.limits)
        self.now = NOW
        self.services = Services(
            store,
            self.session_store,
            RULEBOOK,
            DUTIES,
            lambda: self.now,
            kinds=RECORD_KINDS,
            secure_cookies=False,
            body_limit_bytes=2 * 1024 * 1024,
            upload_limit_bytes=5 * 1024 * 1024,
        )
        self.keys = itertools.count(1)
        self.admin = Person(username="admin", name="", roles=frozenset({("admin", UNIT)}))

    @cached_property
    def app(self) -> falcon.App[falcon.Request, falcon.Response]:
        """An application of its own, for tests that add to it; it is the one asked from then on."""
        return create_app(self.services)

    def answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request as an application does: the one that all doors share, since to build it takes longer."""
        own = self.__dict__.get("app")
        if own is not None:
            return own(environ, start_response)
        _asked.services = self.services
        return _shared()(environ, start_response)

    def enrol_extra(self) -> None:
        """A clerk of BJ01, a supervisor and an auditor of each site, beside the demo's people."""
        unit = unit_of(self.store)
        assert unit is not None
        with self.store.writing():
            writer = open_journals(self.store, [UNIT], self.now)
            for username, (role, site, password) in EXTRA.items():
                code = persons.create(writer, unit, self.admin, username, username).code
                enrolment.enrol(
                    writer, username, code, enrolment.choose(writer.store, unit, username, password)
                )
                grants.grant(writer, self.admin, username, role, site)

    def password(self, username: str) -> str:
        return PASSWORDS[username][0] if username in PASSWORDS else EXTRA[username][2]

    def sign_in(self, username: str) -> Client:
        """A client with this person's session."""
        client = testing.TestClient(self.answer)
        body = {"username": username, "password": self.password(username)}
        answer = client.simulate_post("/v1/session", json=body)
        assert answer.status_code == 201, answer.text
        cookie = answer.cookies["panku_session"].value
        return Client(self, {"Cookie": f"panku_session={cookie}"})

    def token(
        self,
        site: str = "BJ01",
        scopes: tuple[str, ...] = ("read",),
        username: str | None = None,
        *,
        confirmed: bool = True,
    ) -> Client:
        """A client with an outlet's token; one that posts is confirmed by its person, unless it is to wait."""
        with self.store.writing():
            writer = open_journals(self.store, [UNIT], self.now)
            issued = tokens.issue(
                writer,
                self.admin,
                label="outlet",
                site=site,
                scopes=scopes,
                expires_at=self.now + 10**12,
                username=username,
            )
            if confirmed and tokens.is_waiting(issued.token):
                assert username is not None, "a token that posts has its person"
                tokens.confirm_token(writer, Person(username=username, name=""), issued.token.id)
        return Client(self, {"Authorization": f"Bearer {issued.secret}"})

    def nobody(self) -> Client:
        """A client that nobody knows."""
        return Client(self, {})


class Client:
    """One caller; a POST gets a fresh Idempotency-Key unless it brings one."""

    def __init__(self, door: Door, headers: dict[str, str]) -> None:
        self.door = door
        self.headers = headers
        self.client = testing.TestClient(door.answer)

    def get(self, path: str, **headers: str) -> testing.Result:
        return self.client.simulate_get(path, headers={**self.headers, **headers})

    def send(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> testing.Result:
        sent = {"Idempotency-Key": key or f"key-{next(self.door.keys)}", **self.headers}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        return self.client.simulate_request(method, path, headers=sent, body=data)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> testing.Result:
        return self.send("POST", path, body, key=key, **headers)


def move(serial: str = "661565714358", to: str = "M-02") -> dict[str, Any]:
    """A move of one device of the demo's stock."""
    return {"type": "move", "site": "BJ01", "business_date": TODAY, "bin": to, "lines": [{"serial": serial}]}
