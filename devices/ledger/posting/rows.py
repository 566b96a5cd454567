"""The ledger's rows: their columns, and the digests a journal link holds of them. One place for writer and verifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from devices.chain import digest_of
from devices.values import POSITION_FIELDS

DOCUMENT_COLUMNS = (
    "number", "site", "year", "ordinal", "type", "register", "business_date", "recorded_at", "made_by", "token",
    "cites", "answers", "under", "content", "journal_seq",
)  # fmt: skip
LINE_COLUMNS = (
    "serial", "step", "document", "n", "type", "reverses", "recorded_at", "business_date",
    "from_state", "from_register", "from_site", "from_bin", *POSITION_FIELDS, "facts",
    "journal_site", "journal_seq",
)  # fmt: skip
REVIEW_COLUMNS = (
    "document", "decision", "reason", "made_by", "recorded_at", "document_hash", "journal_site", "journal_seq",
)  # fmt: skip
POSITION_COLUMNS = ("serial", "step", "document", "recorded_at", "business_date", *POSITION_FIELDS)
STANDING_COLUMNS = ("document", "site", "status", "review", "lines", "reversed", "resolved")

LINE_POSITION = slice(12, 12 + len(POSITION_FIELDS))
"""Where the position after it stands in a line's row."""

Row = Sequence[Any]


def document_digest(document: Row, lines: Sequence[Row]) -> str:
    """The payload digest of a document with the lines it put into effect: none for a proposal.

    A row's place in the journal is not in its own digest: the link that holds the digest says it.
    """
    return digest_of((*document[:-1], [line[:-2] for line in lines]))


def review_digest(review: Row, lines: Sequence[Row]) -> str:
    """The payload digest of a review, with the lines that an approval put into effect."""
    return digest_of((*review[:-2], [line[:-2] for line in lines]))
