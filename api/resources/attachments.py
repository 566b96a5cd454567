"""Attachments over HTTP: papers known by the digest of their bytes."""

from __future__ import annotations

import hashlib
from io import BytesIO
from urllib.parse import unquote

import msgspec

from api.calls import Call, Done, Shown
from api.wire.downloads import Download, safe_name
from devices import records
from devices.ledger.papers.attached import bytes_kept, paper_kept
from devices.ledger.posting import manifests
from devices.paperwork.papers import attachment_key
from devices.paperwork_kinds import ATTACHMENT
from devices.problems import refuse, refuse_foreign
from devices.texts.lengths import Word


class AttachmentQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The site an attachment belongs to."""

    site: Word


def add_attachment(call: Call) -> Done:
    """Store a site's paper under the SHA-256 of its bytes; the same one twice is kept once."""
    if not call.raw:
        raise refuse("malformed_request", reason="an empty file")
    site = call.query.site
    digest = manifests.keep_attachment(
        call.store, call.raw, site=site, name=file_name(call), media_type=call.media_type,
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
    data = bytes_kept(call.store, digest)
    if data is None:
        raise refuse("not_found")
    if attachment is None:
        raise refuse_foreign()
    if hashlib.sha256(data).hexdigest() != digest:
        raise refuse("fault")
    return Shown(Download(BytesIO(data), len(data), safe_name(attachment.name), "application/octet-stream"))


def file_name(call: Call) -> str:
    """The name of an uploaded file as its sender gave it."""
    return unquote(call.file_name) or "upload"
