"""The papers documents rest on: what was attached to them, and to the consignments they went out with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from devices.ledger.posting.gather import AT_ONCE
from devices.paperwork import Attachment, Consignment, attachment_key, consignment_key
from devices.paperwork_kinds import ATTACHMENT, CONSIGNMENT
from devices.records import site_codes
from devices.store.database import Store
from devices.store.statements import marks


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
    found = {}
    for some in _chunks(sorted(set(documents))):
        rows = store.rows(f"SELECT number, content FROM document WHERE number IN ({marks(len(some))})", some)
        found.update({number: msgspec.json.decode(content) for number, content in rows})
    return found


def _digests(store: Store, number: str, content: dict[str, Any]) -> Iterator[str]:
    yield from content.get("attachments", ())
    if "consignment_number" in content and "carrier" in content:
        key = consignment_key(content["site"], content["carrier"], content["consignment_number"])
        for told in _records(store, CONSIGNMENT.name, {key}).values():
            yield from msgspec.json.decode(told, type=Consignment).papers


def _records(store: Store, kind: str, keys: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in _chunks(sorted(keys)):
        found.update(
            store.rows(
                f"SELECT key, content FROM record WHERE kind = ? AND key IN ({marks(len(some))})",
                (kind, *some),
            )
        )
    return found


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]
