"""Books: what each site holds, a book by model and state, a model's card, and the monthly statement with its course."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from api.callers.blind import counts_blind, refuse_while_blind
from api.wire import times
from devices import serials
from devices.calendar import TIME_ZONE, first_day, month_of
from devices.ledger.books import books, cards
from devices.ledger.books.by_month import BookMonth, course
from devices.ledger.posting.closed_months import closed_as
from devices.ledger.reading.registers import is_site, model_codes
from devices.people.persons import names_of
from devices.problems import refuse
from devices.spares.minimum_levels import Level, levels_of
from devices.store.database import Store
from devices.values import REGISTERS, STATES, Register
from web import charts
from web.pages import View
from web.views.home import sites_of

COURSE_MONTHS, LEAST_MONTHS = 12, 3
CARD_LINES = 200
STATE_COLUMNS = {
    register: [state.name for state in STATES if register in state.registers] for register in REGISTERS
}
"""By register: the states its devices can be in, which are the columns of its table."""


class Shelf(msgspec.Struct, frozen=True):
    """One book of one site in the overview; `models` None while its counters count it blind."""

    site: str
    register: Register
    models: list[books.ModelTotals] | None

    @property
    def total(self) -> int:
        """Every device of the book."""
        return sum(each.total for each in self.models or ())

    def of(self, state: str) -> int:
        """How many devices are in a state."""
        return sum(getattr(each, state) for each in self.models or ())


def books_page(view: View) -> dict[str, Any]:
    """What every site of the reader's holds, book by book."""
    return {
        "shelves": [_shelf(view, site, register) for site in sites_of(view.call) for register in REGISTERS],
        "columns": STATE_COLUMNS,
    }


def _shelf(view: View, site: str, register: Register) -> Shelf:
    store = view.call.store
    blind = counts_blind(view.call, site, register)
    return Shelf(site, register, None if blind else books.totals(store, site, register).models)


def book_page(view: View) -> dict[str, Any]:
    """A book by model and state, now or as of a past moment.

    Raises Refused: `count_is_blind`, `malformed_date`, `before_books`, `future_date`.
    """
    site, register = _book(view)
    asked = view.text("as_of")
    as_of_us = _moment(asked, view) if asked else None
    totals = books.totals(view.call.store, site, register, as_of_us=as_of_us)
    levels = _levels(view, site) if register == "spare" and as_of_us is None else None
    return {
        "site": site,
        "register": register,
        "shelf": Shelf(site, register, _with_empty(totals.models, levels or ())),
        "levels": levels,
        "columns": STATE_COLUMNS[register],
        "as_of_us": as_of_us,
        "asked": asked,
        "month": month_of(_today(view)),
        "days": view.call.days,
    }


def _levels(view: View, site: str) -> dict[str, Level]:
    """How many spares are wanted at a site and how many lack, by model; they are told of now, and of no past moment."""
    return {each.model: each for each in levels_of(view.call.store, [site]) if each.minimum}


def _with_empty(models: list[books.ModelTotals], wanted: Iterable[str]) -> list[books.ModelTotals]:
    """The models of a book, with those that are wanted in it and of which it holds none."""
    held = {each.model for each in models}
    empty = [books.ModelTotals(model=model) for model in wanted if model not in held]
    return sorted([*models, *empty], key=lambda each: each.model)


def card_page(view: View) -> dict[str, Any]:
    """A model's card between two days; its lines a part at a time."""
    site, register = _book(view)
    today = _today(view)
    first = times.day_read(view.text("from") or today.replace(day=1).isoformat(), "from", view.call.days)
    last = times.day_read(view.text("to") or today.isoformat(), "to", view.call.days)
    models = model_codes(view.call.store)
    model = view.text("model") or (models[0] if models else "")
    after = _after(view)

    def read(store: Store) -> tuple[cards.CardHead, list[cards.CardLine]]:
        head = cards.card_head(store, site, register, model, first, last)
        return head, list(islice(cards.card_lines(store, head), after, after + CARD_LINES))

    head, lines = view.call.read_past(read)
    return {
        "head": head,
        "lines": lines,
        "days": view.call.days,
        "models": models,
        "names": names_of(view.call.store, {each.event.made_by for each in lines}),
        "reads": view.person.reads,
        "more_after": lines[-1].n if len(lines) == CARD_LINES else None,
    }


def statement_page(view: View) -> dict[str, Any]:
    """The statement of a month, and the book's course over the twelve months up to it."""
    site, register = _book(view)
    days = view.call.days
    month = times.month_read(view.text("month") or month_of(days.today), days)
    first = max(_months_before(month, COURSE_MONTHS - 1), month_of(days.first))

    def read(store: Store) -> tuple[books.Statement, list[BookMonth]]:
        return books.statement(store, site, register, month), course(store, site, register, first, month)

    stated, whole = view.call.read_past(read)
    months = _from_the_first(whole)
    return {
        "stated": stated,
        "days": days,
        "closed": closed_as(view.call.store, site, register, month),
        "months": months,
        "charts": charts,
        "labels": [_label(each.month, n == 0) for n, each in enumerate(months)],
    }


def _book(view: View) -> tuple[str, Register]:
    """The book of the path. Raises Refused: `not_found`, `count_is_blind`."""
    site, register = view.call.path["site"], view.call.path["register"]
    if register not in REGISTERS or not is_site(view.call.store, site):
        raise refuse("not_found")
    refuse_while_blind(view.call, [site], register)
    return site, register


def _today(view: View) -> date:
    return view.call.unit.day_of(view.call.at_us)


def _moment(text: str, view: View) -> int:
    """A moment as a person chooses it by the unit's clock (`2026-11-24T10:00`), to the end of its minute."""
    try:
        chosen = datetime.fromisoformat(text)
    except ValueError:
        chosen = None
    if chosen is None:
        raise refuse("malformed_date", date=serials.shortened(text))
    if chosen.tzinfo is None:
        chosen = chosen.replace(tzinfo=ZoneInfo(TIME_ZONE))
    return times.moment_read(chosen.isoformat(), "as_of", view.call.days) + 59_999_999


def _after(view: View) -> int:
    text = view.text("after", "0")
    if not text.isdecimal() or len(text) > 9:
        raise refuse("malformed_parameter", name="after", value=serials.shortened(text))
    return int(text)


def _from_the_first(months: list[BookMonth]) -> list[BookMonth]:
    """The months from the first in which the book held or moved anything; the last LEAST_MONTHS always."""
    empty = list(takewhile(lambda each: not (each.opening or each.came or each.went), months[:-LEAST_MONTHS]))
    return months[len(empty) :]


def _label(month: str, first: bool) -> str:
    """A month under a chart: its number, with the year where one begins."""
    year, number = month[2:4], int(month[5:])
    return f"{year}/{number}" if first or number == 1 else str(number)


def _months_before(month: str, count: int) -> str:
    first = first_day(month)
    months = first.year * 12 + first.month - 1 - count
    return f"{months // 12:04d}-{months % 12 + 1:02d}"
