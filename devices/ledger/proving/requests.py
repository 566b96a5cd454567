"""What `panku verify` asks of kept answers: that of every document is there, so that no request posts it once more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec
from peewee import SQL, fn

from devices.chain import request_mark
from devices.ledger.proving.faults import UNREADABLE, Fault
from devices.store.database import Row, Store
from devices.store.statements import EACH, compiled
from devices.store.tables.ledger import Documents, Requests
from devices.unit import Unit, unit_of

_REQUESTS = compiled(
    Requests.select(Requests.principal, Requests.key, Requests.fingerprint, Requests.reference)
)
_marked = Documents.content % '%"request":"%'
"""In JSON a quotation mark within text is escaped, so that no words of a person's look like the field."""
_MARKED = compiled(Documents.select(Documents.number).where(_marked).order_by(Documents.number))
_COUNT = compiled(Documents.select(fn.COUNT(SQL("*"))).where(_marked))
_CONTENTS = compiled(Documents.select(Documents.number, Documents.content).where(Documents.number.in_(EACH)))
_AT_ONCE = 2000
"""Requests that are held at a time."""
_SHOWN = 20


class _Answer(msgspec.Struct):
    """What was answered: the number of the document, or the key of whatever else it was."""

    key: str


class _Marked(msgspec.Struct):
    """What a document's content holds of the request that posted it; one of an earlier version held nothing."""

    request: str | None = None


def request_faults(store: Store) -> Iterator[Fault]:
    """Documents whose kept answer is gone or was changed: their request, sent again, would post a second time."""
    unit = unit_of(store)
    marked = store.row(_COUNT) or (0,)
    if unit is None or sum(1 for _ in _answered(store, unit)) == marked[0]:
        return
    answered = set(_answered(store, unit))
    posted = store.stream(_MARKED)
    for number in islice((number for (number,) in posted if number not in answered), _SHOWN):
        yield Fault(
            "request", str(number), "the answer kept for the request that posted it is gone or was changed"
        )


def _answered(store: Store, unit: Unit) -> Iterator[str]:
    """The documents that hold the mark of a kept request, each once."""
    requests = store.stream(_REQUESTS)
    while some := list(islice(requests, _AT_ONCE)):
        named = [(_number(row), row) for row in some]
        wanted = sorted({number for number, _ in named if number is not None})
        held = {number: _mark(content) for number, content in store.rows_in(_CONTENTS, wanted)}
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
