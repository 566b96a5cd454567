"""Slips: every document on paper, as 入库单, 出库单, 设备更换单, 返厂单, 调拨单 or under its own name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from devices.audit.vouching import Vouched
from devices.ledger.papers.slip_lines import SlipLine
from devices.ledger.papers.slips import Slip
from devices.lifecycle import DOCUMENT, STOREKEEPER
from labels.forms.devices import customer_name
from labels.forms.form import Box, Column, Field, Form, Proof, Table, Word
from labels.forms.parts import NUMBER, poster_of, remarks, signature_boxes


class SlipPrinted(msgspec.Struct, frozen=True):
    """A slip as it is printed; `lines` can be read once. `signatures` are those that it was made on, if any."""

    slip: Slip
    lines: Iterable[SlipLine]
    signatures: Sequence[Vouched] = ()


class Manner(msgspec.Struct, frozen=True):
    """How the slips of some documents are laid out: their title, columns, and who hands over or takes.

    `loose` is the title of one that puts nothing into a bin, where that is another.
    """

    title: str
    columns: tuple[Column, ...]
    others: tuple[str, ...] = ()
    loose: str | None = None


# --- the head


def _said(name: str) -> Callable[[SlipPrinted], Any]:
    return lambda printed: printed.slip.content.get(name)


def _site(printed: SlipPrinted) -> str:
    return f"{printed.slip.view.document.site} {printed.slip.site_name}"


def _far_site(printed: SlipPrinted) -> str | None:
    slip = printed.slip
    return " ".join(filter(None, (slip.far_site, slip.far_site_name))) or None


def _carrier(printed: SlipPrinted) -> str | None:
    consignment = printed.slip.consignment
    return printed.slip.carrier_name or (consignment.carrier if consignment else None)


def _consignment(name: str) -> Callable[[SlipPrinted], Any]:
    return lambda printed: getattr(printed.slip.consignment, name, None)


HOMEWARD = ("factory_receipt", "factory_exchange")
"""What comes back: the trip that is known of it is the one out."""


def _of_trip(read: Callable[[SlipPrinted], Any], *, out: bool) -> Callable[[SlipPrinted], Any]:
    """Reads a fact of the document's own trip, or (`out`) of the one that its devices went out on."""
    return lambda printed: read(printed) if (printed.slip.view.document.type in HOMEWARD) == out else None


def _waybill(printed: SlipPrinted) -> str | None:
    return printed.slip.waybill


def _effective_at(printed: SlipPrinted) -> int | None:
    """When it took effect: at once, or when a proposal was approved."""
    view = printed.slip.view
    if not printed.slip.effective:
        return None
    return (
        view.reviewed.recorded_at_us if _proposal(printed) and view.reviewed else view.document.recorded_at_us
    )


def _submitted_at(printed: SlipPrinted) -> int | None:
    return printed.slip.view.document.recorded_at_us if _proposal(printed) else None


def _proposal(printed: SlipPrinted) -> bool:
    return DOCUMENT[printed.slip.view.document.type].review == "before"


def _order_number(printed: SlipPrinted) -> str | None:
    return getattr(printed.slip.order, "number", None)


def _completed_at(printed: SlipPrinted) -> int | None:
    said = printed.slip.content.get("completed_at")
    if said is None:
        at: int | None = _record("completed_at")(printed)
        return at
    return round(datetime.fromisoformat(said).timestamp() * 1_000_000)


def _attachments(printed: SlipPrinted) -> str | None:
    return "\n".join(printed.slip.attachments) or None


def _customer(printed: SlipPrinted) -> str | Word | None:
    return customer_name(printed.slip.customer)


def _taxpayer(printed: SlipPrinted) -> str | None:
    customer = printed.slip.customer
    return customer.taxpayer_id if customer else None


def _order(name: str) -> Callable[[SlipPrinted], Any]:
    return lambda printed: getattr(printed.slip.order, name, None)


def _record(name: str) -> Callable[[SlipPrinted], Any]:
    return lambda printed: getattr(_order("record")(printed), name, None)


def _found(name: str) -> Callable[[SlipPrinted], Any]:
    return lambda printed: len(getattr(printed.slip, name)) or None


def _reversal_of(printed: SlipPrinted) -> str | None:
    document = printed.slip.view.document
    return document.cites if document.type == "reversal" else None


