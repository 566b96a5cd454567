"""Cutting a change of the schema off at any statement it sends: by a kill, a lost server, or Ctrl-C."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any

import peewee
import pytest

from devices.store.database import Store
from devices.store.engines import Postgresql, Sqlite
from devices.store.unusable import OutcomeUnknown

KILLED = 9
SENT_BY = (
    (Sqlite, "execute_sql"), (Sqlite, "begin"), (Sqlite, "commit"),
    (Postgresql, "execute_sql"), (Postgresql, "commit"),
    (Store, "_insert_many"), (Store, "_copy"),
)  # fmt: skip
"""Whatever sends a statement."""


@contextmanager
def told(moment: Callable[[str], None]) -> Iterator[None]:
    """`moment` is called before each statement with the statement, and before and after each commit."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in SENT_BY:
            patch.setattr(owner, name, _telling(getattr(owner, name), name, moment))
        yield


def _telling(send: Callable[..., Any], name: str, moment: Callable[[str], None]) -> Callable[..., Any]:
    @wraps(send)
    def sent(sender: Any, *words: Any, **named: Any) -> Any:
        moment(words[0] if name == "execute_sql" else name)
        answer = send(sender, *words, **named)
        if name == "commit":
            moment("committed")
        return answer

    return sent


class Knife:
    """Cuts at the moment with this number, the first being 1; `seen` are the moments there were."""

    def __init__(self, at: int, cut: Callable[[], None]) -> None:
        self.at, self.cut = at, cut
        self.seen: list[str] = []

    def moment(self, statement: str) -> None:
        """Cut if it is time."""
        self.seen.append(statement)
        if len(self.seen) == self.at:
            self.cut()


Work = Callable[[Store], object]
"""What is cut off: a change of the schema of the store that it is given."""


def moments_of(store: Store, work: Work) -> list[str]:
    """Every moment at which work could be cut off; it is done."""
    knife = Knife(0, lambda: None)
    with told(knife.moment):
        work(store)
    return knife.seen


def killed(store: Store, work: Work, at: int) -> None:
    """The process that works is killed: nothing of its own code runs after that."""
    store.close()
    if (child := os.fork()) == 0:
        try:
            with told(Knife(at, lambda: os._exit(KILLED)).moment):
                work(Store(store.url))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def interrupted(store: Store, work: Work, at: int) -> None:
    """Somebody presses Ctrl-C; what is open is undone, at a commit by the end of the process."""

    def press() -> None:
        raise KeyboardInterrupt

    knife = Knife(at, press)
    with told(knife.moment), pytest.raises(KeyboardInterrupt):
        work(store)
    if store.engine == "sqlite":
        assert store.row("PRAGMA foreign_keys") == (1,)
    elif knife.seen[-1] == "commit":
        store.close()


def severed(store: Store, work: Work, at: int) -> None:
    """The connection to the server is gone, as when the process is killed; what only read until then goes on anew."""

    def sever() -> None:
        if not store.db.is_closed():
            with socket.socket(fileno=os.dup(store.db.connection().fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    # By whatever it is told: what counts is what it leaves.
    with told(Knife(at, sever).moment), suppress(peewee.PeeweeException, OutcomeUnknown):
        work(store)


MANNERS: dict[str, tuple[Callable[[Store, Work, int], None], ...]] = {
    "sqlite": (killed, interrupted),
    "postgresql": (severed, interrupted),
}
"""How work is cut off on each engine. PostgreSQL learns of a client's death by the lost connection."""
