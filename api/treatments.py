"""How each type of an answer is told to one who counts blind: the table, and the functions in it.

A type that names devices and is not in the table fails a test; and whatever the type, a serial of the counted register
that the caller did not name is left out, with what it stands in. See docs/decisions.md, "What blind means".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

from msgspec.structs import replace

from api.callers.blind import Blind
from api.resources.devices import DeviceAnswer, HistoryAnswer, LookupAnswer
from api.resources.documents import PostedAnswer
from api.resources.handovers import HandoverAnswer
from api.resources.scanning import CheckAnswer, Fault
from api.resources.service.complaints import ComplaintAnswer
from api.resources.service.dispatch_orders import Job
from api.resources.service.follow_ups import FollowUpAnswer
from api.resources.service.installations import InstallationAnswer
from api.resources.sheets import SheetAnswer, SheetLine
from api.resources.stocktakes import Fault as ScanFault
from api.resources.stocktakes import ScanAnswer, StocktakeAnswer
from api.wire.parts import GONE, in_parts, texts_in
from devices.audit.custody.handovers import Statement as HandedOver
from devices.audit.kinds import LateScan, Stocktake
from devices.audit.stocktake import sheet
from devices.audit.stocktake.counting import Place, Row
from devices.audit.stocktake.late import LeftWaiting
from devices.ledger.books.books import Statement, Totals
from devices.ledger.books.cards import Card, CardHead
from devices.ledger.duties.due import Due
from devices.ledger.duties.review_queue import Queued
from devices.ledger.papers.announced import Expected
from devices.ledger.papers.slip_lines import SlipLine
from devices.ledger.posting.manifests import Compared
from devices.ledger.reading.history import Event
from devices.ledger.reading.listing import DeviceRow, DocumentRow, DocumentView, ForeignDocument
from devices.ledger.reading.passport import Next, Passport, without_place
from devices.paperwork.complaints import Complaint
from devices.paperwork.customers import Notice
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.follow_ups import AnswerBeside, Answers, FollowUp
from devices.paperwork.installations import Installation
from devices.paperwork.orders import RepairOrder
from devices.service.briefs import OrderBrief
from devices.service.calls.by_month import CallMonth
from devices.spares.minimum_levels import Level
from devices.values import Position
from labels.forms.custody import HandoverPrinted
from labels.forms.devices import BelongingsPrinted, HistoryPrinted
from labels.forms.service.calls import CallMonthPrinted, CallPrinted
from labels.forms.service.complaints import ComplaintPrinted
from labels.forms.service.dispatch import DispatchPrinted
from labels.forms.service.installation import InstallationPrinted
from labels.forms.service.repairs import RepairPrinted
from labels.forms.slips import SlipPrinted
from labels.forms.stocktake import SheetPrinted

Treatment: TypeAlias = Callable[[Blind, Any], Any]


def told_blind(blind: Blind, value: Any) -> Any:
    """A value as one who counts blind may be told it, or GONE. Raises Refused (`count_is_blind`)."""
    treatment = next((TREATMENTS[kind] for kind in type(value).__mro__ if kind in TREATMENTS), _in_parts)
    return treatment(blind, value)


def _in_parts(blind: Blind, value: Any) -> Any:
    """What is of no type of the table, and the rest of what is: told part by part."""
    return _text(blind, value) if isinstance(value, str) else in_parts(value, partial(told_blind, blind))


def _text(blind: Blind, text: str) -> Any:
    """A text that is no serial of a counted register, or that the caller knows."""
    counted = blind.of_device(text)
    return text if counted is None or text in blind.known else _gone(blind, counted)


def _gone(blind: Blind, counted: Stocktake) -> Any:
    blind.withhold(counted)
    return GONE


# --- devices: one that was asked for by its serial is told of without its place, any other is left out


_LINKS = ("replaces", "replaced_by", "paired_with", "meant_for")
"""What a device's passport and positions say of other devices."""


def _without_links(blind: Blind, told: Passport | Position) -> Any:
    """One that names others: those that are left out it no longer names."""
    links = {name: getattr(told, name) for name in _LINKS}
    left = {name: None for name, serial in links.items() if serial and _text(blind, serial) is GONE}
    return replace(told, **left) if left else told


