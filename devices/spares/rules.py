"""The rules of spares: what a swap, a repair, a carried spare and the factory ask for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from devices.calendar import TIME_ZONE
from devices.ledger.deciding.case import Case, Move
from devices.ledger.deciding.drafts import CarryOut, Draft, Recovery, RepairIntake, RepairReturn, Swap
from devices.ledger.deciding.plan import Rule
from devices.ledger.deciding.rules_of_sending import (
    carrier_is_approved,
    cited_dispatch,
    sent_last_by_the_cited,
    waybill_goes_to_one_place,
)
from devices.paperwork.dispatches import TO_BE_DONE, DispatchOrder, Used
from devices.paperwork.orders import RepairOrder
from devices.problems import Fact, Problem
from devices.serials import trimmed
from devices.values import RECEIVABLE, Position

UnderOrder = RepairIntake | CarryOut | Swap | Recovery
_Problems = Iterator[Problem]
_Moves = Sequence[Move]


def order_stands(case: Case[UnderOrder], moves: _Moves) -> _Problems:
    """The named order is one of this site's and is not cancelled; only a recovery may do without one."""
    name = case.draft.order
    if name is None:
        if not isinstance(case.draft, Recovery):
            yield Problem("order_required", "/order")
        return
    if case.order is None:
        yield Problem("unknown_order", "/order", {"order": name})
    elif case.order.cancelled:
        yield Problem("order_closed", "/order", {"order": name})


def intake_under_repair_order(case: Case[RepairIntake], moves: _Moves) -> _Problems:
    """A device is taken in under its own, open repair order."""
    yield from order_stands(case, moves)
    order = case.order
    if order is None:
        return
    if not isinstance(order, RepairOrder):
        yield Problem("order_kind", "/order", {"order": order.number, "document": case.document})
    elif order.record is not None:
        yield Problem("order_closed", "/order", {"order": order.number})
    yield from order_names_device(case, [move.entry.serial for move in moves])


def repair_was_completed(case: Case[RepairReturn], moves: _Moves) -> _Problems:
    """A repair was completed on a day of the books, in the unit's time zone."""
    text: str = case.draft.completed_at
    try:
        day = datetime.fromisoformat(text).astimezone(ZoneInfo(TIME_ZONE)).date()
    except (ValueError, OverflowError):
        yield Problem("malformed_date", "/completed_at", {"date": text})
        return
    if fault := case.days.fault(day, "/completed_at"):
        yield fault


def order_names_device(case: Case[Draft], faulty: Sequence[str]) -> _Problems:
    """An order is for one device, as that of the customer who had it then: a former customer's is stale."""
    order = case.order
    for serial in faulty if order else ():
        assert order is not None, "no order has no serials"
        facts = {"order": order.number, "serial": serial}
        owner = case.position(serial).customer
        if serial not in (order.serials if isinstance(order, DispatchOrder) else (order.serial,)):
            yield Problem("order_of_other_device", "/order", facts)
        elif None not in (order.customer, owner) and order.customer != owner:
            yield Problem("order_of_other_customer", "/order", facts)


def recovery_under_order(case: Case[Recovery], moves: _Moves) -> _Problems:
    """A lost device that comes back to the counter is in repair under an order."""
    yield from order_stands(case, moves)
    for move in moves:
        if move.after.state == "in_repair" and move.after.order_number is None:
            yield Problem("field_required", "/order", {"field": "order", "serial": move.entry.serial})


def carried_for_a_faulty_device(case: Case[CarryOut], moves: _Moves) -> _Problems:
    """A spare leaves the shelf only for one customer's faulty device, which no other spare is out for."""
    yield from order_stands(case, moves)
    if isinstance(case.order, RepairOrder):
        yield Problem("order_kind", "/order", {"order": case.order.number, "document": case.document})
    elif case.order is not None and not case.order.is_given:
        yield Problem("technician_missing", "/order", {"order": case.order.number})
    elif case.order is not None and case.order.state not in TO_BE_DONE:
        yield Problem("order_closed", "/order", {"order": case.order.number})
    faulty = [trimmed(move.entry.item.faulty) for move in moves]
    yield from order_names_device(case, faulty)
    for move, serial in zip(moves, faulty, strict=True):
        pointer = f"{move.entry.pointer}/faulty"
        facts = {"serial": move.entry.serial, "faulty": serial}
        position = case.position(serial)
        if position.state not in ("in_service", "in_repair") or position.customer is None:
            yield Problem("faulty_with_customer_required", pointer, facts)
            continue
        if serial in case.held_for or faulty.count(serial) > 1:
            other = case.held_for.get(serial, move.entry.serial)
            yield Problem("faulty_already_provided", pointer, {"faulty": serial, "serial": other})
        yield from replaceable(case, move.before, position, pointer, move.entry.serial, serial)


def no_other_spare_is_out(case: Case[Draft], moves: _Moves) -> _Problems:
    """A reversal puts no spare back with its technician while another is out for the same faulty device."""
    for move in moves:
        other = case.held_for.get(move.after.meant_for or "")
        if other is not None and other != move.entry.serial:
            facts = {"serial": move.entry.serial, "faulty": move.after.meant_for, "other": other}
            yield Problem("other_spare_out", move.entry.pointer, facts)


