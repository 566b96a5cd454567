"""What a document came to when it was posted, and which devices it moved."""

from __future__ import annotations

from typing import Any

import msgspec
from peewee import JOIN

from devices.ledger.reading.history import TokenNamed, token_named
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Lines, Links
from devices.store.tables.people import Tokens


class AsPosted(msgspec.Struct, frozen=True):
    """What never changes of a document: what its poster said (`content`), and the link that journals it."""

    type: str
    business_date: str
    recorded_at_us: int
    made_by: str
    token: TokenNamed | None
    content: dict[str, Any]
    journal_site: str
    journal_seq: int
    hash: str


_AS_POSTED = compiled(
    Documents.select(
        Documents.type,
        Documents.business_date,
        Documents.recorded_at,
        Documents.made_by,
        Documents.token,
        Tokens.label,
        Documents.content,
        Links.site,
        Links.seq,
        Links.hash,
    )
    .join(Links, on=(Links.site == Documents.site) & (Links.seq == Documents.journal_seq))
    .join_from(Documents, Tokens, JOIN.LEFT_OUTER, on=Tokens.id == Documents.token)
    .where(Documents.number == GIVEN)
)
_MOVED = compiled(Lines.select(Lines.serial).where(Lines.document == GIVEN).order_by(Lines.n))
_LAST_SALE = compiled(
    Documents.select(Documents.content)
    .where(Documents.site == GIVEN, Documents.type == "sale")
    .order_by(Documents.year.desc(), Documents.ordinal.desc())
    .limit(1)
)


def as_posted(store: Store, number: str) -> AsPosted:
    """A document that is there, as it was posted."""
    row = store.row(_AS_POSTED, (number,))
    assert row is not None, "a document that was posted is there"
    kind, business_date, recorded_at, made_by, token, label, content, *link = row
    named, said = token_named(token, label), msgspec.json.decode(content)
    return AsPosted(kind, business_date, recorded_at, made_by, named, said, *link)


def serials_moved(store: Store, number: str) -> list[str]:
    """The devices that a document moves, line by line."""
    return [serial for (serial,) in store.rows(_MOVED, (number,))]


def last_application(store: Store, site: str) -> str:
    """The number of the usage application that a site's last sale was made on; empty before the first sale."""
    row = store.row(_LAST_SALE, (site,))
    return str(msgspec.json.decode(row[0]).get("application", "")) if row else ""
