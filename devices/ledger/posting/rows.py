"""The ledger's rows: the digests a journal link holds of them, and which lines stand; for writer and verifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peewee import fn

from devices.chain import digest_of
from devices.store.tables.ledger import Lines

_Row = Sequence[Any]
_undoing = Lines.alias("undoing")
NOT_UNDONE = ~fn.EXISTS(
    _undoing.select(_undoing.step).where(_undoing.serial == Lines.serial, _undoing.reverses == Lines.step)
)
"""The condition of a line that no later one of its device reverses."""


def document_digest(document: _Row, lines: Sequence[_Row]) -> str:
    """The payload digest of a document with the lines it put into effect: none for a proposal.

    A row's place in the journal is not in its own digest: the link that holds the digest says it.
    """
    return digest_of((*document[:-1], [line[:-2] for line in lines]))


def review_digest(review: _Row, lines: Sequence[_Row]) -> str:
    """The payload digest of a review, with the lines that an approval put into effect."""
    return digest_of((*review[:-2], [line[:-2] for line in lines]))
