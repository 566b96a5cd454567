"""What every signature asks of its signer, and how one is shown: of sheets, closed months and handovers."""

from __future__ import annotations

import hashlib

import msgspec

from api.calls import Call
from api.resources.documents import confirm_password
from api.wire import times
from api.wire.secret_fields import Password
from devices.audit.signing import Signing
from devices.audit.vouching import Vouched
from devices.people import signing_keys
from devices.texts.lengths import Digest, Word


class SignatureBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signature: in which role, over the digest one has seen, with the password again."""

    role: Word
    digest: Digest
    password: Password


class SignatureAnswer(msgspec.Struct, frozen=True):
    """One standing signature.

    `let_in_by` issued the code that the signer signed up with, `confirmed_by` has confirmed the key since; null where
    that is not recorded, and where nobody has.
    """

    role: str
    username: str
    fingerprint: str
    signed_at: times.Told
    let_in_by: str | None
    confirmed_by: str | None


def shown_signature(each: Vouched) -> SignatureAnswer:
    """A signature as it is shown."""
    facts = msgspec.structs.asdict(each)
    return SignatureAnswer(**{**facts, "signed_at": times.shown(each.signed_at)})


def unlock_key(call: Call) -> None:
    """Make sure that it is still the person, by their password, and open their signing key with it.

    Both are slow on purpose, so it is done before the transaction.
    """
    confirm_password(call)
    call.signing_key = signing_keys.open_key(call.store, call.who.username, call.body.password)


def signing_of(call: Call) -> Signing:
    """With what and as what the caller signs; of the session a signature keeps the digest."""
    session = hashlib.sha256((call.session or "").encode()).hexdigest()
    return Signing(call.who, call.body.role, call.signing_key, call.body.digest, session, call.at_us)
