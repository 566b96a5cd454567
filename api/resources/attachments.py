"""Attachments over HTTP: papers known by the digest of their bytes."""

from __future__ import annotations

import hashlib
from io import BytesIO
from urllib.parse import unquote

import msgspec

from api.callers.access import SITE_STAFF, TECHNICIANS
from api.calls import Call, Done, Shown
from api.wire.downloads import Download, safe_name
from devices import records
from devices.ledger.papers.attached import bytes_kept, paper_kept
from devices.ledger.posting import manifests
from devices.ledger.posting.personal_papers import keep_signed_paper, order_of_paper, personal_records
from devices.paperwork.dispatches import TO_BE_DONE
from devices.paperwork.papers import Attachment, attachment_key
from devices.paperwork_kinds import ATTACHMENT
from devices.problems import refuse, refuse_foreign
from devices.service.jobs.settling import unsettled
from devices.service.jobs.technicians import works_on
from devices.texts.lengths import Word


class AttachmentQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The site an attachment belongs to; `under` the dispatch order that its customer signed the paper for."""

    site: Word
    under: Word | None = None


def add_attachment(call: Call) -> Done:
    """Store a site's paper under the SHA-256 of its bytes; the same one twice is kept once.

    One `under` an order is personal, and erased with its customer. A technician stores those of their orders alone.
    """
    if not call.raw:
        raise refuse("malformed_request", reason="an empty file")
    site, under, by = call.query.site, call.query.under, call.who.username
    if under is not None:
        order = order_of_paper(call.store, site, under)
        if not (call.who.may(SITE_STAFF, site) or works_on(call.who, site, order.technician)):
            raise refuse("not_the_technician", order=under, technician=order.technician)
        digest = keep_signed_paper(call.store, call.raw, order, by=by, at_us=call.at_us)
    elif call.who.may(SITE_STAFF, site):
        digest = manifests.keep_attachment(
            call.store, call.raw, site=site, name=file_name(call), media_type=call.media_type,
            by=by, at_us=call.at_us,
        )  # fmt: skip
    else:
        raise refuse("order_required")
    return Done(201, attachment_key(site, digest))


def show_attached(call: Call, done: Done) -> Shown:
    """What was stored."""
    found = records.current(call.store, ATTACHMENT, done.key)
    assert found is not None, "an attachment that was stored is there"
    return Shown(found[0], location=f"/v1/attachments/{found[0].digest}")


def show_attachment(call: Call, _: Done) -> Shown:
    """The bytes of a paper that a site of the caller's keeps, checked against their digest, as a download.

    A technician has those of their orders until these are settled. What was erased is 410, to those who could read it.
    """
    digest = call.path["digest"]
    attachment = paper_kept(call.store, digest, call.who.reads) or _paper_of_theirs(call, digest)
    if attachment is not None and attachment.erased:
        raise refuse("paper_erased", digest=digest)
    data = bytes_kept(call.store, digest)
    if data is None:
        raise refuse("not_found")
    if attachment is None:
        raise refuse_foreign()
    if hashlib.sha256(data).hexdigest() != digest:
        raise refuse("fault")
    return Shown(Download(BytesIO(data), len(data), safe_name(attachment.name), "application/octet-stream"))


def _paper_of_theirs(call: Call, digest: str) -> Attachment | None:
    """A signed paper of an order that is the caller's and not settled yet; None without one."""
    for paper in personal_records(call.store, digest) if call.who.sites_of(TECHNICIANS) else ():
        order = order_of_paper(call.store, paper.site, str(paper.under))
        in_hand = order.state in TO_BE_DONE or unsettled(call.store, order)
        if in_hand and works_on(call.who, order.site, order.technician):
            return paper
    return None


def file_name(call: Call) -> str:
    """The name of an uploaded file as its sender gave it."""
    return unquote(call.file_name) or "upload"
