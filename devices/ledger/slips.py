"""A document as it is printed: who it is between, what it rests on, what was expected of it, and its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from devices import records
from devices.database import Store
from devices.ledger import listing
from devices.ledger.listing import DocumentView
from devices.ledger.passport import CustomerShown
from devices.ledger.reversal import partner_of
from devices.paperwork import (
    CONSIGNMENT,
    DISPATCH_ORDER,
    REPAIR,
    Consignment,
    DispatchOrder,
    Manifest,
    RepairOrder,
    consignment_key,
)
from devices.records import MODEL
from devices.values import Model


class SlipLine(msgspec.Struct, frozen=True):
    """One line of a slip. `before` is the state it left, `condition` that of its bin, else of the bin it left.

    `price_fen` is what the line says, else the catalogue's as of the document; `partner` the other serial of a swap or
    an exchange; `facts` what the line says besides; `reversed_by` the document that undid it.
    """

    n: int
    serial: str
    kind: str | None
    model: str | None
    before: str | None
    from_bin: str | None
    state: str | None
    bin: str | None
    condition: str | None
    price_fen: int | None
    replaces: str | None
    replaced_by: str | None
    warranty_until: str | None
    facts: Mapping[str, Any]
    reversed_by: str | None

    @property
    def partner(self) -> str | None:
        """The other serial of this very line; `replaced_by` may be what a customer got for the device before."""
        return partner_of(self.serial, self.facts)


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """A document with what is printed around its lines.

    `party` is who it is with, where that is no customer: a supplier, the maker, a technician; `far_site` the other
    site of a transfer. `cited` is the document it cites. `expected` and `received` count devices, where something was
    announced; `short`, `over` and `damaged` are serials. `customer_number` is that of the one customer it concerns,
    `customer_told` whether the document's own JSON says so; `customer` is what its reader may see of them.
    """

    unit: str
    view: DocumentView
    site_name: str
    party: str | None
    far_site: str | None
    far_site_name: str | None
    carrier_name: str | None
    consignment: Consignment | None
    order: RepairOrder | DispatchOrder | None
    cited: DocumentView | None
    expected: int | None
    received: int
    short: list[str]
    over: list[str]
    damaged: list[str]
    customer_number: str | None
    customer_told: bool
    customer: CustomerShown | None = None

    @property
    def content(self) -> Mapping[str, Any]:
        """What the poster said."""
        return self.view.content


LINES = (
    "SELECT l.n, l.serial, m.kind, l.model, l.from_state, l.from_bin, l.state, l.bin,"
    " COALESCE(l.condition, b.condition), l.replaces, l.replaced_by, l.warranty_until, l.facts, x.document"
    " FROM line l JOIN model m ON m.code = l.model"
    " LEFT JOIN bin b ON b.site = l.from_site AND b.code = l.from_bin"
    " LEFT JOIN line x ON x.serial = l.serial AND x.step > l.step AND x.reverses = l.step"
    " WHERE l.document = ? ORDER BY l.n"
)
LINE_FIELDS = tuple(name for name in SlipLine.__struct_fields__ if name != "price_fen")
PROPOSED = (
    "SELECT m.kind, p.model, p.state, p.bin, p.condition FROM position p JOIN model m ON m.code = p.model"
    " WHERE p.serial = ?"
)
CUSTOMERS = (
    "SELECT DISTINCT COALESCE(l.customer, before.customer), CASE WHEN l.customer IS NULL THEN 0 ELSE 1 END"
    " FROM line l LEFT JOIN line before ON before.serial = l.serial AND before.step = l.step - 1"
    " WHERE l.document = ? AND COALESCE(l.customer, before.customer) IS NOT NULL LIMIT 2"
)
NAMES = {"site": "SELECT name FROM site WHERE code = ?", "carrier": "SELECT name FROM carrier WHERE code = ?"}


def slip_of(store: Store, unit: str, number: str) -> Slip | None:
    """A document as it is printed, without the data of its customer; None where there is none."""
    view = listing.document(store, number, limit=0)
    if view is None:
        return None
    said, document = view.content, view.document
    cited = listing.document(store, document.cites, limit=0) if document.cites else None
    far = _far_site(view, cited)
    sent = (cited or view) if "carrier" not in said else view
    order = _order(store, document.under)
    customer, told = _customer(store, view, order)
    findings = said.get("findings", {})
    return Slip(
        unit=unit,
        view=view,
        site_name=_name(store, "site", document.site) or document.site,
        party=_party(view, cited, order),
        far_site=far,
        far_site_name=_name(store, "site", far),
        carrier_name=_name(store, "carrier", sent.content.get("carrier")),
        consignment=_consignment(store, sent),
        order=order,
        cited=cited,
        expected=_expected(store, view, cited),
        received=document.lines,
        short=findings.get("short", []),
        over=[*findings.get("over", []), *findings.get("extra", [])],
        damaged=findings.get("damaged", []),
        customer_number=customer,
        customer_told=told,
    )


def lines_of(store: Store, slip: Slip) -> Iterator[SlipLine]:
    """The lines of a slip in their order; of a proposal, what it proposes."""
    view = slip.view
    if store.row("SELECT 1 FROM line WHERE document = ?", (view.document.number,)) is None:
        yield from _proposed(store, view)
        return
    prices: dict[str, int | None] = {}
    for row in store.stream(LINES, (view.document.number,)):
        said: dict[str, Any] = dict(zip(LINE_FIELDS, row, strict=True))
        said["facts"] = msgspec.json.decode(said["facts"])
        if said["model"] not in prices:
            prices[said["model"]] = price_then(store, said["model"], view.document.recorded_at_us)
        yield SlipLine(**said, price_fen=said["facts"].get("price_fen", prices[said["model"]]))


def price_then(store: Store, model: str, at_us: int) -> int | None:
    """The catalogue's price of a model in fen as of a moment, None where it was not in the catalogue yet."""
    row = store.row(
        "SELECT content FROM revision WHERE kind = ? AND key = ? AND recorded_at <= ? ORDER BY revision DESC LIMIT 1",
        (MODEL.name, model, at_us),
    )
    return msgspec.json.decode(row[0], type=Model).price_fen if row else None


