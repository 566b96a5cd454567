"""The technician's pages and home: their own jobs with whom to see, nobody else's, and no book."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from devices.paperwork.dispatches import CONFIRMED, DISPATCHES, OUTCOMES, WAIT_REASONS
from tests.conftest import Stores
from tests.dispatched import taken_along
from tests.door import NOW, Client, Door
from web.door import add_pages

SOLD, SPARE, SWAPPED_IN = "661565714354", "661565720012", "661565720011"
NAME, ADDRESS = "朝阳区惠民便利店", "海淀区学院路 30 号"
CONTACT = {"name": "钱会计", "phone": "010-6255 0101", "address": ADDRESS}
AT = "2026-11-24T{}:00+08:00"


@pytest.fixture
def door(stores: Stores) -> Iterator[Door]:
    store = stores.demo("sqlite")
    made = Door(store)
    add_pages(made.app, made.services)
    yield made
    stores.drop(store)


def sent(door: Door, **told: Any) -> str:
    """An order that sends wang, unless it says otherwise."""
    body = {
        "site": "BJ01",
        "fault": "读不出",
        "serials": [SOLD],
        "technician": "wang",
        "contact": CONTACT,
        **told,
    }
    answer = door.sign_in("zhang").post("/v1/dispatch-orders", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["number"])


def carried(door: Door, order: str) -> None:
    answer = door.sign_in("zhang").post("/v1/documents", taken_along(order, (SOLD, SPARE)))
    assert answer.status_code == 201, answer.text


def filed(door: Door, number: str, **told: Any) -> Client:
    """An hour later its technician has done it."""
    door.now += 3_600_000_000
    wang = door.sign_in("wang")
    record = {
        "arrived_at": AT.format("14:10"), "completed_at": AT.format("14:30"), "diagnosis": "盘芯坏", "work": "换盘",
        "outcomes": {"repair": "solved"}, "confirmation": {"how": "declined", "reason": "负责人不在"}, **told,
    }  # fmt: skip
    answer = wang.post(f"/v1/dispatch-orders/{number}/service-record", record)
    assert answer.status_code == 201, answer.text
    return wang


def groups(text: str) -> dict[str, list[str]]:
    """The numbers of the jobs on a page, by the part of the list they are in."""
    parts = re.split(r'<h2 id="(\w+)">', text)[1:]
    found = {
        group: re.findall(r'<article class="job[^"]*" data-number="([^"]+)"', part)
        for group, part in zip(parts[::2], parts[1::2], strict=True)
    }
    return {group: numbers for group, numbers in found.items() if numbers}


@pytest.mark.both_engines
def test_a_job_is_told_with_whom_to_see_until_it_is_settled(door: Door) -> None:
    number, wang = sent(door), door.sign_in("wang")
    carried(door, number)
    answer = wang.get("/jobs")
    assert answer.headers["Cache-Control"] == "no-store"
    text = answer.text
    assert groups(text) == {"later": [number]}
    for told in (NAME, ADDRESS, "钱会计", 'href="tel:01062550101"', SPARE, "2026-11-25"):
        assert told in text
    wang = filed(door, number, used=[{"faulty": SOLD, "spare": SPARE}])
    text = wang.get("/jobs").text
    assert groups(text) == {"unsettled": [number]}
    assert NAME in text


def test_what_was_done_without_a_spare_is_no_longer_in_hand_and_names_nobody(door: Door) -> None:
    number = sent(door)
    wang = filed(door, number)
    assert groups(wang.get("/jobs").text) == {}
    text = wang.get(f"/jobs/{number}").text
    assert groups(text) == {"closed": [number]}
    assert [told for told in (NAME, ADDRESS, "钱会计") if told in text] == []
    assert "更正上门服务单" in text


def test_jobs_are_parted_by_when_they_are_to_be_done(door: Door) -> None:
    window = {"starts_at": AT.format("15:00"), "ends_at": AT.format("16:00")}
    today, wang = sent(door, window=window), door.sign_in("wang")
    later = sent(door, serials=[SWAPPED_IN])
    waits = sent(door, serials=[SWAPPED_IN], purposes=["return_visit"])
    wang.post(f"/v1/dispatch-orders/{waits}/accept")
    assert wang.post(f"/v1/dispatch-orders/{waits}/postpone", {"reason": "part_missing"}).status_code == 200
    found = groups(wang.get("/jobs").text)
    assert found == {"today": [today], "later": [later], "waiting": [waits]}
    assert "缺备件" in wang.get(f"/jobs/{waits}").text
    door.now = NOW + 3 * 86_400_000_000
    text = door.sign_in("wang").get("/jobs").text
    assert groups(text)["today"] == [later, today]
    assert "已逾期" in text


def test_nobody_elses_job_is_shown_and_no_technician_sees_a_book(door: Door) -> None:
    mine, other = sent(door), sent(door, serials=[SWAPPED_IN], technician=None)
    wang = door.sign_in("wang")
    assert groups(wang.get("/jobs").text) == {"later": [mine]}
    assert wang.get(f"/jobs/{other}").status_code == 404
    assert wang.get("/jobs/D-BJ01-000099").status_code == 404
    home = wang.get("/").text
    assert f'href="/jobs/{mine}"' in home
    assert [path for path in ("/books", "/documents", "/scan", "/orders") if f'href="{path}"' in home] == []
    assert "月度盘点" not in home
    assert door.sign_in("zhang").get("/jobs").status_code == 403
    assert door.sign_in("zhang").get(f"/jobs/{mine}").status_code == 403


def test_the_forms_are_those_of_the_workflow(door: Door) -> None:
    number = sent(door, purposes=["repair", "install", "return_visit"])
    text = door.sign_in("wang").get(f"/jobs/{number}").text
    offered = set(re.findall(r'<(?:form|details)[^>]* data-act="(\w+)"(?![^>]*hidden)[^>]*>', text))
    shown = set(re.findall(r'<(?:details|form method="dialog") data-act="(\w+)">', text))
    assert shown == {"accept", "appoint", "file"}
    assert offered >= shown
    choices = set(re.findall(r'<option value="(\w+)"', text))
    assert choices == {*WAIT_REASONS, *CONFIRMED, *(each for told in OUTCOMES.values() for each in told)}
    told = re.search(r'"steps": (\{.*?\}\})', text)
    assert told is not None
    assert all(f'"{step.name}"' in told[1] for step in DISPATCHES.steps if "technician" in step.who)
