"""The official Chinese calendar: holidays, make-up days, and what is said about years without a notice."""

from datetime import date, timedelta

import pytest

from devices import calendar

# Source: the State Council's notices for 2025 and 2026 (make-up working days).
MAKE_UP_DAYS = [
    date(2025, 1, 26), date(2025, 2, 8), date(2025, 4, 27), date(2025, 9, 28), date(2025, 10, 11),
    date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20),
    date(2026, 10, 10),
]  # fmt: skip


@pytest.mark.parametrize("day", MAKE_UP_DAYS, ids=str)
def test_a_make_up_weekend_day_is_a_working_day(day: date) -> None:
    assert day.weekday() >= 5
    assert calendar.is_working_day(day)


def test_an_ordinary_weekend_is_free() -> None:
    assert not calendar.is_working_day(date(2026, 11, 21))
    assert not calendar.is_working_day(date(2026, 11, 22))


def test_the_national_day_week_is_free() -> None:
    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(7)]
    assert not any(calendar.is_working_day(day) for day in days)


def test_three_working_days_after_a_monday_end_on_thursday() -> None:
    assert calendar.add_working_days(date(2026, 11, 23), 3) == date(2026, 11, 26)


def test_three_working_days_across_national_day_count_the_make_up_saturday() -> None:
    assert calendar.add_working_days(date(2026, 9, 30), 3) == date(2026, 10, 10)


def test_the_count_crosses_the_new_year() -> None:
    assert calendar.add_working_days(date(2025, 12, 31), 1) == date(2026, 1, 4)


def test_a_start_on_a_free_day_is_not_counted() -> None:
    assert calendar.add_working_days(date(2026, 11, 21), 1) == date(2026, 11, 23)


def test_no_days_after_a_day_is_that_day() -> None:
    assert calendar.add_working_days(date(2026, 11, 21), 0) == date(2026, 11, 21)


def test_counting_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="forwards"):
        calendar.add_working_days(date(2026, 11, 23), -1)


def test_the_calendar_is_known_to_the_end_of_2026_at_least() -> None:
    assert calendar.known_until() >= date(2026, 12, 31)
    assert (calendar.known_until() + timedelta(days=1)).timetuple().tm_yday == 1


def test_a_year_without_a_notice_is_estimated_from_the_statutory_holidays() -> None:
    year = calendar.known_until().year + 1
    assert not calendar.is_working_day(date(year, 10, 1))
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert not any(calendar.is_working_day(day) for day in days if day.weekday() >= 5)
