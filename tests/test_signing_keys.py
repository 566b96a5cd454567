"""Signing keys: made at sign-up, sealed under the password, void after a reset, confirmed by a second person."""

import hashlib

import msgspec
import peewee
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from devices.journal import Writer
from devices.people import enrolment, persons, sealing, signing_keys
from devices.people.kinds import PublicKey
from devices.people.roles import Person
from devices.problems import Refused
from devices.store.tables.people import PublicKeys
from devices.values import UNIT
from tests.staff import OTHER_PASSWORD, PASSWORD, Staff, codes

PRIVATE = bytes(range(32))
SEALED = sealing.seal(PRIVATE, PASSWORD, "li.ming", "ab" * 32)


def current(staff: Staff, username: str) -> PublicKey:
    [key] = [key for key in signing_keys.keys_of(staff.store, username) if key.status != "void"]
    return key


def reset(staff: Staff, username: str) -> PublicKey:
    """An administrator's reset, and the person enrolling again."""
    with staff.writing() as writer:
        code = enrolment.reset_password(writer, staff.admin, username)
    with staff.writing() as writer:
        return enrolment.enrol(
            writer, username, code, enrolment.choose(writer.store, staff.unit, username, OTHER_PASSWORD)
        )


def rotated(writer: Writer, by: Person, password: str) -> PublicKey:
    before = signing_keys.opened(writer.store, by.username, password)
    return signing_keys.rotate(writer, by, before, signing_keys.new_key(by.username, password))


def test_a_seal_opens_with_its_password() -> None:
    assert sealing.unseal(SEALED, PASSWORD, "li.ming", "ab" * 32) == PRIVATE


@pytest.mark.parametrize(
    ("password", "username", "fingerprint"),
    [
        (OTHER_PASSWORD, "li.ming", "ab" * 32),
        (PASSWORD, "wang.fang", "ab" * 32),
        (PASSWORD, "li.ming", "cd" * 32),
    ],
)
def test_a_seal_opens_for_its_own_password_person_and_key_only(
    password: str, username: str, fingerprint: str
) -> None:
    with pytest.raises(sealing.WrongPassword):
        sealing.unseal(SEALED, password, username, fingerprint)


@pytest.mark.parametrize("field", ["salt", "nonce", "sealed"])
def test_a_changed_byte_of_a_seal_is_noticed(field: str) -> None:
    value = bytearray.fromhex(getattr(SEALED, field))
    value[0] ^= 1
    with pytest.raises(sealing.WrongPassword):
        sealing.unseal(
            msgspec.structs.replace(SEALED, **{field: value.hex()}), PASSWORD, "li.ming", "ab" * 32
        )


def test_the_private_half_is_not_stored_in_clear(staff: Staff) -> None:
    staff.enrolled("li.ming")
    _, private = signing_keys.open_key(staff.store, "li.ming", PASSWORD)
    [row] = staff.store.rows("SELECT salt, nonce, sealed FROM signing_key WHERE username = 'li.ming'")
    assert private.private_bytes_raw().hex() not in "".join(row)


def test_the_first_key_of_a_person_is_active(staff: Staff) -> None:
    staff.enrolled("li.ming")
    assert current(staff, "li.ming").status == "active"


def test_a_signature_verifies_with_the_public_half(staff: Staff) -> None:
    staff.enrolled("li.ming")
    key, private = signing_keys.open_key(staff.store, "li.ming", PASSWORD)
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public_hex))
    public.verify(private.sign(b"sheet"), b"sheet")


def test_the_fingerprint_is_the_digest_of_the_raw_public_key(staff: Staff) -> None:
    key = staff.admin_key
    assert key.fingerprint == hashlib.sha256(bytes.fromhex(key.public_hex)).hexdigest()


def test_the_public_half_is_journalled(staff: Staff) -> None:
    assert staff.revisions("key") == [(staff.admin_key.fingerprint, 1, "admin.zhou")]


def test_a_wrong_password_does_not_open_the_key(staff: Staff) -> None:
    staff.enrolled("li.ming")
    with pytest.raises(Refused) as refused:
        signing_keys.open_key(staff.store, "li.ming", OTHER_PASSWORD)
    assert codes(refused.value) == ["wrong_password"]