def replaceable(
    case: Case[Draft], spare: Position, faulty: Position, pointer: str, serial: str, faulty_serial: str
) -> _Problems:
    """Whether a spare may stand in for a device: the same kind, a model of the same family."""
    ours, theirs = case.models.get(spare.model or ""), case.models.get(faulty.model or "")
    facts = {"serial": serial, "faulty": faulty_serial}
    if ours is None or theirs is None:
        return
    if ours.kind != theirs.kind:
        yield Problem("swap_kind_differs", pointer, facts)
    elif ours.family != theirs.family:
        yield Problem(
            "swap_model_incompatible", pointer, {**facts, "model": ours.code, "expected": theirs.family}
        )


def swap_replaces_a_faulty_device(case: Case[Swap], moves: _Moves) -> _Problems:
    """A swap is under the faulty device's order; a carried spare serves the device it was taken out for."""
    yield from order_stands(case, moves)
    by_serial = {move.entry.serial: move for move in moves}
    faulty = [move for move in moves if move.entry.role == "faulty"]
    yield from order_names_device(case, [move.entry.serial for move in faulty])
    if isinstance(case.order, RepairOrder) and case.order.record is not None:
        yield Problem("order_closed", "/order", {"order": case.order.number})
    elif isinstance(case.order, DispatchOrder):
        yield from _swap_as_recorded(case, case.order, faulty)
    for move in faulty:
        spare = by_serial.get(move.entry.partner or "")
        if spare is None:
            continue
        pointer = move.entry.pointer
        yield from replaceable(
            case, spare.before, move.before, pointer, spare.entry.serial, move.entry.serial
        )
        meant = spare.before.meant_for
        if meant is not None and meant != move.entry.serial:
            facts = {"serial": spare.entry.serial, "faulty": meant}
            yield Problem("swap_other_faulty", pointer, facts)
        under = spare.before.order_number
        if meant is not None and under not in (None, case.draft.order):
            yield Problem("swap_other_order", "/order", {"serial": spare.entry.serial, "order": under})


def swapped_for_what_went_in(case: Case[Swap], moves: _Moves) -> _Problems:
    """Nobody gets two spares for one device: one that a record says went in for it comes first, or is corrected."""
    partners = {move.entry.serial: move.entry.partner for move in moves if move.entry.role == "faulty"}
    for spare, told in case.told_used.items():
        if partners.get(told.faulty, spare) != spare:
            facts = {"order": told.order, "serial": spare, "faulty": told.faulty}
            yield Problem("told_used", "/lines", facts)


def _swap_as_recorded(case: Case[Swap], order: DispatchOrder, faulty: _Moves) -> _Problems:
    """A swap at the customer's is what the record of the job says went in, and no charge stands for a free one."""
    record = order.record
    if record is None:
        yield Problem("service_record_required", "/order", {"order": order.number})
        return
    if record.used is None:  # filed before records named what went in
        return
    for move in faulty:
        spare = move.entry.partner or ""
        if Used(move.entry.serial, spare) not in record.used:
            facts = {"order": order.number, "faulty": move.entry.serial, "serial": spare}
            yield Problem("swap_not_in_record", move.entry.pointer, facts)
    if case.draft.terms == "free" and record.charged_fen > 0:
        facts_of_charge: dict[str, Fact] = {"order": order.number, "charged_fen": record.charged_fen}
        yield Problem("charged_under_warranty", "/terms", facts_of_charge)


def charge_is_as_agreed(case: Case[Swap], moves: _Moves) -> _Problems:
    """A charged swap says how much, a free one charges nothing."""
    terms, charged_fen = case.draft.terms, case.draft.charged_fen
    if (terms == "charged") != (charged_fen > 0):
        faulty = case.draft.lines[0].faulty
        yield Problem("charge_differs", "/charged_fen", {"serial": trimmed(faulty)})


def factory_devices_were_sent(case: Case[Draft], moves: _Moves) -> _Problems:
    """What comes back from the maker was sent on the cited dispatch, or was never sent and so is new."""
    yield from cited_dispatch(case, "dispatch", "factory_dispatch", "opening")
    if case.cited is None:
        return
    for move in moves:
        sent = move.entry.serial in case.cited.lines
        if move.before.state not in RECEIVABLE and not sent:
            facts = {"serial": move.entry.serial, "cited": case.cited.number}
            yield Problem("not_on_dispatch", move.entry.pointer, facts)


def exchange_keeps_the_kind(case: Case[Draft], moves: _Moves) -> _Problems:
    """The maker's replacement is of the kind it replaces."""
    for move in moves:
        if move.entry.role != "new":
            continue
        old = case.models.get(case.position(move.entry.partner or "").model or "")
        new = case.models.get(move.after.model or "")
        if old and new and old.kind != new.kind:
            facts = {"serial": move.entry.serial, "old": move.entry.partner}
            yield Problem("exchange_kind_differs", move.entry.pointer, facts)


RULES: dict[str, tuple[Rule, ...]] = {
    "repair_intake": (intake_under_repair_order,),
    "repair_return": (repair_was_completed,),
    "carry_out": (carried_for_a_faulty_device,),
    "swap": (
        charge_is_as_agreed,
        swap_replaces_a_faulty_device,
        swapped_for_what_went_in,
    ),
    "factory_dispatch": (carrier_is_approved, waybill_goes_to_one_place),
    "factory_receipt": (factory_devices_were_sent, sent_last_by_the_cited),
    "factory_exchange": (factory_devices_were_sent, sent_last_by_the_cited, exchange_keeps_the_kind),
    "recovery": (recovery_under_order,),
    "reversal": (no_other_spare_is_out,),
}
