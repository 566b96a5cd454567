"""The papers documents rest on: what was attached to them, and to the consignments they went out with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from devices.paperwork.papers import Attachment, Consignment, attachment_key, consignment_key
from devices.paperwork_kinds import ATTACHMENT, CONSIGNMENT
from devices.records import site_codes
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Blobs, Documents, PersonalBlobs, Records

_BYTES = compiled(Blobs.select(Blobs.bytes).where(Blobs.digest == GIVEN))
_PERSONAL_BYTES = compiled(PersonalBlobs.select(PersonalBlobs.bytes).where(PersonalBlobs.digest == GIVEN))
_CONTENTS = compiled(Documents.select(Documents.number, Documents.content).where(Documents.number.in_(EACH)))
_RECORDS = compiled(
    Records.select(Records.key, Records.content).where(Records.kind == GIVEN, Records.key.in_(EACH))
)


class Paper(msgspec.Struct, frozen=True):
    """One attachment and the number of the document it belongs to."""

    document: str
    attachment: Attachment


def paper_kept(store: Store, digest: str, reads: Callable[[str], bool]) -> Attachment | None:
    """The record of a paper that a site keeps which the reader reads, the first by code; None without one."""
    sites = [site for site in site_codes(store) if reads(site)]
    known = _records(store, ATTACHMENT.name, {attachment_key(site, digest) for site in sites})
    return msgspec.json.decode(known[min(known)], type=Attachment) if known else None


def papers_of(store: Store, documents: Sequence[str]) -> list[Paper]:
    """The papers of these documents, in their order; each paper of a document once."""
    contents = _contents(store, documents)
    wanted = [
        (number, attachment_key(contents[number]["site"], digest))
        for number in documents
        if number in contents
        for digest in dict.fromkeys(_digests(store, number, contents[number]))
    ]
    known = _records(store, ATTACHMENT.name, {key for _, key in wanted})
    return [
        Paper(number, msgspec.json.decode(known[key], type=Attachment))
        for number, key in wanted
        if key in known
    ]


def _contents(store: Store, documents: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = store.rows_in(_CONTENTS, sorted(set(documents)))
    return {number: msgspec.json.decode(content) for number, content in rows}


def _digests(store: Store, number: str, content: dict[str, Any]) -> Iterator[str]:
    yield from content.get("attachments", ())
    if "consignment_number" in content and "carrier" in content:
        key = consignment_key(content["site"], content["carrier"], content["consignment_number"])
        for told in _records(store, CONSIGNMENT.name, {key}).values():
            yield from msgspec.json.decode(told, type=Consignment).papers


def _records(store: Store, kind: str, keys: set[str]) -> dict[str, str]:
    return dict(store.rows_in(_RECORDS, sorted(keys), before=(kind,)))


def bytes_kept(store: Store, digest: str) -> bytes | None:
    """The bytes that are kept under a digest, unchecked; None where there are none."""
    row = store.row(_BYTES, (digest,)) or store.row(_PERSONAL_BYTES, (digest,))
    return bytes(row[0]) if row else None
