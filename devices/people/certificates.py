"""Technicians' certificates: written by administrators, asked for before somebody is sent to a customer.

What writes runs inside `store.writing()` with a Writer that holds the UNIT journal.
"""

from __future__ import annotations

from datetime import date

import msgspec
from peewee import JOIN

from devices import records
from devices.calendar import read_day
from devices.journal import Writer
from devices.paperwork.dispatches import TECHNICIAN
from devices.people.certified import CertificateEnding, Certified, ending_on, lack_on
from devices.people.kinds import CERTIFICATE, PERSON, Certificate
from devices.people.persons import read_name, record_of
from devices.people.roles import Person, not_an_administrator
from devices.people.signing_keys import refuse_waiting
from devices.problems import Problem, Refused, refuse
from devices.records import Personal, Written
from devices.store.database import Row, Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import PersonalData, Records
from devices.store.tables.people import Persons, RoleGrants
from devices.texts.characters import tidied
from devices.unit import Unit

_PERSONAL = (
    (PersonalData.kind == CERTIFICATE.name) & (PersonalData.key == Records.key) & (PersonalData.latest == 1)
)
_EVERY = (
    Records.select(Records.content, PersonalData.content, Records.revision)
    .join(PersonalData, JOIN.LEFT_OUTER, on=_PERSONAL)
    .where(Records.kind == CERTIFICATE.name)
)
_CERTIFICATES = compiled(_EVERY.order_by(Records.key))
_CERTIFICATE = compiled(_EVERY.where(Records.key == GIVEN))
_OF_PERSON = (Records.kind == CERTIFICATE.name) & (Records.key == RoleGrants.username)
_GRANT = (RoleGrants.role == TECHNICIAN) & (RoleGrants.site == GIVEN) & (RoleGrants.active == 1)
_STANDING = compiled(
    Persons.select(Persons.active, RoleGrants.role, Records.day)
    .join(RoleGrants, JOIN.LEFT_OUTER, on=(RoleGrants.username == Persons.username) & _GRANT)
    .join_from(
        Persons,
        Records,
        JOIN.LEFT_OUTER,
        on=(Records.kind == CERTIFICATE.name) & (Records.key == Persons.username),
    )
    .where(Persons.username == GIVEN)
)
_TECHNICIANS = compiled(
    RoleGrants.select(RoleGrants.username, PersonalData.content, Records.day)
    .join(Persons, on=(Persons.username == RoleGrants.username) & (Persons.active == 1))
    .join_from(RoleGrants, Records, on=_OF_PERSON)
    .join_from(
        RoleGrants,
        PersonalData,
        JOIN.LEFT_OUTER,
        on=(PersonalData.kind == PERSON.name)
        & (PersonalData.key == RoleGrants.username)
        & (PersonalData.latest == 1),
    )
    .where(_GRANT, Records.day >= GIVEN)
    .order_by(RoleGrants.username)
)

_LAST_DAYS = compiled(
    RoleGrants.select(RoleGrants.username, Records.day)
    .distinct()
    .join(Records, JOIN.LEFT_OUTER, on=_OF_PERSON)
    .where(RoleGrants.role == TECHNICIAN, RoleGrants.active == 1)
    .order_by(RoleGrants.username)
)


class CertificateData(msgspec.Struct, frozen=True):
    """The personal data of a certificate: its number, and who issued it."""

    number: str
    issuer: str


class Kept(msgspec.Struct, frozen=True):
    """A certificate as administrators see it, with its revision; `data` is None once erased."""

    certificate: Certificate
    data: CertificateData | None
    revision: int


class Technician(msgspec.Struct, frozen=True):
    """Somebody who may be sent, with the last day (ISO) of their certificate, and whether that is soon."""

    username: str
    name: str
    valid_until: str
    expires_soon: bool


