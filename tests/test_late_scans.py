"""A scan that was made is never lost: who has finished, and what comes after the close, the seal, or for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from devices.audit.evidence_checks import check_evidence
from devices.audit.kinds import LATE_SCANS
from devices.audit.stocktake import stocktakes
from devices.audit.stocktake.reading import digest_of_sheet
from devices.ledger.proving.verify import verify
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.counts import SECOND, begin, close_count, explain, finish, held, scan, settle, sign
from tests.door import TODAY, Client, Door
from tests.test_audit_verify import faults_after
from tests.test_stocktakes import code_of, one, send
from tests.test_verify import unguard

pytestmark = pytest.mark.both_engines


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    made = Door(stores.demo(request.param))
    made.enrol_extra()
    yield made
    assert verify(made.store, RECORD_KINDS, checks=CHECKS).faults == []
    stores.drop(made.store)


def shelf(door: Door) -> list[tuple[str, str]]:
    """Everything on the merchandise's shelves."""
    return held(door, "merchandise") + held(door, "merchandise", "quarantined")


def cut_off(door: Door, client: Client, number: str, places: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """The scans of a phone without network, made a second apart."""
    made = []
    for n, (serial, code) in enumerate(places):
        door.now += SECOND
        made.append(one(door, serial, f"off-{n}", bin=code))
    return made


def read(client: Client, number: str, path: str = "") -> Any:
    """The count, or something of it."""
    return client.get(f"/v1/stocktakes/{number}{path}").json


def results(client: Client, number: str) -> dict[str, str]:
    """Every serial's result."""
    return {line["serial"]: line["result"] for line in read(client, number, "/sheet?limit=500")["lines"]}


def closed_without(door: Door, zhang: Client, li: Client, count: int = 5) -> tuple[str, list[dict[str, Any]]]:
    """A count that zhang closed over li, who had scanned one disk and has as many more in a phone without network."""
    first, *others = shelf(door)
    unsent, there = others[:count], others[count:]
    number = begin(zhang, method="open")
    scan(li, number, first)
    scan(zhang, number, *there)
    scans = cut_off(door, li, number, unsent)
    door.now += SECOND
    body = {"finished": True, "reason": "李静的手机连不上"}
    closed = zhang.post(f"/v1/stocktakes/{number}/close", body)
    assert closed.status_code == 200, closed.text
    door.now += SECOND
    return number, scans


def seal(door: Door, number: str) -> Any:
    """Explain what varies, and have both sign."""
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    explain(zhang, number)
    assert sign(zhang, number, "zhang", "storekeeper").status_code == 201
    sealed = sign(li, number, "li", "auditor").json
    assert sealed["stocktake"]["state"] == "sealed", sealed
    return sealed


# --- who has finished


def test_a_close_names_everybody_who_has_scanned_and_not_finished_and_changes_nothing(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang, method="open")
    (first, second), other = shelf(door)[:2], shelf(door)[2]
    scan(zhang, number, first, second)
    scan(li, number, other)
    heard = door.now
    door.now += SECOND
    refused = zhang.post(f"/v1/stocktakes/{number}/close", {})
    assert (refused.status_code, code_of(refused)) == (409, "counters_not_finished")
    told = [(each["username"], each["name"], each["scans"]) for each in refused.json["errors"]]
    assert told == [("li", "李静", 1), ("zhang", "张伟", 2)]
    assert refused.json["errors"][0]["heard_at"].startswith("2026-11-2")
    assert all(name in refused.json["detail"] for name in ("张伟", "李静"))
    assert read(zhang, number)["state"] == "counting"
    over_li = zhang.post(f"/v1/stocktakes/{number}/close", {"finished": True})
    assert [each["username"] for each in over_li.json["errors"]] == ["li"]
    board = {each["username"]: each for each in read(zhang, number)["counters"]}
    assert not board["zhang"]["finished"], "what was refused was not said"
    finish(li, number)
    assert close_count(zhang, number).status_code == 200
    assert heard < door.now


def test_without_a_body_a_count_that_everybody_has_finished_is_closed(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    scan(zhang, number, *shelf(door)[:2])
    assert finish(zhang, number).json["counters"][0]["finished"]
    assert zhang.post(f"/v1/stocktakes/{number}/close").status_code == 200
    assert code_of(finish(zhang, number)) == "stocktake_not_counting"


def test_scanning_and_undoing_take_it_back_and_a_scan_sent_again_does_not(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    (first, _), (second, _), *_ = shelf(door)
    sent = one(door, first, "first")

    def finished() -> bool:
        return bool(read(zhang, number)["counters"][0]["finished"])

    send(zhang, number, sent)
    finish(zhang, number)
    send(zhang, number, sent)
    assert finished()
    send(zhang, number, one(door, second, "second"))
    assert not finished()
    finish(zhang, number)
    assert finished()
    assert zhang.post(f"/v1/stocktakes/{number}/scans/first/undo").status_code == 200
    assert not finished()


def test_a_blind_count_says_who_counts_and_nobody_how_much_others_do(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang)
    scan(zhang, number, *shelf(door)[:3])
    scan(li, number, *shelf(door)[3:5])
    board = {each["username"]: each["scans"] for each in read(li, number)["counters"]}
    assert board == {"li": 2, "zhang": None}
    refused = li.post(f"/v1/stocktakes/{number}/close", {"finished": True})
    (told,) = refused.json["errors"]
    assert (told["username"], told["scans"]) == ("zhang", None)
    assert "3" not in told["detail"].replace(told["heard_at"][:16].replace("T", " "), "")
    assert close_count(li, number, zhang).status_code == 200
    assert {each["username"]: each["scans"] for each in read(li, number)["counters"]} == {"li": 2, "zhang": 3}


def test_whoever_ends_it_all_the_same_says_why_and_the_sheet_says_over_whom(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, _ = closed_without(door, zhang, li)
    header = read(zhang, number, "/sheet")["header"]
    assert (header["format"], header["unfinished_reason"]) == (2, "李静的手机连不上")
    assert "counters_unfinished" in header["remarks"]
    people = {each["username"]: (each["scans"], each["finished"]) for each in header["people"]}
    assert people == {"li": (1, False), "zhang": (len(shelf(door)) - 6, True)}
    assert all(each["last_heard_at"].endswith("+08:00") for each in header["people"])


def test_a_reason_that_was_not_needed_is_none(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    scan(zhang, number, *shelf(door))
    zhang.post(f"/v1/stocktakes/{number}/close", {"finished": True, "reason": "赶时间"})
    header = read(zhang, number, "/sheet")["header"]
    assert "unfinished_reason" not in header
    assert "counters_unfinished" not in header["remarks"]


def test_the_recount_begins_once_both_have_finished_and_asks_for_it_anew(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang, "spare", double=True)
    stock = held(door, "spare")
    scan(zhang, number, *stock)
    scan(li, number, *stock[1:])
    path = f"/v1/stocktakes/{number}/recount"
    refused = zhang.post(path, {"finished": True})
    assert [each["username"] for each in refused.json["errors"]] == ["li"]
    begun = zhang.post(path, {"finished": True, "reason": "李静的手机连不上"})
    assert (begun.json["state"], begun.json["reason"]) == ("recounting", "李静的手机连不上")
    assert [each["finished"] for each in begun.json["counters"]] == [False, False]
    scan(li, number, stock[0])
    refused = li.post(f"/v1/stocktakes/{number}/close", {"finished": True})
    assert [each["username"] for each in refused.json["errors"]] == ["zhang"]
    assert close_count(li, number, zhang).status_code == 200


# --- what comes after the close


def test_scans_that_come_after_the_close_are_kept_apart_and_nobody_signs_until_they_are_settled(
    door: Door,
) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, scans = closed_without(door, zhang, li)
    short = [each["serial"] for each in scans]
    assert {results(zhang, number)[serial] for serial in short} == {"shortage"}
    explain(zhang, number)
    assert sign(zhang, number, "zhang", "storekeeper").status_code == 201
    told = send(li, number, *scans).json
    assert [(each["outcome"], each["serial"]) for each in told] == [("late", serial) for serial in short]
    assert read(zhang, number)["signatures"] == [], "what was signed is another sheet"
    sheet = read(zhang, number, "/sheet")
    assert [(each["n"], each["serial"], each["state"]) for each in sheet["late"]] == [
        (n, serial, "waiting") for n, serial in enumerate(short, 1)
    ]
    assert read(zhang, number)["late_waiting"] == 5
    refused = sign(zhang, number, "zhang", "storekeeper")
    assert (refused.status_code, code_of(refused)) == (422, "late_scans_unsettled")
    assert refused.json["errors"][0]["serials"] == short
    assert {results(zhang, number)[serial] for serial in short} == {"shortage"}, (
        "nothing is counted by itself"
    )

    reopened = zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "并入迟到的扫描"})
    assert (reopened.json["state"], reopened.json["late_waiting"]) == ("counting", 0)
    assert [each["finished"] for each in reopened.json["counters"] if each["username"] == "li"] == [False]
    assert send(li, number, *scans).json[0]["outcome"] == "taken"
    rows = door.store.rows(
        "SELECT id, claimed_at, received_at FROM scan WHERE stocktake = ? ORDER BY n", (number,)
    )
    assert [row[0] for row in rows[-5:]] == [each["id"] for each in scans]
    door.now += SECOND
    assert close_count(zhang, number, li).status_code == 200
    assert {results(zhang, number)[serial] for serial in short} == {"match"}
    assert {each["state"] for each in read(zhang, number, "/sheet")["late"]} == {"taken"}
    assert seal(door, number)["documents"] == []


def test_a_late_scan_may_be_explained_instead_and_the_explanation_is_signed(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, scans = closed_without(door, zhang, li, 1)
    send(li, number, *scans)
    explain(zhang, number)
    path = f"/v1/stocktakes/{number}/late-scans/off-0"
    assert code_of(settle(zhang, number, "off-0", revision=2)) == "if_match_failed"
    assert zhang.get(path).headers["ETag"] == '"1"'
    said = settle(zhang, number, "off-0", "扫的是旁边柜子的标签")
    assert (said.json["state"], said.json["settled_by"], said.headers["ETag"]) == (
        "explained",
        "zhang",
        '"2"',
    )
    assert sign(zhang, number, "zhang", "storekeeper").status_code == 201
    assert settle(li, number, "off-0", "已与张伟核对", revision=2).status_code == 200
    assert read(zhang, number)["signatures"] == [], "other words make it another sheet"
    counted, _ = stocktakes.stocktake_of(door.store, number)
    assert digest_of_sheet(door.store, counted) == read(zhang, number)["digest"]
    (document,) = seal(door, number)["documents"]
    content = li.get(f"/v1/stocktakes/{number}/evidence").content
    trusted = [each["fingerprint"] for each in read(li, number)["signatures"]]
    assert check_evidence(content, trusted).holds
    assert document
    assert code_of(settle(zhang, number, "off-0", "后来", revision=3)) == "late_scan_settled"


def test_what_was_explained_stays_out_when_the_count_is_reopened(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, scans = closed_without(door, zhang, li, 2)
    send(li, number, *scans)
    settle(zhang, number, "off-0")
    zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "并入"})
    told = send(li, number, *scans).json
    assert [each["outcome"] for each in told] == ["late", "taken"]
    assert close_count(zhang, number, li).status_code == 200
    states = {each["id"]: each["state"] for each in read(zhang, number, "/sheet")["late"]}
    assert states == {"off-0": "explained", "off-1": "taken"}
    assert results(zhang, number)[scans[0]["serial"]] == "shortage"
    assert code_of(settle(zhang, number, "off-1", revision=2)) == "late_scan_settled"


def test_a_late_scan_sent_again_is_the_same_and_its_id_is_of_no_other(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, scans = closed_without(door, zhang, li, 2)
    first = send(li, number, *scans).json
    assert send(li, number, *scans, *scans).json == first * 2
    assert read(zhang, number)["late_waiting"] == 2
    (told,) = send(li, number, {**scans[0], "serial": "661565714399"}).json
    assert (told["outcome"], told["error"]["code"]) == ("refused", "scan_id_reused")


def test_nothing_keeps_a_late_scan_from_being_kept(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, _ = closed_without(door, zhang, li, 1)
    (serial, _), *_ = held(door, "spare")
    told = send(
        li,
        number,
        one(door, serial, "nowhere", bin="Z-99"),
        one(door, serial, "before", at=door.now - 3_600 * SECOND),
        one(door, serial, "future", at=door.now + 3_600 * SECOND),
        one(door, serial, "part", count="auditor"),
        one(door, "６６１５６５７１４３５８", "wide"),
    ).json
    assert [each["outcome"] for each in told] == ["late"] * 5
    assert told[4]["error"]["code"] == "full_width"
    late = {each["id"]: each for each in read(zhang, number, "/sheet")["late"]}
    assert (late["nowhere"]["bin"], late["part"]["part"]) == ("Z-99", "single")
    opened, received = read(zhang, number)["opened_at"], late["future"]["received_at"]
    assert (late["before"]["at"], late["future"]["at"]) == (opened, received)
    assert (late["wide"]["serial"], late["wide"]["text"]) == (None, "６６１５６５７１４３５８")
    assert "６６１５６５７１４３５８" in sign(zhang, number, "zhang", "storekeeper").text
    zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "并入"})
    close_count(zhang, number, li)
    assert results(zhang, number)[serial] == "wrong_zone"
    assert "６６１５６５７１４３５８" in read(zhang, number, "/sheet")["header"]["unreadable"]


def test_an_undoing_that_comes_after_the_close_is_kept_apart_too_and_taken_in_by_reopening(
    door: Door,
) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang)
    (serial, code), *others = shelf(door)
    scan(zhang, number, *others)
    send(li, number, one(door, serial, "mistaken", bin=code))
    door.now += SECOND
    assert close_count(zhang, number, li).status_code == 200
    path = f"/v1/stocktakes/{number}/scans/mistaken/undo"
    assert li.post(path, key="undo-mistaken").json["late_waiting"] == 1
    assert li.post(path, key="undo-again").json["late_waiting"] == 1
    (late,) = read(zhang, number, "/sheet")["late"]
    assert (late["id"], late["undoes"], late["serial"]) == ("mistaken:undo", "mistaken", serial)
    assert results(zhang, number)[serial] == "match"
    assert code_of(sign(zhang, number, "zhang", "storekeeper")) == "late_scans_unsettled"
    zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "并入"})
    close_count(zhang, number, li)
    assert results(zhang, number)[serial] == "shortage"
    assert li.post(f"/v1/stocktakes/{number}/scans/never/undo").status_code == 404


