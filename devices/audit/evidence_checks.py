"""What `panku verify-evidence` asks of a file of evidence: every byte is covered, and nothing is in it besides.

The bytes are covered by the signatures, by the links' hashes, or by being the one way to write the same content. Each
format is asked what it promised, and what it does not prove is told beside what is wrong.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Literal

import msgspec

from devices.audit import evidence, signing, vouching
from devices.audit.evidence import SIGNABLE, Bundle, EnvelopeSignature, EvidenceKey, KeyWord
from devices.audit.evidence_links import (
    UNREADABLE_JSON,
    Opened,
    from_base64,
    is_bound,
    journalled,
    links_continue,
    no_head_contradicts,
    unbound,
    words_covered,
)
from devices.chain import Held

_Standing = Literal["holds", "untrusted", "broken", "missing"]


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

    `limits` is what it does not prove, though nothing be wrong. `bound` tells whether a head held outside binds its
    links, None where none is held. `let_in_by_one`: by what the file tells of the keys, one person may have given every
    signature; no fault.
    """

    payload_type: str | None
    digest: str | None
    signatures: tuple[Checked, ...]
    faults: tuple[str, ...]
    limits: tuple[str, ...] = ()
    bound: bool | None = None
    let_in_by_one: bool = False

    @property
    def holds(self) -> bool:
        """Whether every signature holds and nothing else is wrong."""
        return not self.faults and all(each.standing == "holds" for each in self.signatures)


_Rule = Callable[[Opened], Iterator[str]]


class _Format(msgspec.Struct, frozen=True):
    """What is asked of a file of one format, and what it promises less than the last one."""

    rules: tuple[_Rule, ...]
    less: tuple[str, ...] = ()


def check_evidence(content: bytes, trusted: Collection[str], held: Collection[Held] = ()) -> Report:
    """Check a file of evidence.

    `trusted` are the fingerprints that the checker knows to be the signers', `held` the heads that they hold.
    """
    try:
        bundle = msgspec.json.decode(content, type=Bundle)
    except UNREADABLE_JSON as error:
        return Report(None, None, (), (f"this is no file of evidence: {error}",))
    kind = bundle.envelope.payload_type
    faults = [] if evidence.written(bundle) == content else ["the file is not written as evidence is written"]
    try:
        opened = _opened(bundle, frozenset(held))
    except UNREADABLE_JSON as error:
        return Report(kind, None, (), (*faults, f"the payload can not be read: {error}"))
    form = _FORMATS.get(bundle.format)
    if form is None:
        return Report(kind, opened.digest, (), (*faults, f"an unknown format of evidence, {bundle.format}"))
    faults += [fault for rule in form.rules for fault in rule(opened)]
    checked = tuple(_checked(role, opened, trusted) for role in opened.signable.roles)
    return Report(
        kind,
        opened.digest,
        checked,
        tuple(faults),
        (*form.less, *unbound(opened)),
        is_bound(opened) if held else None,
        vouching.let_in_by_one(_vouched(checked)),
    )


def _opened(bundle: Bundle, held: frozenset[Held]) -> Opened:
    """A bundle with its payload read. Raises one of UNREADABLE_JSON."""
    kind = bundle.envelope.payload_type
    if kind not in SIGNABLE:
        raise ValueError(f"an unknown type, {kind}")
    content = from_base64(bundle.envelope.payload)
    header = evidence.header_of_payload(content)
    payload = signing.Payload(header.subject, header.site, kind, content)
    return Opened(bundle, payload, hashlib.sha256(content).hexdigest(), header, SIGNABLE[kind], held)


# --- the signatures


def _checked(role: str, opened: Opened, trusted: Collection[str]) -> Checked:
    bundle = opened.bundle
    signers = {each.fingerprint: each.username for each in opened.header.signers if each.role == role}
    given = next((each for each in bundle.envelope.signatures if each.keyid in signers), None)
    if given is None:
        return Checked(role, "missing", why=f"nobody who may sign as {role} has signed")
    fingerprint, username = given.keyid, signers[given.keyid]
    key = next((each for each in bundle.keys if each.fingerprint == fingerprint), None)
    if key is None:
        return Checked(role, "broken", username, fingerprint, "the key is not in the file")
    if not _signs(opened.payload, given, key):
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
        public, signature = bytes.fromhex(key.public_hex), from_base64(given.sig)
    except ValueError:
        return False
    genuine = public.hex() == key.public_hex and hashlib.sha256(public).hexdigest() == key.fingerprint
    return genuine and signing.verifies(payload, signature, public)


