"""Enrolment and what becomes of a person after: codes, renaming, resets, shutting out, and what the journal keeps."""

import json
from typing import Any

import pytest

from devices import records
from devices.chain import commitment
from devices.people import credentials, enrolment, passwords, persons, tokens
from devices.people.kinds import PEOPLE_KINDS, PERSON, TOKEN, PersonRecord, Token
from devices.people.roles import SYSTEM
from devices.problems import Refused
from tests.staff import DAY, NOW, OTHER_PASSWORD, PASSWORD, Staff, codes


def test_a_person_signs_up_with_the_code_and_their_own_password(staff: Staff) -> None:
    staff.enrolled("li.ming")
    found = credentials.credential_of(staff.store, "li.ming")
    assert found is not None
    assert passwords.password_matches(found.password_hash, PASSWORD)


@pytest.mark.parametrize("username", ["wang.fang", "nobody", "LI\0MING"])
def test_a_code_is_good_for_its_own_person_only(staff: Staff, username: str) -> None:
    code = staff.create("li.ming")
    staff.create("wang.fang")
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        enrolment.enrol(
            writer, username, code, enrolment.choose(writer.store, staff.unit, "li.ming", PASSWORD)
        )
    assert codes(refused.value) == ["enrolment_refused"]


def test_a_code_may_be_typed_without_hyphens_in_small_or_full_width_letters(staff: Staff) -> None:
    typed = staff.create("li.ming").replace("-", " ").lower()
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in typed)
    assert credentials.may_enrol(staff.store, "li.ming", typed, NOW)
    assert credentials.may_enrol(staff.store, "li.ming", wide, NOW)


def test_a_common_password_is_refused_at_sign_up_and_the_code_stays_good(staff: Staff) -> None:
    code = staff.create("li.ming")
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        enrolment.enrol(
            writer, "li.ming", code, enrolment.choose(writer.store, staff.unit, "li.ming", "li.ming-li.ming")
        )
    assert codes(refused.value) == ["password_too_common"]
    assert credentials.may_enrol(staff.store, "li.ming", code, NOW)


def test_a_name_of_spaces_is_refused(staff: Staff) -> None:
    with pytest.raises(Refused) as refused:
        staff.create("li.ming", " 　 ")
    assert codes(refused.value) == ["empty_text"]


def test_the_name_is_outside_the_journal_which_commits_to_it(staff: Staff) -> None:
    staff.create("li.ming", "李明")
    [(content,)] = staff.store.rows("SELECT content FROM revision WHERE kind = 'person' AND key = 'li.ming'")
    [(salt, personal)] = staff.store.rows("SELECT salt, content FROM personal WHERE key = 'li.ming'")
    assert "李明" not in content
    assert json.loads(personal) == {"name": "李明"}
    assert json.loads(content)["commitment"] == commitment(staff.unit.secret, salt, personal)


def test_renaming_is_a_new_revision_and_keeps_the_person(staff: Staff) -> None:
    before = staff.enrolled("li.ming", ("clerk", "A1"))
    with staff.writing() as writer:
        written = persons.rename(writer, staff.unit, staff.admin, "li.ming", "李  铭", expected=1)
    after = staff.person("li.ming")
    assert written.revision == 2
    assert (after.name, after.roles) == ("李 铭", before.roles)


def test_a_change_to_an_older_revision_is_refused(staff: Staff) -> None:
    staff.create("li.ming")
    with staff.writing() as writer:
        persons.rename(writer, staff.unit, staff.admin, "li.ming", "李铭", expected=1)
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        persons.rename(writer, staff.unit, staff.admin, "li.ming", "李鸣", expected=1)
    assert codes(refused.value) == ["if_match_failed"]