def _passport(blind: Blind, told: Passport) -> Any:
    counted = blind.of_book(told.site, told.register)
    if counted is None or told.withheld:
        return _without_links(blind, told)
    if told.serial not in blind.known:
        return _gone(blind, counted)
    return without_place(told, blind.disclose(counted, told.serial))


def _device_answer(blind: Blind, answer: DeviceAnswer) -> Any:
    device = _passport(blind, answer.device)
    next_steps = () if device.withheld else answer.next
    return replace(answer, device=device, next=next_steps, orders=_orders(blind, device, answer.orders))


def _lookup_answer(blind: Blind, answer: LookupAnswer) -> Any:
    device = answer.device and _passport(blind, answer.device)
    return replace(answer, device=device, orders=_orders(blind, device, answer.orders))


def _orders(blind: Blind, device: Passport | None, orders: tuple[OrderBrief, ...]) -> tuple[OrderBrief, ...]:
    """None of a device without its place: an order that is open tells where it is."""
    if device is None or device.withheld:
        return ()
    return tuple(told_blind(blind, each) for each in orders)


def _check_answer(blind: Blind, answer: CheckAnswer) -> Any:
    """A verdict would tell the state: the posting itself decides. No swap is offered of a spare that is left out."""
    device = answer.device and _passport(blind, answer.device)
    settles = answer.settles
    if settles is not None and _text(blind, settles.spare) is GONE:
        settles = None
    fault = None if device and device.withheld else answer.fault
    return replace(answer, device=device, fault=fault, settles=settles)


def _history_answer(blind: Blind, answer: HistoryAnswer) -> Any:
    counted = blind.of_device(answer.serial)
    if counted is None:
        return _in_parts(blind, answer)
    return replace(answer, lines=[], orders=(), withheld=blind.disclose(counted, answer.serial))


def _by_its_place(serial: Callable[[Any], str]) -> Treatment:
    """What tells where its device stands is left out, also where that was asked for."""

    def treat(blind: Blind, value: Any) -> Any:
        counted = blind.of_device(serial(value))
        return _in_parts(blind, value) if counted is None else _gone(blind, counted)

    return treat


def _scan_answer(blind: Blind, answer: ScanAnswer) -> Any:
    """What an open count finds of another register that is counted blind belongs where that count will say."""
    place = answer.belongs
    counted = place and blind.of_book(place.site, place.register)
    if not counted:
        return answer
    return replace(answer, belongs=None, withheld=blind.disclose(counted, answer.serial or ""))


def _sheet_line(blind: Blind, line: SheetLine | Row) -> Any:
    """The same of a line of its sheet."""
    if blind.of_device(line.serial) is None:
        return line
    hidden = dict.fromkeys(("book_state", "book_site", "book_register", "book_bin", "document_due", "cited"))
    return replace(line, **hidden, moved=())


def _order(blind: Blind, order: RepairOrder | Installation) -> Any:
    """The desk goes on with its orders, which are many; the device of one is told to whoever named it."""
    hidden = order.serial is not None and _text(blind, order.serial) is GONE
    return replace(order, serial=None) if hidden else order


def _answers(blind: Blind, told: Answers) -> Any:
    """A spare that a customer has already and no swap has moved yet stands in the book: they go on being called."""
    hidden = told.disk is not None and _text(blind, told.disk) is GONE
    return replace(told, disk=None) if hidden else told


def _beside(blind: Blind, beside: AnswerBeside) -> Any:
    hidden = _text(blind, beside.told) is GONE
    return _in_parts(blind, replace(beside, told="") if hidden else beside)


def _late_scan(blind: Blind, scan: LateScan) -> Any:
    """One of an earlier count goes on being settled; which device it saw is told to whoever named it."""
    hidden = scan.serial is not None and _text(blind, scan.serial) is GONE
    return replace(scan, serial=None, text="", bin=None) if hidden else scan


# --- lists: withheld as a whole, since what is missing tells what is there


def _document_row(blind: Blind, row: DocumentRow) -> Any:
    counted = blind.of_document(row.number)
    if counted is None or blind.is_own(counted, row.type, row.made_by, row.recorded_at_us):
        return row
    blind.withhold(counted)
    return replace(row, lines=None)


