"""What catches an auditor's eye: each rule by itself, on both sides of its line."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from devices.ledger.duties.attention import (
    CLOSES,
    CONCERN_RULES,
    OPENS,
    REVERSALS,
    VALUE_FEN,
    WAITING_DAYS,
    Clock,
    Waiting,
    age_in_working_days,
    concerns,
)
from devices.lifecycle import DOCUMENT, DOCUMENTS
from labels.words import LOCALES, catalogue

ZONE = "Asia/Shanghai"


def at(day: int, hour: int = 10, minute: int = 0) -> int:
    """A moment of November 2026 by the unit's clock; the 2nd is a Monday."""
    return int(datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(ZONE)).timestamp()) * 1_000_000


PLAIN = Waiting(type="sale", business_date="2026-11-03", recorded_at_us=at(3), devices=2, value_fen=40_000)


def told(document: Waiting, now_us: int = at(3, 23, 59)) -> dict[str, dict[str, Any]]:
    return {each.code: dict(each.facts) for each in concerns(document, Clock(now_us, ZONE))}


def changed(**changes: Any) -> dict[str, dict[str, Any]]:
    return told(replace(PLAIN, **changes))


def test_a_document_like_any_other_has_nothing_to_look_twice_at() -> None:
    assert told(PLAIN) == {}


def test_the_age_counts_working_days_and_no_weekend() -> None:
    friday = replace(PLAIN, recorded_at_us=at(6, 18))
    days = {day: age_in_working_days(friday, Clock(at(day), ZONE)) for day in (6, 7, 8, 9, 10)}
    assert days == {6: 0, 7: 0, 8: 0, 9: 1, 10: 2}


def test_a_document_waits_long_after_its_working_days() -> None:
    assert told(PLAIN, at(3 + WAITING_DAYS)) == {}
    assert told(PLAIN, at(4 + WAITING_DAYS)) == {"waits_long": {"days": WAITING_DAYS + 1}}


def test_a_large_value_is_told_from_its_threshold_on() -> None:
    assert changed(value_fen=VALUE_FEN - 1) == {}
    assert changed(value_fen=VALUE_FEN) == {"large": {}}


@pytest.mark.parametrize(
    ("hour", "odd"), [(OPENS - 1, True), (OPENS, False), (CLOSES - 1, False), (CLOSES, True)]
)
def test_an_odd_hour_is_one_when_nobody_is_at_work(hour: int, odd: bool) -> None:
    assert ("odd_hour" in changed(recorded_at_us=at(3, hour))) is odd


def test_the_hour_is_that_of_the_units_clock() -> None:
    assert changed(recorded_at_us=at(3, 23, 5))["odd_hour"] == {"time": "23:05"}


def test_a_day_off_is_told_by_its_day() -> None:
    saturday = replace(PLAIN, recorded_at_us=at(7), business_date="2026-11-07")
    assert told(saturday, at(7, 11)) == {"day_off": {"day": "2026-11-07"}}


def test_a_business_date_before_the_posting_is_told_and_another_month_more_so() -> None:
    assert changed(business_date="2026-11-01") == {"back_dated": {"days": 2}}
    assert changed(business_date="2026-10-30") == {"back_dated_month": {"days": 4}}


@pytest.mark.parametrize("document", sorted(each.name for each in DOCUMENTS if each.halves))
def test_both_halves_by_one_person_are_told_with_the_other_half(document: str) -> None:
    found = changed(type=document, same_hands=3)
    assert found == {"same_hands": {"count": 3, "type": list(DOCUMENT[document].halves)}}


def test_the_other_halves_are_documents_of_the_lifecycle() -> None:
    assert {half for document in DOCUMENTS for half in document.halves} <= DOCUMENT.keys()


def test_reversals_are_told_once_a_poster_has_made_several() -> None:
    assert changed(type="reversal", reversals=REVERSALS - 1) == {}
    assert changed(type="reversal", reversals=REVERSALS)["reverses_often"]["count"] == REVERSALS
    assert changed(type="sale", reversals=REVERSALS) == {}


def test_devices_that_were_undone_before_are_counted() -> None:
    assert changed(undone_before=2) == {"undone_before": {"count": 2}}


def test_an_answer_names_the_rejected_document() -> None:
    assert changed(answers="A1-2026-000001") == {"answers": {"number": "A1-2026-000001"}}


def test_of_what_is_recorded_in_the_future_neither_hour_nor_day_is_believed() -> None:
    late_on_sunday = at(29, 23)
    assert changed(recorded_at_us=late_on_sunday) == {"recorded_ahead": {}}
    ahead = changed(recorded_at_us=late_on_sunday, business_date="2026-11-29")
    assert ahead == {"dated_ahead": {"day": "2026-11-29"}}


def test_every_concern_has_a_sentence_in_both_languages() -> None:
    everything = replace(
        PLAIN,
        type="reversal",
        recorded_at_us=at(7, 23),
        business_date="2026-10-01",
        value_fen=VALUE_FEN,
        reversals=REVERSALS,
        undone_before=1,
        answers="A1-2026-000001",
    )
    codes = {*told(everything, at(20)), "back_dated", "same_hands", "dated_ahead", "recorded_ahead"}
    assert len(codes) == len(CONCERN_RULES) + 2
    for locale in LOCALES:
        have = {name for name in catalogue(locale) if name.startswith("page.concern.")}
        assert have == {f"page.concern.{code}" for code in codes}
