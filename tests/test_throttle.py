"""Throttling: what a series of wrong passwords costs, and what it does not."""

from collections.abc import Iterator

import pytest

from devices.people.signing_in import throttle
from devices.people.signing_in.session_store import doors_url
from devices.problems import Refused
from devices.store.database import Store
from tests.staff import ADDRESS, NOW, SECOND


@pytest.fixture
def doors(store: Store) -> Iterator[Store]:
    opened = Store(doors_url(store.url))
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


def test_a_clock_that_is_set_back_locks_nobody_out(doors: Store) -> None:
    last = fail(doors, 3)
    throttle.attempt(doors, "li.ming", ADDRESS, last - 48 * 3_600 * SECOND)
    fail(doors, 7, last)
    with pytest.raises(Refused) as refused:
        throttle.attempt(doors, "li.ming", ADDRESS, last - 48 * 3_600 * SECOND)
    seconds = refused.value.problems[0].facts["seconds"]
    assert isinstance(seconds, int)
    assert seconds <= throttle.LONGEST_SECONDS


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
    assert doors.rows("SELECT failures FROM throttle") == [(1,), (1,)]


def test_what_was_typed_as_a_username_is_not_kept(doors: Store) -> None:
    throttle.attempt(doors, "my secret password", ADDRESS, NOW)
    assert {len(digest) for (digest,) in doors.rows("SELECT digest FROM throttle")} == {64}


def try_names(doors: Store, count: int, address: str = ADDRESS) -> None:
    """A list of usernames, each once, from one address."""
    for number in range(count):
        throttle.attempt(doors, f"person{number}", address, NOW)


def test_a_list_of_usernames_from_one_address_waits_after_its_free_ones(doors: Store) -> None:
    try_names(doors, throttle.FREE_FAILURES_OF_AN_ADDRESS)
    with pytest.raises(Refused) as refused:
        throttle.attempt(doors, "li.ming", ADDRESS, NOW)
    assert [(p.code, p.facts) for p in refused.value.problems] == [("throttled", {"seconds": 1})]
    throttle.attempt(doors, "li.ming", "198.51.100.1", NOW)
    throttle.attempt(doors, "li.ming", ADDRESS, NOW, in_session=True)


def test_nobody_waits_for_an_address_longer_than_a_few_seconds(doors: Store) -> None:
    try_names(doors, throttle.FREE_FAILURES_OF_AN_ADDRESS)
    at_us = NOW
    for number in range(20):
        at_us += throttle.LONGEST_SECONDS_OF_AN_ADDRESS * SECOND
        throttle.attempt(doors, f"another{number}", ADDRESS, at_us)


def test_a_right_password_takes_only_its_own_attempt_back_from_its_address(doors: Store) -> None:
    try_names(doors, throttle.FREE_FAILURES_OF_AN_ADDRESS - 1)
    for _ in range(3):
        throttle.attempt(doors, "li.ming", ADDRESS, NOW)
        throttle.pardon(doors, "li.ming", ADDRESS)
    throttle.attempt(doors, "wang.fang", ADDRESS, NOW)
    with pytest.raises(Refused, match="throttled"):
        throttle.attempt(doors, "li.ming", ADDRESS, NOW)


def test_a_stranger_who_tries_to_sign_in_does_not_keep_a_session_from_its_password(doors: Store) -> None:
    last = fail(doors, 8)
    throttle.attempt(doors, "li.ming", ADDRESS, last, in_session=True)


@pytest.mark.parametrize("account", ["in a session", "address", "sign-in"])
def test_no_username_counts_against_what_is_not_its_own(doors: Store, account: str) -> None:
    for _ in range(5):
        throttle.attempt(doors, account, ADDRESS, NOW)
    throttle.attempt(doors, "li.ming", ADDRESS, NOW, in_session=True)


def test_the_addresses_of_one_subscriber_count_together(doors: Store) -> None:
    for number in range(5):
        throttle.attempt(doors, "li.ming", f"2001:db8:1:2::{number + 1:x}", NOW)
    with pytest.raises(Refused, match="throttled"):
        throttle.attempt(doors, "li.ming", "2001:db8:1:2:ffff::1", NOW)
    throttle.attempt(doors, "li.ming", "2001:db8:1:3::1", NOW)
