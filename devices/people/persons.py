"""Persons: creating, renaming, deactivating and listing them, and reading who somebody is.

What writes runs inside `store.writing()` with a Writer that holds the UNIT journal.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import msgspec
from peewee import JOIN

from devices import records
from devices.journal import Writer
from devices.people import credentials, grants, proofs, signing_keys, tokens
from devices.people.kinds import PERSON, USERNAME, KeyStatus, PersonRecord
from devices.people.roles import SYSTEM, Granted, Person, not_an_administrator
from devices.people.sealing import Random
from devices.problems import Problem, Refused, refuse
from devices.records import Personal, Written
from devices.store.database import Row, Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import PersonalData
from devices.store.tables.people import Credentials, Persons, PublicKeys, RoleGrants
from devices.texts.characters import tidied
from devices.unit import Unit

RESERVED_USERNAMES = (SYSTEM.username,)

_PERSON = compiled(Persons.select().where(Persons.username == GIVEN))
_LATEST_NAME = (
    (PersonalData.kind == PERSON.name) & (PersonalData.key == Persons.username) & (PersonalData.latest == 1)
)
_ACTIVE_GRANT = (RoleGrants.username == Persons.username) & (RoleGrants.active == 1)
_PERSON_AND_ROLES = compiled(
    Persons.select(
        Persons.username, PersonalData.content, Credentials.generation, RoleGrants.role, RoleGrants.site
    )
    .join(Credentials, on=Credentials.username == Persons.username)
    .join_from(Persons, PersonalData, JOIN.LEFT_OUTER, on=_LATEST_NAME)
    .join_from(Persons, RoleGrants, JOIN.LEFT_OUTER, on=_ACTIVE_GRANT)
    .where(Persons.username == GIVEN, Persons.active == 1)
)
_NAMES = compiled(
    PersonalData.select(PersonalData.key, PersonalData.content).where(
        PersonalData.kind == PERSON.name, PersonalData.latest == 1, PersonalData.key.in_(EACH)
    )
)
_THERE = compiled(Persons.select(Persons.username).where(Persons.username.in_(EACH)))
_EVERYBODY = compiled(
    Persons.select(
        Persons.username,
        PersonalData.content,
        Persons.active,
        Persons.revision,
        Credentials.password_hash.is_null(is_null=False),
        Credentials.enrolment_expires_at,
        PublicKeys.fingerprint,
        PublicKeys.status,
        PublicKeys.confirmed_by,
        RoleGrants.role,
        RoleGrants.site,
    )
    .join(PersonalData, JOIN.LEFT_OUTER, on=_LATEST_NAME)
    .join_from(Persons, Credentials, JOIN.LEFT_OUTER, on=Credentials.username == Persons.username)
    .join_from(
        Persons,
        PublicKeys,
        JOIN.LEFT_OUTER,
        on=(PublicKeys.username == Persons.username) & (PublicKeys.status != "void"),
    )
    .join_from(Persons, RoleGrants, JOIN.LEFT_OUTER, on=_ACTIVE_GRANT)
    .order_by(Persons.username)
)


class Name(msgspec.Struct, frozen=True):
    """The personal data of a person: the name shown."""

    name: str


class Created(msgspec.Struct, frozen=True):
    """A person as written, and the enrolment code, which is shown this once and kept only as a hash."""

    written: Written
    code: str


class Listed(msgspec.Struct, frozen=True):
    """A person as administrators see them; `name` is empty once erased, `key` the fingerprint of a key not void.

    `key_confirmed_by` has confirmed it, None where nobody has.
    """

    username: str
    name: str
    active: bool
    revision: int
    roles: Granted
    enrolled: bool
    enrolment_expires_at: int | None
    key: str | None
    key_status: KeyStatus | None
    key_confirmed_by: str | None


def create(
    writer: Writer, unit: Unit, by: Person, username: str, name: str, *, random: Random = secrets.token_bytes
) -> Created:
    """Make a person who may sign up with the code returned, within 7 days.

    Raises Refused: role_missing, malformed_username, empty_text, username_taken.
    """
    problems = [*not_an_administrator(by), *refuse_username(username), *refuse_name(name)]
    if problems:
        raise Refused(problems)
    written = write_new(writer, unit, by, username, name)
    code = credentials.new_code(random)
    credentials.await_enrolment(writer.store, username, code, writer.now_us, by=by.username)
    proofs.keep_proof(writer, username, by=by.username)
    return Created(written, code)


def rename(
    writer: Writer, unit: Unit, by: Person, username: str, name: str, *, expected: int | None = None
) -> Written:
    """Change the name shown; the old one stays with its revision until it is erased.

    Raises Refused: role_missing, empty_text, unknown_person, if_match_failed.
    """
    if problems := [*not_an_administrator(by), *refuse_name(name)]:
        raise Refused(problems)
    record = record_of(writer.store, username)
    written = records.write(
        writer,
        PERSON,
        record,
        by=by.username,
        expected=expected,
        personal=_personal(name),
        secret=unit.secret,
    )
    return written[1]


def deactivate(writer: Writer, by: Person, username: str, *, expected: int | None = None) -> Written:
    """Shut a person out: their roles are revoked, their key is void, their tokens end,
    their password and sessions are gone.

    Raises Refused: role_missing, unknown_person, inactive_person, last_administrator, if_match_failed.
    """
    record = record_of(writer.store, username)
    problems = not_an_administrator(by)
    if not record.active:
        problems.append(Problem("inactive_person", "/username", {"username": username}))
    if problems:
        raise Refused(problems)
    grants.revoke_all(writer, by, username)
    signing_keys.void_key(writer, by, username)
    tokens.revoke_all_of(writer, by, username)
    credentials.withdraw(writer.store, username)
    proofs.keep_proof(writer, username, by=by.username)
    inactive = msgspec.structs.replace(record, active=False)
    return records.write(writer, PERSON, inactive, by=by.username, expected=expected)[1]


def reactivate(
    writer: Writer,
    by: Person,
    username: str,
    *,
    expected: int | None = None,
    random: Random = secrets.token_bytes,
) -> Created:
    """Let a person back in, without any role or token, to enrol anew with the code returned.

    Raises Refused: role_missing, unknown_person, already_exists, if_match_failed.
    """
    record = record_of(writer.store, username)
    problems = not_an_administrator(by)
    if record.active:
        problems.append(Problem("already_exists", "/username", {"kind": PERSON.name, "key": username}))
    if problems:
        raise Refused(problems)
    tokens.revoke_all_of(writer, by, username)  # deactivating ended them: none comes back with the person
    active = msgspec.structs.replace(record, active=True)
    _, written = records.write(writer, PERSON, active, by=by.username, expected=expected)
    code = credentials.new_code(random)
    credentials.await_enrolment(writer.store, username, code, writer.now_us, by=by.username)
    proofs.keep_proof(writer, username, by=by.username)
    return Created(written, code)


def write_new(writer: Writer, unit: Unit, by: Person, username: str, name: str) -> Written:
    """Write a person's first revision; raises Refused(username_taken). The caller has asked the rules."""
    if records.latest_revision(writer.store, PERSON.name, username):
        raise refuse("username_taken", "/username", username=username)
    record = PersonRecord(username)
    return records.write(
        writer, PERSON, record, by=by.username, expected=0, personal=_personal(name), secret=unit.secret
    )[1]


