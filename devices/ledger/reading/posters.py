"""Who may not review a document (docs/decisions.md, "Reviewed before, reviewed after")."""

from __future__ import annotations

from typing import Protocol

from devices.store.database import Store
from devices.store.statements import EACH, compiled
from devices.store.tables.ledger import Documents


class Reviewed(Protocol):
    """What of a document says who had a part in it."""

    @property
    def type(self) -> str: ...
    @property
    def made_by(self) -> str: ...
    @property
    def cites(self) -> str | None: ...
    @property
    def answers(self) -> str | None: ...


_MADE_BY = compiled(Documents.select(Documents.made_by).where(Documents.number.in_(EACH)))


def posters_of(store: Store, document: Reviewed) -> frozenset[str]:
    """Whoever posted a document, or what it reverses or answers."""
    reversed_one = document.cites if document.type == "reversal" else None
    named = [number for number in (reversed_one, document.answers) if number]
    return frozenset({document.made_by, *(name for (name,) in store.rows_in(_MADE_BY, named))})
