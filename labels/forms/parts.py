"""What several forms have in common: reading numbered rows and keys of what a poster said, and boxes to sign in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from devices.audit.declarations import Given
from devices.audit.stocktake.stocktakes import SIGNING_ROLES
from devices.audit.vouching import LET_IN_BY_ONE, Vouched, let_in_by_one
from devices.ledger.reading.history import Event
from devices.ledger.reading.listing import DocumentRow
from labels.forms.form import Box, By, Column, Kind

ROLE_BOX = {role: f"form.box.{role}" for role in SIGNING_ROLES}


def of_row(path: str) -> Callable[[tuple[int, Any]], Any]:
    """Reads an attribute of a numbered row: (its number from 1, the row)."""
    get = attrgetter(path)
    return lambda numbered: get(numbered[1])


def row_number(numbered: tuple[int, Any]) -> int:
    """The number of a numbered row."""
    return numbered[0]


NUMBER = Column("form.column.n", row_number, 10, "ordinal")


def column(name: str, path: str, width: int, kind: Kind = "text", words: str | None = None) -> Column:
    """A column of numbered rows, headed by the word of its name."""
    return Column(f"form.column.{name}", of_row(path), width, kind, words)


def poster_of(posted: DocumentRow | Event) -> By:
    """Who posted a document, or the document of a line, and through which token."""
    return By(posted.made_by, posted.token.label if posted.token else None)


def signature_boxes(signatures: Sequence[Vouched]) -> list[Box]:
    """The two boxes of what a storekeeper and an auditor sign, with the signatures that stand."""
    return signed_boxes(ROLE_BOX, signatures)


def signed_boxes(words: Mapping[str, str], signatures: Sequence[Vouched]) -> list[Box]:
    """A box for each role, by the id of its word, with the signatures that stand."""
    given = {each.role: each for each in signatures}
    return [
        Box(
            word,
            each.username,
            each.signed_at,
            each.fingerprint,
            let_in_by=each.let_in_by,
            confirmed_by=each.confirmed_by,
        )
        if each
        else Box(word)
        for word, each in ((word, given.get(role)) for role, word in words.items())
    ]


def given_by(roles: Sequence[str], signatures: Sequence[Vouched]) -> Given:
    """By role, who has signed."""
    given = {each.role: each.username for each in signatures}
    return {role: given.get(role) for role in roles}


def remarks(signatures: Sequence[Vouched], *others: str) -> Sequence[str] | None:
    """The codes of what a signed paper remarks: others, and whether one person may have given every signature."""
    return [*others, *([LET_IN_BY_ONE] if let_in_by_one(signatures) else [])] or None