def _source(printed: SlipPrinted) -> str | None:
    document = printed.slip.view.document
    if document.type == "reversal":
        return None
    return document.cites or "  ".join(printed.slip.sources) or None


def _surrender_reason(printed: SlipPrinted) -> Any:
    reason = printed.slip.content.get("reason")
    surrender = printed.slip.view.document.type == "surrender"
    return Word(f"form.surrender.{reason}") if surrender and reason else reason


def _charged(printed: SlipPrinted) -> Any:
    return printed.slip.content.get("charged_fen") or None


FIELDS = (
    Field("form.field.business_date", "slip.view.document.business_date", "date"),
    Field("form.field.type", "slip.view.document.type", words="document"),
    Field("form.field.site", _site),
    Field("form.field.register", "slip.view.document.register", words="register"),
    Field("form.field.status", "slip.view.document.status", words="status"),
    Field("form.field.submitted_at", _submitted_at, "moment"),
    Field("form.field.recorded_at", _effective_at, "moment"),
    Field("form.field.reversal_of", _reversal_of),
    Field("form.field.cites", _source),
    Field("form.field.answers", "slip.view.document.answers"),
    Field("form.field.under", _order_number),
    Field("form.field.stocktake", _said("stocktake")),
    Field("form.field.party", "slip.party"),
    Field("form.field.technician", "slip.technician", "person"),
    Field("form.field.far_site", _far_site),
    Field("form.field.customer", _customer),
    Field("form.field.taxpayer_id", _taxpayer, "serial"),
    Field("form.field.delivery_note", _said("delivery_note")),
    Field("form.field.manifest", _said("manifest")),
    Field("form.field.application", _said("application")),
    Field("form.field.tax_document", _said("tax_document")),
    Field("form.field.report_number", _said("report_number")),
    Field("form.field.carrier", _of_trip(_carrier, out=False)),
    Field("form.field.waybill", _of_trip(_waybill, out=False)),
    Field("form.field.packages", _of_trip(_consignment("packages"), out=False), "number"),
    Field("form.field.sent_on", _of_trip(_consignment("sent_on"), out=False), "date"),
    Field("form.field.sent_carrier", _of_trip(_carrier, out=True)),
    Field("form.field.sent_waybill", _of_trip(_waybill, out=True)),
    Field("form.field.consignment_note", _of_trip(_consignment("note"), out=False), wide=True),
    Field("form.field.expected", "slip.expected", "number"),
    Field("form.field.received", "slip.received", "number"),
    Field("form.field.terms", _said("terms"), words="form.terms"),
    Field("form.field.charged", _charged, "money"),
    Field("form.field.completed_at", _completed_at, "moment"),
    Field("form.field.diagnosis", lambda p: _said("diagnosis")(p) or _record("diagnosis")(p), wide=True),
    Field("form.field.work", lambda p: _said("work")(p) or _record("work")(p), wide=True),
    Field("form.field.fault", _said("fault"), wide=True),
    Field("form.field.result", _said("result"), wide=True),
    Field("form.field.inspection", _said("inspection"), wide=True),
    Field("form.field.found", _said("found"), wide=True),
    Field("form.field.claim", _said("claim"), wide=True),
    Field("form.field.reason", _surrender_reason, wide=True),
    Field("form.field.consent", _said("consent"), wide=True),
    Field("form.field.short", _found("short"), "number"),
    Field("form.field.over", _found("over"), "number"),
    Field("form.field.damaged", _found("damaged"), "number"),
    Field("form.field.attachments", _attachments, wide=True),
    Field("form.field.note", _said("note"), wide=True),
    Field(
        "form.field.review_reason", lambda p: p.slip.view.reviewed and p.slip.view.reviewed.reason, wide=True
    ),
    Field("form.field.remarks", lambda p: remarks(p.signatures), words="remark", wide=True),
)

# --- the lines

FACTS = ("reason", "damaged", "reinitialised", "result", "finding", "order")
"""What a line may say in words, besides its serials and its price."""


def _line(name: str) -> Callable[[tuple[int, SlipLine]], Any]:
    return lambda numbered: getattr(numbered[1], name)


def _remark(numbered: tuple[int, SlipLine]) -> str | None:
    facts = numbered[1].facts
    return "\n".join(str(facts[name]) for name in FACTS if facts.get(name)) or None


