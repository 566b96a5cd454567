"""Throttling: what a series of wrong passwords costs, and what it does not."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from devices.people.signing_in import throttle
from devices.people.signing_in.session_store import session_store_url
from devices.problems import Refused
from devices.store.database import Store
from tests.staff import ADDRESS, DAY, HOUR, NOW, SECOND

LI, WANG = "li.ming", "wang.fang"
ELSEWHERE = "198.51.100.1"


@pytest.fixture
def session_store(store: Store) -> Iterator[Store]:
    opened = Store(session_store_url(store.url))
    yield opened
    opened.close()


def nobody_settles(_: float) -> None:
    """A pause in which nothing happens, and which takes no time."""


def begin(
    session_store: Store, account: str = LI, address: str = ADDRESS, at_us: int = NOW, **rest: Any
) -> throttle.Attempt:
    """An attempt whose password is being looked at."""
    return throttle.attempt(session_store, account, address, at_us, **{"sleep": nobody_settles, **rest})


def wrong(
    session_store: Store, account: str = LI, address: str = ADDRESS, at_us: int = NOW, **rest: Any
) -> None:
    tried = begin(session_store, account, address, at_us, **rest)
    throttle.settle(session_store, tried, at_us, right=False)


def right(
    session_store: Store, account: str = LI, address: str = ADDRESS, at_us: int = NOW, **rest: Any
) -> None:
    tried = begin(session_store, account, address, at_us, **rest)
    throttle.settle(session_store, tried, at_us, right=True)


def refused_seconds(session_store: Store, *args: Any, **rest: Any) -> object:
    """How long an attempt that is refused is told to wait."""
    with pytest.raises(Refused) as refused:
        begin(session_store, *args, **rest)
    [problem] = refused.value.problems
    assert problem.code == "throttled"
    return problem.facts["seconds"]


def fail(session_store: Store, times: int, at_us: int = NOW) -> int:
    """That many failures, each as soon as it is allowed; returns the moment of the last."""
    for failures in range(times):
        at_us += throttle.wait_seconds(failures) * SECOND
        wrong(session_store, at_us=at_us)
    return at_us


def try_names(session_store: Store, count: int = throttle.FREE_FAILURES_OF_AN_ADDRESS) -> None:
    """A list of usernames, each once, from one address."""
    for number in range(count):
        wrong(session_store, f"person{number}")


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60), (12, 60), (5000, 60)],
)
def test_the_wait_doubles_from_the_fifth_failure_to_a_minute(failures: int, seconds: int) -> None:
    assert throttle.wait_seconds(failures) == seconds


def test_five_failures_in_a_row_are_free(session_store: Store) -> None:
    fail(session_store, 5)


@pytest.mark.both_engines
def test_the_sixth_attempt_waits_and_is_told_how_long(session_store: Store) -> None:
    last = fail(session_store, 7)
    assert refused_seconds(session_store, at_us=last + 1) == 4


def test_a_clock_that_is_set_back_locks_nobody_out(session_store: Store) -> None:
    last = fail(session_store, 7)
    right(session_store, at_us=last - 48 * HOUR)


def test_a_clock_that_is_set_back_a_little_forgets_no_failure(session_store: Store) -> None:
    earlier = fail(session_store, 7) - 20 * SECOND
    seconds = refused_seconds(session_store, at_us=earlier)
    assert isinstance(seconds, int)
    assert seconds <= throttle.LONGEST_SECONDS
    right(session_store, at_us=earlier + seconds * SECOND)


def test_a_guesser_does_not_wait_for_what_a_clock_that_was_ahead_counted(session_store: Store) -> None:
    for _ in range(throttle.FREE_FAILURES + 2):
        throttle.count_guess(session_store, LI, NOW + 48 * HOUR)
    throttle.refuse_guesser(session_store, LI, NOW)


def test_an_account_is_never_locked_for_longer_than_a_minute(session_store: Store) -> None:
    last = fail(session_store, 20)
    begin(session_store, at_us=last + 60 * SECOND)


def test_an_attempt_while_waiting_does_not_lengthen_the_wait(session_store: Store) -> None:
    last = fail(session_store, 5)
    for _ in range(10):
        assert refused_seconds(session_store, at_us=last) == 1
    begin(session_store, at_us=last + SECOND)


def test_another_address_and_another_account_do_not_wait(session_store: Store) -> None:
    last = fail(session_store, 5)
    begin(session_store, address=ELSEWHERE, at_us=last)
    begin(session_store, WANG, at_us=last)


@pytest.mark.both_engines
def test_a_right_password_forgives_the_account_its_failures(session_store: Store) -> None:
    last = fail(session_store, 5)
    right(session_store, at_us=last + SECOND)
    wrong(session_store, at_us=last + SECOND)
    assert session_store.rows("SELECT wrong FROM attempt") == [(1,)]


def test_failures_are_forgotten_after_a_quarter_of_an_hour(session_store: Store) -> None:
    last = fail(session_store, 11)
    wrong(session_store, at_us=last + throttle.FORGOTTEN_AFTER_US + 1)
    assert session_store.rows("SELECT COUNT(*) FROM attempt") == [(1,)]


def test_what_was_typed_as_a_username_is_not_kept(session_store: Store) -> None:
    wrong(session_store, "my secret password")
    right(session_store, "another secret")
    [kept] = session_store.rows("SELECT account, address FROM attempt")
    [known] = session_store.rows("SELECT digest FROM known_network")
    assert {len(digest) for digest in (*kept, *known)} == {64}


# Attempts at once


def test_passwords_that_are_looked_at_take_the_free_failures_that_are_left(session_store: Store) -> None:
    fail(session_store, 3)
    begin(session_store)
    begin(session_store)
    assert refused_seconds(session_store) == 1
    assert session_store.rows("SELECT COUNT(*) FROM attempt") == [(5,)]


def test_after_a_wait_one_password_at_a_time_is_looked_at(session_store: Store) -> None:
    last = fail(session_store, 6)
    tried = begin(session_store, at_us=last + 2 * SECOND)
    assert refused_seconds(session_store, at_us=last + 2 * SECOND) == 1
    throttle.settle(session_store, tried, last + 2 * SECOND, right=False)
    assert refused_seconds(session_store, at_us=last + 2 * SECOND) == 4


def test_one_who_finds_every_slot_taken_waits_until_one_of_them_was_right(session_store: Store) -> None:
    looked_at = [begin(session_store) for _ in range(throttle.FREE_FAILURES)]
    pauses: list[float] = []

    def others_settle(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            throttle.settle(session_store, looked_at.pop(), NOW, right=True)

    begin(session_store, sleep=others_settle)
    assert pauses == [throttle.PAUSE_SECONDS] * 3


def test_one_who_finds_every_slot_taken_is_refused_once_they_were_wrong(session_store: Store) -> None:
    looked_at = [begin(session_store) for _ in range(throttle.FREE_FAILURES)]
    pauses: list[float] = []

    def others_settle(seconds: float) -> None:
        pauses.append(seconds)
        for tried in looked_at:
            throttle.settle(session_store, tried, NOW, right=False)

    assert refused_seconds(session_store, sleep=others_settle) == 1
    assert len(pauses) == 1


def test_nobody_waits_for_others_longer_than_five_seconds(session_store: Store) -> None:
    for _ in range(throttle.FREE_FAILURES):
        begin(session_store)
    pauses: list[float] = []
    assert refused_seconds(session_store, sleep=pauses.append) == 1
    assert sum(pauses) == pytest.approx(5)


@pytest.mark.both_engines
def test_an_attempt_that_was_cut_off_is_a_failure_and_takes_no_slot_for_ever(session_store: Store) -> None:
    for _ in range(throttle.FREE_FAILURES):
        begin(session_store)
    later = NOW + throttle.LOOKED_AT_US + 1
    tried = begin(session_store, at_us=later)
    throttle.settle(session_store, tried, later, right=False)
    assert refused_seconds(session_store, at_us=later) == 2


def test_an_attempt_that_was_cut_off_is_forgiven_by_a_right_password(session_store: Store) -> None:
    begin(session_store)
    right(session_store, at_us=NOW + throttle.LOOKED_AT_US + 1)
    assert session_store.rows("SELECT COUNT(*) FROM attempt") == [(0,)]


@pytest.mark.both_engines
@pytest.mark.parametrize("in_session", [False, True])
def test_thirty_right_passwords_at_once_all_pass(session_store: Store, in_session: bool) -> None:
    def one(_: int) -> None:
        try:
            tried = throttle.attempt(session_store, LI, ADDRESS, NOW, in_session=in_session)
            throttle.settle(session_store, tried, NOW, right=True)
        finally:
            session_store.close()

    with ThreadPoolExecutor(30) as threads:
        list(threads.map(one, range(30)))
    assert session_store.rows("SELECT COUNT(*) FROM attempt") == [(0,)]


@pytest.mark.both_engines
def test_of_thirty_wrong_passwords_at_once_five_are_looked_at(session_store: Store) -> None:
    def one(_: int) -> str:
        try:
            tried = throttle.attempt(session_store, LI, ADDRESS, NOW)
            throttle.settle(session_store, tried, NOW, right=False)
        except Refused as refused:
            return refused.problems[0].code
        finally:
            session_store.close()
        return "looked at"

    with ThreadPoolExecutor(30) as threads:
        found = sorted(threads.map(one, range(30)))
    assert found == ["looked at"] * 5 + ["throttled"] * 25


# Addresses


@pytest.mark.both_engines
def test_a_list_of_usernames_from_one_address_waits_after_its_free_ones(session_store: Store) -> None:
    try_names(session_store)
    assert refused_seconds(session_store) == 1
    begin(session_store, address=ELSEWHERE)
    begin(session_store, in_session=True)


def test_nobody_waits_for_an_address_longer_than_a_few_seconds(session_store: Store) -> None:
    try_names(session_store)
    at_us = NOW
    for number in range(20):
        at_us += throttle.LONGEST_SECONDS_OF_AN_ADDRESS * SECOND
        wrong(session_store, f"another{number}", at_us=at_us)


def test_after_the_wait_everybody_with_the_right_password_passes(session_store: Store) -> None:
    try_names(session_store)
    for number in range(8):
        right(session_store, f"colleague{number}", at_us=NOW + SECOND)


@pytest.mark.both_engines
def test_who_has_signed_in_from_an_address_is_not_kept_out_by_what_others_do_there(
    session_store: Store,
) -> None:
    right(session_store)
    try_names(session_store)
    right(session_store)
    assert refused_seconds(session_store, WANG) == 1
    assert refused_seconds(session_store, "li.min") == 1


def test_who_is_known_at_one_address_is_not_at_another(session_store: Store) -> None:
    right(session_store, address=ELSEWHERE)
    try_names(session_store)
    assert refused_seconds(session_store) == 1


def test_a_password_entered_again_makes_no_address_known(session_store: Store) -> None:
    right(session_store, in_session=True)
    assert session_store.rows("SELECT COUNT(*) FROM known_network") == [(0,)]


def test_who_is_known_at_an_address_waits_for_their_own_failures_and_charges_it_none(
    session_store: Store,
) -> None:
    right(session_store)
    try_names(session_store, throttle.FREE_FAILURES_OF_AN_ADDRESS - 1)
    fail(session_store, 5)
    assert refused_seconds(session_store) == 1
    begin(session_store, WANG)


@pytest.mark.parametrize(
    ("since", "passes"),
    [
        pytest.param(throttle.KNOWN_FOR_US, True, id="ninety-days"),
        pytest.param(throttle.KNOWN_FOR_US + 1, False, id="longer"),
        pytest.param(-DAY, False, id="of-the-future"),
    ],
)
def test_an_address_is_known_for_ninety_days(session_store: Store, since: int, passes: bool) -> None:
    right(session_store, at_us=NOW - since)
    try_names(session_store)
    if passes:
        begin(session_store)
    else:
        assert refused_seconds(session_store) == 1


def test_addresses_that_nobody_signs_in_from_are_forgotten(session_store: Store) -> None:
    right(session_store, at_us=NOW - throttle.KNOWN_FOR_US - 1)
    right(session_store, WANG)
    assert session_store.rows("SELECT seen_at FROM known_network") == [(NOW,)]


@pytest.mark.both_engines
def test_a_right_password_takes_back_all_that_its_account_charged_to_the_address(
    session_store: Store,
) -> None:
    try_names(session_store, throttle.FREE_FAILURES_OF_AN_ADDRESS - 5)
    fail(session_store, 4)
    right(session_store)
    for name in ("wang.fang", "zhao.min", "sun.li", "qian.duo", "zhou.yu"):
        wrong(session_store, name)
    assert refused_seconds(session_store, "wu.di") == 1


def test_a_right_password_takes_back_nothing_that_others_charged_to_the_address(
    session_store: Store,
) -> None:
    try_names(session_store, throttle.FREE_FAILURES_OF_AN_ADDRESS - 1)
    for _ in range(3):
        right(session_store)
    wrong(session_store, WANG)
    assert refused_seconds(session_store, "wu.di") == 1


def test_a_stranger_who_tries_to_sign_in_does_not_keep_a_session_from_its_password(
    session_store: Store,
) -> None:
    last = fail(session_store, 8)
    begin(session_store, at_us=last, in_session=True)


@pytest.mark.parametrize("account", ["in a session", "address", "sign-in", "known"])
def test_no_username_counts_against_what_is_not_its_own(session_store: Store, account: str) -> None:
    for _ in range(5):
        wrong(session_store, account)
    begin(session_store, in_session=True)


def test_the_addresses_of_one_subscriber_count_together(session_store: Store) -> None:
    for number in range(5):
        wrong(session_store, address=f"2001:db8:1:2::{number + 1:x}")
    assert refused_seconds(session_store, address="2001:db8:1:2:ffff::1") == 1
    begin(session_store, address="2001:db8:1:3::1")
