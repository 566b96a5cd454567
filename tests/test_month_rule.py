"""No document is dated into a closed month: the rule alone, and every document from every place against it."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from devices import records
from devices.journal import open_journals
from devices.ledger.deciding.case import Case, Move
from devices.ledger.deciding.drafts import AnyDraft, Draft
from devices.ledger.deciding.entries import Entry
from devices.ledger.deciding.rules_of_all import months_are_open, months_of_the_site_are_open
from devices.ledger.deciding.rules_of_one import opening_precedes_the_first_close
from devices.ledger.posting import post
from devices.ledger.posting.closed_months import MONTH, Month
from devices.lifecycle import STEPS
from devices.problems import Refused
from devices.store.database import Store
from devices.unit import Unit
from devices.values import BOOKS, NOWHERE, REGISTERS, Position, Register
from panku.wiring import RULEBOOK
from tests.conftest import Undone
from tests.ledger_books import NOW, TODAY
from tests.shelf import AWAY, HOME, PARTS, PLACES, Shelf, expected

SERIAL = "661565714353"
UNUSED: Any = None
EVERY_BOOK = [(site, book) for site in (HOME, AWAY) for book in BOOKS]


def case_of(day: str, closed: dict[tuple[str, str], str]) -> Case[Draft]:
    """A case of a draft of a day at HOME, with months closed."""
    return Case(Draft(site=HOME, business_date=day), "move", "N", UNUSED, (), {}, {}, {}, {}, closed=closed)


def move_of(before: Position, after: Position) -> Move:
    """The move of one device."""
    return Move(Entry("/lines/0", "device", SERIAL, UNUSED), None, before, after, "move")


def at(site: str | None, register: Register | None) -> Position:
    """A place in a book, or in none."""
    return Position(state="in_stock", site=site, register=register) if site else NOWHERE


PLACES_OF_A_LINE = [at(None, None), *(at(site, register) for site in (HOME, AWAY)
                    for register in REGISTERS)]  # fmt: skip


@pytest.mark.parametrize("book", EVERY_BOOK, ids="/".join)
@pytest.mark.parametrize(
    ("day", "late"),
    [
        ("2026-10-31", True),
        ("2026-11-01", True),
        ("2026-11-30", True),
        ("2026-12-01", False),
        ("2027-01-01", False),
    ],
)
def test_a_move_is_refused_exactly_where_a_book_it_touches_is_closed(
    book: tuple[str, str], day: str, late: bool
) -> None:
    case = case_of(day, {book: "2026-11"})
    for before in PLACES_OF_A_LINE:
        for after in PLACES_OF_A_LINE:
            told = [(problem.code, problem.pointer, dict(problem.facts)) for problem in
                    months_are_open(case, [move_of(before, after)])]  # fmt: skip
            facts = {"serial": SERIAL, "site": book[0], "register": book[1], "month": "2026-11"}
            touched = book in {(place.site, place.register) for place in (before, after)}
            assert told == ([("month_closed", "/lines/0", facts)] if touched and late else [])


IN_NO_BOOK = [place for place in PLACES_OF_A_LINE if place.register not in BOOKS]


@pytest.mark.parametrize(("day", "late"), [("2026-10-31", True), ("2026-11-30", True), ("2026-12-01", False)])
def test_a_document_without_a_book_waits_for_every_book_of_its_site(day: str, late: bool) -> None:
    case = case_of(
        day, {(HOME, "spare"): "2026-11", (HOME, "merchandise"): "2026-10", (AWAY, "spare"): "2027-01"}
    )
    facts = {"serial": SERIAL, "site": HOME, "register": "spare", "month": "2026-11"}
    for before, after in itertools.product(IN_NO_BOOK, IN_NO_BOOK):
        told = [
            dict(problem.facts) for problem in months_of_the_site_are_open(case, [move_of(before, after)])
        ]
        assert told == ([facts] if late else [])


def test_a_document_of_a_book_waits_for_that_book_alone() -> None:
    case = case_of("2026-11-30", {(HOME, "spare"): "2026-11"})
    loose = move_of(NOWHERE, at(HOME, "custody"))
    assert not list(months_of_the_site_are_open(case, [loose, move_of(NOWHERE, at(HOME, "merchandise"))]))


def test_a_document_without_a_book_does_not_wait_for_another_site() -> None:
    case = case_of("2026-11-30", {(AWAY, "spare"): "2026-11"})
    assert not list(months_of_the_site_are_open(case, [move_of(NOWHERE, at(None, None))]))


def test_both_sites_of_an_arrival_are_told_where_both_are_closed() -> None:
    closed = {(HOME, "spare"): "2026-11", (AWAY, "spare"): "2026-12"}
    moves = [move_of(at(HOME, "spare"), at(AWAY, "spare"))]
    told = [(problem.facts["site"], problem.facts["month"]) for problem in
            months_are_open(case_of("2026-11-30", closed), moves)]  # fmt: skip
    assert told == [(HOME, "2026-11"), (AWAY, "2026-12")]


@pytest.mark.parametrize(
    ("closed", "told"),
    [
        ({}, []),
        ({(AWAY, "spare"): "2026-11"}, []),
        ({(HOME, "spare"): "2026-11"}, ["2026-11"]),
        ({(HOME, "spare"): "2026-11", (HOME, "merchandise"): "2026-10"}, ["2026-10"]),
    ],
)
def test_opening_stock_ends_with_the_first_close_of_any_book_of_the_site(
    closed: dict[tuple[str, str], str], told: list[str]
) -> None:
    problems = list(opening_precedes_the_first_close(case_of("2026-12-01", closed), []))
    assert [problem.facts["month"] for problem in problems] == told


# --- every document


def close_every_book(store: Store, month: str) -> None:
    """Close every book of both sites through a month, by its record alone."""
    writer = open_journals(store, [HOME, AWAY], NOW)
    for site, book in EVERY_BOOK:
        value = Month(site, book, month, "closed", "S", "0" * 64, "{}", NOW, "zhang")
        records.write(writer, MONTH, value, by="zhang", expected=0)


def codes_of(store: Store, unit: Unit, body: dict[str, Any], month: str) -> set[str]:
    """Every code with which a posting is refused while all books are closed through a month; it is undone."""
    draft = msgspec.convert(body, AnyDraft)
    try:
        with store.writing():
            close_every_book(store, month)
            post.post(store, unit, draft, by=post.Poster("zhang"), at_us=NOW, rulebook=RULEBOOK)
            raise Undone  # noqa: TRY301
    except Undone:
        return set()
    except Refused as refused:
        return {problem.code for problem in refused.problems}


@pytest.mark.parametrize(("document", "role"), PARTS, ids=lambda part: part)
def test_every_document_waits_for_an_open_month(document: str, role: str, shelf: Shelf) -> None:
    wrong = {}
    for place in PLACES:
        if expected(document, role, place, HOME) is not None:
            continue
        body = shelf.body(document, role, place, HOME)
        opening = {"opening_after_close"} if document == "opening" else set()
        told = (
            codes_of(shelf.store, shelf.unit, body, TODAY[:7]),
            codes_of(shelf.store, shelf.unit, body, "2026-10"),
        )
        if told != ({"month_closed"} | opening, opening):
            wrong[place] = told
    assert wrong == {}


def test_some_steps_touch_no_book() -> None:
    free = {step.document for step in STEPS if not {*BOOKS} & {*step.registers}}
    assert {"registration", "loss_report", "surrender", "repair_return"} <= free