def test_an_erased_name_is_replaced_by_the_username(staff: Staff) -> None:
    staff.enrolled("li.ming")
    with staff.store.writing():
        staff.store.execute("UPDATE personal SET content = NULL, salt = NULL WHERE key = 'li.ming'")
    assert staff.person("li.ming").name == "li.ming"
    assert persons.names_of(staff.store, {"li.ming", "admin.zhou"}) == {
        "li.ming": "li.ming",
        "admin.zhou": "周敏",
    }


@pytest.mark.both_engines
def test_a_deactivated_person_loses_roles_key_password_and_tokens(staff: Staff) -> None:
    person = staff.enrolled("li.ming", ("storekeeper", "A1"), ("auditor", "B2"))
    with staff.writing() as writer:
        issued = tokens.issue(
            writer,
            staff.admin,
            label="scanner",
            site="A1",
            scopes=["post"],
            expires_at=NOW + DAY,
            username=person.username,
        )
    with staff.writing() as writer:
        persons.deactivate(writer, staff.admin, "li.ming")
    assert persons.person_of(staff.store, "li.ming") is None
    assert credentials.credential_of(staff.store, "li.ming") is None
    listed = {one.username: one for one in persons.everybody(staff.store)}["li.ming"]
    assert (listed.active, listed.roles, listed.enrolled, listed.key) == (False, frozenset(), False, None)
    token = tokens.token_of(staff.store, issued.token.id)
    assert token is not None
    assert not token.active


@pytest.mark.parametrize("by", ["administrator", "system"])
def test_a_reset_ends_every_token_of_the_person_and_nobody_elses(staff: Staff, by: str) -> None:
    staff.enrolled("li.ming", ("storekeeper", "A1"))
    staff.enrolled("wang.fang", ("storekeeper", "B2"))
    asked: dict[str, Any] = {"label": "scanner", "scopes": ["post"], "expires_at": NOW + DAY}
    with staff.writing() as writer:
        own = [
            tokens.issue(writer, staff.admin, site=site, username="li.ming", **asked) for site in ("A1", "B2")
        ]
        other = tokens.issue(writer, staff.admin, site="B2", username="wang.fang", **asked)
        tokens.confirm_token(writer, staff.person("li.ming"), own[0].token.id)
    with staff.writing() as writer:
        enrolment.reset_password(writer, staff.admin if by == "administrator" else SYSTEM, "li.ming")
    assert tokens.tokens_of(staff.store, "li.ming", NOW) == []
    assert tokens.tokens_of(staff.store, "wang.fang", NOW) == [other.token]
    ended = [(key, made_by) for key, _, made_by in staff.revisions("token")[-2:]]
    name = "admin.zhou" if by == "administrator" else "system"
    assert sorted(ended) == sorted((each.token.id, name) for each in own)


def test_nobody_who_is_let_back_in_has_a_token(staff: Staff) -> None:
    staff.enrolled("li.ming", ("storekeeper", "A1"))
    with staff.writing() as writer:
        persons.deactivate(writer, staff.admin, "li.ming")
        left = Token("left", "0" * 64, "A1", "post", "li.ming", NOW + DAY, "from before")
        records.write(writer, TOKEN, left, by="admin.zhou")
        persons.reactivate(writer, staff.admin, "li.ming")
    assert tokens.tokens_of(staff.store, "li.ming", NOW) == []


def test_an_inactive_person_is_not_deactivated_again(staff: Staff) -> None:
    staff.create("li.ming")
    with staff.writing() as writer:
        persons.deactivate(writer, staff.admin, "li.ming")
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        persons.deactivate(writer, staff.admin, "li.ming")
    assert codes(refused.value) == ["inactive_person"]


def test_a_reactivated_person_enrols_anew_without_a_role(staff: Staff) -> None:
    staff.enrolled("li.ming", ("clerk", "A1"))
    with staff.writing() as writer:
        persons.deactivate(writer, staff.admin, "li.ming")
    with staff.writing() as writer:
        code = persons.reactivate(writer, staff.admin, "li.ming").code
    with staff.writing() as writer:
        key = enrolment.enrol(
            writer, "li.ming", code, enrolment.choose(writer.store, staff.unit, "li.ming", OTHER_PASSWORD)
        )
    assert staff.person("li.ming").roles == frozenset()
    assert key.status == "waiting"


