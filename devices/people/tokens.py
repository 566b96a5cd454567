"""Outlet tokens: `panku_<id>_<secret>_<checksum>`, for programs; read or post, at one site, until a day.

Whoever issues a token knows its secret, so one that posts waits until its person has confirmed it with their password.

The visible prefix and the checksum let a scanner of leaked secrets know one, and let a mistyped one be refused
without asking the database. Only the SHA-256 of the whole is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Iterable

import msgspec
from peewee import JOIN

from devices import records
from devices.journal import Writer
from devices.people.grants import refuse_site
from devices.people.kinds import TOKEN, Token
from devices.people.roles import IN_A_PERSONS_NAME, SUPERVISOR, Person, not_an_administrator, refuse_scopes
from devices.people.sealing import Random
from devices.problems import Problem, Refused, refuse
from devices.records import Written
from devices.store.database import Row, Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.people import Persons, RoleGrants, Tokens
from devices.values import UNIT

DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_BYTES, ID_LENGTH = 7, 10
SECRET_BYTES, SECRET_LENGTH = 32, 43  # 62^43 > 2^256
CHECKSUM_LENGTH = 6
FORM = re.compile(
    rf"(panku_([0-9A-Za-z]{{{ID_LENGTH}}})_[0-9A-Za-z]{{{SECRET_LENGTH}}}_)([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)

_BEARER = compiled(
    Tokens.select(
        Tokens.digest,
        Tokens.label,
        Tokens.site,
        Tokens.scopes,
        Tokens.username,
        Tokens.confirmed,
        Persons.active,
        RoleGrants.role,
    )
    .join(Persons, JOIN.LEFT_OUTER, on=Persons.username == Tokens.username)
    .join_from(
        Tokens,
        RoleGrants,
        JOIN.LEFT_OUTER,
        on=(RoleGrants.username == Tokens.username)
        & ((RoleGrants.site == Tokens.site) | (RoleGrants.role == SUPERVISOR))
        & (RoleGrants.active == 1),
    )
    .where(Tokens.id == GIVEN, Tokens.active == 1, Tokens.expires_at > GIVEN)
)
_TOKEN = compiled(Tokens.select().where(Tokens.id == GIVEN))
_EVERY_TOKEN = compiled(Tokens.select().order_by(Tokens.site, Tokens.id))
_OF_PERSON = compiled(
    Tokens.select().where(Tokens.username == GIVEN, Tokens.active == 1).order_by(Tokens.site, Tokens.id)
)
_ACTIVE_PERSON = compiled(Persons.select(Persons.active).where(Persons.username == GIVEN))


class Issued(msgspec.Struct, frozen=True):
    """A token as written, and its secret, which is shown this once."""

    token: Token
    secret: str


def issue(
    writer: Writer,
    by: Person,
    *,
    label: str,
    site: str,
    scopes: Iterable[str],
    expires_at: int,
    username: str | None = None,
    random: Random = secrets.token_bytes,
) -> Issued:
    """Make a token for a site's program; `expires_at` in UTC microseconds, `username` whose word it posts on.

    Raises Refused: role_missing, empty_text, unknown_site, inactive_site, unknown_scope, token_needs_person,
    token_expiry_past, unknown_person, inactive_person.
    """
    wanted = tuple(sorted(set(scopes)))
    problems = [*not_an_administrator(by), *_refuse_issue(writer, label, site, wanted, expires_at)]
    problems += [*refuse_scopes(wanted, username), *_refuse_person(writer.store, username)]
    if problems:
        raise Refused(problems)
    identity = _base62(random(ID_BYTES), ID_LENGTH)
    secret = _with_checksum(f"panku_{identity}_{_base62(random(SECRET_BYTES), SECRET_LENGTH)}_")
    token = Token(identity, _digest(secret), site, " ".join(wanted), username, expires_at, label.strip())
    token, _ = records.write(writer, TOKEN, token, by=by.username, expected=0)
    return Issued(token, secret)


def revoke_token(writer: Writer, by: Person, identity: str) -> Written:
    """End a token for good; raises Refused: role_missing, not_found (also when it was revoked before)."""
    if problems := not_an_administrator(by):
        raise Refused(problems)
    token = token_of(writer.store, identity)
    if token is None or not token.active:
        raise refuse("not_found")
    return _end(writer, by, token)


def revoke_all_of(writer: Writer, by: Person, username: str) -> None:
    """End every token bound to a person; the caller has asked the rules."""
    for row in writer.store.rows(_OF_PERSON, (username,)):
        _end(writer, by, _token(row))


def confirm_token(writer: Writer, by: Person, identity: str) -> Token:
    """Say that a token acts on one's own word; the caller has asked the password again.

    Raises Refused: person_required; not_found for a token that is not one's own, or has ended; token_not_waiting for
    one that posts already, or only reads.
    """
    token = _own(writer, by, identity)
    if not is_waiting(token):
        raise refuse("token_not_waiting")
    confirmed: Token = records.write(
        writer, TOKEN, msgspec.structs.replace(token, confirmed=True), by=by.username
    )[0]
    return confirmed


def end_own_token(writer: Writer, by: Person, identity: str) -> Written:
    """End a token that acts on one's own word; raises Refused: person_required, not_found."""
    return _end(writer, by, _own(writer, by, identity))


