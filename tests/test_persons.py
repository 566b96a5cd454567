"""Persons: founding, enrolment, resets, grants and signing keys, on both engines."""

import peewee
import pytest

from devices.database import Store, violated
from devices.people import enrolment, grants, persons, signing_keys
from devices.people.roles import ADMIN, Person
from devices.problems import Refused
from devices.values import UNIT
from tests.people import (
    AT_US,
    DAY_US,
    OTHER_PASSWORD,
    PASSWORD,
    enrolled,
    found_unit,
    invite,
    known,
    the_unit,
    writing,
)


@pytest.fixture
def root(store: Store) -> Person:
    """The administrator of a unit with two sites."""
    return found_unit(store, "BJ01", "BJ02")


def join(store: Store, username: str, code: str, password: str = PASSWORD, at_us: int = AT_US) -> str:
    key = writing(
        store, lambda writer: enrolment.enrol(writer, the_unit(store), username, code, password), at_us
    )
    return key.fingerprint


def test_the_first_administrator_is_made_by_the_system(store: Store, root: Person) -> None:
    assert root.roles == {(ADMIN, UNIT)}
    assert {
        row[0] for row in store.rows("SELECT made_by FROM revision WHERE kind IN ('person', 'grant')")
    } == {"system"}


def test_a_second_first_administrator_is_refused(store: Store, root: Person) -> None:
    with pytest.raises(Refused, match="administrator_exists"):
        writing(
            store,
            lambda w: enrolment.found_administrator(w, the_unit(store), "eve", "Eve", OTHER_PASSWORD),
        )


def test_the_name_is_nowhere_but_in_the_personal_data(store: Store, root: Person) -> None:
    contents = [row[0] for row in store.rows("SELECT content FROM revision")]
    assert not any("Root Person" in content for content in contents)
    assert known(store, "root").name == "Root Person"


@pytest.mark.parametrize("username", ["", "A", "Lee", "lee/1", "lee:1", "system", "1lee", "l" * 33, "李"])
def test_a_malformed_username_is_refused(store: Store, root: Person, username: str) -> None:
    with pytest.raises(Refused, match="malformed_username"):
        invite(store, root, username)


def test_a_username_is_taken_once(store: Store, root: Person) -> None:
    invite(store, root, "lee")
    with pytest.raises(Refused, match="username_taken"):
        invite(store, root, "lee")


def test_only_an_administrator_makes_persons(store: Store, root: Person) -> None:
    lee = enrolled(store, root, "lee", ("clerk", "BJ01"))
    with pytest.raises(Refused, match="role_missing"):
        invite(store, lee, "ann")


def test_an_enrolment_code_works_once(store: Store, root: Person) -> None:
    code = invite(store, root, "lee")
    join(store, "lee", code)
    with pytest.raises(Refused, match="enrolment_refused"):
        join(store, "lee", code, OTHER_PASSWORD)


def test_an_enrolment_code_ends_after_seven_days(store: Store, root: Person) -> None:
    code = invite(store, root, "lee")
    (made_at,) = store.row("SELECT recorded_at FROM revision WHERE kind = 'person' AND key = 'lee'") or (0,)
    with pytest.raises(Refused, match="enrolment_refused"):
        join(store, "lee", code, at_us=made_at + 7 * DAY_US)
    join(store, "lee", code, at_us=made_at + 7 * DAY_US - 1)


def test_an_enrolment_code_is_only_its_own_persons(store: Store, root: Person) -> None:
    code = invite(store, root, "lee")
    invite(store, root, "ann")
    with pytest.raises(Refused, match="enrolment_refused"):
        join(store, "ann", code)


def test_an_enrolment_code_is_not_stored(store: Store, root: Person) -> None:
    code = invite(store, root, "lee")
    (stored,) = store.row("SELECT enrolment_digest FROM credential WHERE username = 'lee'") or ("",)
    assert stored not in (code, code.replace("-", ""), "")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short words", "password_too_short"),
        ("aaaaaaaaaaaaaaaa", "password_too_common"),
        ("123456789012345", "password_too_common"),
        ("password1234", "password_too_common"),
        ("storekeeper1", "password_too_common"),
    ],
)
def test_a_weak_password_is_refused_and_the_code_kept(
    store: Store, root: Person, password: str, code: str
) -> None:
    enrolment_code = invite(store, root, "lee")
    with pytest.raises(Refused, match=code):
        join(store, "lee", enrolment_code, password)
    join(store, "lee", enrolment_code)


def test_a_role_needs_a_site_that_exists(store: Store, root: Person) -> None:
    enrolled(store, root, "lee")
    with pytest.raises(Refused, match="unknown_site"):
        writing(store, lambda w: grants.grant(w, root, "lee", "clerk", "XX99"))