def test_an_active_person_is_not_reactivated(staff: Staff) -> None:
    staff.create("li.ming")
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        persons.reactivate(writer, staff.admin, "li.ming")
    assert codes(refused.value) == ["already_exists"]


def test_a_changed_password_takes_the_old_ones_place(staff: Staff) -> None:
    person = staff.enrolled("li.ming")
    with staff.writing() as writer:
        enrolment.change_password(
            writer,
            person,
            enrolment.choose_anew(writer.store, staff.unit, person.username, PASSWORD, OTHER_PASSWORD),
        )
    found = credentials.credential_of(staff.store, "li.ming")
    assert found is not None
    assert passwords.password_matches(found.password_hash, OTHER_PASSWORD)
    assert not passwords.password_matches(found.password_hash, PASSWORD)


def test_a_refused_new_password_leaves_the_old_one(staff: Staff) -> None:
    person = staff.enrolled("li.ming")
    with pytest.raises(Refused), staff.writing() as writer:
        enrolment.change_password(
            writer,
            person,
            enrolment.choose_anew(writer.store, staff.unit, person.username, PASSWORD, "password1234"),
        )
    with staff.writing() as writer:
        enrolment.change_password(
            writer,
            person,
            enrolment.choose_anew(writer.store, staff.unit, person.username, PASSWORD, OTHER_PASSWORD),
        )


def test_an_administrators_reset_takes_the_password_away_at_once(staff: Staff) -> None:
    staff.enrolled("li.ming")
    with staff.writing() as writer:
        code = enrolment.reset_password(writer, staff.admin, "li.ming")
    found = credentials.credential_of(staff.store, "li.ming")
    assert found is not None
    assert found.password_hash is None
    assert credentials.may_enrol(staff.store, "li.ming", code, NOW)


def test_an_administrator_does_not_reset_their_own_password(staff: Staff) -> None:
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        enrolment.reset_password(writer, staff.admin, "admin.zhou")
    assert codes(refused.value) == ["resetting_oneself"]


def test_the_list_tells_roles_sign_up_and_key(staff: Staff) -> None:
    staff.enrolled("li.ming", ("storekeeper", "A1"), ("auditor", "B2"))
    staff.create("wang.fang", "王芳")
    admin, li, wang = persons.everybody(staff.store)
    assert (admin.username, admin.enrolled, admin.key) == ("admin.zhou", True, staff.admin_key.fingerprint)
    assert li.roles == {("storekeeper", "A1"), ("auditor", "B2")}
    assert li.key_status == "active"
    assert (wang.name, wang.enrolled, wang.enrolment_expires_at) == ("王芳", False, NOW + 7 * DAY)


@pytest.mark.both_engines
def test_the_latest_revisions_recompute_every_table_of_people(staff: Staff) -> None:
    staff.enrolled("li.ming", ("storekeeper", "A1"))
    with staff.writing() as writer:
        enrolment.reset_password(writer, staff.admin, "li.ming")
    for kind in (kind for kind in PEOPLE_KINDS if kind.table):
        for value, revision in records.all_current(staff.store, kind):
            content = staff.store.row(
                "SELECT content FROM revision WHERE kind = ? AND key = ? AND revision = ?",
                (kind.name, kind.key(value), revision),
            )
            assert content == (records.encode(value),)
            assert records.latest_revision(staff.store, kind.name, kind.key(value)) == revision


def test_a_persons_record_is_found_by_its_kind(staff: Staff) -> None:
    [(record, revision)] = records.all_current(staff.store, PERSON)
    assert isinstance(record, PersonRecord)
    assert (record.username, record.active, revision) == ("admin.zhou", True, 1)
