"""What audits have due: monthly counts and inspections, the auditor's own, findings and visitors, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from devices import records
from devices.audit.duties import COUNT_DUTY, INSPECTION_DUTY, MONTHS_SHOWN, VISIT_DUTY
from devices.journal import open_journals
from devices.ledger.duties.due import Due, what_is_due
from devices.records import SITE
from devices.values import REGISTERS, UNIT, Bin, Site
from tests.conftest import ENGINES, Stores
from tests.counts import begin as begin_count
from tests.counts import close_count
from tests.custody import DAY_US, House, answers, count_all, fault, fill_house, inspect, request, take

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module", params=ENGINES)
def base(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    """Two sites with bins since November 3rd, where nothing of custody was done yet."""
    store = stores.filled(request.param, fill_house)
    yield House(store)
    stores.drop(store)


@pytest.fixture
def house(base: House, stores: Stores) -> Iterator[House]:
    """The same, in a store of its own."""
    copy = base.copied(stores)
    yield copy
    copy.session_store.close()
    stores.drop(copy.store)


def due(house: House, today: date = TODAY, *, site: str = "BJ01") -> list[Due]:
    """What a site has due by custody and audit."""
    return what_is_due(house.store, (COUNT_DUTY, INSPECTION_DUTY, VISIT_DUTY), [site], today)


def of(house: House, name: str, today: date = TODAY) -> list[tuple[str, str, str]]:
    """Subject, last day and standing of everything due under one deadline."""
    return [(each.subject, each.due_on, each.standing) for each in due(house, today) if each.deadline == name]


def test_a_site_with_bins_is_counted_and_inspected_each_month(base: House) -> None:
    assert of(base, "stocktake") == [(register, "2026-11-30", "due") for register in sorted(REGISTERS)]
    assert of(base, "safety_inspection") == [("BJ01", "2026-11-30", "due")]
    (first,) = [each for each in due(base) if each.deadline == "safety_inspection"]
    assert (first.started_on, first.days_left) == ("2026-11-03", 6)
    assert of(base, "audit_inspection") == [("BJ01", "2027-02-01", "due")]


@pytest.mark.parametrize("name", ["stocktake", "safety_inspection"])
def test_months_that_passed_stay_overdue_and_the_new_one_is_due(base: House, name: str) -> None:
    found = [(due_on, standing) for _, due_on, standing in of(base, name, date(2027, 1, 15))]
    assert sorted(set(found)) == [
        ("2026-11-30", "overdue"), ("2026-12-31", "overdue"), ("2027-01-31", "due"),
    ]  # fmt: skip


@pytest.mark.parametrize(("today", "standing"), [(date(2026, 11, 30), "due"), (date(2026, 12, 1), "overdue")])
def test_a_month_is_kept_through_its_last_day(base: House, today: date, standing: str) -> None:
    november = [each for each in due(base, today) if each.due_on == "2026-11-30"]
    assert {(each.deadline, each.standing) for each in november} == {
        ("stocktake", standing), ("safety_inspection", standing),
    }  # fmt: skip


def test_at_most_twelve_overdue_months_are_told(base: House) -> None:
    told = [due_on for _, due_on, _ in of(base, "safety_inspection", date(2028, 6, 10))]
    assert len(told) == MONTHS_SHOWN + 1
    assert (told[0], told[-1]) == ("2027-06-30", "2028-06-30")


def test_a_count_is_kept_by_its_seal_in_the_month_of_its_close(house: House) -> None:
    number = begin_count(house.of("zhang"), "spare")
    assert close_count(house.of("zhang"), number).status_code == 200
    assert ("spare", "2026-11-30", "due") in of(house, "stocktake")
    assert house.of("zhang").post(f"/v1/stocktakes/{number}/cancel", {"reason": "重来"}).status_code == 200
    count_all(house)
    assert of(house, "stocktake") == []
    december = of(house, "stocktake", date(2026, 12, 1))
    assert december == [(register, "2026-12-31", "due") for register in sorted(REGISTERS)]


def test_the_storekeepers_inspection_keeps_the_month_and_the_auditors_its_interval(house: House) -> None:
    house.now += DAY_US
    tomorrow = TODAY + timedelta(days=1)
    assert inspect(house.of("li")).status_code == 201
    assert of(house, "audit_inspection", tomorrow) == [("BJ01", "2027-02-23", "due")]
    assert len(of(house, "safety_inspection")) == 1
    assert inspect(house.of("zhang")).status_code == 201
    assert of(house, "safety_inspection", tomorrow) == []
    assert of(house, "audit_inspection", date(2027, 2, 24)) == [("BJ01", "2027-02-23", "overdue")]


def test_the_auditors_interval_is_the_sites_own(house: House) -> None:
    replace_site(house, inspection_days=30)
    assert of(house, "audit_inspection") == [("BJ01", "2026-12-03", "due")]


def replace_site(house: House, **changes: Any) -> None:
    with house.store.writing():
        writer = open_journals(house.store, [UNIT], house.now)
        site = next(site for site, _ in records.all_current(house.store, SITE) if site.code == "BJ01")
        records.write(writer, SITE, msgspec.structs.replace(site, **changes), by="admin")


def test_a_closed_site_has_nothing_of_the_kind_due(house: House) -> None:
    replace_site(house, active=False)
    assert due(house) == []


def test_a_register_whose_bins_are_out_of_use_is_not_counted(house: House) -> None:
    with house.store.writing():
        writer = open_journals(house.store, ["BJ01"], house.now)
        for value, _ in records.all_current(house.store, records.BIN):
            if (value.site, value.register) == ("BJ01", "custody"):
                records.write(writer, records.BIN, msgspec.structs.replace(value, active=False), by="admin")
    assert [register for register, _, _ in of(house, "stocktake")] == ["merchandise", "spare"]


def test_each_register_is_asked_for_from_the_month_of_its_first_bin(house: House) -> None:
    with house.store.writing():
        writer = open_journals(house.store, [UNIT, "SH01"], house.now)
        records.write(writer, SITE, Site("SH01", "上海库房"), by="admin", expected=0)
        records.write(writer, records.BIN, Bin("SH01", "M-01", "merchandise", "good"), by="admin", expected=0)
    with house.store.writing():
        writer = open_journals(house.store, ["SH01"], house.now + 20 * DAY_US)
        records.write(writer, records.BIN, Bin("SH01", "S-01", "spare", "good"), by="admin", expected=0)
    found = [
        (each.subject, each.started_on, each.due_on)
        for each in due(house, date(2026, 12, 20), site="SH01")
        if each.deadline == "stocktake"
    ]
    assert found == [
        ("merchandise", "2026-11-24", "2026-11-30"), ("merchandise", "2026-12-01", "2026-12-31"),
        ("spare", "2026-12-14", "2026-12-31"),
    ]  # fmt: skip


def test_a_site_without_bins_has_nothing_to_count_or_inspect(house: House) -> None:
    with house.store.writing():
        writer = open_journals(house.store, [UNIT], house.now)
        records.write(writer, SITE, Site("SH01", "上海库房"), by="admin", expected=0)
    assert due(house, site="SH01") == []


def test_a_finding_is_due_on_its_day_until_it_is_settled(house: House) -> None:
    number = inspect(house.of("zhang"), answers(fault(due_on="2026-11-26"))).json["number"]
    assert of(house, "inspection_finding") == [(f"{number}/damp", "2026-11-26", "due")]
    assert of(house, "inspection_finding", date(2026, 11, 27)) == [
        (f"{number}/damp", "2026-11-26", "overdue")
    ]
    (found,) = [each for each in due(house) if each.deadline == "inspection_finding"]
    assert (found.started_on, found.days_left) == ("2026-11-24", 2)
    done = house.of("zhang").post(f"/v1/inspections/{number}/settle", {"item": "damp", "work": "已除湿"})
    assert done.status_code == 200
    assert of(house, "inspection_finding") == []


def test_a_visitor_who_has_not_left_by_the_end_of_the_day_is_overdue(house: House) -> None:
    number = request(house)
    take(house, number, "approve")
    assert of(house, "visit") == []
    take(house, number, "enter")
    assert of(house, "visit") == [(number, "2026-11-24", "due")]
    assert of(house, "visit", date(2026, 11, 25)) == [(number, "2026-11-24", "overdue")]
    house.now += DAY_US
    assert take(house, number, "leave").status_code == 200
    assert of(house, "visit") == []


def test_the_list_over_http_has_all_of_them_in_order_for_the_callers_sites(house: House) -> None:
    inspect(house.of("zhang"), answers(fault()))
    listed = house.of("zhang").get("/v1/deadlines").json
    assert [each["due_on"] for each in listed] == sorted(each["due_on"] for each in listed)
    assert {each["site"] for each in listed} == {"BJ01"}
    names = {each["deadline"] for each in listed}
    assert names >= {"stocktake", "audit_inspection", "inspection_finding", "at_factory"}
    assert {each["site"] for each in house.of("chen").get("/v1/deadlines").json} == {"BJ01", "TJ01"}
    assert house.of("sun").get("/v1/deadlines").json == []