def _document(blind: Blind, view: DocumentView) -> Any:
    row = view.document
    counted = blind.of_document(row.number)
    if counted is None:
        return _in_parts(blind, view)
    if blind.is_own(counted, row.type, row.made_by, row.recorded_at_us):
        return blind.tell(view)
    number = blind.withhold(counted)
    return replace(view, document=replace(row, lines=None), content={}, lines=[], withheld=number)


def _foreign_document(blind: Blind, found: ForeignDocument) -> Any:
    counted = blind.of_document(found.number)
    if counted is None:
        return _in_parts(blind, found)
    return replace(found, lines=[], withheld=blind.withhold(counted))


def _posted(blind: Blind, posted: PostedAnswer) -> Any:
    counted = blind.of_document(posted.number)
    if counted is None or blind.is_own(counted, posted.type, posted.made_by, posted.recorded_at):
        return posted
    return replace(posted, serials=[], repeated=[], findings={}, withheld=blind.withhold(counted))


def _queued(blind: Blind, queued: Queued) -> Any:
    counted = blind.of_document(queued.document.number)
    if counted is None:
        return _in_parts(blind, queued)
    head, number = replace(queued.document, lines=None), blind.withhold(counted)
    hidden: dict[str, Any] = {"content": {}, "serials": [], "changes": [], "devices": None, "value_fen": None}
    return replace(queued, document=head, **hidden, withheld=number)


def _compared(blind: Blind, manifest: Compared) -> Any:
    counted = blind.of_any((*manifest.received, *manifest.over))
    if counted is None:
        return manifest
    number = blind.withhold(counted)
    return replace(manifest, received=[], short=[], over=[], faults=[], rows=(), left_out=(), withheld=number)


def _expected(blind: Blind, expected: Expected) -> Any:
    counted = blind.of_any(expected.serials)
    if counted is None:
        return expected
    return replace(expected, serials={}, withheld=blind.withhold(counted))


