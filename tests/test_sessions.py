"""Sessions: signing in, how long a session lasts, what ends it, and entering the password again."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from argon2 import PasswordHasher

from devices.people import credentials, enrolment, grants, passwords, persons
from devices.people.signing_in import sessions, throttle
from devices.people.signing_in.session_store import session_store_url
from devices.people.signing_in.sign_in import SignedIn, person_of_session, reauthenticate, sign_in
from devices.problems import Refused
from tests.staff import ADDRESS, HOUR, MINUTE, NOW, OTHER_PASSWORD, PASSWORD, SECOND, Staff, codes


def enter(staff: Staff, username: str = "admin.zhou", password: str = PASSWORD, **rest: Any) -> SignedIn:
    facts = {"address": ADDRESS, "at_us": NOW, **rest}
    return sign_in(staff.store, staff.session_store, username=username, password=password, **facts)


def who(staff: Staff, secret: str, at_us: int = NOW) -> str:
    return person_of_session(staff.store, staff.session_store, secret, at_us).username


def assert_ended(staff: Staff, secret: str, at_us: int = NOW) -> None:
    with pytest.raises(Refused) as refused:
        person_of_session(staff.store, staff.session_store, secret, at_us)
    assert codes(refused.value) == ["session_ended"]


def test_a_session_tells_who_it_is_and_their_roles(staff: Staff) -> None:
    li = staff.enrolled("li.ming", ("storekeeper", "A1"))
    signed_in = enter(staff, "li.ming")
    assert signed_in.person == li
    assert person_of_session(staff.store, staff.session_store, signed_in.secret, NOW) == li


@pytest.mark.parametrize(
    ("username", "password"),
    [("admin.zhou", OTHER_PASSWORD), ("nobody", PASSWORD), ("wang.fang", PASSWORD), ("a\0b", PASSWORD)],
)
def test_a_wrong_password_and_an_unknown_person_are_answered_alike(
    staff: Staff, username: str, password: str
) -> None:
    staff.create("wang.fang")
    with pytest.raises(Refused) as refused:
        enter(staff, username, password)
    assert codes(refused.value) == ["wrong_credentials"]


def test_an_unknown_person_costs_the_same_hashing(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def matches(stored: str | None, password: str) -> bool:
        asked.append(stored)
        return False

    monkeypatch.setattr(passwords, "password_matches", matches)
    with pytest.raises(Refused):
        enter(staff, "nobody")
    assert asked == [None]


def test_the_secret_has_256_bits_and_is_kept_as_a_digest(staff: Staff) -> None:
    secret = enter(staff, random=lambda size: b"\xff" * size).secret
    assert len(secret) == 43
    assert staff.session_store.rows("SELECT digest FROM session") == [
        (hashlib.sha256(secret.encode()).hexdigest(),)
    ]


def test_a_session_ends_after_thirty_idle_minutes(staff: Staff) -> None:
    secret = enter(staff).secret
    assert_ended(staff, secret, NOW + 30 * MINUTE)


@pytest.mark.both_engines
def test_a_used_session_lasts(staff: Staff) -> None:
    secret = enter(staff).secret
    assert [who(staff, secret, NOW + minutes * MINUTE) for minutes in (29, 58, 87)] == ["admin.zhou"] * 3


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(staff: Staff) -> None:
    secret = enter(staff).secret
    for minutes in range(20, 12 * 60, 20):
        who(staff, secret, NOW + minutes * MINUTE)
    assert_ended(staff, secret, NOW + 12 * HOUR)


def test_that_a_session_was_seen_is_written_once_a_minute(staff: Staff) -> None:
    secret = enter(staff).secret
    seen = []
    for seconds in (1, 59, 60, 61, 119, 120):
        who(staff, secret, NOW + seconds * SECOND)
        seen += [row[0] - NOW for row in staff.session_store.rows("SELECT seen_at FROM session")]
    assert [us // SECOND for us in seen] == [0, 0, 60, 60, 60, 120]


def test_signing_in_again_gives_a_new_id_and_ends_the_old_one(staff: Staff) -> None:
    first = enter(staff).secret
    second = enter(staff, previous=first).secret
    assert second != first
    assert_ended(staff, first)
    assert who(staff, second) == "admin.zhou"


@pytest.mark.both_engines
def test_signing_out_ends_the_session(staff: Staff) -> None:
    secret = enter(staff).secret
    sessions.end(staff.session_store, secret)
    assert_ended(staff, secret)


@pytest.mark.parametrize("secret", ["", "unknown", "é" * 43])
def test_an_unknown_secret_is_no_session(staff: Staff, secret: str) -> None:
    assert_ended(staff, secret)


def test_a_changed_password_ends_every_session(staff: Staff) -> None:
    secret = enter(staff).secret
    with staff.writing() as writer:
        enrolment.change_password(
            writer,
            staff.admin,
            enrolment.choose_anew(writer.store, staff.unit, staff.admin.username, PASSWORD, OTHER_PASSWORD),
        )
    assert_ended(staff, secret)
    assert who(staff, enter(staff, password=OTHER_PASSWORD).secret) == "admin.zhou"


def test_an_administrators_reset_ends_every_session(staff: Staff) -> None:
    staff.enrolled("li.ming")
    secret = enter(staff, "li.ming").secret
    with staff.writing() as writer:
        enrolment.reset_password(writer, staff.admin, "li.ming")
    assert_ended(staff, secret)


def test_a_deactivated_persons_sessions_stay_ended_after_they_come_back(staff: Staff) -> None:
    staff.enrolled("li.ming")
    secret = enter(staff, "li.ming").secret
    with staff.writing() as writer:
        persons.deactivate(writer, staff.admin, "li.ming")
    assert_ended(staff, secret)
    with staff.writing() as writer:
        persons.reactivate(writer, staff.admin, "li.ming")
    assert_ended(staff, secret)


def test_a_role_counts_from_the_next_request_until_it_is_revoked(staff: Staff) -> None:
    staff.enrolled("li.ming")
    secret = enter(staff, "li.ming").secret
    staff.grant("li.ming", "clerk", "A1")
    assert person_of_session(staff.store, staff.session_store, secret, NOW).roles == {("clerk", "A1")}
    staff.write(lambda w: grants.revoke(w, staff.admin, "li.ming", "clerk", "A1"))
    assert person_of_session(staff.store, staff.session_store, secret, NOW).roles == frozenset()


def test_a_deactivated_person_does_not_sign_in(staff: Staff) -> None:
    staff.enrolled("li.ming")
    staff.write(lambda w: persons.deactivate(w, staff.admin, "li.ming"))
    with pytest.raises(Refused, match="wrong_credentials"):
        enter(staff, "li.ming")


def test_sign_in_is_throttled_after_five_failures(staff: Staff) -> None:
    for _ in range(5):
        with pytest.raises(Refused):
            enter(staff, password=OTHER_PASSWORD)
    with pytest.raises(Refused) as refused:
        enter(staff)
    assert codes(refused.value) == ["throttled"]
    assert refused.value.problems[0].facts == {"seconds": 1}
    assert enter(staff, at_us=NOW + SECOND).person.username == "admin.zhou"


@pytest.mark.both_engines
def test_an_outdated_hash_is_renewed_at_sign_in(staff: Staff) -> None:
    weak = PasswordHasher(1, 8192, 1).hash(PASSWORD)
    with staff.store.writing():
        staff.store.execute("UPDATE credential SET password_hash = ? WHERE username = 'admin.zhou'", (weak,))
    secret = enter(staff).secret
    found = credentials.credential_of(staff.store, "admin.zhou")
    assert found is not None
    assert found.password_hash is not None
    assert not passwords.outdated(found.password_hash)
    assert who(staff, secret) == "admin.zhou"


def test_the_right_password_reauthenticates(staff: Staff) -> None:
    reauthenticate(staff.store, staff.session_store, staff.admin, PASSWORD, ADDRESS, NOW)


def test_a_wrong_password_does_not_reauthenticate(staff: Staff) -> None:
    with pytest.raises(Refused) as refused:
        reauthenticate(staff.store, staff.session_store, staff.admin, OTHER_PASSWORD, ADDRESS, NOW)
    assert codes(refused.value) == ["wrong_password"]


def test_reauthentication_is_throttled_after_five_failures(staff: Staff) -> None:
    for _ in range(5):
        with pytest.raises(Refused):
            reauthenticate(staff.store, staff.session_store, staff.admin, OTHER_PASSWORD, ADDRESS, NOW)
    with pytest.raises(Refused) as refused:
        reauthenticate(staff.store, staff.session_store, staff.admin, PASSWORD, ADDRESS, NOW)
    assert codes(refused.value) == ["throttled"]


@pytest.mark.both_engines
def test_eight_reviews_at_once_with_the_right_password_all_pass(staff: Staff) -> None:
    person = staff.admin

    def one(_: int) -> None:
        try:
            reauthenticate(staff.store, staff.session_store, person, PASSWORD, ADDRESS, NOW)
        finally:
            staff.store.close()
            staff.session_store.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, range(8)))


def test_an_office_whose_address_somebody_guesses_from_goes_on_signing_in(staff: Staff) -> None:
    staff.enrolled("li.ming")
    enter(staff)
    for number in range(throttle.FREE_FAILURES_OF_AN_ADDRESS):
        with pytest.raises(Refused, match="wrong_credentials"):
            enter(staff, f"guess{number}")
    assert enter(staff).person.username == "admin.zhou"
    with pytest.raises(Refused, match="throttled"):
        enter(staff, "li.ming")
    assert enter(staff, "li.ming", at_us=NOW + SECOND).person.username == "li.ming"
    assert enter(staff, "li.ming", at_us=NOW + SECOND).person.username == "li.ming"


def test_failed_sign_ins_of_a_stranger_do_not_throttle_reauthentication(staff: Staff) -> None:
    for _ in range(5):
        with pytest.raises(Refused):
            enter(staff, password=OTHER_PASSWORD)
    reauthenticate(staff.store, staff.session_store, staff.admin, PASSWORD, ADDRESS, NOW)


def test_a_token_does_not_reauthenticate(staff: Staff) -> None:
    token = msgspec.structs.replace(staff.admin, via="token", token="T1")
    with pytest.raises(Refused) as refused:
        reauthenticate(staff.store, staff.session_store, token, PASSWORD, ADDRESS, NOW)
    assert codes(refused.value) == ["person_required"]


def test_expired_sessions_are_swept_at_the_next_sign_in(staff: Staff) -> None:
    enter(staff)
    enter(staff, at_us=NOW + HOUR)
    assert staff.session_store.rows("SELECT COUNT(*) FROM session") == [(1,)]


@pytest.mark.parametrize(
    ("books", "expected"),
    [
        ("sqlite:///panku.sqlite3", "sqlite:///panku.doors.sqlite3"),
        ("sqlite:////var/lib/panku/books.db", "sqlite:////var/lib/panku/books.doors.db"),
        ("sqlite:////var/lib.d/panku", "sqlite:////var/lib.d/panku.doors"),
        ("postgresql://host/panku", "postgresql://host/panku"),
    ],
)
def test_the_session_store_lies_beside_the_books(books: str, expected: str) -> None:
    assert session_store_url(books) == expected