@pytest.mark.both_engines
def test_a_changed_password_seals_the_same_key_anew(staff: Staff) -> None:
    person = staff.enrolled("li.ming")
    before = current(staff, "li.ming")
    with staff.writing() as writer:
        enrolment.change_password(
            writer,
            person,
            enrolment.choose_anew(writer.store, staff.unit, person.username, PASSWORD, OTHER_PASSWORD),
        )
    key, _ = signing_keys.open_key(staff.store, "li.ming", OTHER_PASSWORD)
    assert key == msgspec.structs.replace(before, seals=before.seals + 1)


def test_a_reset_voids_the_key_and_destroys_its_private_half(staff: Staff) -> None:
    staff.enrolled("li.ming")
    old = current(staff, "li.ming")
    with staff.writing() as writer:
        enrolment.reset_password(writer, staff.admin, "li.ming")
    found = signing_keys.key_by_fingerprint(staff.store, old.fingerprint)
    assert found == msgspec.structs.replace(old, status="void")
    assert staff.store.rows("SELECT 1 FROM signing_key WHERE username = 'li.ming'") == []


def test_the_key_after_a_reset_does_not_sign_before_it_is_confirmed(staff: Staff) -> None:
    staff.enrolled("li.ming")
    key = reset(staff, "li.ming")
    assert key.status == "waiting"
    with pytest.raises(Refused) as refused:
        signing_keys.open_key(staff.store, "li.ming", OTHER_PASSWORD)
    assert codes(refused.value) == ["key_not_confirmed"]


def test_a_waiting_key_survives_a_change_of_password_as_waiting(staff: Staff) -> None:
    person = staff.enrolled("li.ming")
    reset(staff, "li.ming")
    with staff.writing() as writer:
        enrolment.change_password(
            writer,
            person,
            enrolment.choose_anew(writer.store, staff.unit, person.username, OTHER_PASSWORD, PASSWORD),
        )
    assert current(staff, "li.ming").status == "waiting"


@pytest.mark.parametrize(("role", "site"), [("auditor", "B2"), ("supervisor", UNIT), ("admin", UNIT)])
def test_a_second_person_confirms_the_new_key(staff: Staff, role: str, site: str) -> None:
    staff.enrolled("li.ming")
    second = staff.enrolled("wang.fang", (role, site))
    key = reset(staff, "li.ming")
    with staff.writing() as writer:
        confirmed = signing_keys.confirm(writer, second, key.fingerprint)
    assert (confirmed.status, confirmed.confirmed_by) == ("active", "wang.fang")
    assert signing_keys.open_key(staff.store, "li.ming", OTHER_PASSWORD)[0] == confirmed


def test_an_administrator_does_not_confirm_the_key_made_with_the_code_of_their_reset(staff: Staff) -> None:
    staff.enrolled("li.ming", ("auditor", "A1"))
    key = reset(staff, "li.ming")
    assert key.let_in_by == "admin.zhou"
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        signing_keys.confirm(writer, staff.admin, key.fingerprint)
    assert codes(refused.value) == ["key_let_in_confirmation"]


def test_a_waiting_key_replaced_by_another_is_still_not_confirmed_by_who_let_its_holder_in(
    staff: Staff,
) -> None:
    person = staff.enrolled("li.ming", ("auditor", "A1"))
    reset(staff, "li.ming")
    with staff.writing() as writer:
        again = rotated(writer, person, OTHER_PASSWORD)
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        signing_keys.confirm(writer, staff.admin, again.fingerprint)
    assert codes(refused.value) == ["key_let_in_confirmation"]


def test_whoever_resets_again_is_the_one_who_does_not_confirm(staff: Staff) -> None:
    staff.enrolled("li.ming", ("auditor", "A1"))
    other = staff.enrolled("zhao", ("admin", UNIT))
    with staff.writing() as writer:
        enrolment.reset_password(writer, staff.admin, "li.ming")
    with staff.writing() as writer:
        code = enrolment.reset_password(writer, other, "li.ming")
    fingerprint = staff.enrol("li.ming", code, OTHER_PASSWORD)
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        signing_keys.confirm(writer, other, fingerprint)
    assert codes(refused.value) == ["key_let_in_confirmation"]
    with staff.writing() as writer:
        assert signing_keys.confirm(writer, staff.admin, fingerprint).status == "active"


