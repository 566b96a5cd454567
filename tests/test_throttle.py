"""Throttling: what a series of wrong passwords costs, and what it does not."""

from collections.abc import Iterator

import pytest

from devices.people.signing_in import throttle
from devices.people.signing_in.session_store import session_store_url
from devices.problems import Refused
from devices.store.database import Store
from tests.staff import ADDRESS, NOW, SECOND


@pytest.fixture
def session_store(store: Store) -> Iterator[Store]:
    opened = Store(session_store_url(store.url))
    yield opened
    opened.close()


def fail(session_store: Store, times: int, at_us: int = NOW) -> int:
    """That many failures, each as soon as it is allowed; returns the moment of the last."""
    for failures in range(times):
        at_us += throttle.wait_seconds(failures) * SECOND
        throttle.attempt(session_store, "li.ming", ADDRESS, at_us)
    return at_us


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60), (12, 60), (5000, 60)],
)
def test_the_wait_doubles_from_the_fifth_failure_to_a_minute(failures: int, seconds: int) -> None:
    assert throttle.wait_seconds(failures) == seconds


def test_five_failures_in_a_row_are_free(session_store: Store) -> None:
    fail(session_store, 5)


def test_the_sixth_attempt_waits_and_is_told_how_long(session_store: Store) -> None:
    last = fail(session_store, 7)
    with pytest.raises(Refused) as refused:
        throttle.attempt(session_store, "li.ming", ADDRESS, last + 1)
    assert [(p.code, p.facts) for p in refused.value.problems] == [("throttled", {"seconds": 4})]


def test_a_clock_that_is_set_back_locks_nobody_out(session_store: Store) -> None:
    last = fail(session_store, 3)
    throttle.attempt(session_store, "li.ming", ADDRESS, last - 48 * 3_600 * SECOND)
    fail(session_store, 7, last)
    with pytest.raises(Refused) as refused:
        throttle.attempt(session_store, "li.ming", ADDRESS, last - 48 * 3_600 * SECOND)
    seconds = refused.value.problems[0].facts["seconds"]
    assert isinstance(seconds, int)
    assert seconds <= throttle.LONGEST_SECONDS


def test_an_account_is_never_locked_for_longer_than_a_minute(session_store: Store) -> None:
    last = fail(session_store, 20)
    throttle.attempt(session_store, "li.ming", ADDRESS, last + 60 * SECOND)


def test_an_attempt_while_waiting_does_not_lengthen_the_wait(session_store: Store) -> None:
    last = fail(session_store, 5)
    for _ in range(10):
        with pytest.raises(Refused):
            throttle.attempt(session_store, "li.ming", ADDRESS, last)
    throttle.attempt(session_store, "li.ming", ADDRESS, last + SECOND)


def test_another_address_and_another_account_do_not_wait(session_store: Store) -> None:
    last = fail(session_store, 5)
    throttle.attempt(session_store, "li.ming", "198.51.100.1", last)
    throttle.attempt(session_store, "wang.fang", ADDRESS, last)


def test_a_right_password_takes_the_count_back(session_store: Store) -> None:
    last = fail(session_store, 5)
    throttle.pardon(session_store, "li.ming", ADDRESS)
    throttle.attempt(session_store, "li.ming", ADDRESS, last)


def test_failures_are_forgotten_after_a_quarter_of_an_hour(session_store: Store) -> None:
    last = fail(session_store, 11)
    later = last + throttle.FORGOTTEN_AFTER_US + 1
    throttle.attempt(session_store, "li.ming", ADDRESS, later)
    assert session_store.rows("SELECT failures FROM throttle") == [(1,), (1,)]


def test_what_was_typed_as_a_username_is_not_kept(session_store: Store) -> None:
    throttle.attempt(session_store, "my secret password", ADDRESS, NOW)
    assert {len(digest) for (digest,) in session_store.rows("SELECT digest FROM throttle")} == {64}


def try_names(session_store: Store, count: int, address: str = ADDRESS) -> None:
    """A list of usernames, each once, from one address."""
    for number in range(count):
        throttle.attempt(session_store, f"person{number}", address, NOW)


def test_a_list_of_usernames_from_one_address_waits_after_its_free_ones(session_store: Store) -> None:
    try_names(session_store, throttle.FREE_FAILURES_OF_AN_ADDRESS)
    with pytest.raises(Refused) as refused:
        throttle.attempt(session_store, "li.ming", ADDRESS, NOW)
    assert [(p.code, p.facts) for p in refused.value.problems] == [("throttled", {"seconds": 1})]
    throttle.attempt(session_store, "li.ming", "198.51.100.1", NOW)
    throttle.attempt(session_store, "li.ming", ADDRESS, NOW, in_session=True)


def test_nobody_waits_for_an_address_longer_than_a_few_seconds(session_store: Store) -> None:
    try_names(session_store, throttle.FREE_FAILURES_OF_AN_ADDRESS)
    at_us = NOW
    for number in range(20):
        at_us += throttle.LONGEST_SECONDS_OF_AN_ADDRESS * SECOND
        throttle.attempt(session_store, f"another{number}", ADDRESS, at_us)


def test_a_right_password_takes_only_its_own_attempt_back_from_its_address(session_store: Store) -> None:
    try_names(session_store, throttle.FREE_FAILURES_OF_AN_ADDRESS - 1)
    for _ in range(3):
        throttle.attempt(session_store, "li.ming", ADDRESS, NOW)
        throttle.pardon(session_store, "li.ming", ADDRESS)
    throttle.attempt(session_store, "wang.fang", ADDRESS, NOW)
    with pytest.raises(Refused, match="throttled"):
        throttle.attempt(session_store, "li.ming", ADDRESS, NOW)


def test_a_stranger_who_tries_to_sign_in_does_not_keep_a_session_from_its_password(
    session_store: Store,
) -> None:
    last = fail(session_store, 8)
    throttle.attempt(session_store, "li.ming", ADDRESS, last, in_session=True)


@pytest.mark.parametrize("account", ["in a session", "address", "sign-in"])
def test_no_username_counts_against_what_is_not_its_own(session_store: Store, account: str) -> None:
    for _ in range(5):
        throttle.attempt(session_store, account, ADDRESS, NOW)
    throttle.attempt(session_store, "li.ming", ADDRESS, NOW, in_session=True)


def test_the_addresses_of_one_subscriber_count_together(session_store: Store) -> None:
    for number in range(5):
        throttle.attempt(session_store, "li.ming", f"2001:db8:1:2::{number + 1:x}", NOW)
    with pytest.raises(Refused, match="throttled"):
        throttle.attempt(session_store, "li.ming", "2001:db8:1:2:ffff::1", NOW)
    throttle.attempt(session_store, "li.ming", "2001:db8:1:3::1", NOW)
