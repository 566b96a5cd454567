"""What search looks up: whether a text names a device or a document, and the devices whose serial begins with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from peewee import fn

from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Positions

DOCUMENT_NUMBER = re.compile(r"([A-Z][A-Z0-9]{1,7})-[0-9]{4}-[0-9]{6,}")
"""Its site, year and ordinal."""
_DEVICE = compiled(Positions.select(Positions.serial).where(Positions.serial == GIVEN))
_DOCUMENT = compiled(Documents.select(Documents.number).where(Documents.number == GIVEN))


def is_device(store: Store, serial: str) -> bool:
    """Whether the books have ever held this serial."""
    return store.row(_DEVICE, (serial,)) is not None


def is_document(store: Store, number: str) -> bool:
    """Whether there is a document of this number."""
    return store.row(_DOCUMENT, (number,)) is not None


def devices_beginning(
    store: Store,
    beginning: str,
    *,
    sites: Sequence[str] | None,
    hidden: Iterable[tuple[str | None, str | None]] = (),
    limit: int,
) -> list[tuple[str, str]]:
    """The first serials that begin so, each with its state; `sites` None means every site.

    A device that left every register belongs to the site that last acted. `hidden` are the sites and registers whose
    devices are not told of.
    """
    found = Positions.select(Positions.serial, Positions.state).where(
        Positions.serial >= beginning, Positions.serial < beginning + "\x7f"
    )
    if sites is not None:
        found = found.where(fn.COALESCE(Positions.site, Positions.responsible_site).in_(sites))
    for site, register in hidden:
        found = found.where(
            Positions.site.is_null() | (Positions.site != site) | (Positions.register != register)
        )
    rows = store.rows(*found.order_by(Positions.serial).limit(limit).sql())
    return [(serial, state) for serial, state in rows]
