"""Granting and revoking in the books; the rules themselves are in test_roles."""

import pytest

from devices.people import grants
from devices.people.roles import SYSTEM
from devices.problems import Refused
from devices.values import UNIT
from tests.staff import Staff, codes


def test_a_role_is_granted_and_revoked_as_revisions_of_one_grant(staff: Staff) -> None:
    staff.enrolled("li.ming", ("clerk", "A1"))
    with staff.writing() as writer:
        grants.revoke(writer, staff.admin, "li.ming", "clerk", "A1")
    staff.grant("li.ming", "clerk", "A1")
    theirs = [row[1:] for row in staff.revisions("grant") if row[0] == "li.ming/clerk/A1"]
    assert theirs == [(1, "admin.zhou"), (2, "admin.zhou"), (3, "admin.zhou")]
    assert grants.grants_of(staff.store, "li.ming") == {("clerk", "A1")}


@pytest.mark.parametrize(
    ("username", "site", "code"),
    [
        ("nobody", "A1", "unknown_person"),
        ("li.ming", "Z9", "unknown_site"),
        ("li.ming", "C3", "inactive_site"),
    ],
)
def test_a_grant_names_a_known_person_and_an_open_site(
    staff: Staff, username: str, site: str, code: str
) -> None:
    staff.create("li.ming")
    with pytest.raises(Refused) as refused:
        staff.grant(username, "clerk", site)
    assert codes(refused.value) == [code]


def test_the_system_grants_nothing_after_the_founding(staff: Staff) -> None:
    staff.create("li.ming")
    with pytest.raises(Refused) as refused:
        staff.grant("li.ming", "clerk", "A1", by=SYSTEM)
    assert codes(refused.value) == ["role_missing"]


def test_the_last_administrator_keeps_the_role_until_another_can_sign_in(staff: Staff) -> None:
    staff.create("second")
    staff.grant("second", "admin", UNIT)
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        grants.revoke(writer, staff.admin, "admin.zhou", "admin", UNIT)
    assert codes(refused.value) == ["last_administrator"]
