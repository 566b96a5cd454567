"""Handovers over HTTP: what is frozen, who signs, and that the role really moves with the third signature."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from devices.audit import evidence
from devices.audit.custody import handovers
from devices.audit.custody.custody_kinds import HANDOVER
from devices.audit.custody.open_items import OPEN_ITEMS
from devices.audit.evidence_checks import check_evidence
from devices.journal import open_journals
from devices.people import enrolment, persons
from devices.unit import unit_of
from devices.values import UNIT
from panku.commands.export import signed
from tests.conftest import ENGINES, Stores
from tests.counts import begin as begin_count
from tests.counts import scan
from tests.custody import (
    DAY_US,
    PARTIES,
    House,
    answers,
    begin,
    codes,
    count_all,
    fault,
    fill_house,
    inspect,
    receipt,
    request,
    sign,
)
from tests.custody import (
    HANDOVER as BODY,
)
from tests.dispatched import sent
from tests.door import TODAY


@pytest.fixture(scope="module", params=ENGINES)
def counted(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    """BJ01 with every register counted and sealed this month."""
    store = stores.filled(request.param, fill_house)
    made = House(store)
    count_all(made)
    yield made
    stores.drop(store)


@pytest.fixture
def house(counted: House, stores: Stores) -> Iterator[House]:
    """The same, in a store of its own."""
    copy = counted.copied(stores)
    yield copy
    copy.session_store.close()
    stores.drop(copy.store)


@contextmanager
def opened(house: House, **changes: str) -> Iterator[str]:
    """An open handover, cancelled at the end where it is still open; yields its number."""
    answer = begin(house, **changes)
    assert answer.status_code == 201, answer.text
    number: str = answer.json["number"]
    try:
        yield number
    finally:
        if handovers.handover_of(house.store, number)[0].state == "open":
            cancelled = house.of("chen").post(f"/v1/handovers/{number}/cancel", {"reason": "测试完毕"})
            assert cancelled.status_code == 200, cancelled.text


def test_the_third_signature_moves_the_role_and_the_evidence_holds(house: House) -> None:
    zhang, sun, chen = house.of("zhang"), house.of("sun"), house.of("chen")
    before = [each["number"] for each in sun.get("/v1/handovers").json]
    begun = begin(house)
    assert (begun.status_code, begun.json["state"]) == (201, "open"), begun.text
    number = begun.json["number"]
    assert number.startswith("H-BJ01-")
    assert {each["register"] for each in begun.json["stocktakes"]} == {"merchandise", "spare", "custody"}
    assert sun.get(f"/v1/handovers/{number}").json == begun.json
    assert [each["number"] for each in sun.get("/v1/handovers").json] == [*before, number]
    assert sun.post("/v1/documents", receipt()).status_code == 403
    for party in ("incoming", "supervisor"):
        answer = sign(house, number, party)
        assert (answer.status_code, answer.json["state"]) == (201, "open"), answer.text
        assert house.roles("zhang") == {("storekeeper", "BJ01")}
        assert house.roles("sun") == set()
    done = sign(house, number, "outgoing")
    assert (done.status_code, done.json["state"]) == (201, "completed"), done.text
    assert {each["role"]: each["username"] for each in done.json["signatures"]} == PARTIES
    assert house.roles("zhang") == set()
    assert house.roles("sun") == {("storekeeper", "BJ01")}

    body = receipt()
    with house.unchanged():
        refused = zhang.post("/v1/documents", body)
    assert (refused.status_code, codes(refused)) == (403, ["role_missing"])
    assert sun.post("/v1/documents", body).status_code == 201
    made_by = house.store.rows(
        "SELECT key, made_by FROM revision WHERE kind = 'grant' AND key LIKE '%BJ01' AND made_by = ?",
        (number,),
    )
    assert sorted(made_by) == [("sun/storekeeper/BJ01", number), ("zhang/storekeeper/BJ01", number)]
    assert house.faults() == []

    content = chen.get(f"/v1/handovers/{number}/evidence").content
    report = check_evidence(content, [each["fingerprint"] for each in done.json["signatures"]])
    assert report.holds, report
    assert {each.role: each.username for each in report.signatures} == PARTIES
    payload, signatures = signed(house.store, number)
    assert evidence.written(evidence.bundle_of(house.store, payload, signatures)) == content
    assert zhang.get(f"/v1/handovers/{number}").json["state"] == "completed"
    with house.unchanged():
        assert codes(sign(house, number, "outgoing")) == ["handover_settled"]
        cancelled = sun.post(f"/v1/handovers/{number}/cancel", {"reason": "晚了"})
        assert codes(cancelled) == ["handover_settled"]


def test_a_colleague_who_keeps_the_site_already_takes_it_over_alone(house: House) -> None:
    house.grant("sun", "storekeeper", "BJ01")
    number = begin(house).json["number"]
    for party in ("outgoing", "incoming", "supervisor"):
        done = sign(house, number, party)
    assert done.json["state"] == "completed", done.text
    assert house.roles("zhang") == set()
    assert house.roles("sun") == {("storekeeper", "BJ01")}
    assert house.faults() == []


def test_a_repeated_third_signature_answers_as_the_first_time(house: House) -> None:
    number = begin(house).json["number"]
    sign(house, number, "outgoing")
    sign(house, number, "incoming")
    digest = house.of("chen").get(f"/v1/handovers/{number}").json["digest"]
    body = {"role": "supervisor", "digest": digest, "password": house.password("chen")}
    first = house.of("chen").post(f"/v1/handovers/{number}/signatures", body, key="third")
    with house.unchanged():
        second = house.of("chen").post(f"/v1/handovers/{number}/signatures", body, key="third")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert house.roles("sun") == {("storekeeper", "BJ01")}


def test_what_is_open_is_listed(house: House) -> None:
    zhang, li = house.of("zhang"), house.of("li")
    finding = inspect(zhang, answers(fault())).json["number"]
    visit = request(house)
    posted = zhang.post("/v1/documents", receipt()).json["number"]
    (bad,) = house.store.row("SELECT serial FROM position WHERE state = 'quarantined' AND site = 'BJ01'") or (
        "",
    )
    proposal = {
        "type": "write_off",
        "site": "BJ01",
        "business_date": TODAY,
        "reason": "坏",
        "lines": [{"serial": bad}],
    }
    pending = zhang.post("/v1/documents", proposal)
    assert pending.status_code == 202, pending.text
    waiting = [
        number for (number,) in house.store.rows(
            "SELECT document FROM standing WHERE site = 'BJ01' AND review = 'waiting' AND status <> 'pending'"
            " ORDER BY document"
        )
    ]  # fmt: skip
    rejected = {"decision": "reject", "reason": "不符", "password": house.password("li")}
    assert li.post(f"/v1/documents/{waiting[0]}/review", rejected).status_code == 200
    dispatch = zhang.post("/v1/dispatch-orders", sent("661565714354")).json["number"]
    repairs = [
        each["number"] for each in zhang.get("/v1/repairs?site=BJ01").json
        if not each["cancelled"] and each["record"] is None
    ]  # fmt: skip
    missing = [
        serial for (serial,) in house.store.rows(
            "SELECT serial FROM position WHERE site = 'BJ01' AND state = 'missing' ORDER BY serial"
        )
    ]  # fmt: skip
    counting = begin_count(zhang, "merchandise", method="open")

    listed = begin(house).json["open_items"]
    assert list(listed) == [items.name for items in OPEN_ITEMS]
    assert listed["unreviewed"] == waiting[1:]
    assert listed["unresolved"] == [waiting[0]]
    assert listed["pending"] == [pending.json["number"]]
    assert (listed["repairs"], listed["dispatch_orders"]) == (repairs, [dispatch])
    assert listed["missing"] == missing
    assert listed["inspection_findings"] == [f"{finding}/damp"]
    assert (listed["visits"], listed["unsettled_stocktakes"]) == ([visit], [counting])
    assert posted in listed["documents_since"]
    for state in ("carried", "in_transit", "at_factory"):
        rows = house.store.rows(
            "SELECT serial FROM position WHERE site = 'BJ01' AND state = ? ORDER BY serial", (state,)
        )
        assert listed[state] == [serial for (serial,) in rows]


CHANGED: dict[str, tuple[Callable[[House], Any], list[str]]] = {
    "a document": (
        lambda house: house.of("zhang").post("/v1/documents", receipt()), ["unreviewed", "documents_since"],
    ),
    "a finding": (lambda house: inspect(house.of("zhang"), answers(fault())), ["inspection_findings"]),
    "a visitor": (request, ["visits"]),
    "a count": (lambda house: begin_count(house.of("zhang"), "spare"), ["unsettled_stocktakes"]),
    "another count": (count_all, ["stocktakes"]),
    "a late scan": (
        lambda house: scan(house.of("li"), "S-BJ01-000001", ("661599999901", None)), ["late_scans"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGED)
def test_what_has_changed_since_keeps_it_from_being_signed(house: House, what: str) -> None:
    change, lists = CHANGED[what]
    number = begin(house).json["number"]
    assert sign(house, number, "outgoing").status_code == 201
    change(house)
    with house.unchanged():
        refused = sign(house, number, "incoming")
    assert (refused.status_code, codes(refused)) == (409, ["handover_out_of_date"])
    assert set(lists) <= set(refused.json["errors"][0]["lists"])
    assert house.roles("zhang") == {("storekeeper", "BJ01")}
    assert house.of("zhang").post(f"/v1/handovers/{number}/cancel", {"reason": "重新办理"}).status_code == 200
    assert begin(house).status_code == 201
    assert house.faults() == []


PENDING: dict[str, tuple[Callable[[House], None], str]] = {
    "incoming got another role there": (lambda house: house.grant("sun", "clerk", "BJ01"), "one_role_per_site"),
    "incoming became an administrator": (lambda house: house.grant("sun", "admin", UNIT), "admin_has_no_other_role"),
    "outgoing lost the role": (lambda house: house.revoke("zhang", "storekeeper", "BJ01"), "party_without_role"),
    "the supervisor is none any more": (lambda house: house.revoke("chen", "supervisor", UNIT), "party_without_role"),
    "incoming was shut out": (lambda house: shut_out(house, "sun"), "inactive_person"),
}  # fmt: skip


def shut_out(house: House, username: str) -> None:
    with house.store.writing():
        persons.deactivate(open_journals(house.store, [UNIT], house.now), house.admin, username)


@pytest.mark.parametrize("what", PENDING)
def test_a_change_of_people_refuses_the_third_signature_and_nothing_is_half_done(
    house: House, what: str
) -> None:
    change, code = PENDING[what]
    number = begin(house).json["number"]
    last = "supervisor" if "supervisor" not in what else "outgoing"
    for party in set(PARTIES) - {last}:
        assert sign(house, number, party).status_code == 201
    change(house)
    before = {username: house.roles(username) for username in PARTIES.values()}
    digest = handovers.payload_of(handovers.handover_of(house.store, number)[0]).digest
    body = {"role": last, "digest": digest, "password": house.password(PARTIES[last])}
    with house.unchanged():
        refused = house.of(PARTIES[last]).post(f"/v1/handovers/{number}/signatures", body)
    assert (refused.status_code, code in codes(refused)) == (422, True), refused.text
    assert {username: house.roles(username) for username in PARTIES.values()} == before
    assert handovers.handover_of(house.store, number)[0].state == "open"
    assert house.faults() == []


def test_a_key_that_was_reset_since_does_not_sign(house: House) -> None:
    number = begin(house).json["number"]
    unit = unit_of(house.store)
    assert unit is not None
    with house.store.writing():
        writer = open_journals(house.store, [UNIT], house.now)
        code = enrolment.reset_password(writer, house.admin, "sun")
        enrolment.enrol(
            writer, "sun", code, enrolment.choose(writer.store, unit, "sun", house.password("sun"))
        )
    house.clients.pop("sun", None)
    assert codes(sign(house, number, "incoming")) == ["key_not_confirmed"]
    fingerprint = next(
        each["fingerprint"] for each in house.of("chen").get("/v1/keys?username=sun").json
        if each["status"] == "waiting"
    )  # fmt: skip
    assert house.of("li").post(f"/v1/keys/{fingerprint}/confirm").status_code == 200
    with house.unchanged():
        refused = sign(house, number, "incoming")
    assert (refused.status_code, codes(refused)) == (409, ["key_not_on_handover"])


def test_a_new_month_asks_for_new_counts(house: House) -> None:
    number = begin(house).json["number"]
    house.now += 10 * DAY_US
    with house.unchanged():
        refused = sign(house, number, "incoming")
    assert codes(refused).count("stocktake_missing") == 3
    assert house.of("zhang").post(f"/v1/handovers/{number}/cancel", {"reason": "跨月"}).status_code == 200
    with house.unchanged():
        assert set(codes(begin(house))) == {"stocktake_missing"}


# --- on the shared house: nothing of these stays but cancelled handovers

WRONG: dict[str, tuple[dict[str, str], list[tuple[str, str]]]] = {
    "outgoing is no storekeeper": ({"outgoing": "wu"}, [("party_without_role", "/outgoing")]),
    "outgoing is one elsewhere": ({"outgoing": "zhao"}, [("party_without_role", "/outgoing")]),
    "supervisor is none": ({"supervisor": "qian"}, [("party_without_role", "/supervisor")]),
    "incoming has a role there": ({"incoming": "wu"}, [("one_role_per_site", "/incoming")]),
    "incoming is its auditor": ({"incoming": "li"}, [("one_role_per_site", "/incoming")]),
    "incoming is unknown": (
        {"incoming": "nobody"}, [("unknown_person", "/incoming"), ("signer_without_key", "/incoming")],
    ),
    "incoming administers": ({"incoming": "admin"}, [("admin_has_no_other_role", "/incoming")]),
    "one of two parties": (
        {"supervisor": "sun"}, [("three_persons_needed", ""), ("party_without_role", "/supervisor")],
    ),
    "to oneself": ({"incoming": "zhang"}, [("three_persons_needed", "")]),
    "no reason": ({"reason": " "}, [("empty_text", "/reason")]),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_handover_between_the_wrong_people_is_not_opened(counted: House, what: str) -> None:
    changes, expected = WRONG[what]
    with counted.unchanged():
        answer = begin(counted, **changes)
    assert answer.status_code == 422
    assert [(each["code"], each["pointer"]) for each in answer.json["errors"]] == expected


@pytest.mark.parametrize("who", ["li", "wu", "chen", "zhao", "sun", "admin"])
def test_only_a_storekeeper_of_the_site_opens_one(counted: House, who: str) -> None:
    with counted.unchanged():
        answer = begin(counted, who)
    assert (answer.status_code, codes(answer)) == (403, ["role_missing"])


def test_only_one_is_open_at_a_site(counted: House) -> None:
    with opened(counted) as number, counted.unchanged():
        second = begin(counted, incoming="qian")
        assert (second.status_code, second.json["errors"][0]["handover"]) == (409, number)
        assert codes(second) == ["handover_open_already"]


def test_without_every_count_of_the_month_it_is_not_opened(counted: House) -> None:
    with counted.unchanged():
        answer = begin(counted, "zhao", site="TJ01", outgoing="zhao")
    missing = [(each["code"], each["register"]) for each in answer.json["errors"]]
    assert missing == [("stocktake_missing", each) for each in ("custody", "merchandise", "spare")]


@pytest.mark.parametrize("party", PARTIES)
def test_each_party_signs_as_itself_only_and_once(counted: House, party: str) -> None:
    with opened(counted) as number:
        for other in set(PARTIES.values()) - {PARTIES[party]}:
            with counted.unchanged():
                refused = sign(counted, number, party, other)
            assert (refused.status_code, codes(refused)) == (403, ["not_this_party"])
        assert sign(counted, number, party).status_code == 201
        with counted.unchanged():
            again = sign(counted, number, party)
        assert (again.status_code, codes(again)) == (409, ["signed_already"])


@pytest.mark.parametrize("role", ["storekeeper", "auditor", "x", "state", "payload"])
def test_nobody_signs_in_a_role_that_a_handover_has_not(counted: House, role: str) -> None:
    with opened(counted) as number, counted.unchanged():
        refused = sign(counted, number, role, "zhang")
        assert (refused.status_code, codes(refused)) == (403, ["not_this_party"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"digest": "0" * 64}, (409, "digest_differs")),
        ({"password": "wrong for sure"}, (403, "wrong_password")),
    ],
)
def test_a_signature_is_over_what_was_seen_by_who_still_knows_the_password(
    counted: House, changes: dict[str, str], expected: tuple[int, str]
) -> None:
    with opened(counted) as number, counted.unchanged():
        refused = sign(counted, number, "incoming", **changes)
        assert (refused.status_code, refused.json["code"]) == expected


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("who", "status"), [("zhang", 200), ("sun", 200), ("chen", 200), ("li", 200), ("wu", 200),
                        ("zhao", 404), ("qian", 404), ("admin", 404)]
)  # fmt: skip
def test_a_handover_is_seen_by_its_parties_and_the_sites_people(
    counted: House, who: str, status: int
) -> None:
    with opened(counted) as number:
        told = {
            path: counted.of(who).get(f"/v1/handovers/{number}{path}").status_code
            for path in ("", "/evidence")
        }
        assert told == {"": status, "/evidence": 409 if status == 200 else status}  # it is not sealed
        listed = [each["number"] for each in counted.of(who).get("/v1/handovers").json]
        assert (number in listed) == (status == 200)
        if status == 404:
            body = {"role": "incoming", "digest": "0" * 64, "password": counted.password(who)}
            with counted.unchanged():
                assert counted.of(who).post(f"/v1/handovers/{number}/signatures", body).status_code == 404
                assert (
                    counted.of(who).post(f"/v1/handovers/{number}/cancel", {"reason": "x"}).status_code == 404
                )


@pytest.mark.parametrize("who", PARTIES.values())
def test_a_party_cancels_and_what_was_signed_is_void(counted: House, who: str) -> None:
    number = begin(counted).json["number"]
    sign(counted, number, "outgoing")
    cancelled = counted.of(who).post(f"/v1/handovers/{number}/cancel", {"reason": "接收人未到岗"})
    assert (cancelled.status_code, cancelled.json["state"], cancelled.json["signatures"]) == (
        200,
        "cancelled",
        [],
    )
    assert cancelled.json["note"] == "接收人未到岗"
    with counted.unchanged():
        assert codes(sign(counted, number, "incoming")) == ["handover_settled"]
    assert counted.faults() == []


@pytest.mark.parametrize("who", ["li", "wu"])
def test_nobody_else_of_the_site_cancels(counted: House, who: str) -> None:
    with opened(counted) as number, counted.unchanged():
        refused = counted.of(who).post(f"/v1/handovers/{number}/cancel", {"reason": "x"})
        assert (refused.status_code, codes(refused)) == (403, ["role_missing"])


def test_a_changed_payload_and_a_lost_signature_are_told(counted: House) -> None:
    with opened(counted) as number:
        sign(counted, number, "outgoing")
        store = counted.store
        value, _ = handovers.handover_of(store, number)
        completed = msgspec.structs.replace(
            value, state="completed", payload=value.payload.replace("sun", "qian")
        )
        keep = "UPDATE record SET content = ? WHERE kind = ? AND key = ?"
        try:
            store.execute(keep, (msgspec.json.encode(completed).decode(), HANDOVER.name, number))
            told = {(each.table, each.key) for each in counted.faults()}
        finally:
            store.execute(keep, (msgspec.json.encode(value).decode(), HANDOVER.name, number))
        assert told == {("record", f"handover {number}"), ("signature", number)}
        assert counted.faults() == []


def test_the_body_names_every_party() -> None:
    assert set(BODY) == {"site", "reason", *handovers.PARTIES}