def set_certificate(
    writer: Writer,
    unit: Unit,
    by: Person,
    username: str,
    data: CertificateData,
    valid_until: str,
    *,
    reason: str | None = None,
    expected: int | None = None,
) -> Written:
    """Write a person's certificate, renew it, or end it sooner, which takes a reason.

    `expected` is the revision seen, 0 where there is none yet. Raises Refused: `unknown_person`, `role_missing`,
    `certifying_oneself`, `inactive_person`, `certificate_erased`, `empty_text`, `malformed_date`, `reason_required`,
    `if_match_failed`.
    """
    person = record_of(writer.store, username)
    before = certificate_of(writer.store, username)
    problems = not_an_administrator(by)
    if by.username == username:
        problems.append(Problem("certifying_oneself", "/username"))
    if not person.active:
        problems.append(Problem("inactive_person", "/username", {"username": username}))
    if before is not None and before.certificate.erased:
        problems.append(Problem("certificate_erased", "/username", {"username": username}))
    data = CertificateData(tidied(data.number), tidied(data.issuer))
    problems += [
        Problem("empty_text", f"/{field}", {"field": f"certificate_{field}"})
        for field, text in msgspec.structs.asdict(data).items()
        if not text
    ]
    reason = tidied(reason or "") or None
    if read_day(valid_until) is None:
        problems.append(Problem("malformed_date", "/valid_until", {"date": valid_until}))
    elif before is not None and valid_until < before.certificate.valid_until and reason is None:
        problems.append(Problem("reason_required", "/reason"))
    if problems:
        raise Refused(problems)
    revision = before.revision if before else 0
    if expected not in (None, revision):
        raise refuse("if_match_failed", revision=revision)
    value = Certificate(username, valid_until, reason)
    personal = Personal(records.encode(data))
    return records.write(
        writer, CERTIFICATE, value, by=by.username, expected=revision, personal=personal, secret=unit.secret
    )[1]


def erase_certificate(writer: Writer, by: Person, username: str) -> Written:
    """Erase for good the number and issuer of the certificate of somebody who has left; its days stay.

    Raises Refused: `unknown_person`, `role_missing`, `not_found` where there is none, `still_active`,
    `certificate_erased`, `key_not_confirmed`.
    """
    person, kept = record_of(writer.store, username), certificate_of(writer.store, username)
    if problems := not_an_administrator(by):
        raise Refused(problems)
    refuse_waiting(writer.store, by.username)
    if kept is None:
        raise refuse("not_found")
    if person.active:
        raise refuse("still_active", username=username)
    if kept.certificate.erased:
        raise refuse("certificate_erased", username=username)
    changed = msgspec.structs.replace(kept.certificate, commitment="", erased=True)
    written = records.write(writer, CERTIFICATE, changed, by=by.username, expected=kept.revision)[1]
    records.erase_personal(writer.store, CERTIFICATE, username)
    return written


def certificate_of(store: Store, username: str) -> Kept | None:
    """A person's certificate, valid or not; None where they never had one."""
    row = store.row(_CERTIFICATE, (username,))
    return _kept(row) if row else None


def every_certificate(store: Store) -> dict[str, Kept]:
    """Every certificate there is, valid or not, by its person's username."""
    return {each.certificate.username: each for each in map(_kept, store.rows(_CERTIFICATES))}


def certificate_standing(store: Store, username: str, site: str, day: date) -> Certified:
    """How somebody stands as a technician of a site on a day, whoever they are: nobody has no role."""
    active, role, valid_until = store.row(_STANDING, (site, username)) or (0, None, None)
    why = lack_on(day, has_role=bool(active and role), valid_until=valid_until)
    return Certified(username, site, why, valid_until)


def technicians_of(store: Store, site: str, day: date) -> list[Technician]:
    """Who may be sent by a site on a day, by username."""
    rows = store.rows(_TECHNICIANS, (site, day.isoformat()))
    return [
        Technician(username, read_name(content) or username, until, ending_on(day, until) == "soon")
        for username, content, until in rows
    ]


def endings(store: Store, day: date) -> dict[str, CertificateEnding]:
    """What is to be told of the technicians' certificates on a day, by username; nothing of one valid for long."""
    told = {username: ending_on(day, until) for username, until in store.rows(_LAST_DAYS)}
    return {username: ending for username, ending in told.items() if ending is not None}


def _kept(row: Row) -> Kept:
    content, personal, revision = row
    data = msgspec.json.decode(personal, type=CertificateData) if personal else None
    return Kept(msgspec.json.decode(content, type=Certificate), data, revision)