def _proposed(store: Store, view: DocumentView) -> Iterator[SlipLine]:
    said = view.content.get("lines") or [{"serial": serial} for serial in view.content.get("serials") or ()]
    for n, item in enumerate(said, 1):
        serial = str(item.get("serial") or item.get("new") or "")
        kind, model, state, place, condition = store.row(PROPOSED, (serial,)) or (None,) * 5
        facts = {key: value for key, value in item.items() if key not in ("serial", "bin", "customer")}
        yield SlipLine(
            n, serial, kind, model or item.get("model"), state, place, item.get("state"), item.get("bin"),
            condition, facts.get("price_fen"), None, None, None, facts, None,
        )  # fmt: skip


def _name(store: Store, kind: str, code: str | None) -> str | None:
    row = store.row(NAMES[kind], (code,)) if code else None
    return row[0] if row else None


def _far_site(view: DocumentView, cited: DocumentView | None) -> str | None:
    """The other site of a transfer: where it goes, or where what arrived came from."""
    if view.document.type == "arrival" and cited is not None:
        return cited.document.site
    return view.content.get("destination")


def _party(view: DocumentView, cited: DocumentView | None, order: Any) -> str | None:
    said, before = view.content, cited.content if cited else {}
    technician = order.technician if isinstance(order, DispatchOrder) else None
    return said.get("supplier") or said.get("maker") or before.get("maker") or technician


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
        row = store.row("SELECT content FROM record WHERE kind = 'manifest' AND key = ?", (manifest,))
        rows = msgspec.json.decode(row[0], type=Manifest).rows if row else ()
        return len({each.serial for each in rows if each.serial})
    if view.document.type in ("arrival", "factory_receipt") and cited is not None:
        return cited.document.lines
    return None


def _customer(store: Store, view: DocumentView, order: Any) -> tuple[str | None, bool]:
    """The one customer a document concerns, and whether its own JSON, or its order's, tells the number."""
    said = view.content.get("customer") or {}
    if number := said.get("number") or (order.customer if order else None):
        return number, True
    rows = store.rows(CUSTOMERS, (view.document.number,))
    if len({number for number, _ in rows}) != 1:
        return None, False
    return rows[0][0], any(told for _, told in rows)