def refuse_username(username: str) -> list[Problem]:
    """malformed_username unless it is 2 to 32 of a-z, 0-9, dot, underscore and hyphen, a letter first."""
    if USERNAME.fullmatch(username) and username not in RESERVED_USERNAMES:
        return []
    return [Problem("malformed_username", "/username", {"username": username})]


def refuse_name(name: str) -> list[Problem]:
    """empty_text for a name of nothing but spaces."""
    return [] if tidied(name) else [Problem("empty_text", "/name", {"field": "name"})]


def record_of(store: Store, username: str) -> PersonRecord:
    """The person's latest record; raises Refused(unknown_person)."""
    row = store.row(_PERSON, (username,))
    if row is None:
        raise refuse("unknown_person", "/username", username=username)
    record: PersonRecord = records.value_of(PERSON, row)[0]
    return record


def person_of(store: Store, username: str, *, generation: int | None = None) -> Person | None:
    """An active person with their roles, in one statement; None where they are not, or the generation is another."""
    rows = store.rows(_PERSON_AND_ROLES, (username,))
    if not rows or generation not in (None, rows[0][2]):
        return None
    roles = frozenset((row[3], row[4]) for row in rows if row[3] is not None)
    return Person(username=username, name=read_name(rows[0][1]) or username, roles=roles)


def names_of(store: Store, usernames: set[str]) -> dict[str, str]:
    """The names shown of these persons, of inactive ones too; an erased name's place is taken by the username."""
    wanted = sorted(usernames)
    rows = store.rows_in(_NAMES, wanted)
    return {name: name for name in wanted} | {key: read_name(content) or key for key, content in rows}


def are_there(store: Store, usernames: Iterable[str]) -> set[str]:
    """Those of these usernames that are somebody's, who is active or not."""
    return {username for (username,) in store.rows_in(_THERE, sorted(set(usernames)))}


def active_people(store: Store) -> dict[str, Person]:
    """Everybody who is active and has a role, by username, in one statement."""
    return {
        each.username: Person(username=each.username, name=each.name or each.username, roles=each.roles)
        for each in everybody(store)
        if each.active and each.roles
    }


def everybody(store: Store) -> list[Listed]:
    """Every person there ever was, by username."""
    found: dict[str, list[Row]] = {}
    for row in store.rows(_EVERYBODY):
        found.setdefault(row[0], []).append(row)
    return [_listed(theirs) for theirs in found.values()]


def _listed(rows: list[Row]) -> Listed:
    username, content, active, revision, enrolled, expires_at, *key = rows[0][:9]
    roles = frozenset((row[9], row[10]) for row in rows if row[9] is not None)
    return Listed(
        username, read_name(content), bool(active), revision, roles, bool(enrolled), expires_at, *key
    )


def read_name(content: str | None) -> str:
    """The name within a person's personal data, empty where it was erased."""
    return msgspec.json.decode(content, type=Name).name if content else ""


def _personal(name: str) -> Personal:
    return Personal(records.encode(Name(tidied(name))))
