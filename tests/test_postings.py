"""Every document from every place, by everybody, at their own site and a foreign one: the tables say what happens."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
import pytest
from falcon import testing

from api.app import create_app
from api.callers.access import admit
from api.calls import Services
from api.routes import ROUTES
from devices.journal import open_journals
from devices.ledger.deciding.drafts import AnyDraft, Draft
from devices.ledger.posting import post
from devices.lifecycle import DOCUMENT, Document, roles_of
from devices.people import credentials, enrolment, grants, persons, tokens
from devices.people.roles import ROLES, SCOPES, Person
from devices.people.signing_in import sessions
from devices.people.signing_in.session_store import session_store_url
from devices.problems import PROBLEMS, Refused
from devices.store.database import Store
from devices.values import UNIT
from panku.wiring import DUTIES, RECORD_KINDS, RULEBOOK
from tests.conftest import Undone
from tests.ledger_books import NOW, SITES
from tests.shelf import HOME, PARTS, PLACES, POSTED, SERIALS, Place, Shelf, expected, step_of
from tests.staff import PASSWORD

POSTING = next(route.access for route in ROUTES if route.name == "post_document")


def person(role: str, site: str, scope: str | None = None, *, confirmed: bool = True) -> Person:
    """A person with one role, in a session or (with a scope) through a token of its site, confirmed or not."""
    username, roles = f"{role}.{site}".lower(), frozenset({(role, site)})
    if scope is None:
        return Person(username=username, name="", roles=roles)
    return Person(
        username=username, name="", roles=roles, via="token", token="T", site=site, scopes=frozenset({scope}),
        confirmed=confirmed,
    )  # fmt: skip


CALLERS = [
    *(person(role.name, site) for role in ROLES for site in (SITES if role.span == "site" else (UNIT,))),
    *(person("storekeeper", HOME, scope.name) for scope in SCOPES),
    person("storekeeper", HOME, "post", confirmed=False),
    Person(username="", name="", via="token", token="U", site=HOME, scopes=frozenset({"read"})),
]


def caller_name(caller: Person) -> str:
    """What to call a caller in a report."""
    waits = ("unconfirmed",) if caller.via == "token" and not caller.confirmed else ()
    return " ".join((caller.username or "outlet", caller.via, *sorted(caller.scopes), *waits))


def kept_out(document: str, caller: Person, site: str) -> str | None:
    """The code with which the tables of roles and scopes keep a caller out; None where they let them post."""
    if caller.via == "token" and "post" not in caller.scopes:
        return "scope_missing"
    if caller.via == "token" and not caller.confirmed:
        return "token_not_confirmed"
    held = {(role, site) for role in DOCUMENT[document].posters}
    return None if held & caller.roles else "role_missing"


class Told(NamedTuple):
    """What came of one posting: the code of its refusal, or None with its status and the device's state after."""

    code: str | None
    status: str | None = None
    state: str | None = None


def posted(shelf: Shelf, draft: Draft, caller: Person, serial: str) -> Told:
    """Post, look, and undo it."""
    store, found = shelf.store, Told("nothing")
    try:
        admit(POSTING, caller, {}, draft, None)
        with store.db.atomic():
            poster = post.Poster(caller.username, caller.token)
            done = post.post(store, shelf.unit, draft, by=poster, at_us=NOW, rulebook=RULEBOOK)
            found = Told(None, done.status, shelf.state(serial))
            raise Undone  # noqa: TRY301
    except Undone:
        return found
    except Refused as refused:
        return Told(blamed(refused, serial))


def blamed(refused: Refused, serial: str) -> str:
    """What a refusal says of one device: its codes, or those of the whole where it names no device."""
    of_it = [problem.code for problem in refused.problems if problem.facts.get("serial") == serial]
    return "+".join(dict.fromkeys(of_it or [problem.code for problem in refused.problems]))


def declared(document: str, role: str, place: Place, caller: Person, site: str) -> Told:
    """What the tables say comes of a posting."""
    code = kept_out(document, caller, site) or expected(document, role, place, site)
    if code is not None:
        return Told(code)
    before = place[0] if place[0] != "new" else None
    if DOCUMENT[document].review == "before":
        return Told(None, "pending", before)
    step = step_of(document, role, place)
    return Told(None, "posted", step.after if step else before)


@pytest.mark.parametrize(("document", "role"), PARTS, ids=lambda part: part)
def test_a_document_does_just_what_the_tables_declare(shelf: Shelf, document: str, role: str) -> None:
    wrong = []
    with pytest.raises(Undone), shelf.store.writing():
        for place, site in itertools.product(PLACES, SITES):
            draft = msgspec.convert(shelf.body(document, role, place, site), AnyDraft)
            for caller in CALLERS:
                told = posted(shelf, draft, caller, SERIALS[place])
                wanted = declared(document, role, place, caller, site)
                if told != wanted:
                    wrong.append((*place, site, caller_name(caller), wanted, told))
        raise Undone
    assert wrong == []