_SERIAL = Column("form.column.serial", _line("serial"), 30, "serial")
_KIND = Column("form.column.kind", _line("kind"), 16, words="kind")
_MODEL = Column("form.column.model", _line("model"), 20)
CONDITION = Column("form.column.condition", _line("condition"), 21, words="condition")
_BIN = Column("form.column.bin", _line("bin"), 18)
FROM_BIN = Column("form.column.from_bin", _line("from_bin"), 18)
_BEFORE = Column("form.column.before", _line("before"), 22, words="state")
_STATE = Column("form.column.state", _line("state"), 22, words="state")
PRICE = Column("form.column.price", _line("price_fen"), 18, "money", summed=True)
REGISTER = Column("form.column.register", _line("register"), 20, words="register")
PARTY = Column("form.column.party", _line("party"), 26)
SWAP_PART = Column(
    "form.column.swap_part",
    lambda row: "off" if row[1].facts.get("faulty") == row[1].serial else "on",
    14,
    words="form.swap",
)
PARTNER = Column("form.column.partner", lambda row: row[1].partner, 30, "serial")
FAULTY = Column("form.column.faulty", lambda row: row[1].facts.get("faulty"), 30, "serial")
WARRANTY = Column("form.column.warranty_until", _line("warranty_until"), 22, "date")
REMARK = Column("form.column.remark", _remark, 30)
REVERSED = Column("form.column.reversed_by", _line("reversed_by"), 37)

RECEIVED = (NUMBER, _SERIAL, _KIND, _MODEL, CONDITION, _BIN, PRICE, REMARK, REVERSED)
OPENED = (
    NUMBER, _SERIAL, _KIND, _MODEL, _STATE, REGISTER, CONDITION, _BIN, PARTY, WARRANTY, PRICE, REMARK, REVERSED,
)  # fmt: skip
RECOVERED = (
    NUMBER,
    _SERIAL,
    _KIND,
    _MODEL,
    _BEFORE,
    _STATE,
    REGISTER,
    CONDITION,
    _BIN,
    PRICE,
    REMARK,
    REVERSED,
)
TAKEN_IN = (NUMBER, _SERIAL, _KIND, _MODEL, _BEFORE, CONDITION, _BIN, PRICE, REMARK, REVERSED)
ACCEPTED = (NUMBER, _SERIAL, _KIND, _MODEL, _BEFORE, CONDITION, _BIN, REMARK, REVERSED)
_ISSUED = (NUMBER, _SERIAL, _KIND, _MODEL, CONDITION, FROM_BIN, _STATE, PRICE, REMARK, REVERSED)
_GIVEN = (NUMBER, _SERIAL, _KIND, _MODEL, CONDITION, FROM_BIN, _STATE, REMARK, REVERSED)
SOLD = (NUMBER, _SERIAL, _KIND, _MODEL, CONDITION, FROM_BIN, PRICE, REMARK, REVERSED)
CARRIED = (NUMBER, _SERIAL, _KIND, _MODEL, CONDITION, FROM_BIN, FAULTY, PRICE, REVERSED)
_SWAPPED = (NUMBER, _SERIAL, SWAP_PART, _KIND, _MODEL, PARTNER, _BEFORE, _STATE, _BIN, WARRANTY, REVERSED)
_SENT = (NUMBER, _SERIAL, _KIND, _MODEL, _BEFORE, CONDITION, FROM_BIN, REMARK, REVERSED)
RETURNED = (NUMBER, _SERIAL, _KIND, _MODEL, _BEFORE, _STATE, CONDITION, _BIN, REMARK, REVERSED)
EXCHANGED = (NUMBER, _SERIAL, _KIND, _MODEL, PARTNER, _BEFORE, _STATE, CONDITION, _BIN, REMARK, REVERSED)
MOVED = (NUMBER, _SERIAL, _KIND, _MODEL, _BEFORE, FROM_BIN, _STATE, _BIN, REMARK, REVERSED)