def test_a_revoked_role_leaves_the_site_free_for_another(store: Store, root: Person) -> None:
    enrolled(store, root, "lee", ("storekeeper", "BJ01"))
    writing(store, lambda w: grants.revoke(w, root, "lee", "storekeeper", "BJ01"))
    writing(store, lambda w: grants.grant(w, root, "lee", "auditor", "BJ01"))
    assert known(store, "lee").roles == {("auditor", "BJ01")}


def test_the_database_itself_keeps_one_role_per_person_and_site(store: Store, root: Person) -> None:
    enrolled(store, root, "lee", ("storekeeper", "BJ01"))
    columns = ("username", "role", "site", "active", "revision")
    with pytest.raises(peewee.IntegrityError) as refused, store.writing():
        store.insert("role_grant", columns, [("lee", "auditor", "BJ01", 1, 1)])
    assert violated(refused.value).startswith("unique")


def test_the_last_administrator_is_not_shut_out(store: Store, root: Person) -> None:
    ann = enrolled(store, root, "ann", (ADMIN, UNIT))
    writing(store, lambda w: persons.deactivate(w, ann, "root"))
    assert persons.person_of(store, "root") is None
    with pytest.raises(Refused, match="last_administrator"):
        writing(store, lambda w: persons.deactivate(w, ann, "ann"))


def test_a_deactivated_person_loses_roles_and_key_and_stays_listed(store: Store, root: Person) -> None:
    enrolled(store, root, "lee", ("clerk", "BJ01"))
    writing(store, lambda w: persons.deactivate(w, root, "lee"))
    (listed,) = [person for person in persons.everybody(store) if person.username == "lee"]
    assert (listed.active, listed.enrolled, listed.roles, listed.key) == (False, False, frozenset(), None)


def test_the_first_key_signs_and_the_one_after_a_reset_waits(store: Store, root: Person) -> None:
    enrolled(store, root, "lee", ("auditor", "BJ01"))
    first, _ = signing_keys.open_key(store, "lee", PASSWORD)
    code = writing(store, lambda w: enrolment.reset_password(w, root, "lee"))
    second = join(store, "lee", code, OTHER_PASSWORD)
    status = {key.fingerprint: key.status for key in signing_keys.keys_of(store, "lee")}
    assert status == {first.fingerprint: "void", second: "waiting"}
    with pytest.raises(Refused, match="key_not_confirmed"):
        signing_keys.open_key(store, "lee", OTHER_PASSWORD)


def test_another_person_confirms_a_waiting_key_and_its_owner_does_not(store: Store, root: Person) -> None:
    lee = enrolled(store, root, "lee", ("auditor", "BJ01"))
    code = writing(store, lambda w: enrolment.reset_password(w, root, "lee"))
    waiting = join(store, "lee", code, OTHER_PASSWORD)
    with pytest.raises(Refused, match="key_own_confirmation"):
        writing(store, lambda w: signing_keys.confirm(w, lee, waiting))
    writing(store, lambda w: signing_keys.confirm(w, root, waiting))
    key, private = signing_keys.open_key(store, "lee", OTHER_PASSWORD)
    assert key.confirmed_by == "root"
    assert private.public_key().public_bytes_raw().hex() == key.public_hex
    with pytest.raises(Refused, match="key_not_waiting"):
        writing(store, lambda w: signing_keys.confirm(w, root, waiting))


def test_a_changed_password_keeps_the_key(store: Store, root: Person) -> None:
    lee = enrolled(store, root, "lee")
    before, _ = signing_keys.open_key(store, "lee", PASSWORD)
    writing(store, lambda w: enrolment.change_password(w, the_unit(store), lee, PASSWORD, OTHER_PASSWORD))
    after, _ = signing_keys.open_key(store, "lee", OTHER_PASSWORD)
    assert after == before
    with pytest.raises(Refused, match="wrong_password"):
        signing_keys.open_key(store, "lee", PASSWORD)


def test_a_password_is_not_changed_by_one_who_does_not_know_it(store: Store, root: Person) -> None:
    lee = enrolled(store, root, "lee")
    with pytest.raises(Refused, match="wrong_password"):
        writing(
            store,
            lambda w: enrolment.change_password(w, the_unit(store), lee, OTHER_PASSWORD, OTHER_PASSWORD),
        )


def test_a_sealed_key_moved_to_another_person_does_not_open(store: Store, root: Person) -> None:
    enrolled(store, root, "lee")
    enrolled(store, root, "ann")
    row = store.row("SELECT salt, nonce, sealed FROM signing_key WHERE username = 'lee'")
    assert row is not None
    with store.writing():
        store.execute("UPDATE signing_key SET salt = ?, nonce = ?, sealed = ? WHERE username = 'ann'", row)
    with pytest.raises(Refused, match="wrong_password"):
        signing_keys.open_key(store, "ann", PASSWORD)
