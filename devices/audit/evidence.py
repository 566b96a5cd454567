"""Evidence that stands by itself: a signed payload, the keys, and the journal around it, in one file.

It is checked on a machine that has never seen the database (devices/audit/evidence_checks.py), against key fingerprints
that the checker trusts from elsewhere. The file holds one key and one signature for each role, in the order in which
SIGNABLE names them, then the journal's links from the head that the payload names to the one that sealed it, and the
records of those signatures and of the sealing, which the links cover. There is one way to write it. On whose word each
key is, is the books' word and not signed; it is told with the journal's link that covers it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from devices.audit import signing
from devices.audit.custody.custody_kinds import HANDOVER, HANDOVERS
from devices.audit.custody.handovers import HANDOVER_TYPE, PARTIES
from devices.audit.kinds import SIGNATURE, STOCKTAKE, STOCKTAKES, Signature, signature_key
from devices.audit.month.month_statement import STATEMENT_TYPE
from devices.audit.stocktake import sheet
from devices.audit.stocktake.sheet import Signer
from devices.audit.stocktake.stocktakes import SIGNING_ROLES
from devices.chain import Link
from devices.ledger.posting.closed_months import MONTH, MONTHS, month_key
from devices.people.kinds import KEY, PublicKey
from devices.problems import refuse
from devices.records import RecordKind
from devices.store.database import Row, Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Links, Revisions
from devices.store.tables.people import PublicKeys

BUNDLE_FORMAT = 3
"""The first format did not tell on whose word the keys are, the second not which links are the signatures'."""

_LINKS = compiled(
    Links.select(*(getattr(Links, name) for name in Link.__struct_fields__))
    .where(Links.site == GIVEN, Links.seq >= GIVEN, Links.seq <= GIVEN)
    .order_by(Links.seq)
)
_LAST_REVISION = compiled(
    Revisions.select(Revisions.journal_seq, Revisions.revision, Revisions.made_by, Revisions.content)
    .where(Revisions.kind == GIVEN, Revisions.key == GIVEN)
    .order_by(Revisions.revision.desc())
    .limit(1)
)
_LAST_REVISIONS_OF_KEYS = compiled(
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


class Signable(msgspec.Struct, frozen=True):
    """Who signs a payload of one type, in this order; the kind of record it is of, and its state once sealed."""

    roles: tuple[str, ...]
    kind: RecordKind
    sealed: str


SIGNABLE: dict[str, Signable] = {
    sheet.PAYLOAD_TYPE: Signable(SIGNING_ROLES, STOCKTAKE, STOCKTAKES.step["seal"].after),
    STATEMENT_TYPE: Signable(SIGNING_ROLES, MONTH, MONTHS.step["seal"].after),
    HANDOVER_TYPE: Signable(PARTIES, HANDOVER, HANDOVERS.step["complete"].after),
}
"""By payload type."""


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


class Journalled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A revision of a record as it was journalled; the links beside it have one that names and covers it."""

    revision: int
    made_by: str
    content: str


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One file of evidence. `links` begin at the head that the payload names.

    `records`, which the first two formats did not have, are those of the signatures and then that of what is sealed;
    its link is the last, unless the links go on to a head that somebody holds.
    """

    format: int
    envelope: Envelope
    keys: tuple[EvidenceKey, ...]
    links: tuple[Link, ...]
    records: tuple[Journalled, ...] = ()


class PayloadHeader(msgspec.Struct, frozen=True):
    """What the head of every payload says: the journal's head, who may sign, and what it is of."""

    journal: str
    seq: int
    hash: str
    signers: tuple[Signer, ...]
    number: str | None = None
    site: str = ""
    register: str = ""
    month: str = ""

    @property
    def subject(self) -> str:
        """The key of the record it is of: its number, or a month's own key."""
        return self.number or month_key(self.site, self.register, self.month)


class _Headed(msgspec.Struct, frozen=True):
    header: PayloadHeader


def header_of_payload(content: bytes) -> PayloadHeader:
    """What a payload says of itself. Raises msgspec's errors, RecursionError for what has no such head."""
    return msgspec.json.decode(content, type=_Headed).header


def named_records(signable: Signable, subject: str) -> list[tuple[str, str]]:
    """Kind and key of each record that the evidence of a subject has: its signatures, and the subject itself."""
    given = [(SIGNATURE.name, signature_key(subject, role)) for role in signable.roles]
    return [*given, (signable.kind.name, subject)]


def bundle_of(
    store: Store, payload: signing.Payload, signatures: Sequence[Signature], *, until: int = 0
) -> Bundle:
    """The evidence for a payload that is sealed. Its links go on to the one numbered `until`, if that comes later.

    Raises Refused (`not_sealed`), naming whose signatures are missing.
    """
    signable, by_role = SIGNABLE[payload.type], {each.role: each for each in signatures}
    if missing := [role for role in signable.roles if role not in by_role]:
        raise refuse("not_sealed", subject=payload.subject, parties=missing)
    given = [by_role[role] for role in signable.roles]
    seqs, records = _journalled(store, named_records(signable, payload.subject))
    header = header_of_payload(payload.content)
    rows = store.rows(_LINKS, (header.journal, header.seq, max(*seqs, until)))
    envelope = msgspec.convert(signing.envelope_of(payload, given), Envelope)
    return Bundle(BUNDLE_FORMAT, envelope, _keys(store, given), tuple(Link(*row) for row in rows), records)


def _journalled(store: Store, names: Sequence[tuple[str, str]]) -> tuple[list[int], tuple[Journalled, ...]]:
    """The last revision of each record, and the numbers of the links that cover them."""
    rows = [store.row(_LAST_REVISION, name) for name in names]
    found = [row for row in rows if row is not None]
    assert len(found) == len(names), "what is signed is journalled"
    return [row[0] for row in found], tuple(Journalled(*row[1:]) for row in found)


def _keys(store: Store, given: Sequence[Signature]) -> tuple[EvidenceKey, ...]:
    rows = store.rows_in(_LAST_REVISIONS_OF_KEYS, sorted(each.fingerprint for each in given))
    words = {row[0]: row for row in rows}
    keys = signing.keys_of_signatures(store, list(given))
    return tuple(_evidence_key(key, words[key.fingerprint]) for key in keys)


def _evidence_key(key: PublicKey, row: Row) -> EvidenceKey:
    """A key with its last revision: key, revision, who made it, content, and the link's columns."""
    _, revision, made_by, content, *link = row
    word = KeyWord(key.let_in_by, key.confirmed_by, revision, made_by, content, Link(*link))
    return EvidenceKey(key.fingerprint, key.username, key.public_hex, word)


def written(bundle: Bundle) -> bytes:
    """The one way to write a bundle."""
    return msgspec.json.format(msgspec.json.encode(bundle), indent=1) + b"\n"