def test_a_scan_of_a_separate_count_that_comes_during_the_recount_is_late(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang, "spare", double=True)
    stock = held(door, "spare") + held(door, "spare", "faulty") + held(door, "spare", "quarantined")
    scan(zhang, number, *stock[1:])
    scan(li, number, *stock[1:])
    unsent = one(door, stock[0][0], "off-0", bin=stock[0][1], count="storekeeper")
    finish(li, number)
    assert zhang.post(f"/v1/stocktakes/{number}/recount", {"finished": True}).status_code == 200
    assert send(zhang, number, unsent).json[0]["outcome"] == "late"
    assert (read(zhang, number)["state"], read(zhang, number)["late_waiting"]) == ("recounting", 1)
    assert code_of(settle(zhang, number, "off-0")) == "stocktake_not_closed"
    close_count(zhang, number, li)
    assert code_of(sign(zhang, number, "zhang", "storekeeper")) == "findings_unexplained"
    zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "并入"})
    refused = close_count(zhang, number, li)
    assert (code_of(refused), refused.json["errors"][0]["count"]) == ("recount_needed", 1)


def test_what_comes_for_a_count_that_was_given_up_is_kept_and_nothing_waits_for_it(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, scans = closed_without(door, zhang, li, 1)
    assert zhang.post(f"/v1/stocktakes/{number}/cancel", {"reason": "改日再盘"}).status_code == 200
    assert send(li, number, *scans).json[0]["outcome"] == "late"
    assert [each["id"] for each in zhang.get("/v1/late-scans").json] == ["off-0"]
    assert code_of(settle(zhang, number, "off-0")) == "stocktake_not_closed"


# --- what comes after the seal


def test_a_scan_that_comes_after_the_seal_changes_nothing_that_was_signed_and_waits_for_an_explanation(
    door: Door,
) -> None:
    zhang, li, chen = (door.sign_in(each) for each in ("zhang", "li", "chen"))
    number, scans = closed_without(door, zhang, li, 1)
    (short,) = (each["serial"] for each in scans)
    (document,) = seal(door, number)["documents"]
    before = read(li, number)
    content = li.get(f"/v1/stocktakes/{number}/evidence").content
    door.now += SECOND
    assert send(li, number, *scans).json[0]["outcome"] == "late"
    after = read(li, number)
    assert (after["digest"], after["signatures"]) == (before["digest"], before["signatures"])
    assert li.get(f"/v1/stocktakes/{number}/evidence").content == content
    assert read(li, number, "/sheet")["late"] == []
    assert after["late_waiting"] == 1
    (waits,) = chen.get("/v1/late-scans?state=waiting&site=BJ01").json
    assert (waits["stocktake"], waits["serial"]) == (number, short)
    assert chen.get(f"/v1/devices/{short}").json["device"]["state"] == "missing"
    quarantine = held(door, "merchandise", "quarantined")[0][1]
    recovery = {
        "type": "recovery",
        "site": "BJ01",
        "business_date": TODAY,
        "found": "货架上",
        "bin": quarantine,
    }
    found = zhang.post("/v1/documents", {**recovery, "lines": [{"serial": short}]})
    assert found.status_code == 202, found.text
    assert settle(zhang, number, "off-0", f"已开寻回单，盘亏单 {document}").status_code == 200
    assert settle(zhang, number, "off-0", "寻回已通过", revision=2).status_code == 200
    assert chen.get("/v1/late-scans?state=waiting&site=BJ01").json == []
    assert read(li, number)["digest"] == before["digest"]


def test_what_nobody_explains_is_listed_by_the_next_sealed_count_with_what_that_found(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    first, scans = closed_without(door, zhang, li, 2)
    seal(door, first)
    send(li, first, *scans, one(door, "中文", "off-9"))
    second = begin(zhang)
    scan(zhang, second, *shelf(door), (scans[0]["serial"], None))
    door.now += SECOND
    close_count(zhang, second)
    listed = read(zhang, second, "/sheet")["header"]["left_waiting"]
    assert [(each["stocktake"], each["id"], each.get("result")) for each in listed] == [
        (first, "off-0", "surplus"), (first, "off-1", "apart"), (first, "off-9", None),
    ]  # fmt: skip
    settle(zhang, first, "off-1", "已寻回")
    seal(door, second)
    states = {each["id"]: (each["state"], each["listed_by"]) for each in zhang.get("/v1/late-scans").json}
    assert states == {"off-0": ("listed", second), "off-1": ("explained", None), "off-9": ("listed", second)}
    third = begin(zhang)
    scan(zhang, third, *shelf(door))
    close_count(zhang, third)
    assert read(zhang, third, "/sheet")["header"]["left_waiting"] == []


def test_another_register_and_a_count_that_is_not_sealed_leave_it_waiting(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    first, scans = closed_without(door, zhang, li, 1)
    seal(door, first)
    send(li, first, *scans)
    spare = begin(zhang, "spare")
    close_count(zhang, spare)
    assert read(zhang, spare, "/sheet")["header"]["left_waiting"] == []
    again = begin(zhang)
    close_count(zhang, again)
    assert len(read(zhang, again, "/sheet")["header"]["left_waiting"]) == 1
    zhang.post(f"/v1/stocktakes/{again}/cancel", {"reason": "改日"})
    (waits,) = zhang.get("/v1/late-scans?state=waiting").json
    assert waits["stocktake"] == first


# --- who sees and settles them


def test_those_who_count_settle_it_readers_read_it_and_others_find_nothing(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, scans = closed_without(door, zhang, li, 1)
    send(li, number, *scans)
    path = f"/v1/stocktakes/{number}/late-scans/off-0"
    for who, reads, settles in (("wu", 200, 403), ("chen", 200, 403), ("zhao", 404, 404), ("li", 200, 200)):
        client = door.sign_in(who)
        assert client.get(path).status_code == reads
        assert settle(client, number, "off-0").status_code == settles, who
    assert door.sign_in("zhao").get("/v1/late-scans").json == []
    assert li.get(f"/v1/stocktakes/{number}/late-scans/never").status_code == 404
    assert {each["state"] for each in li.get("/v1/late-scans").json} <= set(LATE_SCANS.states)


def test_a_late_scan_is_covered_by_the_chain_from_the_moment_it_came(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, scans = closed_without(door, zhang, li, 1)
    send(li, number, *scans)
    row = door.store.row("SELECT content FROM revision WHERE kind = 'late_scan'")
    assert row is not None
    kept = json.loads(row[0])
    assert (kept["stocktake"], kept["serial"], kept["made_by"]) == (number, scans[0]["serial"], "li")


def test_what_was_taken_in_is_verified_to_be_there_as_it_came_while_the_count_goes_on(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, scans = closed_without(door, zhang, li, 2)
    send(li, number, *scans)
    zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "并入"})
    unguard(door.store)
    for change in ("bin = 'M-09'", "made_by = 'zhang'", "at = at + 1"):
        statement = f"UPDATE scan SET {change} WHERE stocktake = ? AND id = 'off-1'"
        assert faults_after(door.store, statement, (number,)) == {"late_scan"}
