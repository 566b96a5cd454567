"""Persons: founding, enrolment, resets, grants and signing keys, on both engines."""

import re

import msgspec
import peewee
import pytest

from devices.ledger.proving.verify import verify
from devices.people import enrolment, grants, persons, signing_keys
from devices.people.credentials import CODE_LETTERS
from devices.people.roles import ADMIN
from devices.problems import Refused
from devices.store.database import violated
from devices.store.tables.people import RoleGrants
from devices.values import UNIT
from panku.wiring import RECORD_KINDS
from tests.staff import DAY, NOW, OTHER_PASSWORD, PASSWORD, Staff


def test_the_first_administrator_is_made_by_the_system(staff: Staff) -> None:
    assert staff.admin.roles == {(ADMIN, UNIT)}
    assert {
        row[0] for row in staff.store.rows("SELECT made_by FROM revision WHERE kind IN ('person', 'grant')")
    } == {"system"}


def test_a_second_first_administrator_is_refused(staff: Staff) -> None:
    with pytest.raises(Refused, match="administrator_exists"):
        staff.write(
            lambda w: enrolment.found_administrator(w, staff.unit, "eve", "Eve", OTHER_PASSWORD),
        )


def test_the_name_is_nowhere_but_in_the_personal_data(staff: Staff) -> None:
    contents = [row[0] for row in staff.store.rows("SELECT content FROM revision")]
    assert not any("周敏" in content for content in contents)
    assert staff.person("admin.zhou").name == "周敏"


@pytest.mark.parametrize("username", ["", "A", "Lee", "lee/1", "lee:1", "system", "1lee", "l" * 33, "李"])
def test_a_malformed_username_is_refused(staff: Staff, username: str) -> None:
    with pytest.raises(Refused, match="malformed_username"):
        staff.create(username)


def test_a_username_is_taken_once(staff: Staff) -> None:
    staff.create("lee")
    with pytest.raises(Refused, match="username_taken"):
        staff.create("lee")


def test_only_an_administrator_makes_persons(staff: Staff) -> None:
    lee = staff.enrolled("lee", ("clerk", "A1"))
    with pytest.raises(Refused, match="role_missing"):
        staff.create("ann", by=lee)


def test_an_enrolment_code_has_140_bits_in_letters_that_are_not_mistaken_for_one_another(
    staff: Staff,
) -> None:
    code = staff.create("lee")
    assert re.fullmatch(f"([{CODE_LETTERS}]{{4}}-){{6}}[{CODE_LETTERS}]{{4}}", code)
    assert len(set(CODE_LETTERS)) == 32


def test_an_enrolment_code_works_once(staff: Staff) -> None:
    code = staff.create("lee")
    staff.enrol("lee", code)
    with pytest.raises(Refused, match="enrolment_refused"):
        staff.enrol("lee", code, OTHER_PASSWORD)


def test_an_enrolment_code_ends_after_seven_days(staff: Staff) -> None:
    code = staff.create("lee")
    with pytest.raises(Refused, match="enrolment_refused"):
        staff.enrol("lee", code, at_us=NOW + 7 * DAY)
    staff.enrol("lee", code, at_us=NOW + 7 * DAY - 1)


def test_an_enrolment_code_is_only_its_own_persons(staff: Staff) -> None:
    code = staff.create("lee")
    staff.create("ann")
    with pytest.raises(Refused, match="enrolment_refused"):
        staff.enrol("ann", code)


def test_an_enrolment_code_is_not_stored(staff: Staff) -> None:
    code = staff.create("lee")
    (stored,) = staff.store.row("SELECT enrolment_digest FROM credential WHERE username = 'lee'") or ("",)
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
def test_a_weak_password_is_refused_and_the_code_kept(staff: Staff, password: str, code: str) -> None:
    enrolment_code = staff.create("lee")
    with pytest.raises(Refused, match=code):
        staff.enrol("lee", enrolment_code, password)
    staff.enrol("lee", enrolment_code)


def test_a_role_needs_a_site_that_exists(staff: Staff) -> None:
    staff.enrolled("lee")
    with pytest.raises(Refused, match="unknown_site"):
        staff.write(lambda w: grants.grant(w, staff.admin, "lee", "clerk", "XX99"))


def test_a_revoked_role_leaves_the_site_free_for_another(staff: Staff) -> None:
    staff.enrolled("lee", ("storekeeper", "A1"))
    staff.write(lambda w: grants.revoke(w, staff.admin, "lee", "storekeeper", "A1"))
    staff.write(lambda w: grants.grant(w, staff.admin, "lee", "auditor", "A1"))
    assert staff.person("lee").roles == {("auditor", "A1")}


def test_the_database_itself_keeps_one_role_per_person_and_site(staff: Staff) -> None:
    staff.enrolled("lee", ("storekeeper", "A1"))
    columns = ("username", "role", "site", "active", "revision")
    with pytest.raises(peewee.IntegrityError) as refused, staff.store.writing():
        staff.store.insert(RoleGrants, [("lee", "auditor", "A1", 1, 1)], columns)
    assert violated(refused.value).startswith("unique")