def test_whoever_let_a_person_back_in_does_not_confirm_their_key(staff: Staff) -> None:
    staff.enrolled("li.ming", ("auditor", "A1"))
    staff.write(lambda w: persons.deactivate(w, staff.admin, "li.ming"))
    code = staff.write(lambda w: persons.reactivate(w, staff.admin, "li.ming").code)
    fingerprint = staff.enrol("li.ming", code, OTHER_PASSWORD)
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        signing_keys.confirm(writer, staff.admin, fingerprint)
    assert codes(refused.value) == ["key_let_in_confirmation"]


def test_a_person_whose_own_key_waits_confirms_nobodys(staff: Staff) -> None:
    first = staff.enrolled("li.ming", ("auditor", "A1"))
    staff.enrolled("wang.fang", ("auditor", "B2"))
    reset(staff, "li.ming")
    key = reset(staff, "wang.fang")
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        signing_keys.confirm(writer, first, key.fingerprint)
    assert codes(refused.value) == ["key_not_confirmed"]


def test_the_database_refuses_a_key_confirmed_by_who_let_its_holder_in(staff: Staff) -> None:
    staff.enrolled("li.ming")
    key = reset(staff, "li.ming")
    with pytest.raises(peewee.IntegrityError), staff.store.writing():
        staff.store.execute(
            "UPDATE public_key SET status = 'active', confirmed_by = let_in_by WHERE fingerprint = ?",
            (key.fingerprint,),
        )


def test_nobody_confirms_their_own_key(staff: Staff) -> None:
    auditor = staff.enrolled("li.ming", ("auditor", "A1"))
    with staff.writing() as writer:
        key = rotated(writer, auditor, PASSWORD)
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        signing_keys.confirm(writer, auditor, key.fingerprint)
    assert codes(refused.value) == ["key_own_confirmation"]


@pytest.mark.parametrize("role", ["storekeeper", "clerk"])
def test_only_an_auditor_a_supervisor_or_an_administrator_confirms(staff: Staff, role: str) -> None:
    staff.enrolled("li.ming")
    other = staff.enrolled("wang.fang", (role, "A1"))
    key = reset(staff, "li.ming")
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        signing_keys.confirm(writer, other, key.fingerprint)
    assert codes(refused.value) == ["role_missing"]


def test_a_token_confirms_nothing(staff: Staff) -> None:
    token = msgspec.structs.replace(staff.enrolled("wang.fang", ("auditor", "A1")), via="token", token="T1")
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        signing_keys.confirm(writer, token, staff.admin_key.fingerprint)
    assert codes(refused.value) == ["person_required"]


@pytest.mark.parametrize(("which", "code"), [("void", "key_not_waiting"), ("unknown", "not_found")])
def test_a_key_that_is_void_or_unknown_is_not_confirmed(staff: Staff, which: str, code: str) -> None:
    staff.enrolled("li.ming")
    second = staff.enrolled("wang.fang", ("auditor", "B2"))
    fingerprint = current(staff, "li.ming").fingerprint if which == "void" else "0" * 64
    reset(staff, "li.ming")
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        signing_keys.confirm(writer, second, fingerprint)
    assert codes(refused.value) == [code]


# --- a first key, which signs at once


@pytest.mark.both_engines
@pytest.mark.parametrize(("role", "site"), [("auditor", "B2"), ("supervisor", UNIT), ("admin", UNIT)])
def test_a_first_key_signs_at_once_and_is_confirmed_by_a_second_person(
    staff: Staff, role: str, site: str
) -> None:
    staff.enrolled("li.ming", ("storekeeper", "A1"))
    second = staff.enrolled("wang.fang", (role, site))
    before = signing_keys.open_key(staff.store, "li.ming", PASSWORD)[0]
    assert (before.status, before.let_in_by, before.confirmed_by) == ("active", "admin.zhou", None)
    confirmed = staff.write(lambda w: signing_keys.confirm(w, second, before.fingerprint))
    assert confirmed == msgspec.structs.replace(before, confirmed_by="wang.fang")
    assert signing_keys.open_key(staff.store, "li.ming", PASSWORD)[0] == confirmed


