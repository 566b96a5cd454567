"""What the journal's links in a file of evidence are worth: whole, in a row, over its records, and bound to a head.

Only the payload is signed, and with it the head that it names, where the links begin. Whoever has the file could make
those after it anew, records and all: what binds them is a head that somebody held outside of the books.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from devices.audit import signing
from devices.audit.evidence import (
    Bundle,
    EvidenceKey,
    Journalled,
    KeyWord,
    PayloadHeader,
    Signable,
    named_records,
)
from devices.audit.kinds import Signature
from devices.chain import LINK_FORMAT, Held, Link, digest_of
from devices.people.kinds import KEY, PublicKey
from devices.records import revision_digest

_Told = TypeVar("_Told", bound=msgspec.Struct)
UNREADABLE_JSON = (ValueError, RecursionError)
"""What is no base64, no UTF-8, no JSON or none of its type: msgspec's errors are ValueErrors too."""


class Opened(msgspec.Struct, frozen=True):
    """A bundle with what its payload says of itself, and the heads that the checker holds."""

    bundle: Bundle
    payload: signing.Payload
    digest: str
    header: PayloadHeader
    signable: Signable
    held: frozenset[Held]


def links_continue(opened: Opened) -> Iterator[str]:
    """The links begin at the head that the payload names, and each continues the one before it."""
    links, header = opened.bundle.links, opened.header
    if not links or (links[0].site, links[0].seq, links[0].hash) != (header.journal, header.seq, header.hash):
        yield "the links do not begin at the journal's head that the payload names"
    previous: Link | None = None
    for link in links:
        if not _is_whole(link):
            yield f"link {_name(link)}: its hash is not that of its content"
        if previous and (link.site, link.seq, link.previous) != (
            previous.site,
            previous.seq + 1,
            previous.hash,
        ):
            yield f"link {_name(link)}: it does not continue the link before it"
        previous = link


def no_head_contradicts(opened: Opened) -> Iterator[str]:
    """No link of the file, nor the one that its first continues, is another than a head held outside."""
    links = opened.bundle.links
    hashes = {(each.site, each.seq - 1): each.previous for each in links[:1]}
    hashes |= {(each.site, each.seq): each.hash for each in (*_word_links(opened.bundle), *links)}
    for site, seq, held in sorted(opened.held):
        if hashes.get((site, seq), held) != held:
            yield f"link {site}/{seq}: it is not the head that is held outside"


def words_covered(opened: Opened) -> Iterator[str]:
    """On whose word each key is, is told and is what its link covers."""
    for key in opened.bundle.keys:
        if key.word is None:
            yield f"key {key.fingerprint}: on whose word it is, was left out"
        elif not _is_word_of(key, key.word):
            yield f"key {key.fingerprint}: on whose word it is, is not what its link covers"


def _is_word_of(key: EvidenceKey, word: KeyWord) -> bool:
    """Whether what is told of a key is in the content of its revision, and that under the link beside it."""
    record = Journalled(word.revision, word.made_by, word.content)
    told = _decoded(word.content, PublicKey)
    if told is None or not _covers(word.link, KEY.name, key.fingerprint, record):
        return False
    return (told.fingerprint, told.username, told.public_hex, told.let_in_by, told.confirmed_by) == (
        key.fingerprint, key.username, key.public_hex, word.let_in_by, word.confirmed_by,
    )  # fmt: skip


# --- the records of the signatures, and of what they seal


def journalled(opened: Opened) -> Iterator[str]:
    """The signatures and what they seal are records under the file's links; the sealing ends it, or a held head."""
    bundle, names = opened.bundle, named_records(opened.signable, opened.header.subject)
    if len(bundle.records) != len(names):
        yield "the records are not those of its signatures and of what they seal"
        return
    links = {(each.kind, each.reference): each for each in bundle.links}
    found: list[Link] = []
    for (kind, key), record in zip(names, bundle.records, strict=True):
        link = links.get((kind, _reference(key, record)))
        if link is None or not _covers(link, kind, key, record):
            yield f"record {key}: no link of the file covers it"
        else:
            found.append(link)
    if len(found) == len(names):
        *given, sealing = found
        yield from _signatures_kept(opened, given)
        yield from _sealed_last(opened, given, sealing)