def test_every_document_is_let_pass_from_some_place_by_somebody() -> None:
    passed = {
        document
        for (document, role), place, caller in itertools.product(PARTS, PLACES, CALLERS)
        if declared(document, role, place, caller, HOME).code is None
    }
    assert passed == POSTED.keys()


# --- the same over HTTP


class Rehearsal(Store):
    """A store all of whose writing is part of one transaction, which is undone in the end."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self.db.atomic():
            yield

    @contextmanager
    def rehearsing(self) -> Iterator[None]:
        """Undo whatever is written within, in the end."""
        with super().writing(), self.db.atomic() as savepoint:
            yield
            savepoint.rollback()


class Stage:
    """The real application over the shelf, and everybody's credentials."""

    def __init__(self, shelf: Shelf) -> None:
        self.store, session_store = Rehearsal(shelf.store.url), Store(session_store_url(shelf.store.url))
        services = Services(
            self.store, session_store, RULEBOOK, DUTIES, lambda: NOW, secure_cookies=False, body_limit_bytes=2**20,
            upload_limit_bytes=2**20, kinds=RECORD_KINDS,
        )  # fmt: skip
        self.client = testing.TestClient(create_app(services))
        self.headers = {caller_name(caller): self._enter(shelf, session_store, caller) for caller in CALLERS}

    def _enter(self, shelf: Shelf, session_store: Store, caller: Person) -> dict[str, str]:
        admin = Person(username="root", name="", roles=frozenset({("admin", UNIT)}))
        with shelf.store.writing():
            writer = open_journals(shelf.store, [UNIT], NOW)
            if caller.username and not persons.person_of(shelf.store, caller.username):
                code = persons.create(writer, shelf.unit, admin, caller.username, "某人").code
                enrolment.enrol(
                    writer,
                    caller.username,
                    code,
                    enrolment.choose(writer.store, shelf.unit, caller.username, PASSWORD),
                )
                for role, site in caller.roles:
                    grants.grant(writer, admin, caller.username, role, site)
            if caller.via == "token":
                issued = tokens.issue(
                    writer, admin, label="t", site=HOME, scopes=caller.scopes, expires_at=NOW + 10**9,
                    username=caller.username or None,
                )  # fmt: skip
                if caller.confirmed and tokens.is_waiting(issued.token):
                    themself = Person(username=caller.username, name="")
                    tokens.confirm_token(writer, themself, issued.token.id)
                return {"Authorization": f"Bearer {issued.secret}"}
        known = credentials.credential_of(shelf.store, caller.username)
        assert known is not None
        secret = sessions.begin(session_store, caller.username, known.generation, NOW)
        return {"Cookie": f"panku_session={secret}"}

    def post(self, caller: Person, body: dict[str, Any]) -> testing.Result:
        """The answer to a posting, which is undone at once."""
        headers = {**self.headers[caller_name(caller)], "Idempotency-Key": "k"}
        with self.store.rehearsing():
            return self.client.simulate_post("/v1/documents", json=body, headers=headers)


@pytest.fixture(scope="module")
def stage(shelf: Shelf) -> Stage:
    """The application over each engine's shelf."""
    return Stage(shelf)


def places_of(document: str, role: str) -> list[Place]:
    """A place from which the tables let a document pass, and one from which they do not."""
    passes = [place for place in PLACES if expected(document, role, place, HOME) is None]
    refused = [place for place in PLACES if expected(document, role, place, HOME) is not None]
    return [passes[0], refused[-1]]


@pytest.mark.parametrize("document", POSTED.values(), ids=lambda document: document.name)
def test_everybody_is_answered_over_http_as_the_tables_declare(
    stage: Stage, shelf: Shelf, document: Document
) -> None:
    wrong, role = [], roles_of(document.name)[0]
    for place, site, caller in itertools.product(places_of(document.name, role), SITES, CALLERS):
        answer = stage.post(caller, shelf.body(document.name, role, place, site))
        wanted = declared(document.name, role, place, caller, site)
        status = 201 + (wanted.status == "pending") if wanted.code is None else PROBLEMS[wanted.code].status
        told = answer.json["status"] if answer.status_code < 300 else answer.json["code"]
        if (answer.status_code, told) != (status, wanted.code or wanted.status):
            wrong.append((*place, site, caller_name(caller), wanted, answer.status_code, answer.text))
    assert wrong == []
