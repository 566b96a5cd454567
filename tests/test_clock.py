"""A server's clock that was ahead for a while, or is behind: nothing is poisoned, and everybody is told.

The books of these tests had a clock a hundred days ahead for an hour: sessions began, passwords were wrong, documents
were posted. Then it was set right.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import sha256

import msgspec
import pytest
from falcon import testing

from api.gauges import Gauges
from api.wire.times import shown
from devices.audit.evidence_checks import check_evidence
from devices.audit.kinds import LateScan
from devices.audit.stocktake import sheet
from devices.audit.stocktake.scans import digest, extent
from devices.chain import canonical
from devices.journal import clock_standing
from devices.ledger.duties.due import what_is_due
from devices.ledger.proving.verify import verify
from devices.moments.readings import ANEW_EVERY_US, leaps
from devices.moments.spans import TOLERATED_US
from devices.people import credentials
from devices.store.database import Store
from devices.store.tables.audits import Scans
from panku.commands import serve
from panku.commands import verify as verify_command
from panku.wiring import CHECKS, DUTIES, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.counts import SECOND, begin, close_count, explain, finish, held, scan, sign
from tests.door import NOW, TODAY, Client, Door, fill_demo, move

DAY_US = 86_400 * SECOND
AHEAD_US = 100 * DAY_US
AHEAD = "2027-03-04"
"""The day that the clock said it was while it was ahead."""
MOVED, SHELF, SOLD = "661565714358", "661565714359", "661565714354"
CUSTOMER = {"taxpayer_id": "110101199003077"}


def fill_leapt(store: Store) -> None:
    """The demo, in which one document was posted while the clock was ahead."""
    fill_demo(store)
    door = Door(store)
    door.now = NOW + AHEAD_US
    answer = door.sign_in("zhang").post("/v1/documents", move(MOVED) | {"business_date": AHEAD}, key="leapt")
    assert answer.status_code == 201, answer.text
    door.session_store.close()


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """A door whose clock has been set right."""
    store = stores.filled(request.param, fill_leapt)
    opened = Door(store)
    yield opened
    opened.session_store.close()
    stores.drop(store)


def codes(answer: testing.Result) -> list[str]:
    return [each["code"] for each in answer.json["errors"]]


def sold(serial: str) -> dict[str, object]:
    return {
        "type": "sale", "site": "BJ01", "business_date": TODAY, "customer": CUSTOMER, "application": "SY-0009",
        "lines": [{"serial": serial}],
    }  # fmt: skip


def results(client: Client, number: str) -> dict[str, str]:
    lines = client.get(f"/v1/stocktakes/{number}/sheet?limit=200").json["lines"]
    return {line["serial"]: line["result"] for line in lines}


@pytest.mark.both_engines
def test_a_count_after_the_clock_was_ahead_finds_what_is_there_and_is_sealed(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang)
    opened = zhang.get(f"/v1/stocktakes/{number}").json
    assert opened["opened_at"][:10] == TODAY
    (first, first_bin), (gone, gone_bin), *others = held(door, "merchandise")
    assert scan(zhang, number, (first, first_bin))[0]["outcome"] == "taken"
    for serial in (first, gone):
        door.now += SECOND
        assert zhang.post("/v1/documents", sold(serial)).status_code == 201
    told = scan(zhang, number, (gone, gone_bin), *others, *held(door, "merchandise", "quarantined"))
    assert {each["outcome"] for each in told} == {"taken"}
    closed = close_count(zhang, number, li)
    assert closed.status_code == 200, closed.text
    found = results(zhang, number)
    assert (found.pop(first), found.pop(gone)) == ("match", "surplus")
    assert {result for result in found.values() if result != "apart"} == {"match"}
    header = zhang.get(f"/v1/stocktakes/{number}/sheet").json["header"]
    assert (header["closed_at"][:10], header["month"]) == (TODAY, TODAY[:7])
    assert "clock_behind" in header["remarks"]
    explain(zhang, number)
    assert sign(zhang, number, "zhang", "storekeeper").status_code == 201
    assert sign(li, number, "li", "auditor").status_code == 201
    assert li.get(f"/v1/stocktakes/{number}").json["state"] == "sealed"
    evidence = li.get(f"/v1/stocktakes/{number}/evidence").content
    assert check_evidence(evidence, ()).faults == ()
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


@pytest.mark.both_engines
def test_a_count_that_a_clock_ahead_opened_goes_on_when_it_is_set_right(door: Door) -> None:
    door.now = NOW + AHEAD_US
    number = begin(door.sign_in("zhang"))
    door.now = NOW + SECOND
    zhang = door.sign_in("zhang")
    shelf = [*held(door, "merchandise"), *held(door, "merchandise", "quarantined")]
    assert {each["outcome"] for each in scan(zhang, number, *shelf)} == {"taken"}
    row = door.store.row("SELECT MAX(at), MAX(received_at) FROM scan WHERE stocktake = ?", (number,))
    assert row == (door.now, door.now)
    assert close_count(zhang, number).status_code == 200
    assert set(results(zhang, number).values()) <= {"match", "apart"}
    late = scan(zhang, number, ("661565719999", None))
    assert late[0]["outcome"] == "late"
    assert zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "补扫"}).status_code == 200
    assert finish(zhang, number).status_code == 200
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


@pytest.mark.both_engines
def test_what_a_clock_ahead_dated_is_named_undone_on_its_day_and_posted_again(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    ahead = zhang.post("/v1/documents", move(SHELF) | {"business_date": AHEAD})
    assert codes(ahead) == ["future_date"]
    refused = zhang.post("/v1/documents", move(MOVED, "M-01"))
    assert codes(refused) == ["previous_dated_ahead"]
    (error,) = refused.json["errors"]
    assert (error["serial"], error["previous"], error["today"]) == (MOVED, AHEAD, TODAY)
    undoing = {"type": "reversal", "site": "BJ01", "document": error["document"], "reason": "时钟走快"}
    today = zhang.post("/v1/documents", undoing | {"business_date": TODAY})
    assert codes(today) == ["undone_on_its_day"]
    proposed = zhang.post("/v1/documents", undoing | {"business_date": AHEAD})
    assert proposed.status_code == 202, proposed.text
    verdict = {"decision": "approve", "password": door.password("li")}
    number = proposed.json["number"]
    assert li.post(f"/v1/documents/{number}/review", verdict).status_code == 200
    again = zhang.post("/v1/documents", move(MOVED, "M-02"))
    assert again.status_code == 201, again.text
    assert again.json["number"][5:9] == TODAY[:4]
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


@pytest.mark.both_engines
def test_the_clock_that_is_behind_is_told_to_everybody(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = door.nobody().get("/readyz")
    assert ready.status_code == 200
    assert ready.json == {"status": "ready", "clock": "behind", "clock_behind_seconds": 100 * 86_400}
    standing = clock_standing(door.store, door.now)
    assert (standing.is_behind, standing.newest_us) == (True, NOW + AHEAD_US)
    gauges = Gauges(door.store, DUTIES, lambda: door.now)
    assert behind_of(gauges) == 100 * 86_400
    door.now += AHEAD_US
    assert behind_of(gauges) == 0
    door.now -= AHEAD_US + SECOND
    assert behind_of(gauges) == 100 * 86_400 + 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serve, "clock", lambda: door.now)
        serve.tell_the_clock(door.store)
    assert f"the clock is {100 * 86_400 + 1} s behind" in capsys.readouterr().err
    assert door.nobody().get("/readyz").json["clock"] == "behind"
    door.now = NOW + AHEAD_US - TOLERATED_US
    assert door.nobody().get("/readyz").json == {
        "status": "ready",
        "clock": "right",
        "clock_behind_seconds": 0,
    }


def behind_of(gauges: Gauges) -> float:
    (family,) = (each for each in gauges.collect() if each.name == "panku_clock_behind_seconds")
    return float(family.samples[0].value)


@pytest.mark.both_engines
def test_readings_tell_what_the_clock_said_while_entries_are_dated_ahead(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    zhang = door.sign_in("zhang")
    assert leaps(door.store) == []
    for n, after in enumerate((0, ANEW_EVERY_US // 2, ANEW_EVERY_US)):
        door.now = NOW + after
        zhang = door.sign_in("zhang")
        assert zhang.post("/v1/documents", move(SHELF, ("M-02", "M-01")[n % 2])).status_code == 201
    (leap,) = leaps(door.store)
    assert (leap.journal, leap.first_us, leap.last_us) == ("BJ01", NOW, NOW + ANEW_EVERY_US)
    assert leap.ahead_seconds == 100 * 86_400
    rows = door.store.rows(
        "SELECT recorded_at FROM journal WHERE site = ? AND seq >= ? ORDER BY seq", ("BJ01", leap.seq)
    )
    stamps = [at for (at,) in rows]
    assert len(stamps) == 6  # what the clock ahead posted, three after it, two readings
    assert stamps == sorted(stamps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify_command, "clock", lambda: door.now)
        assert verify_command.verified(door.store, (), quiet=True) == 0
    told = capsys.readouterr().out
    assert (
        f"CLOCK BJ01 from link {leap.seq} on: dated ahead of the clock, at link {leap.seq + 1} by 8640000 s"
        in told
    )
    assert f"dated {shown(NOW + AHEAD_US)[:16]}" in told
    assert "CLOCK this machine's clock is" in told
    door.now = NOW + AHEAD_US + DAY_US
    assert door.sign_in("zhang").post("/v1/documents", move(SHELF, "M-01")).status_code == 201
    assert len(leaps(door.store)) == 1


@pytest.mark.both_engines
def test_the_home_page_says_what_the_clock_reads_and_who_sets_it(page_door: Door) -> None:
    for username, advice in (("admin", "请核对服务器时钟"), ("zhang", "请告诉系统管理员")):
        page = page_door.sign_in(username).get("/", Accept_Language="zh-CN").text
        assert "服务器时钟现在是 2026-11-24" in page
        assert advice in page


@pytest.fixture
def page_door(door: Door) -> Door:
    """The same with its pages."""
    from web.door import add_pages

    add_pages(door.app, door.services)
    return door


@pytest.mark.both_engines
def test_neither_sessions_nor_codes_of_a_clock_that_was_ahead_live_on(door: Door) -> None:
    before = door.sign_in("zhang")
    door.now = NOW + AHEAD_US
    ahead = door.sign_in("li")
    with door.store.writing():
        credentials.await_enrolment(door.store, "zhao", "7KQF-2M9X-AAAA-BBBB-CCCC-DDDD", door.now, by="admin")
    door.now = NOW + SECOND
    assert ahead.get("/v1/me").status_code == 401
    assert not credentials.may_enrol(door.store, "zhao", "7KQF-2M9X-AAAA-BBBB-CCCC-DDDD", door.now)
    assert credentials.may_enrol(door.store, "zhao", "7KQF-2M9X-AAAA-BBBB-CCCC-DDDD", NOW + AHEAD_US)
    assert (
        before.get("/v1/me").status_code == 401
    )  # whoever signed in by the clock ahead cleared what was idle by it
    assert door.sign_in("zhang").get("/v1/me").status_code == 200


@pytest.mark.both_engines
def test_what_a_clock_ahead_opened_or_made_stands_in_nobodys_way(door: Door) -> None:
    door.now = NOW + AHEAD_US
    zhang, admin = door.sign_in("zhang"), door.sign_in("admin")
    order = zhang.post("/v1/repairs", {"site": "BJ01", "serial": SOLD, "fault": "无法识别"})
    assert (order.status_code, order.json["opened_on"]) == (201, AHEAD)
    site = {"code": "SJ01", "name": "石家庄库房"}
    assert admin.post("/v1/sites", site).status_code == 201
    shelf = {"site": "SJ01", "code": "M-01", "register": "merchandise", "condition": "good"}
    assert admin.post("/v1/bins", shelf).status_code == 201
    door.now = NOW
    zhang = door.sign_in("zhang")
    filed = {"completed_at": shown(door.now), "diagnosis": "接触不良", "work": "清洁"}
    record = zhang.post(f"/v1/repairs/{order.json['number']}/service-record", filed)
    assert record.status_code == 201, record.text
    (due,) = [
        each
        for each in what_is_due(door.store, DUTIES, ["SJ01"], date.fromisoformat(TODAY))
        if each.deadline == "stocktake"
    ]
    assert (due.due_on, due.standing) == ("2026-11-30", "due")


@pytest.mark.both_engines
def test_scans_of_an_earlier_version_are_digested_and_written_as_they_were(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    (serial, bin_code), (other, other_bin), *_ = held(door, "merchandise")
    old = (number, "old", 1, serial, serial, bin_code, "single", "taken", NOW, NOW, NOW, 0, "zhang")
    with door.store.writing():
        door.store.insert(Scans, [(*old, None)])
    assert digest(door.store, number, extent(door.store, number)) == sha256(canonical(old)).hexdigest()
    scan(zhang, number, (other, other_bin))
    placed = door.store.row("SELECT after_seq FROM scan WHERE stocktake = ? AND n = 2", (number,))
    assert placed == door.store.row("SELECT MAX(seq) FROM journal WHERE site = 'BJ01'")
    assert close_count(zhang, number).status_code == 200
    assert results(zhang, number)[serial] == "match"
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_a_late_scan_of_an_earlier_version_is_written_again_as_it_was_signed() -> None:
    late = LateScan("S-BJ01-000001", "BJ01", "x", 1, None, "x", None, "single", 1, 2, 3, False, "zhang")  # noqa: FBT003
    assert b"after_seq" not in sheet.encode(late)
    assert late.placed_after is None
    assert msgspec.json.decode(sheet.encode(late), type=LateScan) == late
