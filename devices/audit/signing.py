"""Signatures over what people answer for: a sheet, a closed month, a handover.

A signature is Ed25519 over DSSE's pre-authentication encoding of the payload, by the key that only the person's
password opens. It proves two re-authentications, not independence from whoever runs the server.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import Signature as DsseSignature  # type: ignore[attr-defined]

from devices import records
from devices.audit.kinds import SIGNATURE, Signature, signature_key
from devices.journal import Writer
from devices.moments.spans import is_over
from devices.people.kinds import PublicKey
from devices.people.roles import Person
from devices.people.signing_keys import key_by_fingerprint
from devices.problems import refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Records

_SIGNATURES = compiled(
    Records.select(Records.content)
    .where(Records.kind == SIGNATURE.name, Records.key > GIVEN, Records.key < GIVEN)
    .order_by(Records.key)
)
REAUTHENTICATION_LASTS_US = 120_000_000
"""A signature takes effect at most this long after the password was entered.

See docs/decisions.md, "A signature's two minutes".
"""

Key = tuple[PublicKey, Ed25519PrivateKey]


class Signing(msgspec.Struct, frozen=True):
    """What somebody signs with, and as what: `digest` is that of what they saw.

    Their password opened the `key` at `authenticated_at_us`; `session` is the digest of the session they did it in.
    """

    by: Person
    role: str
    key: Key
    digest: str
    session: str
    authenticated_at_us: int


class Payload(msgspec.Struct, frozen=True):
    """What is signed: of which subject and site, the DSSE payload type, and the bytes."""

    subject: str
    site: str
    type: str
    content: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def sign(writer: Writer, payload: Payload, given: Signing) -> Signature:
    """Sign in a role, with a key that its owner's password has just opened; journalled.

    Raises Refused: `digest_differs` when what the person saw is no longer what is signed, `signed_already`,
    `same_person_twice`, `same_session_twice`, `reauthentication_expired`.
    """
    public, private = given.key
    if is_over(given.authenticated_at_us, REAUTHENTICATION_LASTS_US, writer.now_us):
        raise refuse("reauthentication_expired")
    if not hmac.compare_digest(given.digest, payload.digest):
        raise refuse("digest_differs", "/digest", digest=payload.digest)
    for other in standing(writer.store, payload.subject, payload.digest):
        if other.role == given.role:
            raise refuse("signed_already", "/role", role=given.role, username=other.username)
        if other.username == public.username:
            raise refuse("same_person_twice", "/role", username=other.username)
        if other.session == given.session:
            raise refuse("same_session_twice")
    value = Signature(
        subject=payload.subject,
        site=payload.site,
        role=given.role,
        username=public.username,
        fingerprint=public.fingerprint,
        digest=payload.digest,
        signature=private.sign(_encoded(payload)).hex(),
        signed_at=writer.at_us,
        session=given.session,
    )
    return records.write(writer, SIGNATURE, value, by=public.username)[0]


def _encoded(payload: Payload) -> bytes:
    """DSSE's pre-authentication encoding of a payload: its type and content with their lengths."""
    return bytes(Envelope(payload.content, payload.type, {}).pae())


def standing(store: Store, subject: str, digest: str) -> list[Signature]:
    """The signatures over exactly this digest that are not void, by role."""
    return [each for each in _given(store, subject) if not each.void and each.digest == digest]


def void(writer: Writer, subject: str, *, by: str) -> list[str]:
    """Void every signature of a subject, since it has changed; returns the roles whose signatures were voided."""
    standing_yet = [each for each in _given(writer.store, subject) if not each.void]
    for each in standing_yet:
        records.write(writer, SIGNATURE, msgspec.structs.replace(each, void=True), by=by)
    return [each.role for each in standing_yet]


def _given(store: Store, subject: str) -> list[Signature]:
    """Every signature of a subject, void ones too, by role."""
    rows = store.rows(_SIGNATURES, (signature_key(subject, ""), signature_key(subject, "~")))
    return [msgspec.json.decode(content, type=Signature) for (content,) in rows]


def envelope_of(payload: Payload, signatures: list[Signature]) -> dict[str, object]:
    """The DSSE envelope: the payload in base64 and every signature under its key's fingerprint."""
    signed = {each.fingerprint: DsseSignature(each.fingerprint, each.signature) for each in signatures}
    envelope: dict[str, object] = Envelope(payload.content, payload.type, signed).to_dict()
    return envelope


def verifies(payload: Payload, signature: bytes, public: bytes) -> bool:
    """Whether a signature is this key's over this payload."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _encoded(payload))
    except (InvalidSignature, ValueError):
        return False
    return True


def verifies_hex(payload: Payload, signature: str, public: str) -> bool:
    """The same of a signature and a key as they are stored; what is not hex does not verify."""
    try:
        return verifies(payload, bytes.fromhex(signature), bytes.fromhex(public))
    except (TypeError, ValueError):
        return False


def keys_of_signatures(store: Store, signatures: list[Signature]) -> list[PublicKey]:
    """The public halves of the keys that signed."""
    found = [key_by_fingerprint(store, each.fingerprint) for each in signatures]
    return [key for key in found if key is not None]
