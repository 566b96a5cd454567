"""A COMMIT that PostgreSQL never answered: the request is looked up by its key, and answered from what is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devices.store.database import Store
from devices.store.unusable import OutcomeUnknown
from panku import commands
from tests.conftest import Stores
from tests.door import Door, move
from tests.test_database import lose_connection

Commit = Callable[[], None]


@pytest.fixture
def door(stores: Stores) -> Iterator[Door]:
    """Demo books on PostgreSQL."""
    store = stores.demo("postgresql")
    yield Door(store)
    stores.drop(store)


def before(store: Store, commit: Commit) -> None:
    """The connection is lost before COMMIT arrives: nothing is written."""
    lose_connection(store)
    commit()


def after(store: Store, commit: Commit) -> None:
    """The connection is lost after the server committed, before its answer arrives."""
    commit()
    lose_connection(store)
    store.db.connection().close()
    raise OutcomeUnknown("the connection was lost during COMMIT")


LOST = (before, after)


def lose_commits(monkeypatch: pytest.MonkeyPatch, door: Door, how: Any, times: int = 1) -> None:
    """Lose the connection during the next `times` commits of the books."""
    commit, left = door.store.db.commit, [times]

    def committed() -> None:
        if left[0] == 0:
            commit()
            return
        left[0] -= 1
        how(door.store, commit)

    monkeypatch.setattr(door.store.db, "commit", committed)


def count(door: Door, table: str) -> int:
    (found,) = door.store.row(f"SELECT COUNT(*) FROM {table}") or (0,)
    return int(found)


@pytest.mark.parametrize("how", LOST, ids=lambda how: how.__name__)
def test_a_posting_whose_commit_was_not_answered_is_answered_and_there_once(
    door: Door, monkeypatch: pytest.MonkeyPatch, how: Any
) -> None:
    zhang = door.sign_in("zhang")
    documents, lines = count(door, "document"), count(door, "line")
    lose_commits(monkeypatch, door, how)
    answer = zhang.post("/v1/documents", move(), key="only")
    assert answer.status_code == 201, answer.text
    assert (count(door, "document"), count(door, "line")) == (documents + 1, lines + 1)
    again = zhang.post("/v1/documents", move(), key="only")
    assert (again.status_code, again.json["number"]) == (201, answer.json["number"])
    assert count(door, "document") == documents + 1


@pytest.mark.parametrize("how", LOST, ids=lambda how: how.__name__)
def test_a_commit_that_is_lost_twice_is_unknown_and_may_be_sent_again(
    door: Door, monkeypatch: pytest.MonkeyPatch, how: Any
) -> None:
    zhang = door.sign_in("zhang")
    documents = count(door, "document")
    lose_commits(monkeypatch, door, how, times=2)
    answer = zhang.post("/v1/documents", move(), key="only")
    assert (answer.status_code, answer.json["code"]) == (503, "outcome_unknown")
    assert zhang.post("/v1/documents", move(), key="only").status_code == 201
    assert count(door, "document") == documents + 1


def test_a_change_without_a_key_is_unknown_and_its_revision_tells(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = door.sign_in("admin")
    body = {"code": "BJ01", "name": "北京海淀新库房"}
    lose_commits(monkeypatch, door, after)
    answer = admin.send("PUT", "/v1/sites/BJ01", body, If_Match='"1"')
    assert (answer.status_code, answer.json["code"]) == (503, "outcome_unknown")
    again = admin.send("PUT", "/v1/sites/BJ01", body, If_Match='"1"')
    assert again.status_code == 412


def test_a_command_tells_that_the_outcome_is_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lose(settings: object, arguments: object) -> int:
        raise OutcomeUnknown("the connection was lost during COMMIT")

    monkeypatch.setattr(commands.work_of("migrate"), "run", lose)
    assert commands.main(["migrate"]) == 1
    assert "look whether it is there" in capsys.readouterr().err
