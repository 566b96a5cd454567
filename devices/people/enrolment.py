"""How a person comes by a password: the first administrator, sign-up by code, changing it, an administrator's reset.

Every function runs inside `store.writing()` with a Writer that holds the UNIT journal.
"""

from __future__ import annotations

import secrets

from devices.journal import Writer
from devices.people import credentials, grants, passwords, persons, proofs, signing_keys
from devices.people.kinds import PublicKey
from devices.people.roles import ADMIN, SYSTEM, Person, not_an_administrator
from devices.people.sealing import Random
from devices.problems import Problem, Refused, refuse
from devices.unit import Unit
from devices.values import UNIT


def found_administrator(
    writer: Writer,
    unit: Unit,
    username: str,
    name: str,
    password: str,
    *,
    random: Random = secrets.token_bytes,
) -> PublicKey:
    """Make the first administrator, on the system's word; returns their signing key.

    Raises Refused: administrator_exists, malformed_username, username_taken, empty_text, password_too_short,
    password_too_common.
    """
    if grants.administrators(writer.store):
        raise refuse("administrator_exists")
    problems = [
        *persons.refuse_username(username),
        *persons.refuse_name(name),
        *passwords.refuse_password(password, known=(username, name, unit.name)),
    ]
    if problems:
        raise Refused(problems)
    persons.write_new(writer, unit, SYSTEM, username, name)
    grants.grant(writer, SYSTEM, username, ADMIN, UNIT)
    return _begin_with(writer, username, password, random)


def enrol(
    writer: Writer,
    unit: Unit,
    username: str,
    code: str,
    password: str,
    *,
    random: Random = secrets.token_bytes,
) -> PublicKey:
    """Set one's own password with an enrolment code, which is used up; returns the signing key made.

    The key waits for a second person's confirmation unless it is the person's first. Raises Refused:
    enrolment_refused (for whatever reason: it does not tell which), password_too_short, password_too_common.
    """
    if not credentials.may_enrol(writer.store, username, code, writer.at_us):
        raise refuse("enrolment_refused")
    _refuse_password(writer, unit, username, password)
    return _begin_with(writer, username, password, random)


def change_password(
    writer: Writer, unit: Unit, by: Person, old: str, new: str, *, random: Random = secrets.token_bytes
) -> None:
    """Change one's own password; the signing key is sealed anew, and every session ends, this one too.

    Throttle it: call devices.people.sign_in.reauthenticate before the transaction. Raises Refused: person_required,
    wrong_password, password_too_short, password_too_common.
    """
    if by.via != "session":
        raise refuse("person_required")
    signing_keys.reseal(writer, by.username, old, new, random=random)  # opening the seal proves the old one
    _refuse_password(writer, unit, by.username, new)
    credentials.set_password(writer.store, by.username, passwords.hash_password(new))
    proofs.keep(writer, by.username, by=by.username)


def reset_password(writer: Writer, by: Person, username: str, *, random: Random = secrets.token_bytes) -> str:
    """Take a person's password away and return the code they enrol anew with; their key is void, sessions end.

    Raises Refused: role_missing, resetting_oneself, unknown_person, inactive_person.
    """
    record = persons.record_of(writer.store, username)
    problems = not_an_administrator(by)
    if by.username == username:
        problems.append(Problem("resetting_oneself", "/username"))
    if not record.active:
        problems.append(Problem("inactive_person", "/username", {"username": username}))
    if problems:
        raise Refused(problems)
    signing_keys.void(writer, by, username)
    code = credentials.new_code(random)
    credentials.await_enrolment(writer.store, username, code, writer.at_us)
    proofs.keep(writer, username, by=by.username)
    return code


def _begin_with(writer: Writer, username: str, password: str, random: Random) -> PublicKey:
    credentials.set_password(writer.store, username, passwords.hash_password(password))
    key = signing_keys.create(writer, username, password, random=random)
    proofs.keep(writer, username, by=username)
    return key


def _refuse_password(writer: Writer, unit: Unit, username: str, password: str) -> None:
    name = persons.names_of(writer.store, {username}).get(username, "")
    if problems := passwords.refuse_password(password, known=(username, name, unit.name)):
        raise Refused(problems)
