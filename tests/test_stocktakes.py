"""Stocktakes over HTTP: every step out of order, every wrong scan and signature is refused by code, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.wire.times import shown
from devices.ledger.proving.verify import verify
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.counts import SECOND, begin, close_count, explain, finish, held, scan, sign
from tests.door import TODAY, Client, Door

HOUR = 3600 * SECOND


@pytest.fixture(scope="module", params=ENGINES)
def engine_store(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    store = stores.demo(request.param)
    door = Door(store)
    door.enrol_extra()
    yield door
    stores.drop(store)


@pytest.fixture
def door(engine_store: Door) -> Iterator[Door]:
    """A door whose counts are all settled again after each test."""
    yield engine_store
    zhang = engine_store.sign_in("zhang")
    for counted in zhang.get("/v1/stocktakes").json:
        if counted["state"] in ("counting", "recounting", "closed"):
            number = counted["number"]
            for line in zhang.get(f"/v1/stocktakes/{number}/sheet?result=variance").json.get("lines", [])[:1]:
                answer(zhang, number, line["serial"], "作废签字", line["revision"])
            done = zhang.post(f"/v1/stocktakes/{number}/cancel", {"reason": "下一个"})
            assert done.status_code == 200, done.text


def answer(client: Client, number: str, serial: str, words: str, revision: int = 0) -> Any:
    """Explain one variance."""
    body = {"explanation": words, "action": "照办"}
    path = f"/v1/stocktakes/{number}/findings/{serial}"
    return client.send("PUT", path, body, If_Match=f'"{revision}"')


def code_of(result: Any) -> str:
    """The code of a refusal."""
    code: str = result.json["code"]
    return code


def send(client: Client, number: str, *scans: dict[str, Any], sent_at: int | None = None) -> Any:
    """Send scans as they are given."""
    at = client.door.now if sent_at is None else sent_at
    return client.post(f"/v1/stocktakes/{number}/scans", {"sent_at": shown(at), "scans": list(scans)})


def one(door: Door, serial: str, scan_id: str, at: int | None = None, **more: Any) -> dict[str, Any]:
    """One scan."""
    return {"id": scan_id, "serial": serial, "at": shown(door.now if at is None else at), **more}


def closed(client: Client, *scans: tuple[str, str | None], **more: Any) -> str:
    """A count with these scans, closed."""
    number = begin(client, **more)
    if scans:
        scan(client, number, *scans)
    client.door.now += SECOND
    done = close_count(client, number)
    assert done.status_code == 200, done.text
    return number


def test_one_register_has_one_count_at_a_time(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    again = zhang.post("/v1/stocktakes", {"site": "BJ01", "register": "merchandise"})
    assert (again.status_code, code_of(again)) == (409, "stocktake_open_already")
    assert again.json["errors"][0]["stocktake"] == number
    other = begin(zhang, "spare")
    assert zhang.post(f"/v1/stocktakes/{other}/cancel", {"reason": "不盘了"}).json["state"] == "cancelled"


@pytest.mark.parametrize(
    ("who", "status"),
    [("zhang", 201), ("li", 201), ("wu", 403), ("chen", 403), ("admin", 403), ("zhao", 403)],
)
def test_those_who_count_a_site_open_its_counts(door: Door, who: str, status: int) -> None:
    begun = door.sign_in(who).post("/v1/stocktakes", {"site": "BJ01", "register": "custody"})
    assert begun.status_code == status, begun.text


def test_a_foreign_count_is_not_there(door: Door) -> None:
    number = begin(door.sign_in("zhang"))
    zhao = door.sign_in("zhao")
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/sheet", None),
        ("GET", "/evidence", None),
        ("POST", "/close", {}),
        ("POST", "/cancel", {"reason": "x"}),
        ("POST", "/scans", {"sent_at": shown(door.now), "scans": [one(door, "661565714358", "a")]}),
    ):
        assert zhao.send(method, f"/v1/stocktakes/{number}{path}", body).status_code == 404


def test_a_token_neither_counts_nor_signs(door: Door) -> None:
    number = begin(door.sign_in("zhang"))
    token = door.token(scopes=("read", "post"), username="zhang")
    assert code_of(send(token, number, one(door, "661565714358", "t1"))) == "person_required"
    assert code_of(token.post(f"/v1/stocktakes/{number}/close")) == "person_required"


def test_a_scan_sent_again_is_the_same_scan(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    (serial, bin_code), *_ = held(door, "merchandise")
    sent = one(door, serial, "again-1", bin=bin_code)
    first = send(zhang, number, sent).json
    assert send(zhang, number, sent).json == first
    assert send(zhang, number, sent, sent).json == first * 2
    assert zhang.get(f"/v1/stocktakes/{number}").json["mine"] == 1


def test_a_scan_id_is_of_one_scan(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    (first, _), (second, _), *_ = held(door, "merchandise")
    send(zhang, number, one(door, first, "reused"))
    (told,) = send(zhang, number, one(door, second, "reused")).json
    assert (told["outcome"], told["error"]["code"]) == ("refused", "scan_id_reused")
    assert second in told["error"]["detail"]


def test_a_device_scanned_twice_is_told_and_counted_once(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    (serial, bin_code), *_ = held(door, "merchandise")
    outcomes = scan(
        zhang,
        number,
        (serial, bin_code),
        (serial, bin_code),
        (serial, "M-02" if bin_code != "M-02" else "M-01"),
    )
    assert [each["outcome"] for each in outcomes] == ["taken", "duplicate", "taken"]
    close_count(zhang, number)
    (line,) = [
        each
        for each in zhang.get(f"/v1/stocktakes/{number}/sheet?limit=500").json["lines"]
        if each["serial"] == serial
    ]
    assert line["result"] == "misplaced"


@pytest.mark.both_engines
def test_an_undone_scan_no_longer_decides_and_is_kept(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    (serial, bin_code), *_ = held(door, "merchandise")
    send(zhang, number, one(door, serial, "undo-me", bin=bin_code))
    assert zhang.post(f"/v1/stocktakes/{number}/scans/undo-me/undo").status_code == 200
    assert zhang.post(f"/v1/stocktakes/{number}/scans/undo-me/undo").status_code == 200
    assert code_of(zhang.post(f"/v1/stocktakes/{number}/scans/never/undo")) == "not_found"
    close_count(zhang, number)
    lines = zhang.get(f"/v1/stocktakes/{number}/sheet?result=shortage&limit=500").json["lines"]
    assert serial in {each["serial"] for each in lines}
    assert door.store.rows("SELECT id FROM scan WHERE stocktake = ? AND id = 'undo-me'", (number,)) == [
        ("undo-me",)
    ]
    assert zhang.post(f"/v1/stocktakes/{number}/scans/undo-me/undo").status_code == 200, "it was undone"
    assert zhang.get(f"/v1/stocktakes/{number}").json["late_waiting"] == 0


def test_what_is_no_serial_is_told_kept_and_remarked_on(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    outcomes = scan(
        zhang,
        number,
        ("６６１５６５７１４３５８", None),
        ("中文", None),
        ("a\x00b", None),
        ("661565714358\x04", None),
    )
    assert [each["outcome"] for each in outcomes] == ["unreadable", "unreadable", "unreadable", "taken"]
    assert outcomes[0]["error"]["code"] == "full_width"
    assert "661565714358" in outcomes[0]["error"]["detail"]
    close_count(zhang, number)
    header = zhang.get(f"/v1/stocktakes/{number}/sheet").json["header"]
    assert header["unreadable"] == ["６６１５６５７１４３５８", "中文", "a�b"]
    assert set(header["remarks"]) == {"counted_by_one", "unreadable_scans"}


def test_a_scan_before_the_opening_or_in_no_bin_is_refused_alone_and_one_of_the_future_is_taken(
    door: Door,
) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    serials = [serial for serial, _ in held(door, "merchandise")]
    told = send(
        zhang,
        number,
        one(door, serials[0], "future", at=door.now + SECOND),
        one(door, serials[1], "before", at=door.now - HOUR),
        one(door, serials[2], "nowhere", bin="Z-99"),
        one(door, serials[3], "good"),
    ).json
    assert [(each["outcome"], each.get("error", {}).get("code")) for each in told] == [
        ("taken", None),
        ("refused", "scan_before_opening"),
        ("refused", "unknown_bin"),
        ("taken", None),
    ]
    assert serials[1] in told[1]["error"]["detail"]
    future = "SELECT at, received_at, skewed FROM scan WHERE stocktake = ? AND id = 'future'"
    assert door.store.row(future, (number,)) == (door.now, door.now, 1)


def test_a_phones_clock_is_corrected_kept_and_remarked_on(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    (serial, bin_code), *_ = held(door, "merchandise")
    door.now += 10 * 60 * SECOND
    phone = door.now - 5 * 60 * SECOND
    sent = {"id": "slow", "serial": serial, "at": shown(phone - SECOND), "bin": bin_code}
    assert send(zhang, number, sent, sent_at=phone).json[0]["outcome"] == "taken"
    row = door.store.row(
        "SELECT claimed_at, at, received_at, skewed FROM scan WHERE stocktake = ?", (number,)
    )
    assert row == (phone - SECOND, door.now - SECOND, door.now, 1)
    close_count(zhang, number)
    assert "clocks_differed" in zhang.get(f"/v1/stocktakes/{number}/sheet").json["header"]["remarks"]


@pytest.mark.both_engines
def test_a_blind_count_tells_those_who_count_nothing_until_it_is_closed(door: Door) -> None:
    zhang, li, chen = door.sign_in("zhang"), door.sign_in("li"), door.sign_in("chen")
    number = begin(zhang)
    (serial, _), *_ = held(door, "spare")
    (told,) = scan(zhang, number, (serial, None))
    assert (told["outcome"], "belongs" in told) == ("taken", False)
    paths = (
        "/v1/devices?site=BJ01&register=merchandise",
        "/v1/devices",
        "/v1/books/BJ01/merchandise",
        f"/v1/books/BJ01/merchandise/card?model=TCG-01&from=2026-11-01&to={TODAY}",
        "/v1/books/BJ01/merchandise/statement?month=2026-11",
    )
    for path in paths:
        assert (zhang.get(path).status_code, code_of(zhang.get(path))) == (409, "count_is_blind")
        assert li.get(path).status_code == 409
        assert chen.get(path).status_code == 200
    assert zhang.get("/v1/devices?site=BJ01&register=spare").status_code == 200
    assert zhang.get(f"/v1/stocktakes/{number}").json["tally"] is None
    close_count(zhang, number)
    assert zhang.get(paths[0]).status_code == 200
    assert zhang.get(f"/v1/stocktakes/{number}").json["tally"]["serials"] == 1


def test_an_open_count_tells_where_an_unexpected_device_belongs(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang, method="open")
    (serial, bin_code), *_ = held(door, "spare")
    (told,) = scan(zhang, number, (serial, "M-01"))
    assert (told["outcome"], told["belongs"]["register"], told["belongs"]["bin"]) == (
        "unexpected",
        "spare",
        bin_code,
    )
    assert zhang.get(f"/v1/stocktakes/{number}").json["tally"]["serials"] == 1


def test_a_double_count_is_recounted_only_where_it_disagrees(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang, "spare", double=True)
    stock = held(door, "spare") + held(door, "spare", "faulty") + held(door, "spare", "quarantined")
    first, second, *others = stock
    scan(zhang, number, first, *others)
    scan(li, number, second, *others)
    refused = close_count(zhang, number)
    assert (code_of(refused), refused.json["errors"][0]["count"]) == ("recount_needed", 2)
    assert not [serial for serial, _ in stock if serial in refused.text], "neither learns what the other saw"
    (told,) = send(zhang, number, one(door, first[0], "p", count="auditor")).json
    assert told["error"]["code"] == "wrong_part"
    finish(li, number)
    begun = zhang.post(f"/v1/stocktakes/{number}/recount", {"finished": True})
    assert begun.json["disputed"] == sorted([first[0], second[0]])
    (told,) = send(zhang, number, one(door, first[0], "q", count="auditor")).json
    assert told["error"]["code"] == "wrong_part"
    scan(li, number, first)
    door.now += SECOND
    assert close_count(zhang, number, li).status_code == 200
    lines = {
        line["serial"]: line for line in zhang.get(f"/v1/stocktakes/{number}/sheet?limit=500").json["lines"]
    }
    assert (lines[first[0]]["result"], lines[first[0]]["recount"]) == ("match", "found")
    assert (lines[second[0]]["result"], lines[second[0]]["recount"]) == ("shortage", "absent")


def test_during_the_recount_what_was_seen_in_two_bins_and_is_still_to_be_scanned_is_named(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang, double=True)
    (serial, _), *_ = held(door, "merchandise")
    scan(zhang, number, (serial, "M-01"))
    scan(li, number, (serial, "M-02"))
    finish(li, number)
    assert zhang.post(f"/v1/stocktakes/{number}/recount", {"finished": True}).status_code == 200
    refused = close_count(zhang, number, li)
    assert (code_of(refused), refused.json["errors"][0]["serials"]) == ("recount_unfinished", [serial])
    scan(li, number, (serial, "M-02"))
    assert close_count(zhang, number, li).status_code == 200


@pytest.mark.both_engines
@pytest.mark.parametrize("method", ["blind", "open"])
def test_a_blind_count_that_was_seen_and_reopened_says_so_on_its_next_sheet(door: Door, method: str) -> None:
    zhang = door.sign_in("zhang")
    number = closed(zhang, *held(door, "merchandise")[:2], method=method)
    assert "reopened" not in zhang.get(f"/v1/stocktakes/{number}/sheet").json["header"]["remarks"]
    zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "漏了"})
    door.now += SECOND
    assert close_count(zhang, number).status_code == 200
    remarks = zhang.get(f"/v1/stocktakes/{number}/sheet").json["header"]["remarks"]
    assert ("reopened" in remarks) == (method == "blind")


def test_a_device_that_was_only_moved_from_bin_to_bin_and_never_scanned_is_short(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang)
    (moved, was), *others = held(door, "merchandise")
    to = "M-02" if was == "M-01" else "M-01"
    body = {"type": "move", "site": "BJ01", "business_date": TODAY, "bin": to, "lines": [{"serial": moved}]}
    door.now += SECOND
    document = zhang.post("/v1/documents", body).json["number"]
    scan(zhang, number, *others, *held(door, "merchandise", "quarantined"))
    door.now += SECOND
    assert close_count(zhang, number).status_code == 200
    (line,) = zhang.get(f"/v1/stocktakes/{number}/sheet?result=variance").json["lines"]
    assert (line["serial"], line["result"], line["moved"]) == (moved, "shortage", [document])
    explain(zhang, number)
    sign(zhang, number, "zhang", "storekeeper")
    door.now += SECOND
    body["bin"] = was
    assert zhang.post("/v1/documents", body).status_code == 201
    assert sign(li, number, "li", "auditor").json["reopened"] == [moved], "it moved after the close"
    explain(zhang, number)
    sign(zhang, number, "zhang", "storekeeper")
    sign(li, number, "li", "auditor")
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_a_single_count_is_not_recounted(door: Door) -> None:
    zhang = door.sign_in("zhang")
    assert code_of(zhang.post(f"/v1/stocktakes/{begin(zhang)}/recount")) == "not_a_double_count"


def test_a_closed_count_takes_no_scan_into_it_and_is_not_closed_twice(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = closed(zhang)
    (told,) = send(zhang, number, one(door, "661565714358", "late")).json
    assert (told["outcome"], told["serial"]) == ("late", "661565714358")
    assert code_of(close_count(zhang, number)) == "stocktake_not_counting"
    assert door.store.row("SELECT COUNT(*) FROM scan WHERE stocktake = ?", (number,)) == (0,)


def test_a_batch_that_was_kept_before_the_close_is_answered_again_after_it(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    (serial, bin_code), (other, _), *_ = held(door, "merchandise")
    kept = one(door, serial, "kept", bin=bin_code)
    first = send(zhang, number, kept).json
    door.now += SECOND
    close_count(zhang, number)
    assert send(zhang, number, kept).json == first
    again = send(zhang, number, kept, one(door, other, "late")).json
    assert [each["outcome"] for each in again] == ["taken", "late"]


def test_a_reopened_count_keeps_its_scans_and_what_was_explained(door: Door) -> None:
    zhang = door.sign_in("zhang")
    stock = held(door, "merchandise")
    number = closed(zhang, *stock[1:])
    explain(zhang, number)
    assert zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "漏了一格"}).json["state"] == "counting"
    assert code_of(zhang.get(f"/v1/stocktakes/{number}/sheet")) == "stocktake_not_closed"
    scan(zhang, number, stock[0])
    door.now += SECOND
    close_count(zhang, number)
    sheet = zhang.get(f"/v1/stocktakes/{number}/sheet?limit=500").json
    assert {line["serial"]: line["result"] for line in sheet["lines"]}[stock[0][0]] == "match"
    assert sheet["unexplained"] == []
    assert sheet["header"]["closing"] == 2


def test_only_a_variance_is_explained_and_by_who_saw_the_last_words(door: Door) -> None:
    zhang = door.sign_in("zhang")
    (matched, bin_code), (short, _), *_ = held(door, "merchandise")
    number = closed(zhang, (matched, bin_code))
    assert code_of(answer(zhang, number, matched, "x")) == "no_variance"
    assert code_of(answer(zhang, number, "661500000000", "x")) == "not_found"
    assert answer(zhang, number, short, "一").headers["ETag"] == '"1"'
    assert code_of(answer(zhang, number, short, "二")) == "if_match_failed"
    assert answer(zhang, number, short, "二", 1).json["explanation"] == "二"


def test_a_signature_is_refused_over_an_older_digest_with_a_wrong_password_or_in_anothers_role(
    door: Door,
) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = closed(zhang, *held(door, "merchandise")[1:])
    assert code_of(sign(zhang, number, "zhang", "storekeeper")) == "findings_unexplained"
    explain(zhang, number)
    path = f"/v1/stocktakes/{number}/signatures"
    digest = zhang.get(f"/v1/stocktakes/{number}").json["digest"]
    body = {"role": "storekeeper", "digest": digest, "password": door.password("zhang")}
    assert code_of(zhang.post(path, {**body, "digest": "0" * 64})) == "digest_differs"
    assert code_of(zhang.post(path, {**body, "password": "wrong horse battery staple"})) == "wrong_password"
    assert code_of(zhang.post(path, {**body, "role": "auditor"})) == "role_missing"
    assert (
        code_of(li.post(path, {**body, "role": "storekeeper", "password": door.password("li")}))
        == "role_missing"
    )
    assert zhang.get(f"/v1/stocktakes/{number}").json["signatures"] == []
    assert sign(zhang, number, "zhang", "storekeeper").status_code == 201
    assert code_of(sign(zhang, number, "zhang", "storekeeper")) == "signed_already"
    assert code_of(zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "x"})) == "stocktake_signed"
    assert code_of(zhang.post(f"/v1/stocktakes/{number}/cancel", {"reason": "x"})) == "stocktake_signed"


def test_a_changed_sheet_voids_its_signatures_and_an_ordinary_posting_does_not(door: Door) -> None:
    zhang = door.sign_in("zhang")
    stock = held(door, "merchandise")
    number = closed(zhang, *stock[1:])
    explain(zhang, number)
    sign(zhang, number, "zhang", "storekeeper")
    to = "M-02" if stock[2][1] == "M-01" else "M-01"
    move = {
        "type": "move",
        "site": "BJ01",
        "business_date": TODAY,
        "bin": to,
        "lines": [{"serial": stock[2][0]}],
    }
    door.now += SECOND
    assert zhang.post("/v1/documents", move).status_code == 201
    assert len(zhang.get(f"/v1/stocktakes/{number}").json["signatures"]) == 1
    assert answer(zhang, number, stock[0][0], "又想起来了", 1).status_code == 200
    assert zhang.get(f"/v1/stocktakes/{number}").json["signatures"] == []


def test_a_short_device_that_moved_since_reopens_its_finding(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    stock = held(door, "merchandise")
    (short, was), *_ = stock
    number = closed(zhang, *stock[1:], *held(door, "merchandise", "quarantined"))
    explain(zhang, number)
    sign(zhang, number, "zhang", "storekeeper")
    move = {"type": "move", "site": "BJ01", "business_date": TODAY, "lines": [{"serial": short}]}
    door.now += SECOND
    assert (
        zhang.post("/v1/documents", {**move, "bin": "M-02" if was == "M-01" else "M-01"}).status_code == 201
    )
    told = sign(li, number, "li", "auditor")
    assert told.json["reopened"] == [short], told.text
    assert (told.json["stocktake"]["state"], told.json["stocktake"]["signatures"]) == ("closed", [])
    assert zhang.get(f"/v1/stocktakes/{number}/sheet").json["unexplained"] == [short]
    explain(zhang, number)
    sign(zhang, number, "zhang", "storekeeper")
    sealed = sign(li, number, "li", "auditor").json
    assert (sealed["stocktake"]["state"], sealed["documents"]) == ("sealed", [])
    assert zhang.get(f"/v1/devices/{short}").json["device"]["state"] == "in_stock"
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_a_seal_rejects_the_proposal_that_waits_on_a_short_device(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    (serial, _), *_ = faulty = held(door, "spare", "faulty") or held(door, "spare")
    hold = {
        "type": "hold",
        "site": "BJ01",
        "business_date": TODAY,
        "bin": "S-08",
        "reason": "查",
        "lines": [{"serial": serial}],
    }
    door.now += SECOND
    held_back = zhang.post("/v1/documents", hold)
    assert held_back.status_code == 201 or faulty, held_back.text
    write_off = {
        "type": "write_off",
        "site": "BJ01",
        "business_date": TODAY,
        "reason": "坏",
        "lines": [{"serial": serial}],
    }
    pending = zhang.post("/v1/documents", write_off)
    assert pending.status_code == 202, pending.text
    others = [
        each
        for state in ("in_stock", "quarantined", "faulty")
        for each in held(door, "spare", state)
        if each[0] != serial
    ]
    number = closed(zhang, *others, register="spare")
    explain(zhang, number)
    sign(zhang, number, "zhang", "storekeeper")
    sealed = sign(li, number, "li", "auditor").json
    assert sealed["stocktake"]["state"] == "sealed", sealed
    read = zhang.get(f"/v1/documents/{pending.json['number']}").json
    assert (read["document"]["status"], read["reviewed"]["reason"]) == ("rejected", number)
    assert zhang.get(f"/v1/devices/{serial}").json["device"]["state"] == "missing"
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_who_posted_in_the_register_does_not_sign_as_its_auditor(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = closed(zhang, *held(door, "merchandise"), *held(door, "merchandise", "quarantined"))
    admin = door.sign_in("admin")
    admin.post("/v1/people/zhang/revoke", {"role": "storekeeper", "site": "BJ01"})
    admin.post("/v1/people/zhang/grants", {"role": "auditor", "site": "BJ01"})
    try:
        zhang = door.sign_in("zhang")
        codes = [each["code"] for each in sign(zhang, number, "zhang", "auditor").json["errors"]]
        assert "auditor_posted" in codes
        assert "key_not_on_sheet" in codes
    finally:
        admin.post("/v1/people/zhang/revoke", {"role": "auditor", "site": "BJ01"})
        admin.post("/v1/people/zhang/grants", {"role": "storekeeper", "site": "BJ01"})
