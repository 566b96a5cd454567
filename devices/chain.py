"""The arithmetic of the journal: canonical bytes, digests, link hashes and salted commitments. Pure.

Canonical form, format 1: a JSON array of text, integers, null and such arrays, without spaces, in UTF-8. Order and
types are fixed by the writer, so two different rows can not share bytes; anyone with a JSON library can recompute it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import msgspec

LINK_FORMAT = 1
GENESIS = "0" * 64

canonical = msgspec.json.Encoder().encode
"""The canonical bytes of a sequence of text, integers, None and such sequences."""


class Link(msgspec.Struct, frozen=True):
    """One link of a site's journal. `recorded_at` is in UTC microseconds; digests and hashes are SHA-256 hex."""

    site: str
    seq: int
    kind: str
    reference: str
    format: int
    recorded_at: int
    digest: str
    previous: str
    hash: str


Held = tuple[str, int, str]
"""A head that somebody holds outside of the books: the site of its journal, its number, its hash."""


def digest_of(values: Sequence[object]) -> str:
    """The SHA-256 of the canonical form of `values`, in hex."""
    return hashlib.sha256(canonical(values)).hexdigest()


def link_after(
    previous: Link | None, *, site: str, kind: str, reference: str, recorded_at: int, digest: str
) -> Link:
    """The link that follows `previous` (None at the start of a journal)."""
    seq = previous.seq + 1 if previous else 1
    before = previous.hash if previous else GENESIS
    head = (site, seq, kind, reference, LINK_FORMAT, recorded_at, digest, before)
    return Link(*head, digest_of(head))


def commitment(secret: str, salt: str, content: str) -> str:
    """A keyed, salted commitment to personal data: worthless to guess at once its salt is gone."""
    return hmac.new(bytes.fromhex(secret), canonical((salt, content)), hashlib.sha256).hexdigest()


def request_mark(secret: str, principal: str, key: str, body: str) -> str:
    """A keyed mark of one request, by the fingerprint of its body: a document holds that of the one that posted it."""
    return commitment(secret, body, canonical((principal, key)).decode())


def fingerprint(secret: str, body: bytes) -> str:
    """A keyed fingerprint of a request's body, by which a repeated Idempotency-Key is told from a reused one."""
    return hmac.new(bytes.fromhex(secret), b"request\0" + body, hashlib.sha256).hexdigest()
