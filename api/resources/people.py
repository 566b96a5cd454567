"""Sessions, people and their roles over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec

from api.calls import Call, Done, Shown
from api.resources.documents import confirm_password
from api.resources.service.technicians import CertificateAnswer, certificate_answer
from api.wire.paging import page_sorted
from api.wire.secret_fields import OneTimeCode, Password
from api.writing import at_unit
from devices.people import credentials, enrolment, grants, persons
from devices.people.certificates import Kept, certificate_of, every_certificate
from devices.people.signing_in import sessions, sign_in
from devices.problems import refuse
from devices.texts.lengths import Name, Username, Word
from devices.values import UNIT


class SignInBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs in."""

    username: Username
    password: Password


class PersonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person to be; they choose their own password with the enrolment code."""

    username: Username
    name: Name


class NameBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The name of a person as it is shown from now on."""

    name: Name


class EnrolBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The one-time code, and the password a person chooses."""

    code: OneTimeCode
    password: Password


class PasswordBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One's own password, old and new."""

    password: Password
    new: Password


class GrantBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role at a site, or at UNIT for the roles of the whole unit."""

    role: Word
    site: Word = UNIT


class Role(msgspec.Struct, frozen=True):
    """One role at one site."""

    role: str
    site: str


class Me(msgspec.Struct, frozen=True):
    """Who asks: a person with their roles, or a token with its site and scopes."""

    username: str
    name: str
    roles: list[Role]
    via: str
    site: str | None
    scopes: list[str]


class PersonAnswer(msgspec.Struct, frozen=True):
    """A person as administrators see them, with their certificate, if ever they had one.

    `enrolment_code` is told once.
    """

    username: str
    name: str
    active: bool
    roles: list[Role]
    enrolled: bool
    key: str | None
    key_status: str | None
    key_confirmed_by: str | None
    certificate: CertificateAnswer | None
    enrolment_code: str | None = None


def begin_session(call: Call) -> Done:
    """Sign in; the session that the same browser had before ends."""
    call.claimed = call.body.username if credentials.credential_of(call.store, call.body.username) else ""
    signed = sign_in.sign_in(
        call.store,
        call.services.session_store,
        username=call.body.username,
        password=call.body.password,
        address=call.address,
        at_us=call.at_us,
        previous=call.session,
    )
    return Done(201, call.body.username, signed.secret)


def show_begun(call: Call, done: Done) -> Shown:
    """Who signed in, with the session's cookie."""
    person = persons.person_of(call.store, done.key)
    assert person is not None, "who signed in is there"
    return Shown(_me(person), session=done.secret)


def end_session(call: Call) -> Done:
    """Sign out."""
    if call.session is not None:
        sessions.end(call.services.session_store, call.session)
    return Done(204, "")


def show_ended(_: Call, __: Done) -> Shown:
    """Nothing, and the cookie is gone."""
    return Shown(None, session="")


def show_me(call: Call, _: Done) -> Shown:
    """Who asks."""
    return Shown(_me(call.who))


def _me(person: Any) -> Me:
    return Me(
        person.username, person.name, _roles(person.roles), person.via, person.site, sorted(person.scopes)
    )


def _roles(granted: Any) -> list[Role]:
    return [Role(role, site) for role, site in sorted(granted)]


def add_person(call: Call) -> Done:
    """Make a person, who signs up with the code."""
    created = persons.create(at_unit(call), call.unit, call.who, call.body.username, call.body.name)
    return Done(201, call.body.username, created.code)


def reset_person(call: Call) -> Done:
    """Void a person's password and signing key; they enrol again with the new code."""
    username = call.path["username"]
    code = enrolment.reset_password(at_unit(call), call.who, username)
    return Done(200, username, code)


def shut_out(call: Call) -> Done:
    """Shut a person out."""
    persons.deactivate(at_unit(call), call.who, call.path["username"])
    return Done(200, call.path["username"])


def change_name(call: Call) -> Done:
    """Change the name of a person as it is shown."""
    persons.rename(at_unit(call), call.unit, call.who, call.path["username"], call.body.name)
    return Done(200, call.path["username"])


def let_back_in(call: Call) -> Done:
    """Let a person back in, without any role, to sign up anew with the code."""
    created = persons.reactivate(at_unit(call), call.who, call.path["username"])
    return Done(200, call.path["username"], created.code)


def choose_password(call: Call) -> None:
    """Judge and hash the password of somebody whose code is good: slow on purpose, so before the transaction."""
    username = call.path["username"]
    if credentials.may_enrol(call.store, username, call.body.code, call.at_us):
        call.prepared = enrolment.choose(call.store, call.unit, username, call.body.password)


def sign_up(call: Call) -> Done:
    """Sign up: choose a password with the one-time code; this makes one's signing key."""
    username = call.path["username"]
    enrolment.enrol(at_unit(call), username, call.body.code, call.prepared)
    return Done(201, username)


def show_enrolled(call: Call, done: Done) -> Shown:
    """Who has signed up, and with which signing key."""
    return Shown(_person(call, done))


def choose_password_anew(call: Call) -> None:
    """Make sure that it is still the person, then judge and hash the new password, before the transaction."""
    confirm_password(call)
    body = call.body
    call.prepared = enrolment.choose_anew(call.store, call.unit, call.who.username, body.password, body.new)


def replace_password(call: Call) -> Done:
    """Change one's own password."""
    enrolment.change_password(at_unit(call), call.who, call.prepared)
    return Done(200, call.who.username)


def grant_role(call: Call) -> Done:
    """Give a person a role."""
    username = call.path["username"]
    grants.grant(at_unit(call), call.who, username, call.body.role, call.body.site)
    return Done(201, username)


def revoke_role(call: Call) -> Done:
    """Take a role away."""
    username = call.path["username"]
    grants.revoke(at_unit(call), call.who, username, call.body.role, call.body.site)
    return Done(200, username)


def show_person(call: Call, done: Done) -> Shown:
    """One person, with a fresh enrolment code where one was just made."""
    return Shown(_person(call, done))


def show_named_person(call: Call, _: Done) -> Shown:
    """One person, whom the path names."""
    return Shown(_person(call, Done(200, call.path["username"])))


def _person(call: Call, done: Done) -> PersonAnswer:
    for listed in persons.everybody(call.store):
        if listed.username == done.key:
            return _listed(listed, certificate_of(call.store, done.key), done.secret)
    raise refuse("not_found")


def _listed(listed: persons.Listed, kept: Kept | None, code: str | None = None) -> PersonAnswer:
    return PersonAnswer(
        listed.username,
        listed.name,
        listed.active,
        _roles(listed.roles),
        listed.enrolled,
        listed.key,
        listed.key_status,
        listed.key_confirmed_by,
        certificate_answer(listed.username, kept) if kept else None,
        code,
    )


def list_people(call: Call, _: Done) -> Shown:
    """Everybody."""
    kept = every_certificate(call.store)
    return page_sorted(
        call,
        persons.everybody(call.store),
        lambda each: each.username,
        lambda each: _listed(each, kept.get(each.username)),
    )