def test_a_first_key_is_not_confirmed_by_who_let_its_holder_in(staff: Staff) -> None:
    staff.enrolled("li.ming")
    with pytest.raises(Refused) as refused:
        staff.write(lambda w: signing_keys.confirm(w, staff.admin, current(staff, "li.ming").fingerprint))
    assert codes(refused.value) == ["key_let_in_confirmation"]


def test_a_first_key_is_not_confirmed_by_its_holder(staff: Staff) -> None:
    auditor = staff.enrolled("li.ming", ("auditor", "A1"))
    with pytest.raises(Refused) as refused:
        staff.write(lambda w: signing_keys.confirm(w, auditor, current(staff, "li.ming").fingerprint))
    assert codes(refused.value) == ["key_own_confirmation"]


def test_a_first_key_is_not_confirmed_by_a_person_whose_own_key_waits(staff: Staff) -> None:
    staff.enrolled("li.ming")
    second = staff.enrolled("wang.fang", ("auditor", "B2"))
    reset(staff, "wang.fang")
    with pytest.raises(Refused) as refused:
        staff.write(lambda w: signing_keys.confirm(w, second, current(staff, "li.ming").fingerprint))
    assert codes(refused.value) == ["key_not_confirmed"]


def test_a_first_key_is_confirmed_once(staff: Staff) -> None:
    staff.enrolled("li.ming")
    second, third = (staff.enrolled(name, ("supervisor", UNIT)) for name in ("wang.fang", "zhao"))
    fingerprint = current(staff, "li.ming").fingerprint
    staff.write(lambda w: signing_keys.confirm(w, second, fingerprint))
    with pytest.raises(Refused) as refused:
        staff.write(lambda w: signing_keys.confirm(w, third, fingerprint))
    assert codes(refused.value) == ["key_not_waiting"]
    assert current(staff, "li.ming").confirmed_by == "wang.fang"


def test_the_first_administrators_key_says_that_the_system_let_them_in_and_is_confirmed_as_any_other(
    staff: Staff,
) -> None:
    assert (staff.admin_key.let_in_by, staff.admin_key.confirmed_by) == ("system", None)
    second = staff.enrolled("wang.fang", ("auditor", "A1"))
    confirmed = staff.write(lambda w: signing_keys.confirm(w, second, staff.admin_key.fingerprint))
    assert (confirmed.status, confirmed.confirmed_by) == ("active", "wang.fang")


def test_a_first_key_that_was_replaced_is_still_not_confirmed_by_who_let_its_holder_in(staff: Staff) -> None:
    person = staff.enrolled("li.ming", ("auditor", "A1"))
    second = staff.enrolled("wang.fang", ("supervisor", UNIT))
    staff.write(lambda w: signing_keys.confirm(w, second, current(staff, "li.ming").fingerprint))
    new = staff.write(lambda w: rotated(w, person, PASSWORD))
    assert (new.let_in_by, new.confirmed_by) == ("admin.zhou", None)
    with pytest.raises(Refused) as refused:
        staff.write(lambda w: signing_keys.confirm(w, staff.admin, new.fingerprint))
    assert codes(refused.value) == ["key_let_in_confirmation"]
    assert staff.write(lambda w: signing_keys.confirm(w, second, new.fingerprint)).status == "active"


