"""The position of a device after a step: what every place has in common, then what each document adds. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Any

from msgspec.structs import replace

from devices.ledger.deciding.case import Case
from devices.ledger.deciding.drafts import Adoption, CarryOut, Draft, Recovery, RepairIntake, Sale
from devices.ledger.deciding.entries import Entry
from devices.lifecycle import Step
from devices.paperwork.dispatches import DispatchOrder
from devices.serials import trimmed
from devices.values import BOOKS, NOWHERE, RECEIVABLE, STATE, Bin, Position, Register

_Changes = dict[str, Any]

LEFT_BEFORE_OPENING = {
    "carried": "in_stock",
    "in_transit": "in_stock",
    "at_factory": "faulty",
    "missing": "in_stock",
}
"""What an opening device is taken to have been before it went away: the old books rarely say."""


def position_after(
    case: Case[Draft],
    entry: Entry,
    step: Step,
    before: Position,
    target: Bin | None,
    register: Register | None,
) -> Position:
    """Where a device is after `step`; `target` is the bin it goes to, `register` the one the step leads to."""
    start = NOWHERE if before.state in RECEIVABLE else before
    common = _PLACES[STATE[step.after].place](case, entry, start, target, register)
    after = replace(start, state=step.after, responsible_site=case.draft.site, **common)
    after = replace(after, model=after.model or model_of(case, entry))
    own = OWN[case.document, entry.role]
    after = replace(after, **own(case, entry, before, after)) if own else after
    return replace(after, mark=before.mark) if lasts(before.mark) else after


def lasts(mark: str | None) -> bool:
    """Whether a mark stays with its device for good: no document, return or new receipt clears it."""
    return mark == "never_releasable"


def model_of(case: Case[Draft], entry: Entry) -> str | None:
    """The model a new serial is given: its line's, the document's, or (an exchange) its predecessor's."""
    given = getattr(entry.item, "model", None) or getattr(case.draft, "model", None)
    if given is None and entry.role == "new":
        return case.position(entry.partner or "").model
    return given


# --- by the place of the state after


def _in_bin(
    case: Case[Draft], entry: Entry, before: Position, target: Bin | None, register: Register | None
) -> _Changes:
    assert target is not None, "a binned state without a bin"
    place: _Changes = {
        "register": target.register,
        "site": target.site,
        "bin": target.code,
        "condition": target.condition,
        "party": None,
        "left_state": None,
        "meant_for": None,
    }
    if target.register in BOOKS:  # ours again: nobody's warranty, pair or order
        place |= {"customer": None, "warranty_until": None, "paired_with": None, "order_number": None}
    return place


def _with_party(
    case: Case[Draft], entry: Entry, before: Position, target: Bin | None, register: Register | None
) -> _Changes:
    return {
        "register": register,
        "site": before.site or case.draft.site,
        "bin": None,
        "condition": None,
        "party": party_of(case, before),
        "left_state": before.left_state or before.state,
        "customer": before.customer if register == "custody" else None,
    }


def _nowhere(
    case: Case[Draft], entry: Entry, before: Position, target: Bin | None, register: Register | None
) -> _Changes:
    return {
        "register": register,
        "site": before.site or case.draft.site,
        "bin": None,
        "condition": None,
        "party": None,
        "left_state": before.left_state or before.state,
        "meant_for": None,
    }


_OUT: _Changes = {
    "register": None,
    "site": None,
    "bin": None,
    "condition": None,
    "party": None,
    "left_state": None,
    "order_number": None,
    "meant_for": None,
    "mark": None,
}


def _with_customer(case: Case[Draft], entry: Entry, before: Position, *_: object) -> _Changes:
    return {**_OUT, "left_book": before.register if before.register in BOOKS else before.left_book}


def _ended(case: Case[Draft], entry: Entry, before: Position, *_: object) -> _Changes:
    gone = {**_OUT, "customer": None, "warranty_until": None, "paired_with": None}
    return {**gone, "left_book": before.register if before.register in BOOKS else before.left_book}


_Place = Callable[[Case[Any], Entry, Position, Bin | None, Register | None], _Changes]
_PLACES: dict[str, _Place] = {
    "bin": _in_bin,
    "party": _with_party,
    "nobody": _nowhere,
    "customer": _with_customer,
    "ended": _ended,
}


def party_of(case: Case[Draft], before: Position) -> str | None:
    """Who carries the device: the draft's carrier for a transfer, the maker, the order's technician."""
    if case.document == "carry_out":
        order = case.order
        return (order.technician or order.technician_text) if isinstance(order, DispatchOrder) else None
    given = getattr(case.draft, "maker", None) or getattr(case.draft, "carrier", None)
    return given or before.party


# --- what a document adds of its own


