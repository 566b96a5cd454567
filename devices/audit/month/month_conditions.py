"""What must hold before a month of a book is closed: it is over, counted and sealed, settled, and adds up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_

from peewee import SQL, fn

from devices.audit.month.month_statement import decode_statement
from devices.audit.stocktake.sheet import header_of
from devices.audit.stocktake.stocktakes import stocktakes_of
from devices.calendar import first_day, last_day, month_after
from devices.journal import Writer
from devices.ledger.books.books import Statement
from devices.ledger.posting.closed_months import closed_months, month_record
from devices.problems import Fact, Problem, Refused, refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Lines, Standings
from devices.unit import Unit
from devices.values import BOOKS

UNREVIEWED_OR_UNRESOLVED = (Standings.review == "waiting", Standings.resolved == 0)
OF_THE_SITE = (
    (Standings.site == GIVEN)
    & (Documents.business_date <= GIVEN)
    & (Documents.register.is_null() | (Documents.register != GIVEN))
)
OF_THE_BOOK = (Standings.site != GIVEN) & fn.EXISTS(
    Lines.select(SQL("1")).where(
        Lines.document == Documents.number,
        Lines.business_date <= GIVEN,
        ((Lines.site == GIVEN) & (Lines.register == GIVEN))
        | ((Lines.from_site == GIVEN) & (Lines.from_register == GIVEN)),
    )
)
_UNSETTLED = compiled(
    reduce(
        or_,
        (
            Documents.select(Documents.number)
            .join(Standings, on=(Standings.document == Documents.number))
            .where(unsettled, whose)
            for whose in (OF_THE_SITE, OF_THE_BOOK)
            for unsettled in UNREVIEWED_OR_UNRESOLVED
        ),
    ).order_by(SQL("1"))
)
_following = Lines.alias()
_LAST_LINES = compiled(
    Lines.select(Lines.model, fn.COUNT(Lines.serial))
    .where(
        Lines.site == GIVEN,
        Lines.register == GIVEN,
        Lines.business_date <= GIVEN,
        ~fn.EXISTS(
            _following.select(SQL("1")).where(
                _following.serial == Lines.serial,
                _following.step == Lines.step + 1,
                _following.business_date <= GIVEN,
            )
        ),
    )
    .group_by(Lines.model)
)
"""Where every device was by its last line of the month: the book counted without adding up what went in and out."""


def refuse_untimely(writer: Writer, unit: Unit, site: str, register: str, month: str) -> None:
    """A month is closed once it is over, after the one before it; a book's first close may be of any month it is kept.

    Raises Refused: `month_not_over`, `before_books`, `month_closed_already`, `month_out_of_order`.
    """
    today = unit.day_of(writer.now_us)
    if today <= last_day(month):
        raise refuse("month_not_over", "/month", month=month, today=today.isoformat())
    if fault := unit.days(writer.now_us).fault_of_month(month, "/month"):
        raise Refused([fault])
    last = closed_months(writer.store, {site}).get((site, register))
    if last is None:
        return
    if month <= last:
        raise refuse("month_closed_already", "/month", **named(site, register, month), last=last)
    if month != month_after(last):
        following = month_after(last)
        raise refuse("month_out_of_order", "/month", **named(site, register, month), following=following)


def sealed_count(store: Store, stated: Statement) -> str | None:
    """The number of the last sealed stocktake of the book whose close lies in the month, None where there is none."""
    found = [
        (each.closed.at, each.number)
        for each in stocktakes_of(
            store, stated.site, states=("sealed",), since=first_day(stated.month).isoformat()
        )
        if each.register == stated.register
        and each.closed
        and header_of(store, each.number, each.closed.closing).month == stated.month
    ]
    return max(found)[1] if found else None


def unmet(store: Store, stated: Statement, stocktake: str | None) -> list[Problem]:
    """Everything that keeps a month whose time has come from being closed with this statement and stocktake."""
    return [*_uncounted(stated, stocktake), *_unsettled(store, stated), *_differing(store, stated)]


def named(site: str, register: str, month: str) -> dict[str, Fact]:
    """The facts that name a month."""
    return {"site": site, "register": register, "month": month}


def _of(stated: Statement) -> dict[str, Fact]:
    return named(stated.site, stated.register, stated.month)


def _uncounted(stated: Statement, stocktake: str | None) -> Iterator[Problem]:
    if stocktake is None:
        yield Problem("stocktake_missing", "", _of(stated))


def _unsettled(store: Store, stated: Statement) -> Iterator[Problem]:
    """Every document up to the month's end is reviewed and, where rejected, resolved.

    The other book's documents do not count; those of another site do where they moved a device of this book.
    """
    site, register, until = stated.site, stated.register, last_day(stated.month).isoformat()
    (other,) = set(BOOKS) - {register}
    own, foreign = (site, until, other), (site, until, site, register, site, register)
    rows = store.rows(_UNSETTLED, (*own, *own, *foreign, *foreign))
    if rows:
        yield Problem("documents_unsettled", "", {**_of(stated), "documents": [number for (number,) in rows]})


def _differing(store: Store, stated: Statement) -> Iterator[Problem]:
    """The closing is what the devices' last lines come to, and the opening is the previous closing."""
    place, until = (stated.site, stated.register), last_day(stated.month).isoformat()
    closings = {each.model: each.closing for each in stated.models}
    yield from _apart(stated, closings, dict(store.rows(_LAST_LINES, (*place, until, until))))
    previous = closed_months(store, {stated.site}).get(place)
    if previous is not None:
        before = decode_statement(month_record(store, *place, previous)[0].payload).statement
        openings = {each.model: each.opening for each in stated.models}
        yield from _apart(stated, openings, {each.model: each.closing for each in before.models})


def _apart(stated: Statement, told: Mapping[str, int], kept: Mapping[str, int]) -> Iterator[Problem]:
    for model in sorted(told.keys() | kept.keys()):
        if told.get(model, 0) != kept.get(model, 0):
            facts: dict[str, Fact] = {
                "model": model,
                "stated": told.get(model, 0),
                "kept": kept.get(model, 0),
            }
            yield Problem("statement_differs", "", {**_of(stated), **facts})
