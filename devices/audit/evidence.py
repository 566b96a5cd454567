"""Evidence that stands by itself: a signed payload, the keys, and the journal's links around it, in one file.

It is checked on a machine that has never seen the database, against key fingerprints that the checker trusts from
elsewhere. Every byte of the file is covered: by the signatures, by the links' hashes, or by being the one way to
write the same content. Pure, but for `bundle_of`, which reads what it bundles.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

import msgspec

from devices.audit import signing
from devices.audit.custody import handovers
from devices.audit.kinds import Signature
from devices.audit.month import month_statement
from devices.audit.stocktake import sheet
from devices.audit.stocktake.sheet import Signer
from devices.chain import LINK_FORMAT, Link, digest_of
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Links

_Standing = Literal["holds", "untrusted", "broken", "missing"]

_ROLES: dict[str, tuple[str, ...]] = {
    sheet.PAYLOAD_TYPE: ("storekeeper", "auditor"),
    month_statement.STATEMENT_TYPE: ("storekeeper", "auditor"),
    handovers.HANDOVER_TYPE: handovers.PARTIES,
}
"""Whose signatures a payload needs, by its type."""

BUNDLE_FORMAT = 1
_LINKS = compiled(
    Links.select(*(getattr(Links, name) for name in Link.__struct_fields__))
    .where(
        Links.site == GIVEN,
        Links.seq >= GIVEN,
        (Links.seq == GIVEN) | (Links.recorded_at <= GIVEN),
    )
    .order_by(Links.seq)
)


class EnvelopeSignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature of a DSSE envelope, in base64."""

    keyid: str
    sig: str


class Envelope(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"payload_type": "payloadType"}
):
    """A DSSE envelope."""

    payload: str
    payload_type: str
    signatures: tuple[EnvelopeSignature, ...]


class EvidenceKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public half of a key that signed."""

    fingerprint: str
    username: str
    public_hex: str


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of evidence; `links` are the journal's, from the head that the payload names to the last signature."""

    format: int
    envelope: Envelope
    keys: tuple[EvidenceKey, ...]
    links: tuple[Link, ...]


class _Header(msgspec.Struct, frozen=True):
    journal: str
    seq: int
    hash: str
    signers: tuple[Signer, ...]


class _Signed(msgspec.Struct, frozen=True):
    """What every signed payload says of itself."""

    header: _Header


class Checked(msgspec.Struct, frozen=True):
    """How one role's signature stands, and why it does not hold."""

    role: str
    standing: _Standing
    username: str | None = None
    fingerprint: str | None = None
    why: str | None = None