@pytest.mark.both_engines
def test_what_somebody_may_confirm_are_the_keys_of_others_that_nobody_has_confirmed(staff: Staff) -> None:
    auditor, supervisor = (
        staff.enrolled(name, role)
        for name, role in (("li.ming", ("auditor", "A1")), ("wang.fang", ("supervisor", UNIT)))
    )
    clerk = staff.enrolled("zhao", ("clerk", "A1"))
    waiting = reset(staff, "zhao")

    def shown(by: Person) -> dict[str, str]:
        return {key.username: key.status for key in signing_keys.confirmable(staff.store, by)}

    assert shown(auditor) == {"wang.fang": "active", "zhao": "waiting", "admin.zhou": "active"}
    assert (shown(staff.admin), shown(clerk)) == ({}, {})
    staff.write(lambda w: signing_keys.confirm(w, supervisor, waiting.fingerprint))
    staff.write(lambda w: signing_keys.confirm(w, auditor, current(staff, "wang.fang").fingerprint))
    assert shown(auditor) == {"admin.zhou": "active"}
    reset(staff, "li.ming")
    assert shown(auditor) == {}


def test_the_database_refuses_a_second_living_key(staff: Staff) -> None:
    with pytest.raises(peewee.IntegrityError), staff.store.writing():
        row = ("f" * 64, "admin.zhou", "e" * 64, "active", None, 1, None, 1)
        columns = (*PublicKey.__struct_fields__, "revision")
        staff.store.insert(PublicKeys, [row], columns)


def test_a_change_of_password_is_journalled_and_keeps_the_key(staff: Staff) -> None:
    staff.enrolled("li.ming", ("storekeeper", "A1"))
    before = current(staff, "li.ming")
    with staff.writing() as writer:
        enrolment.change_password(
            writer,
            staff.person("li.ming"),
            enrolment.choose_anew(
                writer.store, staff.unit, staff.person("li.ming").username, PASSWORD, OTHER_PASSWORD
            ),
        )
    assert current(staff, "li.ming") == msgspec.structs.replace(before, seals=2)
    rows = staff.store.rows(
        "SELECT kind, reference FROM journal WHERE site = ? ORDER BY seq DESC LIMIT 2", (UNIT,)
    )
    assert rows == [("credential", "li.ming@3"), ("key", f"{before.fingerprint}@2")]


def test_a_key_is_replaced_by_one_that_waits_and_the_old_one_is_kept(staff: Staff) -> None:
    staff.enrolled("li.ming", ("storekeeper", "A1"))
    old = current(staff, "li.ming")
    with staff.writing() as writer:
        new = rotated(writer, staff.person("li.ming"), PASSWORD)
    assert (new.status, new.fingerprint != old.fingerprint) == ("waiting", True)
    kept = signing_keys.key_by_fingerprint(staff.store, old.fingerprint)
    assert kept is not None
    assert (kept.status, kept.public_hex) == ("void", old.public_hex)
    with pytest.raises(Refused) as refused:
        signing_keys.open_key(staff.store, "li.ming", PASSWORD)
    assert codes(refused.value) == ["key_not_confirmed"]


def test_a_key_is_not_replaced_without_the_password(staff: Staff) -> None:
    staff.enrolled("li.ming", ("storekeeper", "A1"))
    old = current(staff, "li.ming")
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        rotated(writer, staff.person("li.ming"), OTHER_PASSWORD)
    assert codes(refused.value) == ["wrong_password"]
    assert current(staff, "li.ming") == old


def test_a_key_opened_with_a_password_that_was_changed_meanwhile_is_neither_sealed_nor_replaced(
    staff: Staff,
) -> None:
    person = staff.enrolled("li.ming")
    before = signing_keys.opened(staff.store, "li.ming", PASSWORD)
    late = enrolment.choose_anew(staff.store, staff.unit, "li.ming", PASSWORD, "harbour violin twelve")
    first = enrolment.choose_anew(staff.store, staff.unit, "li.ming", PASSWORD, OTHER_PASSWORD)
    staff.write(lambda w: enrolment.change_password(w, person, first))
    with pytest.raises(Refused, match="wrong_password"):
        staff.write(lambda w: enrolment.change_password(w, person, late))
    with pytest.raises(Refused, match="wrong_password"):
        staff.write(
            lambda w: signing_keys.rotate(w, person, before, signing_keys.new_key("li.ming", PASSWORD))
        )
    assert signing_keys.open_key(staff.store, "li.ming", OTHER_PASSWORD)[0].status == "active"
