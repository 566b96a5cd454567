"""How each type of an answer is told while its caller counts blind: one table, through which every answer passes.

API and pages hand over what they answer, and forms what they draw. A type that names devices and is not in the table
fails a test; and whatever the type, a serial of the counted register that the caller did not name is left out, with
what it stands in. See docs/decisions.md, "What blind means".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias, TypeVar

from msgspec.structs import replace

from api.callers.blind import Blind, blind_of, refuse_while_blind
from api.calls import Call
from api.resources.devices import DeviceAnswer, HistoryAnswer
from api.resources.documents import PostedAnswer
from api.resources.handovers import HandoverAnswer, visible_handover
from api.resources.scanning import CheckAnswer, Fault
from api.resources.sheets import SheetAnswer, SheetLine
from api.resources.stocktakes import Fault as ScanFault
from api.resources.stocktakes import StocktakeAnswer
from api.wire.parts import GONE, in_parts, texts_in
from devices.audit.custody.handovers import decode_handover
from devices.audit.kinds import Stocktake
from devices.audit.stocktake import sheet
from devices.audit.stocktake.counting import Place, Row
from devices.audit.stocktake.stocktakes import stocktake_of
from devices.ledger.books.books import Statement, Totals
from devices.ledger.books.cards import Card, CardHead
from devices.ledger.duties.due import Due
from devices.ledger.duties.review_queue import Queued
from devices.ledger.papers.announced import Expected
from devices.ledger.papers.slip_lines import SlipLine
from devices.ledger.posting.gather import kept_at
from devices.ledger.posting.manifests import Compared
from devices.ledger.reading.history import Event
from devices.ledger.reading.listing import DeviceRow, DocumentRow, DocumentView, ForeignDocument
from devices.ledger.reading.passport import Next, Passport, without_place
from devices.paperwork import DispatchOrder, Notice, RepairOrder
from devices.problems import Refused
from devices.spares.minimum_levels import Level
from devices.values import Position
from labels.forms.custody import HandoverPrinted
from labels.forms.devices import BelongingsPrinted, HistoryPrinted
from labels.forms.slips import SlipPrinted

_Value = TypeVar("_Value")
Treatment: TypeAlias = Callable[[Blind, Any], Any]


@contextmanager
def answering(call: Call, *, of_the_books: bool = True) -> Iterator[None]:
    """Within it a request is answered; what its caller learned of a register they count blind is kept in the end.

    So is what a refusal tells, unless it tells of nothing that is in the books.
    """
    try:
        yield
    except Refused as refused:
        if of_the_books:
            blind_of(call).note_refused(refused)
        blind_of(call).keep()
        raise
    blind_of(call).keep()


def as_told(call: Call, value: _Value) -> _Value:
    """An answer, or a part of one, as its caller may be told it; told again, it stays as it is.

    Raises Refused (`count_is_blind`) for what can not be told in part.
    """
    blind = blind_of(call)
    if not blind.counts:
        return value
    blind.look_up(set(texts_in(value)))
    told: _Value = _told(blind, value)
    if told is GONE:
        blind.refuse(next(iter(blind.counts.values())))
    return told


def _told(blind: Blind, value: Any) -> Any:
    treatment = next((TREATMENTS[kind] for kind in type(value).__mro__ if kind in TREATMENTS), _in_parts)
    return treatment(blind, value)


def _in_parts(blind: Blind, value: Any) -> Any:
    """What is of no type of the table, and the rest of what is: told part by part."""
    return _text(blind, value) if isinstance(value, str) else in_parts(value, partial(_told, blind))


def _text(blind: Blind, text: str) -> Any:
    """A text that is no serial of a counted register, or that the caller knows."""
    counted = blind.of_device(text)
    return text if counted is None or text in blind.known else _gone(blind, counted)


def _gone(blind: Blind, counted: Stocktake) -> Any:
    blind.withhold(counted)
    return GONE


# --- devices: one that was asked for by its serial is told of without its place, any other is left out


def _passport(blind: Blind, told: Passport) -> Any:
    counted = blind.of_book(told.site, told.register)
    if counted is None or told.withheld:
        return told
    if told.serial not in blind.known:
        return _gone(blind, counted)
    return without_place(told, blind.disclose(counted, told.serial))


def _device_answer(blind: Blind, answer: DeviceAnswer) -> Any:
    device = _passport(blind, answer.device)
    return replace(answer, device=device, next=()) if device.withheld else answer


def _check_answer(blind: Blind, answer: CheckAnswer) -> Any:
    """A verdict would tell the state: the posting itself decides."""
    device = answer.device and _passport(blind, answer.device)
    return replace(answer, device=device, fault=None) if device and device.withheld else answer


def _history_answer(blind: Blind, answer: HistoryAnswer) -> Any:
    counted = blind.of_device(answer.serial)
    if counted is None:
        return _in_parts(blind, answer)
    return replace(answer, lines=[], withheld=blind.disclose(counted, answer.serial))


def _by_its_place(serial: Callable[[Any], str]) -> Treatment:
    """What tells where its device stands is left out, also where that was asked for."""

    def treat(blind: Blind, value: Any) -> Any:
        counted = blind.of_device(serial(value))
        return _in_parts(blind, value) if counted is None else _gone(blind, counted)

    return treat


def _order(blind: Blind, order: RepairOrder | DispatchOrder) -> Any:
    """The desk goes on with its orders, which are many; the device of one is told to whoever named it."""
    hidden = order.serial is not None and _text(blind, order.serial) is GONE
    return replace(order, serial=None) if hidden else order


# --- lists: withheld as a whole, since what is missing tells what is there


def _document_row(blind: Blind, row: DocumentRow) -> Any:
    counted = blind.of_document(row.number)
    if counted is None or blind.is_own(counted, row.made_by, row.recorded_at_us):
        return row
    blind.withhold(counted)
    return replace(row, lines=None)


def _document(blind: Blind, view: DocumentView) -> Any:
    row = view.document
    counted = blind.of_document(row.number)
    if counted is None:
        return _in_parts(blind, view)
    if blind.is_own(counted, row.made_by, row.recorded_at_us):
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
    if counted is None or blind.is_own(counted, posted.made_by, posted.recorded_at):
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
    return replace(manifest, received=[], short=[], over=[], faults=[], rows=(), withheld=number)


def _expected(blind: Blind, expected: Expected) -> Any:
    counted = blind.of_any(expected.serials)
    if counted is None:
        return expected
    return replace(expected, serials={}, withheld=blind.withhold(counted))


def _handover(blind: Blind, answer: HandoverAnswer) -> Any:
    counted = blind.of_any(texts_in(answer.open_items))
    told = _in_parts(blind, answer)
    return replace(told, withheld=counted.number) if counted else told


# --- what can not be told in part


def _refused(book: Callable[[Any], tuple[str, str]]) -> Treatment:
    """Refused while the register is counted blind that `book` finds in the value, by its site."""

    def treat(blind: Blind, value: Any) -> Any:
        counted = blind.of_book(*book(value))
        if counted is not None:
            blind.refuse(counted)
        return value

    return treat


_OF_A_BOOK = _refused(lambda value: (value.site, value.register))


def _history_printed(blind: Blind, printed: HistoryPrinted) -> Any:
    counted = blind.of_book(printed.device.site, printed.device.register)
    if counted is not None:
        blind.disclose(counted, printed.device.serial)
        blind.refuse(counted)
    return printed


def _belongings_printed(blind: Blind, printed: BelongingsPrinted) -> Any:
    theirs = list(printed.devices)
    counted = next(filter(None, (blind.of_book(each.site, each.register) for each in theirs)), None)
    if counted is not None:
        blind.refuse(counted)
    return replace(printed, devices=theirs)


def _slip_printed(blind: Blind, printed: SlipPrinted) -> Any:
    row = printed.slip.view.document
    counted = blind.of_document(row.number)
    if counted is not None and not blind.is_own(counted, row.made_by, row.recorded_at_us):
        blind.refuse(counted)
    return printed


def _handover_printed(blind: Blind, printed: HandoverPrinted) -> Any:
    counted = blind.of_any(texts_in(printed.statement.open_items))
    if counted is not None:
        blind.refuse(counted)
    return printed


def _as_it_is(_: Blind, value: Any) -> Any:
    return value


REFUSED: dict[type, Treatment] = {
    Totals: _OF_A_BOOK,
    Card: _OF_A_BOOK,
    CardHead: _OF_A_BOOK,
    Statement: _OF_A_BOOK,
    DeviceRow: _OF_A_BOOK,
    sheet.Header: _OF_A_BOOK,
    SheetAnswer: _refused(lambda answer: (answer.header["site"], answer.header["register"])),
    Level: _refused(lambda level: (level.site, "spare")),
    HistoryPrinted: _history_printed,
    BelongingsPrinted: _belongings_printed,
    SlipPrinted: _slip_printed,
    HandoverPrinted: _handover_printed,
}
"""What is refused while its register is counted; so it answers nothing that has been written by then."""
TREATMENTS: dict[type, Treatment] = {
    # told of without its place, or left out
    Passport: _passport,
    DeviceAnswer: _device_answer,
    CheckAnswer: _check_answer,
    HistoryAnswer: _history_answer,
    Event: _by_its_place(lambda line: line.serial),
    Due: _by_its_place(lambda due: due.subject),
    RepairOrder: _order,
    DispatchOrder: _order,
    # withheld as a whole
    DocumentView: _document,
    DocumentRow: _document_row,
    ForeignDocument: _foreign_document,
    PostedAnswer: _posted,
    Queued: _queued,
    Compared: _compared,
    Expected: _expected,
    HandoverAnswer: _handover,
    # of a count: what was scanned in it; where a device belongs, and the lines of a sheet, once it is open or closed
    **dict.fromkeys((StocktakeAnswer, Place, ScanFault, SheetLine, Row), _as_it_is),
    # parts of what is above, and what has a state of its own
    **dict.fromkeys((Position, Next, Fault, SlipLine, Notice), _in_parts),
    **REFUSED,
}
"""By type, its subclasses included: how it is told. What is of none of them is told part by part."""


# --- bytes: forms are drawn of what was told (api/resources/forms.py); the rest is declared here, by its route


def _refuse_paper(call: Call) -> None:
    """Who knows what is on a paper: a packing list, opening stock, a photograph of the shelf."""
    blind = blind_of(call)
    for counted in blind.counts.values():
        if kept_at(call.store, counted.site, [call.path["digest"]]):
            blind.refuse(counted)


def _refuse_sheet(call: Call) -> None:
    value, _ = stocktake_of(call.store, call.path["number"])
    refuse_while_blind(call, [value.site], value.register)


def _refuse_month(call: Call) -> None:
    refuse_while_blind(call, [call.path["site"]], call.path["register"])


def _refuse_handover(call: Call) -> None:
    blind = blind_of(call)
    if blind.counts:
        value, _ = visible_handover(call, call.path["number"])
        if counted := blind.of_any(texts_in(decode_handover(value.payload).open_items)):
            blind.refuse(counted)


def _nothing(_: Call) -> None:
    """It names no place: labels have what their caller named, and its model; figures of the server have no device."""


IN_BYTES: dict[str, Callable[[Call], None]] = {
    "print_labels": _nothing,
    "read_metrics": _nothing,
    "read_attachment": _refuse_paper,
    "read_evidence": _refuse_sheet,
    "read_month_evidence": _refuse_month,
    "read_handover_evidence": _refuse_handover,
}
"""By the name of a route that answers bytes: what refuses them, before they are made."""