def _left_of(blind: Blind, lists: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Lists by what their devices are: which one a device is on tells where it stands, whoever names it."""
    return {name: [item for item in items if not blind.of_device(item)] for name, items in lists.items()}


def _handover(blind: Blind, answer: HandoverAnswer) -> Any:
    counted = blind.of_any(texts_in(answer.open_items))
    if counted is None:
        return answer
    left = _left_of(blind, answer.open_items)
    return replace(answer, open_items=left, withheld=blind.withhold(counted))


def _handed_over(blind: Blind, stated: HandedOver) -> Any:
    counted = blind.of_any(texts_in(stated.open_items))
    if counted is None:
        return stated
    blind.withhold(counted)
    return replace(stated, open_items=_left_of(blind, stated.open_items))


# --- what can not be told in part


def refuse_book(blind: Blind, site: str | None, register: str | None) -> None:
    """Refuse (`count_is_blind`) what tells of a whole register that is counted."""
    if counted := blind.of_book(site, register):
        blind.refuse(counted)


def refuse_any(blind: Blind, texts: Iterable[str]) -> None:
    """Refuse (`count_is_blind`) what names a device that stands in such a register."""
    if counted := blind.of_any(texts):
        blind.refuse(counted)


def _book(blind: Blind, value: Any) -> Any:
    refuse_book(blind, value.site, value.register)
    return value


def _level(blind: Blind, level: Level) -> Any:
    refuse_book(blind, level.site, "spare")
    return level


def _sheet_answer(blind: Blind, answer: SheetAnswer) -> Any:
    refuse_book(blind, answer.header.site, answer.header.register)
    return replace(answer, lines=_in_parts(blind, answer.lines), late=_in_parts(blind, answer.late))


def _sheet_printed(blind: Blind, printed: SheetPrinted) -> Any:
    refuse_book(blind, printed.header.site, printed.header.register)
    lines = list(printed.lines)
    refuse_any(blind, (*(line.row.serial for line in lines), *(scan.named for scan in printed.late)))
    return replace(printed, lines=lines)


def _history_printed(blind: Blind, printed: HistoryPrinted) -> Any:
    device = _passport(blind, printed.device)
    if device.withheld:
        refuse_book(blind, device.site, device.register)
    return replace(printed, device=device)


def _belongings_printed(blind: Blind, printed: BelongingsPrinted) -> Any:
    theirs = list(printed.devices)
    refuse_any(blind, texts_in(theirs))
    return replace(printed, devices=theirs)


def _slip_printed(blind: Blind, printed: SlipPrinted) -> Any:
    row = printed.slip.view.document
    counted = blind.of_document(row.number)
    if counted is not None and not blind.is_own(counted, row.type, row.made_by, row.recorded_at_us):
        blind.refuse(counted)
    return printed


def _handover_printed(blind: Blind, printed: HandoverPrinted) -> Any:
    refuse_any(blind, texts_in(printed.statement.open_items))
    return printed


def _order_printed(blind: Blind, printed: DispatchPrinted | RepairPrinted) -> Any:
    """A paper that named fewer devices than its order would be wrong; what is carried for them may be left out."""
    refuse_any(blind, texts_in(printed.order))
    return _in_parts(blind, printed)


def _installation_printed(blind: Blind, printed: InstallationPrinted) -> Any:
    refuse_any(blind, texts_in(printed.installation))
    return printed


def _call_printed(blind: Blind, printed: CallPrinted) -> Any:
    """Before the answers are in nothing of the record is on it, and no device."""
    refuse_any(blind, texts_in((printed.call.answers, printed.call.compared)))
    return printed


def _call_month(blind: Blind, told: CallMonth) -> Any:
    """Figures of which a call is left out would be wrong."""
    refuse_any(
        blind, texts_in([(each.call.answers, each.call.compared, each.call.serials) for each in told.calls])
    )
    return told


def _call_month_printed(blind: Blind, printed: CallMonthPrinted) -> Any:
    refuse_any(blind, texts_in([(each.call.answers, each.call.compared) for each in printed.month.calls]))
    return printed


def _complaint_printed(blind: Blind, printed: ComplaintPrinted) -> Any:
    refuse_any(blind, printed.complaint.serials if printed.complaint else ())
    return printed


def _as_it_is(_: Blind, value: Any) -> Any:
    return value


REFUSED: dict[type, Treatment] = {
    Totals: _book,
    Card: _book,
    CardHead: _book,
    Statement: _book,
    DeviceRow: _book,
    sheet.Header: _book,
    Level: _level,
    SheetAnswer: _sheet_answer,
    SheetPrinted: _sheet_printed,
    HistoryPrinted: _history_printed,
    BelongingsPrinted: _belongings_printed,
    SlipPrinted: _slip_printed,
    HandoverPrinted: _handover_printed,
    DispatchPrinted: _order_printed,
    RepairPrinted: _order_printed,
    InstallationPrinted: _installation_printed,
    CallPrinted: _call_printed,
    CallMonth: _call_month,
    CallMonthPrinted: _call_month_printed,
    ComplaintPrinted: _complaint_printed,
}
"""What is refused while its register is counted; so it answers nothing that has been written by then."""
TREATMENTS: dict[type, Treatment] = {
    # told of without its place, or left out
    Passport: _passport,
    DeviceAnswer: _device_answer,
    LookupAnswer: _lookup_answer,
    CheckAnswer: _check_answer,
    HistoryAnswer: _history_answer,
    Position: _without_links,
    ScanAnswer: _scan_answer,
    SheetLine: _sheet_line,
    Row: _sheet_line,
    Event: _by_its_place(lambda line: line.serial),
    Due: _by_its_place(lambda due: due.subject),
    RepairOrder: _order,
    **dict.fromkeys((Installation, InstallationAnswer), _order),
    Answers: _answers,
    AnswerBeside: _beside,
    LateScan: _late_scan,
    # withheld as a whole
    DocumentView: _document,
    DocumentRow: _document_row,
    ForeignDocument: _foreign_document,
    PostedAnswer: _posted,
    Queued: _queued,
    Compared: _compared,
    Expected: _expected,
    HandoverAnswer: _handover,
    HandedOver: _handed_over,
    # of its own count, and parts of what is above or of what has a state of its own
    **dict.fromkeys((StocktakeAnswer, Place, ScanFault), _as_it_is),
    **dict.fromkeys((Next, Fault, LeftWaiting, SlipLine, Notice, DispatchOrder, Job, OrderBrief), _in_parts),
    **dict.fromkeys((FollowUp, FollowUpAnswer, Complaint, ComplaintAnswer), _in_parts),
    **REFUSED,
}
"""By type, its subclasses included: how it is told. What is of none of them is told part by part."""