def _one_signature_for_each(opened: Opened) -> Iterator[str]:
    """Nobody signs whom the payload does not name, nobody twice, and no role has two signers."""
    role_of = {each.fingerprint: each.role for each in opened.header.signers}
    given = [each.keyid for each in opened.bundle.envelope.signatures]
    for keyid in given:
        if keyid not in role_of:
            yield f"a signature by a key that the payload does not name: {keyid}"
    for role, count in Counter(role_of[keyid] for keyid in given if keyid in role_of).items():
        if count > 1:
            yield f"{count} signatures as {role}"
    people = [each.username for each in opened.header.signers if each.fingerprint in given]
    if len(set(people)) < len(people):
        yield "one person has signed twice"


def _one_key_for_each(opened: Opened) -> Iterator[str]:
    """Each key is a signature's, under the name that the payload has of it, and there once."""
    named = {(each.fingerprint, each.username) for each in opened.header.signers}
    given = {each.keyid for each in opened.bundle.envelope.signatures}
    for key in opened.bundle.keys:
        if (key.fingerprint, key.username) not in named:
            yield f"a key that the payload does not name: {key.fingerprint}"
    for fingerprint, count in Counter(each.fingerprint for each in opened.bundle.keys).items():
        if fingerprint not in given:
            yield f"key {fingerprint}: it has signed nothing"
        if count > 1:
            yield f"key {fingerprint}: it is there {count} times"


# --- what a format has and an earlier one has not


def _without_words(opened: Opened) -> Iterator[str]:
    for key in opened.bundle.keys:
        if key.word is not None:
            yield f"key {key.fingerprint}: this format does not tell on whose word it is"


def _without_records(opened: Opened) -> Iterator[str]:
    if opened.bundle.records:
        yield "this format has no records"


def _in_order(opened: Opened) -> Iterator[str]:
    """Signatures and keys come one for each role, in the order of the roles."""
    roles = opened.signable.roles
    role_of = {each.fingerprint: each.role for each in opened.header.signers}
    given = [each.keyid for each in opened.bundle.envelope.signatures]
    keys = [each.fingerprint for each in opened.bundle.keys]
    if keys != given or tuple(role_of.get(keyid) for keyid in given) != roles:
        yield f"the signatures and their keys are not one as {', one as '.join(roles)}, in this order"


def _plainly_written(opened: Opened) -> Iterator[str]:
    """What is told within the file is written in the one way too: no member twice, no blank, no other spelling."""
    bundle = opened.bundle
    words = [key.word.content for key in bundle.keys if key.word]
    told = [
        opened.payload.content,
        *(each.content.encode() for each in bundle.records),
        *map(str.encode, words),
    ]
    for text in told:
        if not _is_plain(text):
            yield f"what begins with {text[:40].decode(errors='replace')} is not written as the books write it"


def _is_plain(text: bytes) -> bool:
    """Whether JSON is written as it is kept; a member that is there twice is lost by decoding it."""
    try:
        return msgspec.json.encode(msgspec.json.decode(text)) == text
    except UNREADABLE_JSON:
        return False


_EVERY: tuple[_Rule, ...] = (links_continue, no_head_contradicts, _one_signature_for_each, _one_key_for_each)
_LINKS_UNTOLD = "it does not tell which links are the signatures': at its end some may be missing or made up"
_FORMATS: dict[int, _Format] = {
    1: _Format(
        (*_EVERY, _without_words, _without_records),
        ("this is the first format: it does not tell on whose word the keys are", _LINKS_UNTOLD),
    ),
    2: _Format((*_EVERY, words_covered, _without_records), (f"this is the second format: {_LINKS_UNTOLD}",)),
    3: _Format((*_EVERY, words_covered, _in_order, _plainly_written, journalled)),
}
"""By their number; see docs/decisions.md, "Evidence is rigid"."""