DELIVERER, CARRIER, CUSTOMER = ("form.box.deliverer",), ("form.box.carrier",), ("form.box.customer",)
MANNERS: dict[str, Manner] = {
    "opening": Manner("form.title.slip", OPENED),
    "receipt": Manner("form.title.receipt", RECEIVED, DELIVERER),
    "sale_cancellation": Manner("form.title.receipt", TAKEN_IN, DELIVERER),
    "customer_return": Manner("form.title.receipt", TAKEN_IN, DELIVERER),
    "carry_back": Manner("form.title.receipt", TAKEN_IN, DELIVERER),
    "recovery": Manner("form.title.receipt", RECOVERED, DELIVERER, loose="form.title.slip"),
    "sale": Manner("form.title.issue", SOLD, ("form.box.buyer",)),
    "carry_out": Manner("form.title.issue", CARRIED, ("form.box.receiver",)),
    "supplier_return": Manner("form.title.issue", _ISSUED, CARRIER),
    "write_off": Manner("form.title.issue", _ISSUED),
    "surrender": Manner("form.title.slip", _GIVEN, ("form.box.authority",)),
    "swap": Manner("form.title.swap", _SWAPPED, CUSTOMER),
    "dispatch": Manner("form.title.transfer", _SENT, ("form.box.carrier", "form.box.consignee")),
    "arrival": Manner("form.title.transfer", ACCEPTED, CARRIER),
    "transit_loss": Manner("form.title.transfer", MOVED, CARRIER),
    "factory_dispatch": Manner("form.title.factory", _SENT, CARRIER),
    "factory_receipt": Manner("form.title.factory", RETURNED, DELIVERER),
    "factory_exchange": Manner("form.title.factory", EXCHANGED, DELIVERER),
    "repair_intake": Manner("form.title.slip", ACCEPTED, CUSTOMER),
    "repair_return": Manner("form.title.slip", _GIVEN, CUSTOMER),
    "reversal": Manner("form.title.red", MOVED),
    **dict.fromkeys(
        ("adoption", "move", "hold", "release", "registration", "loss_report", "shortage"),
        Manner("form.title.slip", MOVED),
    ),
}
"""By document; the last ones go under their own name, with where each device was and is."""


def manner_of(document: str) -> Manner:
    """How a document's slip is laid out."""
    return MANNERS[document]


def _title(printed: SlipPrinted) -> tuple[str, dict[str, object]]:
    kind = printed.slip.view.document.type
    manner = manner_of(kind)
    title = manner.loose if manner.loose and not _into_bins(printed) else manner.title
    return title, {"document": kind}


def _into_bins(printed: SlipPrinted) -> bool:
    """Whether its poster names a bin: what names none goes to no shelf of ours."""
    said = printed.slip.content
    return bool(said.get("bin")) or any(item.get("bin") for item in said.get("lines", ()))


def _boxes(printed: SlipPrinted) -> list[Box]:
    view = printed.slip.view
    if printed.signatures:
        return signature_boxes(printed.signatures)
    poster = "storekeeper" if DOCUMENT[view.document.type].posters in (STOREKEEPER, ()) else "poster"
    reviewed = view.reviewed if view.reviewed and view.reviewed.decision != "withdraw" else None
    auditor = Box("form.box.auditor")
    if reviewed is not None:
        outcome = f"decision.{reviewed.decision}"
        auditor = Box("form.box.auditor", reviewed.made_by, reviewed.recorded_at_us, outcome=outcome)
    by = poster_of(view.document)
    return [
        *map(Box, manner_of(view.document.type).others),
        Box(f"form.box.{poster}", by.username, view.document.recorded_at_us, token=by.token),
        auditor,
    ]


_LINES = Table(
    "form.table.lines",
    lambda printed: enumerate(printed.lines, 1),
    lambda printed: manner_of(printed.slip.view.document.type).columns,
)
FINDINGS = ("short", "over", "damaged")
_FOUND = Table(
    "form.table.findings",
    lambda printed: enumerate(
        [(name, serial) for name in FINDINGS for serial in getattr(printed.slip, name)], 1
    ),
    (
        NUMBER,
        Column("form.column.finding", lambda row: row[1][0], 30, words="form.field"),
        Column("form.column.serial", lambda row: row[1][1], 60, "serial"),
    ),
)


def _tables(printed: SlipPrinted) -> tuple[Table, ...]:
    """The lines, and the serials that fell short, were over or damaged, where there are any."""
    found = any(getattr(printed.slip, name) for name in FINDINGS)
    return (_LINES, _FOUND) if found else (_LINES,)


SLIP = Form(
    name="slip",
    title=_title,
    number="slip.view.document.number",
    unit="slip.unit",
    fields=FIELDS,
    tables=_tables,
    boxes=_boxes,
    proof=lambda p: Proof(None, p.slip.view.document.site, p.slip.view.journal_seq, p.slip.view.hash),
    landscape=True,
)