def test_the_last_administrator_is_not_shut_out(staff: Staff) -> None:
    ann = staff.enrolled("ann", (ADMIN, UNIT))
    staff.write(lambda w: persons.deactivate(w, ann, "admin.zhou"))
    assert persons.person_of(staff.store, "admin.zhou") is None
    with pytest.raises(Refused, match="last_administrator"):
        staff.write(lambda w: persons.deactivate(w, ann, "ann"))


def test_a_deactivated_person_loses_roles_and_key_and_stays_listed(staff: Staff) -> None:
    staff.enrolled("lee", ("clerk", "A1"))
    staff.write(lambda w: persons.deactivate(w, staff.admin, "lee"))
    (listed,) = [person for person in persons.everybody(staff.store) if person.username == "lee"]
    assert (listed.active, listed.enrolled, listed.roles, listed.key) == (False, False, frozenset(), None)


def test_the_books_verify_after_a_person_was_deactivated_and_let_back_in(staff: Staff) -> None:
    staff.enrolled("li.ming", ("storekeeper", "A1"))
    staff.write(lambda w: persons.deactivate(w, staff.admin, "li.ming"))
    assert verify(staff.store, RECORD_KINDS).faults == []
    staff.write(lambda w: persons.reactivate(w, staff.admin, "li.ming"))
    assert verify(staff.store, RECORD_KINDS).faults == []
    staff.store.execute("DELETE FROM personal WHERE key = 'li.ming'")
    assert {fault.table for fault in verify(staff.store, RECORD_KINDS).faults} == {"personal"}


def test_the_first_key_signs_and_the_one_after_a_reset_waits(staff: Staff) -> None:
    staff.enrolled("lee", ("auditor", "A1"))
    first, _ = signing_keys.open_key(staff.store, "lee", PASSWORD)
    code = staff.write(lambda w: enrolment.reset_password(w, staff.admin, "lee"))
    second = staff.enrol("lee", code, OTHER_PASSWORD)
    status = {key.fingerprint: key.status for key in signing_keys.keys_of(staff.store, "lee")}
    assert status == {first.fingerprint: "void", second: "waiting"}
    with pytest.raises(Refused, match="key_not_confirmed"):
        signing_keys.open_key(staff.store, "lee", OTHER_PASSWORD)


def test_another_person_confirms_a_waiting_key_and_its_owner_does_not(staff: Staff) -> None:
    lee = staff.enrolled("lee", ("auditor", "A1"))
    code = staff.write(lambda w: enrolment.reset_password(w, staff.admin, "lee"))
    waiting = staff.enrol("lee", code, OTHER_PASSWORD)
    with pytest.raises(Refused, match="key_own_confirmation"):
        staff.write(lambda w: signing_keys.confirm(w, lee, waiting))
    supervisor = staff.enrolled("ann", ("supervisor", UNIT))
    staff.write(lambda w: signing_keys.confirm(w, supervisor, waiting))
    key, private = signing_keys.open_key(staff.store, "lee", OTHER_PASSWORD)
    assert key.confirmed_by == "ann"
    assert private.public_key().public_bytes_raw().hex() == key.public_hex
    with pytest.raises(Refused, match="key_not_waiting"):
        staff.write(lambda w: signing_keys.confirm(w, supervisor, waiting))


def test_a_changed_password_keeps_the_key(staff: Staff) -> None:
    lee = staff.enrolled("lee")
    before, _ = signing_keys.open_key(staff.store, "lee", PASSWORD)
    staff.write(
        lambda w: enrolment.change_password(
            w, lee, enrolment.choose_anew(w.store, staff.unit, lee.username, PASSWORD, OTHER_PASSWORD)
        )
    )
    after, _ = signing_keys.open_key(staff.store, "lee", OTHER_PASSWORD)
    assert after == msgspec.structs.replace(before, seals=before.seals + 1)
    with pytest.raises(Refused, match="wrong_password"):
        signing_keys.open_key(staff.store, "lee", PASSWORD)


def test_a_password_is_not_changed_by_one_who_does_not_know_it(staff: Staff) -> None:
    lee = staff.enrolled("lee")
    with pytest.raises(Refused, match="wrong_password"):
        staff.write(
            lambda w: enrolment.change_password(
                w,
                lee,
                enrolment.choose_anew(w.store, staff.unit, lee.username, OTHER_PASSWORD, OTHER_PASSWORD),
            ),
        )


def test_a_sealed_key_moved_to_another_person_does_not_open(staff: Staff) -> None:
    staff.enrolled("lee")
    staff.enrolled("ann")
    row = staff.store.row("SELECT salt, nonce, sealed FROM signing_key WHERE username = 'lee'")
    assert row is not None
    with staff.store.writing():
        staff.store.execute(
            "UPDATE signing_key SET salt = ?, nonce = ?, sealed = ? WHERE username = 'ann'", row
        )
    with pytest.raises(Refused, match="wrong_password"):
        signing_keys.open_key(staff.store, "ann", PASSWORD)
