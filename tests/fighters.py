"""Processes that do things to one store at the same moment, for tests of races: kept alive from test to test.

On PostgreSQL each holds its transaction open until the others are done too or wait for a lock, so that two which
could overlap do. SQLite has one writer at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any, Protocol

import msgspec
import peewee
from falcon import testing

from api.app import create_app
from api.calls import Services
from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.posting import post, reviewing
from devices.people.signing_in.session_store import session_store_url
from devices.problems import Refused
from devices.store.database import Store
from devices.unit import Unit, unit_of
from panku.wiring import DUTIES, RECORD_KINDS, RULEBOOK
from tests.forks import FORKS

NOW = 1_795_500_000_000_000
FIGHTERS = 4
HELD_SECONDS = 0.4
"""How long a transaction stays open for others that wait for it and so can not come."""


class Answer(msgspec.Struct, frozen=True):
    """What one fighter was told: `won` with what it made, or the code of a refusal and the serial it names."""

    code: str
    told: Any = None

    @property
    def won(self) -> bool:
        return self.code == "won"


class Action(Protocol):
    """Something a fighter does to the books."""

    def run(self, store: Store, unit: Unit) -> Answer: ...


class Post(msgspec.Struct, frozen=True):
    """Post a document."""

    body: dict[str, Any]

    def run(self, store: Store, unit: Unit) -> Answer:
        draft = msgspec.convert(self.body, AnyDraft)

        def attempt() -> str:
            with store.writing():
                by = post.Poster("zhang")
                return post.post(store, unit, draft, by=by, at_us=NOW, rulebook=RULEBOOK).number

        return Answer("won", store.retrying(attempt))


class Review(msgspec.Struct, frozen=True):
    """Decide on a document."""

    number: str
    decision: reviewing.Decision
    by: str = "li"

    def run(self, store: Store, unit: Unit) -> Answer:
        def attempt() -> None:
            with store.writing():
                reviewing.review(
                    store, unit, self.number, self.decision, by=self.by, reason="查验", at_us=NOW, rulebook=RULEBOOK
                )  # fmt: skip

        store.retrying(attempt)
        return Answer("won", self.decision)


class Ask(msgspec.Struct, frozen=True):
    """Ask the real application; `won` tells the body of a 2xx answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    def run(self, store: Store, unit: Unit) -> Answer:
        session_store = Store(session_store_url(store.url))
        services = Services(
            store, session_store, RULEBOOK, DUTIES, lambda: NOW, secure_cookies=False, body_limit_bytes=2**21,
            upload_limit_bytes=2**21, kinds=RECORD_KINDS,
        )  # fmt: skip
        client = testing.TestClient(create_app(services))
        answer = client.simulate_request(self.method, self.path, headers=self.headers, body=self.body)
        session_store.close()
        if answer.status_code < 300:
            return Answer("won", answer.text)
        return Answer(answer.json["code"], answer.status_code)


class Lingering(Store):
    """A store whose write transactions wait, before they commit, for the others'."""

    meet: Barrier

    @contextmanager
    def writing(self) -> Iterator[None]:
        with super().writing():
            yield
            if self.engine == "postgresql":
                with suppress(threading.BrokenBarrierError):  # another was refused, or waits for what is held
                    self.meet.wait(HELD_SECONDS)


def _fight(pipe: Connection, starts: dict[int, Barrier], meets: dict[int, Barrier]) -> None:
    while (task := pipe.recv()) is not None:
        url, count, action = task
        store = Lingering(url)
        store.meet = meets[count]
        unit = unit_of(store)
        assert unit is not None
        starts[count].wait(30)
        try:
            answer = action.run(store, unit)
        except Refused as refused:
            store.meet.abort()
            answer = Answer(refused.problems[0].code, refused.problems[0].facts.get("serial"))
        except (peewee.DatabaseError, AssertionError) as error:  # told, so that the test says what went wrong
            store.meet.abort()
            answer = Answer(repr(error))
        store.close()
        pipe.send(answer)


class Fighters:
    """A few processes; `fight` lets one for each action loose at once."""

    def __init__(self) -> None:
        sizes = range(2, FIGHTERS + 1)
        self._starts = {size: FORKS.Barrier(size) for size in sizes}
        self._meets = {size: FORKS.Barrier(size) for size in sizes}
        self._processes, self._pipes = [], []
        for _ in range(FIGHTERS):
            mine, theirs = FORKS.Pipe()
            process = FORKS.Process(target=_fight, args=(theirs, self._starts, self._meets), daemon=True)
            process.start()
            self._processes.append(process)
            self._pipes.append(mine)

    def fight(self, store: Store, actions: Sequence[Action]) -> list[Answer]:
        """What each was answered, in the order of the actions."""
        self._meets[len(actions)].reset()
        for pipe, action in zip(self._pipes, actions, strict=False):
            pipe.send((store.url, len(actions), action))
        answers = []
        for pipe in self._pipes[: len(actions)]:
            assert pipe.poll(60), "a fighter did not answer"
            answers.append(pipe.recv())
        return answers

    def end(self) -> None:
        """Send them home."""
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join(30)
