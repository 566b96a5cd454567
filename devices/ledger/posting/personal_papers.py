"""Papers that customers signed: kept under the order they are of, and erased with the customer.

See docs/decisions.md, "A paper that somebody signed can be erased".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import msgspec

from devices import records
from devices.journal import open_journals
from devices.ledger.posting.customers import hold_unerased
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.papers import Attachment, attachment_key
from devices.paperwork_kinds import ATTACHMENT, DISPATCH_ORDER
from devices.problems import refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Blobs, PersonalBlobs, Records

_LASTING_BYTES = compiled(Blobs.select(Blobs.digest).where(Blobs.digest == GIVEN))
_THEIRS = compiled(
    Records.select(Records.content).where(Records.kind == ATTACHMENT.name, Records.customer == GIVEN)
)
_BYTES_ERASED = compiled(PersonalBlobs.delete().where(PersonalBlobs.digest == GIVEN))


class _PaperType(msgspec.Struct, frozen=True):
    """What a scan or a photograph of a paper may be, and how the bytes of one begin."""

    media_type: str
    ending: str
    begins: re.Pattern[bytes]


# Heads of the formats: ISO 32000-1 7.5.2, ITU-T T.81 annex B, RFC 2083, RFC 9649, ISO/IEC 23008-12 annex B.
_PAPER_TYPES = (
    _PaperType("application/pdf", "pdf", re.compile(rb"%PDF-")),
    _PaperType("image/jpeg", "jpg", re.compile(rb"\xff\xd8\xff")),
    _PaperType("image/png", "png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    _PaperType("image/webp", "webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    _PaperType("image/heic", "heic", re.compile(rb".{4}ftyp(heic|heix|mif1|msf1)", re.DOTALL)),
)


def order_of_paper(store: Store, site: str, number: str) -> DispatchOrder:
    """The dispatch order of a site that a paper is kept under. Raises Refused (`unknown_order`), of others' too."""
    found = records.current(store, DISPATCH_ORDER, number)
    if found is None or found[0].site != site or found[0].customer is None:
        raise refuse("unknown_order", "/under", order=number)
    order: DispatchOrder = found[0]
    return order


def keep_signed_paper(store: Store, data: bytes, order: DispatchOrder, *, by: str, at_us: int) -> str:
    """Keep a paper that an order's customer signed, within `store.writing()`; returns its digest.

    The same one again is kept once. Raises Refused: `not_a_signed_paper` for bytes that begin neither as a picture nor
    as a PDF, `customer_erased`, `paper_not_erasable` where the same bytes are kept as an ordinary attachment,
    `paper_of_other_customer`, `paper_of_other_order` where the customer signed them for another job of the site.
    """
    paper_type = _type_of(data)
    if paper_type is None:
        raise refuse("not_a_signed_paper")
    customer, digest = str(order.customer), hashlib.sha256(data).hexdigest()
    writer = open_journals(store, [order.site], at_us)
    hold_unerased(store, customer, "/under")
    store.hold(f"attachment {digest}")
    if store.row(_LASTING_BYTES, (digest,)):
        raise refuse("paper_not_erasable", digest=digest)
    kept = personal_records(store, digest)
    if any(each.customer != customer for each in kept):
        raise refuse("paper_of_other_customer", digest=digest)
    if other := next((each for each in kept if each.site == order.site and each.under != order.number), None):
        raise refuse("paper_of_other_order", digest=digest, order=other.under)
    if not kept:
        store.insert(PersonalBlobs, [(digest, data)])
    if all(each.site != order.site for each in kept):
        name = f"{order.number}-{len(papers_under(store, order)) + 1}.{paper_type.ending}"
        value = Attachment(
            digest,
            order.site,
            name,
            paper_type.media_type,
            len(data),
            personal=True,
            customer=customer,
            under=order.number,
        )
        records.write(writer, ATTACHMENT, value, by=by, expected=0)
    return digest


def personal_records(store: Store, digest: str) -> list[Attachment]:
    """Every site's record of a paper that can be erased, or was, by site; the paper's digest is held."""
    keys = [attachment_key(site, digest) for site in records.site_codes(store)]
    found = records.these(store, ATTACHMENT, keys).values()
    return sorted((each for each in found if each.personal), key=lambda each: each.site)


def signed_papers(store: Store, order: DispatchOrder, digests: Iterable[str]) -> frozenset[str]:
    """Those of these papers that its customer signed for an order, as its site keeps them; for no other job of it."""
    keys = [attachment_key(order.site, digest) for digest in digests]
    found = records.these(store, ATTACHMENT, keys).values()
    return frozenset(each.digest for each in found if each.under == order.number and not each.erased)


def erase_bytes(store: Store, digest: str) -> None:
    """Forget the bytes of a personal paper, for good."""
    store.execute(_BYTES_ERASED, (digest,))


def _type_of(data: bytes) -> _PaperType | None:
    return next((each for each in _PAPER_TYPES if each.begins.match(data)), None)


def papers_under(store: Store, order: DispatchOrder) -> list[Attachment]:
    """The papers that the customer signed under an order, by name; an erased one has its record still."""
    kept = (ATTACHMENT.decode(content) for (content,) in store.rows(_THEIRS, (order.customer,)))
    theirs = [each for each in kept if each.under == order.number and each.site == order.site]
    return sorted(theirs, key=lambda each: (len(each.name), each.name))
