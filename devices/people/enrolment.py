"""How a person comes by a password: the first administrator, sign-up by code, changing it, an administrator's reset.

What judges, hashes and seals a password is slow on purpose and is done first, by `choose` and `choose_anew`, so that
nobody waits for the journal meanwhile. A function with a Writer runs inside `store.writing()` with the UNIT journal
held.
"""

from __future__ import annotations

import secrets

import msgspec

from devices.journal import Writer
from devices.people import credentials, grants, passwords, persons, proofs, signing_keys, tokens
from devices.people.kinds import PublicKey
from devices.people.roles import ADMIN, SYSTEM, Person, not_an_administrator
from devices.people.sealing import Random, Sealed
from devices.people.signing_keys import NewKey, Opened
from devices.problems import Problem, Refused, refuse
from devices.store.database import Store
from devices.unit import Unit
from devices.values import UNIT


class Chosen(msgspec.Struct, frozen=True):
    """A password to begin with: its hash, and a new key sealed under it."""

    password_hash: str
    key: NewKey


class ChosenAnew(msgspec.Struct, frozen=True):
    """A password to take another's place: its hash, the key that the other opened, and its seal under the new one."""

    password_hash: str
    before: Opened
    sealed: Sealed


def choose(
    store: Store, unit: Unit, username: str, password: str, *, random: Random = secrets.token_bytes
) -> Chosen:
    """Judge a password for somebody without one, and make their key.

    Raises Refused: password_too_short, password_too_common.
    """
    _refuse_password(store, unit, username, password)
    return unjudged(username, password, random=random)


def choose_anew(
    store: Store, unit: Unit, username: str, old: str, new: str, *, random: Random = secrets.token_bytes
) -> ChosenAnew:
    """Judge a password for somebody who has another, and seal their key under it.

    Raises Refused: wrong_password, password_too_short, password_too_common.
    """
    before = signing_keys.opened(store, username, old)  # opening the seal proves the old one
    _refuse_password(store, unit, username, new)
    sealed = signing_keys.resealed(before, new, random=random)
    return ChosenAnew(passwords.hash_password(new), before, sealed)


def found_administrator(
    writer: Writer,
    unit: Unit,
    username: str,
    name: str,
    password: str,
    *,
    random: Random = secrets.token_bytes,
) -> PublicKey:
    """Make the first administrator, on the system's word; returns their signing key. Nobody waits for that journal yet.

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
    return begin_administrator(writer, unit, name, unjudged(username, password, random=random))


def begin_administrator(writer: Writer, unit: Unit, name: str, chosen: Chosen) -> PublicKey:
    """Make an administrator on the system's word, with a password that is chosen already; returns their signing key."""
    username = chosen.key.username
    persons.write_new(writer, unit, SYSTEM, username, name)
    grants.grant(writer, SYSTEM, username, ADMIN, UNIT)
    return _begin_with(writer, chosen, let_in_by=SYSTEM.username)


def enrol(writer: Writer, username: str, code: str, chosen: Chosen | None) -> PublicKey:
    """Set one's own password with an enrolment code, which is used up; returns the signing key made.

    The key waits for a second person's confirmation unless it is the person's first. Nothing is chosen where the code
    was no good before. Raises Refused: enrolment_refused (for whatever reason: it does not tell which).
    """
    if chosen is None or not credentials.may_enrol(writer.store, username, code, writer.now_us):
        raise refuse("enrolment_refused")
    assert chosen.key.username == username, "a password chosen for somebody else"
    return _begin_with(writer, chosen, let_in_by=credentials.let_in_by(writer.store, username))


def change_password(writer: Writer, by: Person, chosen: ChosenAnew) -> None:
    """Change one's own password; the signing key is sealed anew, and every session ends, this one too.

    Throttle it: call devices.people.sign_in.reauthenticate before `choose_anew`. Raises Refused: person_required,
    wrong_password where the old one is no longer theirs.
    """
    if by.via != "session":
        raise refuse("person_required")
    signing_keys.reseal(writer, chosen.before, chosen.sealed)
    credentials.set_password(writer.store, by.username, chosen.password_hash)
    proofs.keep_proof(writer, by.username, by=by.username)


def reset_password(writer: Writer, by: Person, username: str, *, random: Random = secrets.token_bytes) -> str:
    """Take a person's password away and return the code they enrol anew with.

    Their key is void, their sessions and tokens end.

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
    signing_keys.void_key(writer, by, username)
    tokens.revoke_all_of(writer, by, username)
    code = credentials.new_code(random)
    credentials.await_enrolment(writer.store, username, code, writer.now_us, by=by.username)
    proofs.keep_proof(writer, username, by=by.username)
    return code


def unjudged(username: str, password: str, *, random: Random = secrets.token_bytes) -> Chosen:
    """A password that nobody judges, with a key: the filled example's people have those that anybody reads."""
    key = signing_keys.new_key(username, password, random=random)
    return Chosen(passwords.hash_password(password), key)


def _begin_with(writer: Writer, chosen: Chosen, *, let_in_by: str | None) -> PublicKey:
    username = chosen.key.username
    credentials.set_password(writer.store, username, chosen.password_hash)
    key = signing_keys.create_key(writer, chosen.key, let_in_by=let_in_by)
    proofs.keep_proof(writer, username, by=username)
    return key


def _refuse_password(store: Store, unit: Unit, username: str, password: str) -> None:
    name = persons.names_of(store, {username}).get(username, "")
    if problems := passwords.refuse_password(password, known=(username, name, unit.name)):
        raise Refused(problems)
