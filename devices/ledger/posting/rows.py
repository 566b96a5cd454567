"""The ledger's rows: their columns, and the digests a journal link holds of them. One place for writer and verifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devices.chain import digest_of

_Row = Sequence[Any]


def document_digest(document: _Row, lines: Sequence[_Row]) -> str:
    """The payload digest of a document with the lines it put into effect: none for a proposal.

    A row's place in the journal is not in its own digest: the link that holds the digest says it.
    """
    return digest_of((*document[:-1], [line[:-2] for line in lines]))


def review_digest(review: _Row, lines: Sequence[_Row]) -> str:
    """The payload digest of a review, with the lines that an approval put into effect."""
    return digest_of((*review[:-2], [line[:-2] for line in lines]))
