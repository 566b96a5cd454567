"""Throttling: what a series of wrong passwords costs, and what it does not."""

from collections.abc import Iterator

import pytest

from devices.database import Store
from devices.people import throttle
from devices.people.doors import doors_url, migrate_doors
from devices.problems import Refused
from tests.staff import ADDRESS, NOW, SECOND


@pytest.fixture
def doors(store: Store) -> Iterator[Store]:
    opened = Store(doors_url(store.url))
    migrate_doors(opened)
    yield opened
    opened.close()


def fail(doors: Store, times: int, at_us: int = NOW) -> int:
    """That many failures, each as soon as it is allowed; returns the moment of the last."""
    for failures in range(times):
        at_us += throttle.wait_seconds(failures) * SECOND
        throttle.attempt(doors, "li.ming", ADDRESS, at_us)
    return at_us


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60), (12, 60), (5000, 60)],
)
def test_the_wait_doubles_from_the_fifth_failure_to_a_minute(failures: int, seconds: int) -> None:
    assert throttle.wait_seconds(failures) == seconds


def test_five_failures_in_a_row_are_free(doors: Store) -> None:
    fail(doors, 5)


def test_the_sixth_attempt_waits_and_is_told_how_long(doors: Store) -> None:
    last = fail(doors, 7)
    with pytest.raises(Refused) as refused:
        throttle.attempt(doors, "li.ming", ADDRESS, last + 1)
    assert [(p.code, p.facts) for p in refused.value.problems] == [("throttled", {"seconds": 4})]


def test_an_account_is_never_locked_for_longer_than_a_minute(doors: Store) -> None:
    last = fail(doors, 20)
    throttle.attempt(doors, "li.ming", ADDRESS, last + 60 * SECOND)


def test_an_attempt_while_waiting_does_not_lengthen_the_wait(doors: Store) -> None:
    last = fail(doors, 5)
    for _ in range(10):
        with pytest.raises(Refused):
            throttle.attempt(doors, "li.ming", ADDRESS, last)
    throttle.attempt(doors, "li.ming", ADDRESS, last + SECOND)


def test_another_address_and_another_account_do_not_wait(doors: Store) -> None:
    last = fail(doors, 5)
    throttle.attempt(doors, "li.ming", "198.51.100.1", last)
    throttle.attempt(doors, "wang.fang", ADDRESS, last)


def test_a_right_password_takes_the_count_back(doors: Store) -> None:
    last = fail(doors, 5)
    throttle.pardon(doors, "li.ming", ADDRESS)
    throttle.attempt(doors, "li.ming", ADDRESS, last)


def test_failures_are_forgotten_after_a_quarter_of_an_hour(doors: Store) -> None:
    last = fail(doors, 11)
    later = last + throttle.FORGOTTEN_AFTER_US + 1
    throttle.attempt(doors, "li.ming", ADDRESS, later)
    assert doors.rows("SELECT failures FROM throttle") == [(1,)]


def test_what_was_typed_as_a_username_is_not_kept(doors: Store) -> None:
    throttle.attempt(doors, "my secret password", ADDRESS, NOW)
    [(digest,)] = doors.rows("SELECT digest FROM throttle")
    assert len(digest) == 64
