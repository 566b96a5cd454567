"""The gate of writers: a bound for who waits, turns for all, and files that can not be opened."""

from __future__ import annotations

import fcntl
import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.store.sqlite.gate import Gate
from devices.store.unusable import Unusable

PATIENT, HASTY = 30, 0.02


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Another process's hand on the gate: a lock belongs to an open file, whoever opened it."""
    file = os.open(f"{database}.gate", os.O_RDWR | os.O_CREAT)
    fcntl.flock(file, fcntl.LOCK_EX)
    yield
    os.close(file)


@pytest.mark.parametrize("blocked", ["gate-porch", "gate"])
def test_a_gate_that_can_not_be_opened_is_told_once(
    tmp_path: Path, blocked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: unraisable.append(told.exc_value))
    (tmp_path / f"books.{blocked}").mkdir()
    gate = Gate(tmp_path / "books", HASTY)
    with pytest.raises(Unusable, match="Is a directory"), gate.passing():
        pass
    gc.collect()
    assert unraisable == []


def test_who_waits_too_long_gives_up_and_leaves_nothing_locked(tmp_path: Path) -> None:
    database = tmp_path / "books"
    gate, other = Gate(database, HASTY), Gate(database, PATIENT)
    before = threading.active_count()
    with held(database):
        for _ in range(3):
            with pytest.raises(Unusable, match="another writer has held") as refused, gate.passing():
                pass
            assert refused.value.cause.name == "locked"
        assert (
            threading.active_count() == before + 1
        )  # one waits for the kernel, however often it was given up
    with other.passing(), pytest.raises(Unusable), gate.passing():
        pass
    with other.passing():
        pass
    with gate.passing():
        pass


def test_who_gave_up_takes_the_next_turn_of_its_process(tmp_path: Path) -> None:
    database = tmp_path / "books"
    gate = Gate(database, HASTY)
    with held(database), pytest.raises(Unusable), gate.passing():
        pass
    with Gate(database, PATIENT).passing():
        pass
    with gate.passing(), pytest.raises(Unusable), Gate(database, HASTY).passing():
        pass


def test_threads_take_turns_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    gate, order = Gate(tmp_path / "books", PATIENT), list[int]()

    def pass_through(number: int) -> None:
        with gate.passing():
            order.append(number)

    threads = [threading.Thread(target=pass_through, args=(number,)) for number in range(8)]
    with gate.passing():
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            while len(gate._turns._queue) <= waiting:  # the holder is in it too
                pass
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_a_thread_of_the_process_gives_up_too(tmp_path: Path) -> None:
    gate, causes = Gate(tmp_path / "books", HASTY), list[str]()

    def pass_through() -> None:
        try:
            with gate.passing():
                pass
        except Unusable as refused:
            causes.append(refused.cause.name)

    with gate.passing():
        other = threading.Thread(target=pass_through)
        other.start()
        other.join()
    assert causes == ["locked"]
    pass_through()
    assert causes == ["locked"]