def _opening(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    item = entry.item
    with_customer = STATE[after.state].place == "customer"
    theirs = (
        with_customer or after.register == "custody"
    )  # what is ours has no customer, whatever the line says
    customer = case.customer(item.customer) if theirs else None
    left = LEFT_BEFORE_OPENING.get(after.state)
    if after.register == "custody" and left is not None:
        left = "in_repair"
    return {
        "party": item.party if STATE[after.state].place == "party" else None,
        "customer": customer.number if customer else None,
        "warranty_until": item.warranty_until,
        "left_state": left,
        "left_book": (item.register if item.register in BOOKS else "merchandise") if with_customer else None,
        "order_number": item.order,
    }


def _sale(case: Case[Sale | Adoption], entry: Entry, before: Position, after: Position) -> _Changes:
    customer = case.customer(case.draft.customer)
    return {"customer": customer.number if customer else None, "replaces": None, "replaced_by": None}


def _registration(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    model = case.models.get(after.model or "")
    until = months_later(date.fromisoformat(case.draft.business_date), model.warranty_months if model else 0)
    pair = entry.item.paired_with
    return {"warranty_until": until.isoformat(), "paired_with": trimmed(pair) if pair else None}


def _adoption(case: Case[Adoption], entry: Entry, before: Position, after: Position) -> _Changes:
    return {
        **_sale(case, entry, before, after),
        "warranty_until": entry.item.warranty_until,
        "left_book": None,
    }


def _under_order(case: Case[RepairIntake], entry: Entry, before: Position, after: Position) -> _Changes:
    return {"order_number": case.draft.order}


def _carry_out(case: Case[CarryOut], entry: Entry, before: Position, after: Position) -> _Changes:
    return {"order_number": case.draft.order, "meant_for": trimmed(entry.item.faulty)}


def _carry_back(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    return {"order_number": None}


def _swap_spare(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    faulty = case.position(entry.partner or "")
    return {
        "customer": faulty.customer,
        "warranty_until": faulty.warranty_until,
        "paired_with": faulty.paired_with,
        "replaces": entry.partner,
        "replaced_by": None,
    }


def _swap_faulty(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    return {
        "replaced_by": entry.partner,
        "customer": None,
        "warranty_until": None,
        "paired_with": None,
        "order_number": None,
        "left_state": "faulty" if after.state == "at_factory" else None,
    }


def _release(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    return {"mark": None}


def _customer_return(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    return {"mark": "reinitialise"}


def _factory_receipt(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    return {"mark": "unexpected" if before.state != "at_factory" else None}


def _exchange_old(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    """What a customer got for it stays so: the maker's replacement of a spare of ours is theirs no more than it was."""
    if before.register != "custody" and before.replaced_by is not None:
        return {}
    return {"replaced_by": entry.partner}


def _exchange_new(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    old = case.position(entry.partner or "")
    carried = ("customer", "warranty_until", "paired_with", "order_number", "left_book")
    theirs = {name: getattr(old, name) for name in carried} if old.register == "custody" else {}
    return {"replaces": entry.partner, "replaced_by": None, **theirs}


def _recovery(case: Case[Recovery], entry: Entry, before: Position, after: Position) -> _Changes:
    if before.state == "written_off":
        return {"mark": "never_releasable"}
    order = case.draft.order
    return {"order_number": order or before.order_number} if after.state == "in_repair" else {}


def _write_off(case: Case[Draft], entry: Entry, before: Position, after: Position) -> _Changes:
    return {"left_book": before.register if before.register in BOOKS else "spare"}


Own = Callable[[Case[Any], Entry, Position, Position], _Changes]
OWN: dict[tuple[str, str], Own | None] = {
    ("opening", "device"): _opening,
    ("receipt", "device"): None,
    ("adoption", "device"): _adoption,
    ("move", "device"): None,
    ("hold", "device"): None,
    ("release", "device"): _release,
    ("dispatch", "device"): None,
    ("arrival", "device"): None,
    ("transit_loss", "device"): None,
    ("sale", "device"): _sale,
    ("sale_cancellation", "device"): None,
    ("registration", "device"): _registration,
    ("repair_intake", "device"): _under_order,
    ("repair_return", "device"): None,
    ("carry_out", "device"): _carry_out,
    ("carry_back", "device"): _carry_back,
    ("swap", "spare"): _swap_spare,
    ("swap", "faulty"): _swap_faulty,
    ("customer_return", "device"): _customer_return,
    ("factory_dispatch", "device"): None,
    ("factory_receipt", "device"): _factory_receipt,
    ("factory_exchange", "old"): _exchange_old,
    ("factory_exchange", "new"): _exchange_new,
    ("supplier_return", "device"): None,
    ("surrender", "device"): None,
    ("loss_report", "device"): None,
    ("recovery", "device"): _recovery,
    ("shortage", "device"): None,
    ("write_off", "device"): _write_off,
}
"""By document and the part a device plays in it, in the lifecycle's order: None where its place says everything."""


def months_later(day: date, months: int) -> date:
    """The same day `months` later, or that month's last day where it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
