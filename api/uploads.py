"""Manifests and attachments over HTTP: a maker's packing list, and papers known by their digest."""

from __future__ import annotations

import hashlib
from io import BytesIO
from urllib.parse import unquote

import msgspec

from api.calls import Call, Done, Shown
from api.downloads import Download, safe_name
from api.texts import Line, Name, unkeepable
from devices import records
from devices.ledger import manifests
from devices.ledger.papers import paper_kept
from devices.paperwork import ATTACHMENT, attachment_key
from devices.problems import refuse
from devices.values import Book


class ManifestQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a packing list belongs: the site and book that will receive it, from whom, on which delivery note."""

    site: str
    register: Book
    supplier: Line
    delivery_note: Name


class AttachmentQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The site an attachment belongs to."""

    site: str


def read_packing_list(call: Call) -> None:
    """Read the file before the transaction: nobody waits for a spreadsheet."""
    call.prepared = manifests.read(call.store, call.raw)


def add_manifest(call: Call) -> Done:
    """Read an xlsx or CSV packing list into a manifest."""
    query = call.query
    written = manifests.keep(
        call.store,
        call.prepared,
        site=query.site,
        register=query.register,
        supplier=query.supplier,
        delivery_note=query.delivery_note,
        name=_file_name(call),
        by=call.who.username,
        at_us=call.at_us,
    )
    return Done(201, written.number)


def show_manifest(call: Call, done: Done) -> Shown:
    """A manifest against what has been received of it."""
    return Shown(manifests.compared(call.store, done.key or call.path["number"]))


def add_attachment(call: Call) -> Done:
    """Store a site's paper under the SHA-256 of its bytes; the same one twice is kept once."""
    if not call.raw:
        raise refuse("malformed_request", reason="an empty file")
    site = call.query.site
    digest = manifests.keep_attachment(
        call.store, call.raw, site=site, name=_file_name(call), media_type=call.media_type,
        by=call.who.username, at_us=call.at_us,
    )  # fmt: skip
    return Done(201, attachment_key(site, digest))


def show_attached(call: Call, done: Done) -> Shown:
    """What was stored."""
    found = records.current(call.store, ATTACHMENT, done.key)
    assert found is not None, "an attachment that was stored is there"
    return Shown(found[0], location=f"/v1/attachments/{found[0].digest}")


def show_attachment(call: Call, _: Done) -> Shown:
    """The bytes of a paper that a site of the caller's keeps, checked against their digest, as a download."""
    digest = call.path["digest"]
    attachment = paper_kept(call.store, digest, call.who.reads)
    row = call.store.row("SELECT bytes FROM blob WHERE digest = ?", (digest,))
    if row is None or attachment is None:
        raise refuse("not_found")
    data = bytes(row[0])
    if hashlib.sha256(data).hexdigest() != digest:
        raise refuse("fault")
    return Shown(Download(BytesIO(data), len(data), safe_name(attachment.name), "application/octet-stream"))


def _file_name(call: Call) -> str:
    name = unquote(call.file_name)[:200] or "upload"
    if unkeepable(name):
        raise refuse("control_character", field="X-File-Name")
    return name
