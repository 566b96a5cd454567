"""Deadlines: the last day of each, and how it stands."""

from datetime import date, timedelta

import msgspec
import pytest

from devices.deadlines import DEADLINE, SITE_SETTINGS, STANDINGS, Deadline, days_of, due, standing_on
from devices.values import Site

MONDAY = date(2026, 11, 23)
THURSDAY = date(2026, 11, 26)
FRIDAY = date(2026, 11, 27)
SITE = Site("A1", "一号网点")
SET_BY_SITE = [deadline for deadline in DEADLINE.values() if deadline.days in SITE_SETTINGS]


def test_a_sale_is_registered_within_three_working_days() -> None:
    assert due(DEADLINE["registration"], FRIDAY, SITE) == date(2026, 12, 2)


def test_a_sale_before_national_day_is_registered_by_the_make_up_saturday() -> None:
    assert due(DEADLINE["registration"], date(2026, 9, 30), SITE) == date(2026, 10, 10)


def test_a_repair_is_recorded_within_three_working_days_of_its_completion() -> None:
    assert due(DEADLINE["repair_record"], MONDAY, SITE) == THURSDAY


def test_an_on_site_repair_is_done_within_one_working_day_of_the_order() -> None:
    assert due(DEADLINE["on_site_repair"], FRIDAY, SITE) == date(2026, 11, 30)


def test_an_installation_is_done_within_the_sites_working_days_of_the_asking() -> None:
    assert due(DEADLINE["installation"], FRIDAY, SITE) == date(2026, 12, 2)
    slower = msgspec.structs.replace(SITE, installation_days=5)
    assert due(DEADLINE["installation"], FRIDAY, slower) == date(2026, 12, 4)


def test_the_days_away_between_inspections_to_install_and_to_register_are_the_sites_to_set() -> None:
    names = {deadline.name for deadline in SET_BY_SITE}
    assert names == {
        "in_transit", "carried", "at_factory", "audit_inspection", "installation", "complaint_filing",
    }  # fmt: skip


@pytest.mark.parametrize("month", range(1, 13))
def test_what_is_due_in_a_month_is_due_by_its_last_day(month: int) -> None:
    for start in (date(2028, month, 1), date(2028, month, 28)):
        last = due(DEADLINE["stocktake"], start, SITE)
        assert (last.month, (last + timedelta(days=1)).day) == (month, 1)


@pytest.mark.parametrize(
    "deadline",
    [deadline for deadline in SET_BY_SITE if deadline.calendar == "calendar"],
    ids=lambda deadline: deadline.name,
)
def test_calendar_days_that_a_site_sets_count_weekends_and_holidays(deadline: Deadline) -> None:
    site = msgspec.structs.replace(SITE, **{str(deadline.days): 2})
    assert due(deadline, FRIDAY, site) == FRIDAY + timedelta(days=2)


@pytest.mark.parametrize("deadline", SET_BY_SITE, ids=lambda deadline: deadline.name)
def test_a_new_site_has_days_for_every_deadline(deadline: Deadline) -> None:
    assert days_of(deadline, SITE) > 0


@pytest.mark.parametrize(
    ("met_on", "today", "expected"),
    [
        (None, MONDAY, "due"),
        (None, THURSDAY, "due"),
        (None, FRIDAY, "overdue"),
        (MONDAY, FRIDAY, "met"),
        (THURSDAY, FRIDAY, "met"),
        (FRIDAY, FRIDAY, "met_late"),
    ],
)
def test_a_deadline_is_kept_through_its_last_day(met_on: date | None, today: date, expected: str) -> None:
    assert standing_on(THURSDAY, met_on, today) == expected
    assert expected in STANDINGS
