"""Books begin on a day: nothing is dated, closed or read before it, and books that declared none go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import records
from devices.calendar import EARLIEST, BookDays, a_year_before, month_of
from devices.chain import commitment
from devices.journal import open_journals
from devices.ledger.books.books import statement
from devices.ledger.books.open_months import OpenMonths, open_months
from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.posting import post
from devices.ledger.proving.verify import verify
from devices.problems import Problem, Refused
from devices.store import schema
from devices.store.database import Store
from devices.unit import FOUNDING, found, unit_of
from devices.values import UNIT, Bin
from panku.wiring import CHECKS, RECORD_KINDS, RULEBOOK
from tests.conftest import Stores, Undone
from tests.door import Door
from tests.ledger_books import NOW
from tests.reading_books import MORNING, SERIALS, ReadingBooks
from tests.shelf import HOME, PARTS, PLACES, Shelf, expected
from web.door import add_pages

FIRST, TODAY = date(2025, 11, 1), date(2026, 11, 24)
"""The first day of books that were founded in November 2026 and declared none, and the day of the tests."""
DAYS = BookDays(FIRST, TODAY)


def code(problem: Problem | None) -> str | None:
    return problem.code if problem else None


# --- the range


@given(first=st.dates(), today=st.dates(), day=st.dates())
def test_a_day_is_of_the_books_from_the_first_to_today(first: date, today: date, day: date) -> None:
    told = code(BookDays(first, today).fault(day, ""))
    assert told == ("before_books" if day < first else "future_date" if day > today else None)


@given(first=st.dates(), day=st.dates(), later=st.integers(0, 400))
def test_a_month_is_of_the_books_where_one_of_its_days_is(first: date, day: date, later: int) -> None:
    today = min(date.max - first, timedelta(later)) + first
    days, month = BookDays(first, today), month_of(day)
    held = {month_of(first + timedelta(n)) for n in range((today - first).days + 1)}
    assert (days.fault_of_month(month, "") is None) == (month in held)


@given(day=st.dates(min_value=date(1, 1, 1)))
def test_a_year_before_is_the_first_of_a_month_at_most_a_year_and_a_month_back(day: date) -> None:
    found = a_year_before(day)
    assert found.day == 1
    assert found.month == day.month
    assert found.year == max(day.year - 1, 1)


# --- founding


def founded(store: Store, books_from: date | None) -> str:
    with store.writing():
        return found(store, "unit", NOW, books_from).books_from


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("told", "kept"),
    [(None, FIRST), (TODAY, TODAY), (date(2024, 2, 29), date(2024, 2, 29)), (EARLIEST, EARLIEST)],
)
def test_a_unit_declares_at_its_founding_when_its_books_begin(
    store: Store, told: date | None, kept: date
) -> None:
    assert founded(store, told) == kept.isoformat()
    unit = unit_of(store)
    assert unit is not None
    assert unit.days(NOW) == BookDays(kept, TODAY)
    assert list(verify(store, RECORD_KINDS, checks=CHECKS).faults) == []
    store.execute("UPDATE unit SET books_from = '2020-01-01'")
    assert {fault.table for fault in verify(store, RECORD_KINDS, checks=CHECKS).faults} == {"unit"}


@pytest.mark.parametrize(
    ("told", "why"), [(TODAY + timedelta(1), "future_date"), (EARLIEST - timedelta(1), "before_books")]
)
def test_books_begin_on_no_other_day(store: Store, told: date, why: str) -> None:
    with pytest.raises(Refused, match=why):
        founded(store, told)
    assert unit_of(store) is None


# --- documents


def problems_of(shelf: Shelf, body: dict[str, object]) -> list[Problem]:
    """Everything a posting is refused for; what is posted is undone."""
    draft = msgspec.convert(body, AnyDraft)
    try:
        with shelf.store.writing():
            post.post(shelf.store, shelf.unit, draft, by=post.Poster("zhang"), at_us=NOW, rulebook=RULEBOOK)
            raise Undone  # noqa: TRY301
    except Undone:
        return []
    except Refused as refused:
        return list(refused.problems)


@pytest.mark.parametrize(("document", "role"), PARTS, ids=lambda part: part)
def test_every_document_is_refused_before_the_books_begin(document: str, role: str, shelf: Shelf) -> None:
    places = [place for place in PLACES if expected(document, role, place, HOME) is None]
    assert places
    for day, told in (
        ("2025-10-31", True),
        ("0206-11-24", True),
        ("0001-01-01", True),
        ("2025-11-01", False),
    ):
        body = {**shelf.body(document, role, places[0], HOME), "business_date": day}
        facts = {"date": day, "books_from": "2025-11-01"}
        found = [problem for problem in problems_of(shelf, body) if problem.code == "before_books"]
        assert found == [Problem("before_books", "/business_date", facts)] * told, day


# --- what was reversed


def received_and_reversed(books: ReadingBooks, on: str, reversed_on: str, *serials: str) -> None:
    """A receipt of one day and its reversal of another, both approved."""
    said = {"supplier": "厂家", "delivery_note": "送-1", "model": "TCG-01", "register": "merchandise"}
    number = books.post("receipt", 20, *serials, business_date=on, bin="M1", **said)
    books.approve(
        books.post(
            "reversal", 20, document=number, reason="错", serials=[*serials], business_date=reversed_on
        ),
        20,
    )


def assert_chained(store: Store, first: str, *following: str) -> None:
    """Each month opens with what the one before it closed with, and opening + in - out is closing."""
    held = {each.model: each.closing for each in statement(store, "A1", "merchandise", first).models}
    for month in following:
        stated = {each.model: each for each in statement(store, "A1", "merchandise", month).models}
        assert {model: each.opening for model, each in stated.items() if each.opening} == held
        for each in stated.values():
            assert each.opening + sum(each.in_.values()) - sum(each.out.values()) == each.closing
        held = {model: each.closing for model, each in stated.items() if each.closing}


@pytest.mark.both_engines
def test_what_was_reversed_leaves_no_month_behind(store: Store) -> None:
    books = ReadingBooks(store)
    received_and_reversed(books, "2025-12-05", "2026-09-30", SERIALS[0], SERIALS[1])
    assert open_months(store, ["A1"], date(2027, 2, 1)) == []
    books.receive(21, SERIALS[2])
    assert open_months(store, ["A1"], date(2027, 2, 1)) == [OpenMonths("A1", "merchandise", "2026-11", 3)]
    assert_chained(store, "2025-12", "2026-08", "2026-09", "2026-10", "2026-11")


@pytest.mark.both_engines
def test_a_month_between_a_line_and_its_reversal_stays_asked_for_what_stands_in_it(store: Store) -> None:
    books = ReadingBooks(store)
    received_and_reversed(books, "2026-03-05", "2026-10-01", SERIALS[0])
    received_and_reversed(books, "2026-05-05", "2026-05-06", SERIALS[1])
    said = {"supplier": "厂家", "delivery_note": "送-2", "model": "TCG-01", "register": "merchandise"}
    books.post("receipt", 21, SERIALS[2], business_date="2026-06-30", bin="M1", **said)
    assert open_months(store, ["A1"], date(2026, 11, 24)) == [OpenMonths("A1", "merchandise", "2026-06", 5)]
    assert_chained(store, "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-10", "2026-11")


@pytest.mark.both_engines
def test_a_reversed_receipt_takes_the_moves_after_it_along(store: Store) -> None:
    books = ReadingBooks(store)
    with books.writing("A1", 1) as writer:
        books.keep(writer, records.BIN, Bin("A1", "M2", "merchandise", "good"))
    number = books.receive(2, SERIALS[0], SERIALS[1])
    books.post("move", 3, SERIALS[0], SERIALS[1], bin="M2")
    asked = [OpenMonths("A1", "merchandise", "2026-11", 1)]
    for serial, left in ((SERIALS[0], asked), (SERIALS[1], [])):
        assert open_months(store, ["A1"], date(2026, 12, 1)) == asked
        books.approve(books.post("reversal", 4, document=number, reason="错", serials=[serial]), 4)
        assert open_months(store, ["A1"], date(2026, 12, 1)) == left


def test_a_serial_that_was_received_again_begins_with_its_second_receipt(store: Store) -> None:
    books = ReadingBooks(store)
    received_and_reversed(books, "2026-01-05", "2026-02-05", SERIALS[0])
    books.receive(21, SERIALS[0])
    assert open_months(store, ["A1"], date(2026, 12, 1)) == [OpenMonths("A1", "merchandise", "2026-11", 1)]


# --- what is read and closed

READ = {
    "API, statement": "/v1/books/BJ01/merchandise/statement?month={month}",
    "API, card from": "/v1/books/BJ01/merchandise/card?model=TCG-01&from={day}&to=2026-11-24",
    "API, card to": "/v1/books/BJ01/merchandise/card?model=TCG-01&from=2026-11-24&to={day}",
    "API, as_of": "/v1/books/BJ01/merchandise?as_of={day}T10:00:00%2B08:00",
    "form, statement": "/v1/books/BJ01/merchandise/statement.xlsx?month={month}",
    "form, card": "/v1/books/BJ01/merchandise/card.xlsx?model=TCG-01&from={day}&to=2026-11-24",
    "page, statement": "/books/BJ01/merchandise/statement?month={month}",
    "page, card from": "/books/BJ01/merchandise/card?model=TCG-01&from={day}",
    "page, card to": "/books/BJ01/merchandise/card?model=TCG-01&to={day}",
    "page, as_of": "/books/BJ01/merchandise?as_of={day}T10:00",
}
SENTENCE = {"before_books": "早于账簿起始日 2025-11-01", "future_date": "还没到（今天是 2026-11-24）"}


@pytest.fixture(scope="module")
def door(stores: Stores) -> Iterator[Door]:
    store = stores.demo("sqlite")
    made = Door(store)
    add_pages(made.app, made.services)
    yield made
    made.session_store.close()
    stores.drop(store)


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2025-10-31", "before_books"),
        ("1999-12-31", "before_books"),
        ("2025-11-01", None),
        ("2026-11-24", None),
        ("2026-11-30", None),
        ("2026-12-01", "future_date"),
        ("2999-12-31", "future_date"),
    ],
)
def test_whatever_is_read_asks_the_same_range(door: Door, name: str, day: str, why: str | None) -> None:
    answer = door.sign_in("zhang").get(READ[name].format(day=day, month=day[:7]))
    assert answer.status_code == (422 if why else 200), answer.text
    if name.startswith("page"):
        assert why is None or SENTENCE[why] in answer.text
    elif why:
        (told,) = answer.json["errors"]
        assert told["code"] == why


@pytest.mark.parametrize("name", [name for name in READ if name.startswith("page")])
def test_the_calendars_end_is_a_refusal_too(door: Door, name: str) -> None:
    answer = door.sign_in("zhang").get(READ[name].format(day="9999-12-31", month="9999-12"))
    assert answer.status_code == 422, answer.text


def test_a_filter_may_name_any_day(door: Door) -> None:
    zhang = door.sign_in("zhang")
    everything = zhang.get("/v1/documents").json["documents"]
    assert zhang.get("/v1/documents?from=0206-01-01&to=9999-12-31").json["documents"] == everything
    assert zhang.get("/v1/documents?to=0206-01-01").json["documents"] == []


def test_no_month_before_the_books_is_closed(door: Door) -> None:
    body = {"site": "BJ01", "register": "merchandise"}
    zhang = door.sign_in("zhang")
    for month, why in (
        ("2025-10", "before_books"),
        ("1999-01", "before_books"),
        ("2025-11", "stocktake_missing"),
    ):
        answer = zhang.post("/v1/months", {**body, "month": month})
        assert (answer.status_code, answer.json["code"]) == (422, why), answer.text


def test_a_program_that_asks_before_the_books_is_told_when_they_begin(door: Door) -> None:
    (told,) = door.sign_in("zhang").get(READ["API, card from"].format(day="0206-05-01")).json["errors"]
    assert (told["code"], told["pointer"]) == ("before_books", "/from")
    assert (told["date"], told["books_from"]) == ("0206-05-01", "2025-11-01")


# --- units that declared no day


class FoundedBefore(msgspec.Struct, frozen=True):
    """What was journalled of a unit before it declared when its books begin."""

    name: str
    time_zone: str
    made_at: int
    mark: str


class OldBooks(ReadingBooks):
    """Books of a unit that declared no first day, which take documents of any."""

    def __init__(self, store: Store) -> None:
        kind = records.RecordKind("unit", FoundedBefore, lambda _: UNIT, lambda _: UNIT)
        secret = "ab" * 32
        with store.writing():
            store.execute(
                "INSERT INTO unit (id, name, time_zone, secret, made_at, books_from) VALUES (1, ?, ?, ?, ?, ?)",
                ("航信", "Asia/Shanghai", secret, MORNING, "0001-01-01"),
            )
            value = FoundedBefore("航信", "Asia/Shanghai", MORNING, commitment(secret, FOUNDING.name, "航信"))
            records.write(open_journals(store, [UNIT], MORNING), kind, value, by="system", expected=0)
        super().__init__(store)

    def take_in(self, on: str, *serials: str) -> str:
        """Receive on a day of any year."""
        said = {"supplier": "厂家", "delivery_note": "送-1", "model": "TCG-01", "register": "merchandise"}
        return self.post("receipt", 3, *serials, business_date=on, bin="M1", **said)

    def undo(self, document: str, on: str) -> None:
        """Reverse a whole document, and have it approved."""
        self.approve(self.post("reversal", 4, document=document, reason="错", business_date=on), 4)

    def migrate(self) -> str:
        """Let the migration say when the books begin; returns that day."""
        self.store.execute("ALTER TABLE unit DROP COLUMN books_from")
        self.store.execute("DELETE FROM schema_migration WHERE name = '0006_books_from'")
        schema.accept(self.store)
        assert schema.migrate(self.store) == ["0006_books_from"]
        unit = unit_of(self.store)
        assert unit is not None
        self.unit = unit
        return unit.books_from


def nothing(books: OldBooks) -> None:
    pass


def of_last_years_march(books: OldBooks) -> None:
    books.take_in("2025-03-14", SERIALS[0])


def of_0206(books: OldBooks) -> None:
    books.take_in("0206-11-02", SERIALS[0])


def of_0206_reversed(books: OldBooks) -> None:
    books.undo(books.take_in("0206-11-02", SERIALS[0]), "0206-11-03")


def of_0206_reversed_and_one_of_2024(books: OldBooks) -> None:
    of_0206_reversed(books)
    books.take_in("2024-02-29", SERIALS[1])


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("fill", "begins"),
    [
        (nothing, "2025-11-01"),
        (of_last_years_march, "2025-03-01"),
        (of_0206, "0206-11-01"),
        (of_0206_reversed, "2025-11-01"),
        (of_0206_reversed_and_one_of_2024, "2024-02-01"),
    ],
)
def test_books_that_declared_no_day_begin_with_what_stands_in_them(
    store: Store, fill: object, begins: str
) -> None:
    books = OldBooks(store)
    assert callable(fill)
    fill(books)
    links = store.rows("SELECT site, seq, hash FROM journal ORDER BY site, seq")
    assert books.migrate() == begins
    assert store.rows("SELECT site, seq, hash FROM journal ORDER BY site, seq") == links, (
        "a journal was written"
    )
    assert list(verify(store, RECORD_KINDS, checks=CHECKS).faults) == []
    books.receive(5, SERIALS[6])
    with pytest.raises(Refused, match="before_books"):
        books.take_in("0206-10-31", SERIALS[7])
    assert list(verify(store, RECORD_KINDS, checks=CHECKS).faults) == []


@pytest.mark.both_engines
def test_a_receipt_of_0206_leaves_no_month_behind_once_it_is_reversed(store: Store) -> None:
    books = OldBooks(store)
    number = books.take_in("0206-11-02", SERIALS[0])
    books.migrate()
    assert open_months(store, ["A1"], date(2026, 11, 24)) == [
        OpenMonths("A1", "merchandise", "0206-11", 21_840)
    ]
    books.undo(number, "2026-11-04")
    assert open_months(store, ["A1"], date(2026, 12, 1)) == []
    unit = unit_of(store)
    assert unit is not None
    assert unit.books_from == "0206-11-01", "it does not change as time passes"


@pytest.mark.parametrize("day", ["2024-01-01", "2025-12-01", "2025-03-14", "not a day"])
def test_a_first_day_that_no_line_tells_is_found(store: Store, day: str) -> None:
    books = OldBooks(store)
    of_last_years_march(books)
    books.migrate()
    store.execute("UPDATE unit SET books_from = ?", (day,))
    assert {fault.table for fault in verify(store, RECORD_KINDS, checks=CHECKS).faults} == {"unit"}
