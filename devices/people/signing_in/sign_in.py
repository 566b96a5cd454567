"""Signing in, who a session belongs to, and entering the password again for a review or a signature.

These open their own transactions, on the session store and shortly on the books': call them outside of any.
"""

from __future__ import annotations

import secrets

import msgspec

from devices.journal import open_journals
from devices.people import credentials, passwords, persons, proofs
from devices.people.credentials import Credential
from devices.people.roles import Person
from devices.people.sealing import Random
from devices.people.signing_in import sessions, throttle
from devices.problems import refuse
from devices.store.database import Store
from devices.values import UNIT


class SignedIn(msgspec.Struct, frozen=True):
    """A fresh session: its secret, for the cookie, and who it belongs to."""

    secret: str
    person: Person


def sign_in(
    store: Store,
    session_store: Store,
    *,
    username: str,
    password: str,
    address: str,
    at_us: int,
    previous: str | None = None,
    random: Random = secrets.token_bytes,
) -> SignedIn:
    """Begin a session; `address` is the client's, `previous` the secret of a session that ends with this.

    An unknown username costs the same work and gives the same answer as a wrong password. Raises Refused:
    wrong_credentials, throttled.
    """
    found = _proved(store, session_store, username, password, address, at_us)
    person = persons.person_of(store, username, generation=found.generation) if found else None
    if found is None or person is None:
        raise refuse("wrong_credentials")
    secret = sessions.begin(
        session_store,
        username,
        found.generation,
        at_us,
        previous=previous,
        address=address,
        random=random,
    )
    return SignedIn(secret, person)


def person_of_session(store: Store, session_store: Store, secret: str, at_us: int) -> Person:
    """Whose session it is, with the roles they have now; two statements. Raises Refused(session_ended)."""
    session = sessions.find(session_store, secret, at_us)
    person = session and persons.person_of(store, session.username, generation=session.generation)
    if not person:
        raise refuse("session_ended")
    return person


def reauthenticate(
    store: Store, session_store: Store, person: Person, password: str, address: str, at_us: int
) -> None:
    """Ask the person's password again; raises Refused: person_required, wrong_password, throttled."""
    if person.via != "session":
        raise refuse("person_required")
    if _proved(store, session_store, person.username, password, address, at_us, in_session=True) is None:
        raise refuse("wrong_password", "/password")


def _proved(
    store: Store,
    session_store: Store,
    username: str,
    password: str,
    address: str,
    at_us: int,
    *,
    in_session: bool = False,
) -> Credential | None:
    """The credential that the password proves, its hash brought up to date; None where it proves none."""
    tried = throttle.attempt(session_store, username, address, at_us, in_session=in_session)
    found = credentials.credential_of(store, username)
    stored = found.password_hash if found else None
    right = passwords.password_matches(stored, password)
    throttle.settle(session_store, tried, at_us, right=right)
    if not right or found is None or stored is None:
        return None
    if passwords.outdated(stored):
        renewed = passwords.hash_password(password)
        with store.writing():
            writer = open_journals(store, [UNIT], at_us)
            if credentials.renew_hash(store, found, renewed):
                proofs.keep_proof(writer, username, by=username)
    return found
