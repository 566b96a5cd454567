"""What `panku verify` asks of kept answers: that of every document is there, so that no request posts it once more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from devices.chain import request_mark
from devices.ledger.posting.gather import AT_ONCE
from devices.ledger.proving.faults import UNREADABLE, Fault
from devices.store.database import Row, Store
from devices.store.statements import marks
from devices.unit import Unit, unit_of

REQUESTS = "SELECT principal, key, fingerprint, reference FROM request"
MARKED = 'FROM document WHERE content LIKE \'%"request":"%\''
"""In JSON a quotation mark within text is escaped, so that no words of a person's look like the field."""
SHOWN = 20


class _Answer(msgspec.Struct):
    """What was answered: the number of the document, or the key of whatever else it was."""

    key: str


class _Marked(msgspec.Struct):
    """What a document's content holds of the request that posted it; one of an earlier version held nothing."""

    request: str | None = None


def request_faults(store: Store) -> Iterator[Fault]:
    """Documents whose kept answer is gone or was changed: their request, sent again, would post a second time."""
    unit = unit_of(store)
    marked = store.row(f"SELECT COUNT(*) {MARKED}") or (0,)
    if unit is None or sum(1 for _ in _answered(store, unit)) == marked[0]:
        return
    answered = set(_answered(store, unit))
    posted = store.stream(f"SELECT number {MARKED} ORDER BY number")
    for number in islice((number for (number,) in posted if number not in answered), SHOWN):
        yield Fault(
            "request", str(number), "the answer kept for the request that posted it is gone or was changed"
        )


def _answered(store: Store, unit: Unit) -> Iterator[str]:
    """The documents that hold the mark of a kept request, each once."""
    requests = store.stream(REQUESTS)
    while some := list(islice(requests, AT_ONCE)):
        named = [(_number(row), row) for row in some]
        wanted = sorted({number for number, _ in named if number is not None})
        if wanted:
            rows = store.rows(
                f"SELECT number, content FROM document WHERE number IN ({marks(len(wanted))})", wanted
            )
            held = {number: _mark(content) for number, content in rows}
            yield from (number for number, row in named if number and _is_of(unit, row, held.get(number)))


def _number(row: Row) -> str | None:
    try:
        return msgspec.json.decode(row[3], type=_Answer).key
    except UNREADABLE:
        return None


def _mark(content: str) -> str | None:
    try:
        return msgspec.json.decode(content, type=_Marked).request
    except UNREADABLE:
        return None


def _is_of(unit: Unit, row: Row, mark: str | None) -> bool:
    try:
        return mark is not None and request_mark(unit.secret, *row[:3]) == mark
    except UNREADABLE:
        return False
