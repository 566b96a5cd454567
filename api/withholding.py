"""The door through which every answer leaves: what its caller counts blind is withheld, what they learn is kept.

API and pages hand over what they answer, and forms what they draw; how each type is told stands in `api/treatments.py`.
Of what is bytes already it is declared here, by its route, whether it may be had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from api.callers.blind import blind_of
from api.calls import Call
from api.resources.handovers import visible_handover
from api.treatments import refuse_any, refuse_book, told_blind
from api.wire.parts import GONE, texts_in
from devices.audit.custody.handovers import decode_handover
from devices.audit.stocktake import sheet
from devices.audit.stocktake.stocktakes import stocktake_of
from devices.ledger.posting.gather import kept_at
from devices.problems import Refused

_Value = TypeVar("_Value")


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
    told: _Value = told_blind(blind, value)
    if told is GONE:
        blind.refuse(next(iter(blind.counts.values())))
    return told


def _refuse_paper(call: Call) -> None:
    """Who knows what is on a paper: a packing list, opening stock, a photograph of the shelf."""
    blind = blind_of(call)
    for counted in blind.counts.values():
        if kept_at(call.store, counted.site, [call.path["digest"]]):
            blind.refuse(counted)


def _refuse_sheet(call: Call) -> None:
    blind = blind_of(call)
    if blind.counts:
        value, _ = stocktake_of(call.store, call.path["number"])
        refuse_book(blind, value.site, value.register)
        lines = sheet.lines_of(call.store, value.number, value.closed.closing) if value.closed else ()
        refuse_any(blind, [line.row.serial for line in lines])


def _refuse_month(call: Call) -> None:
    refuse_book(blind_of(call), call.path["site"], call.path["register"])


def _refuse_handover(call: Call) -> None:
    blind = blind_of(call)
    if blind.counts:
        value, _ = visible_handover(call, call.path["number"])
        refuse_any(blind, texts_in(decode_handover(value.payload).open_items))


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