class Report(msgspec.Struct, frozen=True):
    """What a file of evidence is worth: a signature per role, and everything else that is wrong with it."""

    payload_type: str | None
    digest: str | None
    signatures: tuple[Checked, ...]
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every signature holds, and nothing else is wrong."""
        return not self.faults and all(each.standing == "holds" for each in self.signatures)


def bundle_of(store: Store, payload: signing.Payload, signatures: Sequence[Signature]) -> Bundle:
    """The evidence for a payload that is signed."""
    given = sorted(signatures, key=lambda each: each.role)
    header = msgspec.json.decode(payload.content, type=_Signed).header
    last = max((each.signed_at for each in given), default=0)
    rows = store.rows(_LINKS, (header.journal, header.seq, header.seq, last))
    keys = [
        EvidenceKey(key.fingerprint, key.username, key.public_hex)
        for key in signing.keys_of_signatures(store, given)
    ]
    envelope = msgspec.convert(signing.envelope_of(payload, given), Envelope)
    return Bundle(BUNDLE_FORMAT, envelope, tuple(keys), tuple(Link(*row) for row in rows))


def written(bundle: Bundle) -> bytes:
    """The one way to write a bundle."""
    return msgspec.json.format(msgspec.json.encode(bundle), indent=1) + b"\n"


def check_evidence(content: bytes, trusted: Collection[str]) -> Report:
    """Check a file of evidence; `trusted` are the fingerprints that the checker knows to be the signers'."""
    try:
        bundle = msgspec.json.decode(content, type=Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Report(None, None, (), (f"this is no file of evidence: {error}",))
    faults = [] if written(bundle) == content else ["the file is not written as evidence is written"]
    try:
        payload = _from_base64(bundle.envelope.payload)
        header = msgspec.json.decode(payload, type=_Signed).header
    except (ValueError, RecursionError) as error:  # msgspec's errors and base64's are ValueErrors
        return Report(
            bundle.envelope.payload_type, None, (), (*faults, f"the payload can not be read: {error}")
        )
    digest = hashlib.sha256(payload).hexdigest()
    faults += [*_chain_faults(bundle.links, header), *_stranger_faults(bundle, header)]
    roles = _ROLES.get(bundle.envelope.payload_type)
    if roles is None:
        faults.append(f"an unknown type of payload, {bundle.envelope.payload_type}")
    content_of = signing.Payload("", "", bundle.envelope.payload_type, payload)
    checked = tuple(_checked(role, bundle, header, content_of, trusted) for role in roles or ())
    people = [each.username for each in checked if each.username]
    if len(set(people)) < len(people):
        faults.append("one person has signed twice")
    return Report(bundle.envelope.payload_type, digest, checked, tuple(faults))


def _checked(
    role: str, bundle: Bundle, header: _Header, payload: signing.Payload, trusted: Collection[str]
) -> Checked:
    signers = {each.fingerprint: each.username for each in header.signers if each.role == role}
    given = next((each for each in bundle.envelope.signatures if each.keyid in signers), None)
    if given is None:
        return Checked(role, "missing", why=f"nobody who may sign as {role} has signed")
    fingerprint, username = given.keyid, signers[given.keyid]
    key = next((each for each in bundle.keys if each.fingerprint == fingerprint), None)
    if key is None:
        return Checked(role, "broken", username, fingerprint, "the key is not in the file")
    if not _signs(payload, given, key):
        return Checked(
            role, "broken", username, fingerprint, "the signature is not of this payload by this key"
        )
    if fingerprint not in trusted:
        return Checked(role, "untrusted", username, fingerprint, "the key is not among those you trust")
    return Checked(role, "holds", username, fingerprint)


def _signs(payload: signing.Payload, given: EnvelopeSignature, key: EvidenceKey) -> bool:
    try:
        public, signature = bytes.fromhex(key.public_hex), _from_base64(given.sig)
    except ValueError:
        return False
    genuine = public.hex() == key.public_hex and hashlib.sha256(public).hexdigest() == key.fingerprint
    return genuine and signing.verifies(payload, signature, public)


def _from_base64(text: str) -> bytes:
    """The bytes a text stands for. Raises ValueError unless it is the one way to write them."""
    content = base64.b64decode(text, validate=True)
    if base64.b64encode(content).decode() != text:
        raise ValueError("base64 with bits left over")
    return content


def _chain_faults(links: Sequence[Link], header: _Header) -> Iterator[str]:
    """The links begin at the head that the payload names, and each continues the one before it."""
    if not links or (links[0].site, links[0].seq, links[0].hash) != (header.journal, header.seq, header.hash):
        yield "the links do not begin at the journal's head that the payload names"
    previous: Link | None = None
    for link in links:
        name = f"{link.site}/{link.seq}"
        if link.format != LINK_FORMAT or digest_of(msgspec.structs.astuple(link)[:-1]) != link.hash:
            yield f"link {name}: its hash is not that of its content"
        if previous and (link.site, link.seq, link.previous) != (
            previous.site,
            previous.seq + 1,
            previous.hash,
        ):
            yield f"link {name}: it does not continue the link before it"
        previous = link


def _stranger_faults(bundle: Bundle, header: _Header) -> Iterator[str]:
    """Nobody and no key is in the file that the payload does not name."""
    named = {(each.fingerprint, each.username) for each in header.signers}
    for key in bundle.keys:
        if (key.fingerprint, key.username) not in named:
            yield f"a key that the payload does not name: {key.fingerprint}"
    fingerprints = {fingerprint for fingerprint, _ in named}
    for given in bundle.envelope.signatures:
        if given.keyid not in fingerprints:
            yield f"a signature by a key that the payload does not name: {given.keyid}"
