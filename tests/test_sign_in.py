"""Signing in: sessions, their ends, and the throttling of wrong passwords, on both engines."""

from collections.abc import Iterator

import pytest

from devices.database import Store
from devices.people import enrolment, grants, persons, sessions, sign_in, throttle
from devices.people.doors import migrate_doors
from devices.people.roles import Person
from devices.problems import Refused
from tests.conftest import Stores
from tests.people import (
    AT_US,
    OTHER_PASSWORD,
    PASSWORD,
    SECOND_US,
    enrolled,
    found_unit,
    invite,
    the_unit,
    writing,
)

MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US


@pytest.fixture
def root(store: Store) -> Person:
    """The administrator of a unit with one site."""
    return found_unit(store, "BJ01")


@pytest.fixture
def doors(store: Store, stores: Stores) -> Iterator[Store]:
    """The doors' store: a file of its own with SQLite, the books' database with PostgreSQL."""
    if store.engine == "postgresql":
        migrate_doors(store)
        yield store
        return
    own = stores.empty("sqlite")
    migrate_doors(own)
    yield own
    stores.drop(own)


def enter(
    store: Store, doors: Store, at_us: int = AT_US, *, password: str = PASSWORD, username: str = "root"
) -> str:
    return sign_in.sign_in(
        store, doors, username=username, password=password, address="192.0.2.1", at_us=at_us
    ).secret


def fail(store: Store, doors: Store, at_us: int, username: str = "root") -> Refused:
    with pytest.raises(Refused) as refused:
        enter(store, doors, at_us, password=OTHER_PASSWORD, username=username)
    return refused.value


def test_a_session_is_its_persons(store: Store, doors: Store, root: Person) -> None:
    assert sign_in.person_of_session(store, doors, enter(store, doors), AT_US) == root


def test_a_session_is_not_stored_in_clear(store: Store, doors: Store, root: Person) -> None:
    secret = enter(store, doors)
    assert [row[0] for row in doors.rows("SELECT digest FROM session")] != [secret]


@pytest.mark.parametrize("username", ["root", "nobody", "lee"], ids=["known", "unknown", "not enrolled"])
def test_a_wrong_sign_in_does_not_tell_what_was_wrong(
    store: Store, doors: Store, root: Person, username: str
) -> None:
    invite(store, root, "lee")
    assert str(fail(store, doors, AT_US, username)) == "wrong_credentials"


def test_a_deactivated_person_does_not_sign_in(store: Store, doors: Store, root: Person) -> None:
    enrolled(store, root, "lee")
    session = enter(store, doors, username="lee")
    writing(store, lambda w: persons.deactivate(w, root, "lee"))
    with pytest.raises(Refused, match="session_ended"):
        sign_in.person_of_session(store, doors, session, AT_US)
    with pytest.raises(Refused, match="wrong_credentials"):
        enter(store, doors, username="lee")


def test_a_revoked_role_is_gone_from_a_running_session(store: Store, doors: Store, root: Person) -> None:
    enrolled(store, root, "lee", ("clerk", "BJ01"))
    session = enter(store, doors, username="lee")
    writing(store, lambda w: grants.revoke(w, root, "lee", "clerk", "BJ01"))
    assert sign_in.person_of_session(store, doors, session, AT_US).roles == frozenset()


def test_a_session_ends_after_thirty_idle_minutes(store: Store, doors: Store, root: Person) -> None:
    session = enter(store, doors)
    sign_in.person_of_session(store, doors, session, AT_US + 30 * MINUTE_US - 1)
    sign_in.person_of_session(store, doors, session, AT_US + 59 * MINUTE_US)
    with pytest.raises(Refused, match="session_ended"):
        sign_in.person_of_session(store, doors, session, AT_US + 89 * MINUTE_US)


def test_a_session_ends_after_twelve_hours_of_use(store: Store, doors: Store, root: Person) -> None:
    session = enter(store, doors)
    for quarter in range(48):
        sign_in.person_of_session(store, doors, session, AT_US + quarter * 15 * MINUTE_US)
    with pytest.raises(Refused, match="session_ended"):
        sign_in.person_of_session(store, doors, session, AT_US + 12 * HOUR_US)


def test_that_a_session_was_seen_is_written_once_a_minute(store: Store, doors: Store, root: Person) -> None:
    session = enter(store, doors)
    seen = []
    for seconds in (59, 60, 119, 120):
        sign_in.person_of_session(store, doors, session, AT_US + seconds * SECOND_US)
        seen += [(row[0] - AT_US) // SECOND_US for row in doors.rows("SELECT seen_at FROM session")]
    assert seen == [0, 60, 60, 120]


def test_signing_out_ends_the_session(store: Store, doors: Store, root: Person) -> None:
    session = enter(store, doors)
    sessions.end(doors, session)
    with pytest.raises(Refused, match="session_ended"):
        sign_in.person_of_session(store, doors, session, AT_US)


def test_a_new_password_ends_every_earlier_session(store: Store, doors: Store, root: Person) -> None:
    session = enter(store, doors)
    writing(store, lambda w: enrolment.change_password(w, the_unit(store), root, PASSWORD, OTHER_PASSWORD))
    with pytest.raises(Refused, match="session_ended"):
        sign_in.person_of_session(store, doors, session, AT_US)
    enter(store, doors, password=OTHER_PASSWORD)


def test_the_wait_doubles_from_one_second_to_sixty() -> None:
    assert [throttle.wait_seconds(failures) for failures in range(3, 14)] == [
        0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60,
    ]  # fmt: skip


def test_after_five_failures_even_the_right_password_waits(store: Store, doors: Store, root: Person) -> None:
    for _ in range(5):
        assert str(fail(store, doors, AT_US)) == "wrong_credentials"
    with pytest.raises(Refused, match="throttled") as refused:
        enter(store, doors)
    assert refused.value.problems[0].facts == {"seconds": 1}
    enter(store, doors, AT_US + SECOND_US)


def test_the_right_password_clears_the_failures(store: Store, doors: Store, root: Person) -> None:
    for _ in range(4):
        fail(store, doors, AT_US)
    enter(store, doors)
    assert str(fail(store, doors, AT_US)) == "wrong_credentials"
    enter(store, doors)


def test_failures_from_one_address_do_not_hold_up_another(store: Store, doors: Store, root: Person) -> None:
    for _ in range(6):
        fail(store, doors, AT_US)
    found = sign_in.sign_in(
        store, doors, username="root", password=PASSWORD, address="192.0.2.2", at_us=AT_US
    )
    assert found.person == root


def test_entering_the_password_again_takes_the_persons_own(store: Store, doors: Store, root: Person) -> None:
    sign_in.reauthenticate(store, doors, root, PASSWORD, "192.0.2.1", AT_US)
    with pytest.raises(Refused, match="wrong_password"):
        sign_in.reauthenticate(store, doors, root, OTHER_PASSWORD, "192.0.2.1", AT_US)


def test_entering_the_password_again_is_throttled_with_signing_in(
    store: Store, doors: Store, root: Person
) -> None:
    for _ in range(5):
        fail(store, doors, AT_US)
    with pytest.raises(Refused, match="throttled"):
        sign_in.reauthenticate(store, doors, root, PASSWORD, "192.0.2.1", AT_US)


def test_a_token_does_not_stand_in_for_a_person(store: Store, doors: Store, root: Person) -> None:
    program = Person(username="root", name="till", via="token", token="t1", site="BJ01")
    with pytest.raises(Refused, match="person_required"):
        sign_in.reauthenticate(store, doors, program, PASSWORD, "192.0.2.1", AT_US)
