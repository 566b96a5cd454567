"""A document as it is printed: who it is between, what it rests on, what was expected of it, and its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from devices import records
from devices.ledger.papers.proposed import serials_of
from devices.ledger.papers.slip_lines import took_effect
from devices.ledger.reading import listing
from devices.ledger.reading.listing import DocumentView
from devices.ledger.reading.passport import CustomerShown
from devices.lifecycle import DOCUMENTS
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.orders import RepairOrder
from devices.paperwork.papers import Consignment, attachment_key, consignment_key
from devices.paperwork_kinds import ATTACHMENT, CONSIGNMENT, DISPATCH_ORDER, MANIFEST, REPAIR
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Lines, Positions
from devices.store.tables.registers import Carriers, Sites


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """A document with what is printed around its lines.

    `party` is who it is with, where that is no customer: a supplier, the maker, a technician from before they were
    people; `technician` the username of one who is. `far_site` is the other site of a transfer. `cited` is the document
    it cites, `sources` those that its devices were last moved by, where it undoes or ends what they began. `effective`
    tells whether it has lines; `received` counts those, or what was proposed, `expected` what was announced.
    `carrier_name`, `waybill` and `consignment` are of the trip, the last as far as its reader may know of it. `short`,
    `over` and `damaged` are serials. `attachments` are names. `customer_number` is that of the one customer it
    concerns, `customer` who they are as named on it.
    """

    unit: str
    view: DocumentView
    site_name: str
    party: str | None
    technician: str | None
    far_site: str | None
    far_site_name: str | None
    carrier_name: str | None
    waybill: str | None
    consignment: Consignment | None
    order: RepairOrder | DispatchOrder | None
    cited: DocumentView | None
    sources: Sequence[str]
    effective: bool
    attachments: Sequence[str]
    expected: int | None
    received: int
    short: list[str]
    over: list[str]
    damaged: list[str]
    customer_number: str | None
    customer: CustomerShown | None = None

    @property
    def content(self) -> Mapping[str, Any]:
        """What the poster said."""
        return self.view.content


# By hand: what the devices were before a document is read of the line before each of its own.
_EARLIER = (
    "FROM line l LEFT JOIN line before ON before.serial = l.serial AND before.step = l.step - 1"
    " WHERE l.document = ?"
)
_CUSTOMERS = (
    f"SELECT DISTINCT COALESCE(l.customer, before.customer) {_EARLIER}"
    " AND COALESCE(l.customer, before.customer) IS NOT NULL LIMIT 2"
)
_SOURCES = f"SELECT DISTINCT before.document {_EARLIER} AND before.document IS NOT NULL ORDER BY 1 LIMIT ?"
_ORDERS = f"SELECT DISTINCT before.order_number {_EARLIER} AND before.order_number IS NOT NULL LIMIT 2"
_LAST_OF = compiled(
    Lines.select(Lines.document)
    .where(Lines.serial == GIVEN, Lines.type == GIVEN, Lines.reverses.is_null())
    .order_by(Lines.step.desc())
    .limit(1)
)
_FIRST = compiled(Lines.select(Lines.serial).where(Lines.document == GIVEN).order_by(Lines.n).limit(1))
_CUSTOMERS_OF = compiled(
    Positions.select(Positions.customer)
    .distinct()
    .where(Positions.serial.in_(EACH), Positions.customer.is_null(is_null=False))
)
RESTS_ON = {document.name: document.halves[0] for document in DOCUMENTS if document.source == "half"}
"""Documents that cite none, and the one that their devices came by."""
ENDS = tuple(document.name for document in DOCUMENTS if document.source == "before")
"""Documents that end what the ones before them began."""
MOST_SOURCES = 5
_NAMES = {
    "site": compiled(Sites.select(Sites.name).where(Sites.code == GIVEN)),
    "carrier": compiled(Carriers.select(Carriers.name).where(Carriers.code == GIVEN)),
}


def slip_of(store: Store, unit: str, number: str) -> Slip | None:
    """A document as it is printed, without the data of its customer; None where there is none."""
    view = listing.document(store, number, limit=0)
    if view is None:
        return None
    said, document = view.content, view.document
    effective = took_effect(store, view)
    named = [] if effective else serials_of(store, view)
    cited = listing.document(store, document.cites, limit=0) if document.cites else None
    source = _source(store, view, named)
    far = _far_site(view, cited)
    sent = (cited or source or view) if "carrier" not in said else view
    order = _order(store, document.under or _order_before(store, view))
    findings = said.get("findings", {})
    return Slip(
        unit=unit,
        view=view,
        site_name=_name(store, "site", document.site) or document.site,
        party=_party(view, cited or source, order),
        technician=order.technician if isinstance(order, DispatchOrder) else None,
        far_site=far,
        far_site_name=_name(store, "site", far),
        carrier_name=_name(store, "carrier", sent.content.get("carrier")),
        waybill=said.get("consignment_number") or sent.content.get("consignment_number"),
        consignment=_consignment(store, sent),
        order=order,
        cited=cited,
        sources=[source.document.number] if source else _sources(store, view),
        effective=effective,
        attachments=[_paper(store, view.document.site, digest) for digest in said.get("attachments", ())],
        expected=_expected(store, view, cited),
        received=document.lines or 0 if effective else len(named),
        short=findings.get("short", []),
        over=[*findings.get("over", []), *findings.get("extra", [])],
        damaged=findings.get("damaged", []),
        customer_number=_customer(store, view, order, named),
    )


def _source(store: Store, view: DocumentView, named: Sequence[str]) -> DocumentView | None:
    """The document that the devices of one that cites none came by."""
    wanted = RESTS_ON.get(view.document.type)
    if wanted is None:
        return None
    first = store.row(_FIRST, (view.document.number,))
    row = store.row(_LAST_OF, (first[0] if first else next(iter(named), ""), wanted))
    found = listing.document(store, row[0], limit=0) if row else None
    return found if found and found.document.site == view.document.site else None


def _sources(store: Store, view: DocumentView) -> list[str]:
    if view.document.type not in ENDS:
        return []
    return [number for (number,) in store.rows(_SOURCES, (view.document.number, MOST_SOURCES))]


def _order_before(store: Store, view: DocumentView) -> str | None:
    """The order that the devices were out or in under, where a document ends that."""
    rows = store.rows(_ORDERS, (view.document.number,)) if view.document.type in ENDS else []
    return rows[0][0] if len(rows) == 1 else None


def _paper(store: Store, site: str, digest: str) -> str:
    found = records.current(store, ATTACHMENT, attachment_key(site, digest))
    return found[0].name if found else digest


def _name(store: Store, kind: str, code: str | None) -> str | None:
    row = store.row(_NAMES[kind], (code,)) if code else None
    return row[0] if row else None


def _far_site(view: DocumentView, cited: DocumentView | None) -> str | None:
    """The other site of a transfer: where it goes, or where what arrived came from."""
    if view.document.type == "arrival" and cited is not None:
        return cited.document.site
    return view.content.get("destination")


def _party(view: DocumentView, cited: DocumentView | None, order: Any) -> str | None:
    said, before = view.content, cited.content if cited else {}
    technician = order.technician_text if isinstance(order, DispatchOrder) else None
    return (
        said.get("supplier")
        or said.get("maker")
        or before.get("maker")
        or before.get("supplier")
        or technician
    )


def _consignment(store: Store, sent: DocumentView) -> Consignment | None:
    carrier, waybill = sent.content.get("carrier"), sent.content.get("consignment_number")
    if not carrier or not waybill:
        return None
    found = records.current(store, CONSIGNMENT, consignment_key(sent.document.site, carrier, waybill))
    return found[0] if found else None


def _order(store: Store, number: str | None) -> RepairOrder | DispatchOrder | None:
    for kind in (REPAIR, DISPATCH_ORDER) if number else ():
        if found := records.current(store, kind, number or ""):
            order: RepairOrder | DispatchOrder = found[0]
            return order
    return None


def _expected(store: Store, view: DocumentView, cited: DocumentView | None) -> int | None:
    """How many devices were announced: by the manifest, or by what was sent and the document takes in."""
    manifest = view.content.get("manifest")
    if manifest:
        found = records.current(store, MANIFEST, manifest)
        rows = found[0].rows if found else ()
        return len({each.serial for each in rows if each.serial})
    if view.document.type in ("arrival", "factory_receipt") and cited is not None:
        return cited.document.lines
    return None


def _customer(store: Store, view: DocumentView, order: Any, named: Sequence[str]) -> str | None:
    """The one customer a document concerns."""
    said = view.content.get("customer") or {}
    number: str | None = said.get("number") or (order.customer if order else None)
    if number:
        return number
    rows = store.rows(_CUSTOMERS, (view.document.number,))
    found = {owner for (owner,) in rows} or _customers_proposed(store, view, named)
    return found.pop() if len(found) == 1 else None


def _customers_proposed(store: Store, view: DocumentView, named: Sequence[str]) -> set[str]:
    """The customers that a proposal's lines name, and those whose its devices are."""
    parties = (item.get("customer") or {} for item in view.content.get("lines", ()))
    told = {str(party["number"]) for party in parties if party.get("number")}
    return told | {str(number) for (number,) in store.rows_in(_CUSTOMERS_OF, named)}