def tokens_of(store: Store, username: str, at_us: int) -> list[Token]:
    """The tokens that act on a person's word and have not ended, by site and id."""
    found = (_token(row) for row in store.rows(_OF_PERSON, (username,)))
    return [token for token in found if token.expires_at > at_us]


def is_waiting(token: Token) -> bool:
    """Whether a token may do nothing in its person's name before they have confirmed it."""
    return not token.confirmed and not IN_A_PERSONS_NAME.isdisjoint(token.scopes.split())


def authenticate(store: Store, secret: str, at_us: int) -> Person:
    """Who a token stands for, in one statement; raises Refused(token_refused) for whatever reason.

    A bound token has its person's roles at its own site alone: a supervisor's too, and no other of the whole unit.
    """
    parts = FORM.fullmatch(secret)
    if parts is None or _with_checksum(parts[1]) != secret:
        raise refuse("token_refused")
    rows = store.rows(_BEARER, (parts[2], at_us))
    if not rows or not hmac.compare_digest(rows[0][0], _digest(secret)):
        raise refuse("token_refused")
    _, label, site, scopes, username, confirmed, active, _ = rows[0]
    if username is not None and not active:
        raise refuse("token_refused")
    return Person(
        username=username or "",
        name=label,
        roles=frozenset((row[-1], site) for row in rows if row[-1]),
        via="token",
        token=parts[2],
        site=site,
        scopes=frozenset(scopes.split()),
        confirmed=bool(confirmed),
    )


def token_of(store: Store, identity: str) -> Token | None:
    """A token by its id, ended ones too; None where there is none."""
    row = store.row(_TOKEN, (identity,))
    return _token(row) if row else None


def every_token(store: Store) -> list[Token]:
    """Every token there ever was, by site and id."""
    return [_token(row) for row in store.rows(_EVERY_TOKEN)]


def _own(writer: Writer, by: Person, identity: str) -> Token:
    if by.via != "session":
        raise refuse("person_required")
    for token in tokens_of(writer.store, by.username, writer.now_us):
        if token.id == identity:
            return token
    raise refuse("not_found")


def _end(writer: Writer, by: Person, token: Token) -> Written:
    ended = msgspec.structs.replace(token, active=False)
    return records.write(writer, TOKEN, ended, by=by.username)[1]


def _token(row: Row) -> Token:
    token: Token = records.value_of(TOKEN, row)[0]
    return token


def _refuse_issue(
    writer: Writer, label: str, site: str, scopes: tuple[str, ...], expires_at: int
) -> list[Problem]:
    problems = [] if label.strip() else [Problem("empty_text", "/label", {"field": "label"})]
    if not scopes:
        problems.append(Problem("empty_text", "/scopes", {"field": "scopes"}))
    if site == UNIT:
        problems.append(Problem("unknown_site", "/site", {"site": site}))
    problems += refuse_site(writer.store, site)
    if expires_at <= writer.now_us:
        problems.append(Problem("token_expiry_past", "/expires_at"))
    return problems


def _refuse_person(store: Store, username: str | None) -> list[Problem]:
    if username is None:
        return []
    row = store.row(_ACTIVE_PERSON, (username,))
    if row and row[0]:
        return []
    return [Problem("inactive_person" if row else "unknown_person", "/username", {"username": username})]


def _with_checksum(beginning: str) -> str:
    return beginning + _base62(zlib.crc32(beginning.encode()).to_bytes(4, "big"), CHECKSUM_LENGTH)


def _base62(value: bytes, length: int) -> str:
    number, text = int.from_bytes(value, "big"), ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
