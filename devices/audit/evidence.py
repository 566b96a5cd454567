"""Evidence that stands by itself: a signed payload, the keys, and the journal's links around it, in one file.

It is checked on a machine that has never seen the database, against key fingerprints that the checker trusts from
elsewhere. Every byte of the file is covered: by the signatures, by the links' hashes, or by being the one way to
write the same content. On whose word each key is, is the books' word and not signed; it is told with the journal's
link that covers it. Pure, but for `bundle_of`, which reads what it bundles.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

import msgspec

from devices.audit import signing, vouching
from devices.audit.custody import handovers
from devices.audit.kinds import Signature
from devices.audit.month import month_statement
from devices.audit.stocktake import sheet
from devices.audit.stocktake.sheet import Signer
from devices.chain import LINK_FORMAT, Link, digest_of
from devices.people.kinds import KEY, PublicKey
from devices.records import revision_digest
from devices.store.database import Row, Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Links, Revisions
from devices.store.tables.people import PublicKeys

_Standing = Literal["holds", "untrusted", "broken", "missing"]

_ROLES: dict[str, tuple[str, ...]] = {
    sheet.PAYLOAD_TYPE: ("storekeeper", "auditor"),
    month_statement.STATEMENT_TYPE: ("storekeeper", "auditor"),
    handovers.HANDOVER_TYPE: handovers.PARTIES,
}
"""Whose signatures a payload needs, by its type."""

BUNDLE_FORMAT = 2
"""The first format did not tell on whose word the keys are."""
_LINKS = compiled(
    Links.select(*(getattr(Links, name) for name in Link.__struct_fields__))
    .where(
        Links.site == GIVEN,
        Links.seq >= GIVEN,
        (Links.seq == GIVEN) | (Links.recorded_at <= GIVEN),
    )
    .order_by(Links.seq)
)
_LAST_REVISIONS = compiled(
    Revisions.select(
        Revisions.key,
        Revisions.revision,
        Revisions.made_by,
        Revisions.content,
        *(getattr(Links, name) for name in Link.__struct_fields__),
    )
    .join(
        PublicKeys,
        on=(PublicKeys.fingerprint == Revisions.key) & (PublicKeys.revision == Revisions.revision),
    )
    .join_from(
        Revisions, Links, on=(Links.site == Revisions.journal_site) & (Links.seq == Revisions.journal_seq)
    )
    .where(Revisions.kind == KEY.name, Revisions.key.in_(EACH))
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


class KeyWord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On whose word a key is, as of its last revision: who let its owner in, and who else has confirmed it.

    `content` is that revision as it was journalled, `link` the unit's link that covers it.
    """

    let_in_by: str | None
    confirmed_by: str | None
    revision: int
    made_by: str
    content: str
    link: Link


class EvidenceKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The public half of a key that signed, and on whose word it is, which the first format did not tell."""

    fingerprint: str
    username: str
    public_hex: str
    word: KeyWord | None = None


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
    """How one role's signature stands, and why it does not hold; `word` is on whose word its key is, if told."""

    role: str
    standing: _Standing
    username: str | None = None
    fingerprint: str | None = None
    why: str | None = None
    word: KeyWord | None = None


class Report(msgspec.Struct, frozen=True):
    """What a file of evidence is worth: a signature per role, and everything else that is wrong with it.

    `let_in_by_one`: by what the file tells of the keys, one person may have given every signature; no fault.
    """

    payload_type: str | None
    digest: str | None
    signatures: tuple[Checked, ...]
    faults: tuple[str, ...]
    let_in_by_one: bool = False

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
    words = {
        row[0]: row for row in store.rows_in(_LAST_REVISIONS, sorted(each.fingerprint for each in given))
    }
    keys = [_evidence_key(key, words[key.fingerprint]) for key in signing.keys_of_signatures(store, given)]
    envelope = msgspec.convert(signing.envelope_of(payload, given), Envelope)
    return Bundle(BUNDLE_FORMAT, envelope, tuple(keys), tuple(Link(*row) for row in rows))


def _evidence_key(key: PublicKey, row: Row) -> EvidenceKey:
    """A key with its last revision: key, revision, who made it, content, and the link's columns."""
    _, revision, made_by, content, *link = row
    word = KeyWord(key.let_in_by, key.confirmed_by, revision, made_by, content, Link(*link))
    return EvidenceKey(key.fingerprint, key.username, key.public_hex, word)


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
    faults += [
        *_chain_faults(bundle.links, header), *_stranger_faults(bundle, header), *_word_faults(bundle),
    ]  # fmt: skip
    roles = _ROLES.get(bundle.envelope.payload_type)
    if roles is None:
        faults.append(f"an unknown type of payload, {bundle.envelope.payload_type}")
    content_of = signing.Payload("", "", bundle.envelope.payload_type, payload)
    checked = tuple(_checked(role, bundle, header, content_of, trusted) for role in roles or ())
    people = [each.username for each in checked if each.username]
    if len(set(people)) < len(people):
        faults.append("one person has signed twice")
    return Report(
        bundle.envelope.payload_type,
        digest,
        checked,
        tuple(faults),
        vouching.let_in_by_one(_vouched(checked)),
    )


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
        why = "the key is not among those you trust"
        return Checked(role, "untrusted", username, fingerprint, why, key.word)
    return Checked(role, "holds", username, fingerprint, word=key.word)


def _vouched(checked: Sequence[Checked]) -> list[vouching.Vouched]:
    """The signatures there are, with whose word each is given on; one whose key does not tell leaves nothing to say."""
    return [
        vouching.Vouched(
            each.role, each.username, each.fingerprint, 0, each.word.let_in_by, each.word.confirmed_by
        )
        for each in checked
        if each.username and each.fingerprint and each.word
    ]


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
        if not _is_whole(link):
            yield f"link {name}: its hash is not that of its content"
        if previous and (link.site, link.seq, link.previous) != (
            previous.site,
            previous.seq + 1,
            previous.hash,
        ):
            yield f"link {name}: it does not continue the link before it"
        previous = link


def _is_whole(link: Link) -> bool:
    return link.format == LINK_FORMAT and digest_of(msgspec.structs.astuple(link)[:-1]) == link.hash


def _word_faults(bundle: Bundle) -> Iterator[str]:
    """On whose word each key is, is told since the second format, and is what its link covers."""
    if bundle.format not in (1, BUNDLE_FORMAT):
        yield f"an unknown format of evidence, {bundle.format}"
    for key in bundle.keys:
        if (key.word is not None) != (bundle.format >= BUNDLE_FORMAT):
            yield f"key {key.fingerprint}: the format {bundle.format} says otherwise of whether its word is told"
        if key.word is not None and not _is_covered(key, key.word):
            yield f"key {key.fingerprint}: on whose word it is, is not what its link covers"


def _is_covered(key: EvidenceKey, word: KeyWord) -> bool:
    """Whether what is told of a key is in the content of its revision, and that under the link beside it."""
    link, name = word.link, key.fingerprint
    digest = revision_digest(KEY.name, name, word.revision, word.made_by, link.recorded_at, word.content)
    if not _is_whole(link) or (link.kind, link.reference, link.digest) != (
        KEY.name, f"{name}@{word.revision}", digest,
    ):  # fmt: skip
        return False
    try:
        told = msgspec.json.decode(word.content, type=PublicKey)
    except msgspec.DecodeError:
        return False
    return (told.fingerprint, told.username, told.public_hex, told.let_in_by, told.confirmed_by) == (
        name, key.username, key.public_hex, word.let_in_by, word.confirmed_by,
    )  # fmt: skip


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
