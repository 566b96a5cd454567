"""Which devices are expected under a paper: a packing list, a transfer on its way here, a parcel to the maker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec

from devices.ledger.posting.gather import manifest_of
from devices.paperwork_kinds import MANIFEST
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Lines, Positions, Records

NEWEST = 20
"""How many packing lists are offered: older ones are read by their number."""


class Offered(msgspec.Struct, frozen=True):
    """A paper under which devices may be taken in; `told` is what people know it by, `count` the devices expected."""

    number: str
    told: str
    count: int | None = None


class Expected(msgspec.Struct, frozen=True):
    """The serials expected under one paper with their models where it tells them, and the fields it settles.

    `withheld` is the number of the blind count that keeps the serials from a reader.
    """

    number: str
    serials: Mapping[str, str | None]
    fixed: Mapping[str, str]
    withheld: str | None = None


class _Listed(msgspec.Struct, frozen=True):
    """The head of a packing list; its rows are not read."""

    number: str
    supplier: str
    delivery_note: str


_UNDER_WAY = compiled(
    Positions.select(Positions.serial, Positions.model, Lines.step, Lines.document)
    .join(Lines, on=(Lines.serial == Positions.serial))
    .where(Positions.state == GIVEN, Lines.type == GIVEN, Lines.reverses.is_null())
)
_NEWEST = compiled(
    Records.select(Records.content)
    .where(Records.kind == MANIFEST.name, Records.site == GIVEN)
    .order_by(Records.key.desc())
    .limit(NEWEST)
)
_SENT = compiled(Documents.select(Documents.site, Documents.content).where(Documents.number == GIVEN))
STATE_OF = {"dispatch": "in_transit", "factory_dispatch": "at_factory"}


def manifests_of(store: Store, site: str) -> list[Offered]:
    """The newest packing lists of a site, newest first."""
    listed = [msgspec.json.decode(content, type=_Listed) for (content,) in store.rows(_NEWEST, (site,))]
    return [Offered(each.number, f"{each.supplier} {each.delivery_note}") for each in listed]


def dispatches_for(store: Store, kind: str, site: str) -> list[Offered]:
    """The transfers on their way to a site (`dispatch`), or its parcels to the maker (`factory_dispatch`)."""
    found = _under_way(store, kind)
    offered = []
    for number, serials in sorted(found.items()):
        row = store.row(_SENT, (number,))
        content: dict[str, Any] = msgspec.json.decode(row[1]) if row else {}
        if row and site == content.get("destination", row[0]):
            told = f"{content.get('carrier', '')} {content.get('consignment_number', '')}".strip()
            offered.append(Offered(number, told, len(serials)))
    return offered


def expected_under(store: Store, kind: str, number: str, site: str) -> Expected | None:
    """What is expected at `site` under this paper; None where there is no such paper for it."""
    if kind == "manifest":
        manifest, received = manifest_of(store, number)
        if manifest is None or manifest.site != site:
            return None
        serials = {
            row.serial: row.model for row in manifest.rows if row.serial and row.serial not in received
        }
        settled = ("register", "supplier", "delivery_note")
        return Expected(number, serials, {name: getattr(manifest, name) for name in settled})
    if number not in {each.number for each in dispatches_for(store, kind, site)}:
        return None
    return Expected(number, _under_way(store, kind)[number], {})


def _under_way(store: Store, kind: str) -> dict[str, dict[str, str | None]]:
    """By the document that last sent them off, the devices that have not come back, with their models."""
    last: dict[str, tuple[int, str, str | None]] = {}
    for serial, model, step, document in store.rows(_UNDER_WAY, (STATE_OF[kind], kind)):
        if serial not in last or step > last[serial][0]:
            last[serial] = (step, document, model)
    found: dict[str, dict[str, str | None]] = defaultdict(dict)
    for serial, (_, document, model) in sorted(last.items()):
        found[document][serial] = model
    return dict(found)
