"""What people prove themselves by is vouched for: every way to change it is journalled, and any other is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest

from devices.ledger.proving.credentials import BROKEN, credential_faults
from devices.ledger.proving.verify import verify
from devices.people import enrolment, passwords, persons, signing_keys
from devices.people.signing_in import sign_in
from panku.wiring import CHECKS, RECORD_KINDS
from tests.staff import ADDRESS, NOW, OTHER_PASSWORD, PASSWORD, Staff

LI = "li.ming"


@pytest.fixture
def enrolled(staff: Staff) -> Staff:
    """A unit with somebody who signed up."""
    staff.enrolled(LI, ("auditor", "A1"))
    return staff


def proved(staff: Staff) -> int:
    """How often what somebody proves themself by was journalled; everything must hold."""
    assert verify(staff.store, RECORD_KINDS, checks=CHECKS).faults == []
    return len([key for key, *_ in staff.revisions("credential") if key == LI])


CHANGES: dict[str, Callable[[Staff], object]] = {
    "a changed password": lambda staff: staff.write(
        lambda w: enrolment.change_password(
            w,
            staff.person(LI),
            enrolment.choose_anew(staff.store, staff.unit, LI, PASSWORD, OTHER_PASSWORD),
        )
    ),
    "a new key": lambda staff: staff.write(
        lambda w: signing_keys.rotate(
            w,
            staff.person(LI),
            signing_keys.opened(staff.store, LI, PASSWORD),
            signing_keys.new_key(LI, PASSWORD),
        )
    ),
    "a reset": lambda staff: staff.write(lambda w: enrolment.reset_password(w, staff.admin, LI)),
    "a reset and a new sign-up": lambda staff: staff.enrol(
        LI, staff.write(lambda w: enrolment.reset_password(w, staff.admin, LI)), OTHER_PASSWORD
    ),
    "shut out": lambda staff: staff.write(lambda w: persons.deactivate(w, staff.admin, LI)),
    "shut out and let in again": lambda staff: (
        staff.write(lambda w: persons.deactivate(w, staff.admin, LI)),
        staff.write(lambda w: persons.reactivate(w, staff.admin, LI)),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_credential_is_journalled(enrolled: Staff, change: str) -> None:
    before = proved(enrolled)
    CHANGES[change](enrolled)
    assert proved(enrolled) > before


def test_whoever_is_made_and_has_not_signed_up_is_vouched_for(staff: Staff) -> None:
    staff.create(LI)
    assert proved(staff) == 1


def test_a_hash_brought_up_to_date_at_sign_in_is_journalled(
    enrolled: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = proved(enrolled)
    dearer = msgspec.structs.replace(passwords.COST, passes=passwords.COST.passes + 1)
    monkeypatch.setattr(passwords, "COST", dearer)
    found = sign_in.sign_in(
        enrolled.store, enrolled.session_store, username=LI, password=PASSWORD, address=ADDRESS, at_us=NOW + 1
    )
    assert found.person.username == LI
    assert proved(enrolled) == before + 1


def tamper(staff: Staff, statement: str) -> Iterator[str]:
    """What is found once something was changed behind Panku's back."""
    with staff.store.writing():
        assert staff.store.execute(statement, (LI,)).rowcount == 1
    return (fault.key for fault in credential_faults(staff.store))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credential SET password_hash = password_hash || 'x' WHERE username = ?",
        "UPDATE credential SET password_hash = '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA' WHERE username = ?",
        "UPDATE credential SET generation = generation - 1 WHERE username = ?",
        "UPDATE credential SET generation = 0, enrolment_digest = NULL, password_hash = NULL WHERE username = ?",
        "UPDATE signing_key SET sealed = 'x' WHERE username = ?",
        "DELETE FROM signing_key WHERE username = ?",
        "DELETE FROM credential WHERE username = ?",
    ],
)
def test_what_was_put_in_its_place_or_taken_away_is_found(enrolled: Staff, statement: str) -> None:
    assert LI in set(tamper(enrolled, statement))


def test_half_of_what_belongs_together_is_told_without_any_digest(enrolled: Staff) -> None:
    """As of a person whose credential an earlier version set."""
    with enrolled.store.writing():
        enrolled.store.execute("DELETE FROM record WHERE kind = 'credential'")
    assert list(credential_faults(enrolled.store)) == []
    statements = ("DELETE FROM signing_key WHERE username = ?", "DELETE FROM credential WHERE username = ?")
    for statement in statements:
        with enrolled.store.writing():
            enrolled.store.execute(statement, (LI,))
    told = {fault.what for fault in credential_faults(enrolled.store)}
    assert told == {what for what in BROKEN if what.startswith(("a person", "a key"))}