def _signatures_kept(opened: Opened, links: Sequence[Link]) -> Iterator[str]:
    """Each signature's record is of this very signature, and none follows it by which it became void."""
    bundle, subject, digest = opened.bundle, opened.header.subject, opened.digest
    parts = zip(opened.signable.roles, bundle.envelope.signatures, bundle.records, links, strict=False)
    for role, given, record, link in parts:
        told = _decoded(record.content, Signature)
        if told is None or (
            told.subject, told.role, told.fingerprint, told.digest, told.signature, told.signed_at, told.void
        ) != (subject, role, given.keyid, digest, _in_hex(given.sig), link.recorded_at, False):  # fmt: skip
            yield f"record {link.reference}: it is not of the signature as {role}"
        of = _key_of(link)
        if any(
            each.seq > link.seq and each.kind == link.kind and _key_of(each) == of for each in bundle.links
        ):
            yield f"record {link.reference}: the signature was void before anything was sealed"


def _sealed_last(opened: Opened, given: Sequence[Link], sealing: Link) -> Iterator[str]:
    """The last signature sealed, and there the links end; or they go on to a head that is held outside."""
    told, end = _decoded(opened.bundle.records[-1].content, _Stateful), opened.bundle.links[-1]
    last = max(each.recorded_at for each in given)
    if told is None or told.state != opened.signable.sealed or sealing.recorded_at != last:
        yield f"record {sealing.reference}: it does not say that the last signature has sealed it"
    if end.seq != sealing.seq and not _is_held(end, opened):
        yield f"the links go on after {_name(sealing)}, which seals, to {_name(end)}: no head held outside is there"


class _Stateful(msgspec.Struct, frozen=True):
    state: str


# --- what the links prove


def is_bound(opened: Opened) -> bool:
    """Whether a head held outside is that of the last link, and so binds every one before it."""
    return any(_is_held(each, opened) for each in opened.bundle.links[-1:])


def unbound(opened: Opened) -> Iterator[str]:
    """What of the file the heads that are held do not bind, a sentence each; without any, how it could be bound."""
    journal, links = opened.header.journal, opened.bundle.links
    start = f"{journal}/{opened.header.seq}"
    if not opened.held:
        yield (
            f"nobody has signed the links after {start}: whoever had the books, or this file, may have made them"
            " anew; --against HEADS binds them to a head held outside"
        )
        return
    if words := {_name(each) for each in _word_links(opened.bundle) if not _is_held(each, opened)}:
        told = ", ".join(sorted(words))
        yield f"on whose word the keys are, is not bound: no head held outside is one of {told}"
    if is_bound(opened):
        return
    reached = [each.seq for each in links if _is_held(each, opened)]
    after = f"{journal}/{max(reached)}" if reached else start
    yield f"the links after {after} are not bound: no head of {journal} held outside is a later one of the file"
    if beyond := [seq for site, seq, _ in opened.held if site == journal and links and seq > links[-1].seq]:
        yield (
            f"the head {journal}/{min(beyond)} held outside lies beyond the file:"
            " `panku export evidence --against` writes one that goes on to there"
        )


# --- reading


def from_base64(text: str) -> bytes:
    """The bytes a text stands for. Raises ValueError unless it is the one way to write them."""
    content = base64.b64decode(text, validate=True)
    if base64.b64encode(content).decode() != text:
        raise ValueError("base64 with bits left over")
    return content


def _in_hex(text: str) -> str | None:
    """The bytes that base64 stands for, in hex; None for what is none."""
    try:
        return from_base64(text).hex()
    except ValueError:
        return None


def _decoded(content: str, kind: type[_Told]) -> _Told | None:
    try:
        return msgspec.json.decode(content, type=kind)
    except UNREADABLE_JSON:
        return None


def _word_links(bundle: Bundle) -> list[Link]:
    return [key.word.link for key in bundle.keys if key.word is not None]


def _is_held(link: Link, opened: Opened) -> bool:
    return (link.site, link.seq, link.hash) in opened.held


def _is_whole(link: Link) -> bool:
    return link.format == LINK_FORMAT and digest_of(msgspec.structs.astuple(link)[:-1]) == link.hash


def _covers(link: Link, kind: str, key: str, record: Journalled) -> bool:
    """Whether a link is that of a record's revision."""
    digest = revision_digest(kind, key, record.revision, record.made_by, link.recorded_at, record.content)
    expected = (kind, _reference(key, record), digest)
    return _is_whole(link) and (link.kind, link.reference, link.digest) == expected


def _reference(key: str, record: Journalled) -> str:
    return f"{key}@{record.revision}"


def _key_of(link: Link) -> str:
    """The key of the record whose revision a link is of."""
    return link.reference.rpartition("@")[0]


def _name(link: Link) -> str:
    return f"{link.site}/{link.seq}"
