"""The API as its callers meet it: idempotency, errors, reviews, masking, revisions."""

import re
from typing import Any

import pytest

from api.routing import EVERY_ANSWER
from devices.ledger.posting import manifests
from devices.sheets.packing_lists import read_packing_list
from devices.store.database import Store
from tests.door import TODAY, Door, move


@pytest.fixture
def door(demo: Store) -> Door:
    """The application over demo books, on each engine."""
    return Door(demo)


def test_a_repeated_key_and_body_answers_as_the_first_time_and_does_nothing(door: Door) -> None:
    zhang = door.sign_in("zhang")
    first = zhang.post("/v1/documents", move(), key="once")
    lines = door.store.row("SELECT COUNT(*) FROM line")
    second = zhang.post("/v1/documents", move(), key="once")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert door.store.row("SELECT COUNT(*) FROM line") == lines


def test_a_key_with_another_body_is_refused(door: Door) -> None:
    zhang = door.sign_in("zhang")
    zhang.post("/v1/documents", move(), key="once")
    answer = zhang.post("/v1/documents", move("661565714359"), key="once")
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")


def test_a_key_with_another_query_is_refused_and_the_order_of_the_query_does_not_matter(door: Door) -> None:
    zhang, sheet = door.sign_in("zhang"), "序列号\n661565719999\n".encode()
    query = "site=BJ01&register=merchandise&supplier=S&delivery_note=D-1"
    turned = "delivery_note=D-1&supplier=S&register=merchandise&site=BJ01"
    first = zhang.post(f"/v1/manifests?{query}", sheet, key="once", X_File_Name="list.csv")
    again = zhang.post(f"/v1/manifests?{turned}", sheet, key="once", X_File_Name="list.csv")
    assert (first.status_code, again.json) == (201, first.json), first.text
    other = zhang.post(
        f"/v1/manifests?{query.replace('D-1', 'D-2')}", sheet, key="once", X_File_Name="list.csv"
    )
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_signing_in_again_ends_the_session_that_the_browser_had(door: Door) -> None:
    zhang = door.sign_in("zhang")
    body = {"username": "li", "password": door.password("li")}
    answer = zhang.client.simulate_post("/v1/session", json=body, headers=zhang.headers)
    assert (answer.status_code, zhang.get("/v1/me").status_code) == (201, 401)


def test_a_refused_sign_in_leaves_the_session_that_the_browser_had(door: Door) -> None:
    zhang = door.sign_in("zhang")
    body = {"username": "li", "password": "not hers at all"}
    answer = zhang.client.simulate_post("/v1/session", json=body, headers=zhang.headers)
    assert (answer.status_code, zhang.get("/v1/me").status_code) == (401, 200)


def test_changes_link_to_the_next_of_them_until_there_are_no_more(door: Door) -> None:
    zhang = door.sign_in("zhang")
    every = zhang.get("/v1/changes?limit=500").json["lines"]
    path: str | None = "/v1/changes?limit=5"
    seen = []
    while path:
        answer = zhang.get(path)
        seen += answer.json["lines"]
        link = answer.headers.get("link")
        assert (link is not None) == answer.json["more"]
        path = link and re.fullmatch(r"<(.+)>; rel=next", link)[1]  # type: ignore[index]
    assert len(every) > 5
    assert seen == every


@pytest.mark.parametrize(
    "path", ["/v1/devices?state=lying", "/v1/devices?register=books", "/v1/documents?type=loan"]
)
def test_a_filter_that_names_nothing_there_can_be_is_refused(door: Door, path: str) -> None:
    answer = door.sign_in("zhang").get(path)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_parameter")


def test_a_packing_list_is_read_outside_of_any_transaction(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outside(*given: Any) -> Any:
        assert not door.store.db.in_transaction()
        return read_packing_list(*given)

    monkeypatch.setattr(manifests, "read_packing_list", outside)
    path = "/v1/manifests?site=BJ01&register=merchandise&supplier=S&delivery_note=D-9"
    answer = door.sign_in("zhang").post(path, "序列号\n661565719999\n".encode(), X_File_Name="list.csv")
    assert answer.status_code == 201, answer.text


def test_changes_are_kept_from_a_blind_count_and_go_on_where_they_were_after_it(door: Door) -> None:
    zhang, outlet = door.sign_in("zhang"), door.token()
    cursor = zhang.get("/v1/changes?limit=500").json["cursor"]
    begun = zhang.post("/v1/stocktakes", {"site": "BJ01", "register": "merchandise"})
    assert begun.status_code == 201, begun.text
    path = f"/v1/changes?after={cursor}"
    answer = zhang.get(path)
    assert (answer.status_code, answer.json["code"]) == (409, "count_is_blind")
    assert outlet.get(path).status_code == 200
    assert zhang.post("/v1/documents", move()).status_code == 201
    ended = zhang.post(f"/v1/stocktakes/{begun.json['number']}/cancel", {"reason": "误开"})
    assert ended.status_code == 200, ended.text
    assert [line["serial"] for line in zhang.get(path).json["lines"]] == ["661565714358"]


def test_a_posting_without_a_key_is_refused(door: Door) -> None:
    zhang = door.sign_in("zhang")
    answer = zhang.client.simulate_post("/v1/documents", json=move(), headers=zhang.headers)
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_required")


def test_a_refusal_is_not_stored_under_its_key(door: Door) -> None:
    zhang = door.sign_in("zhang")
    wrong = zhang.post("/v1/documents", move(to="NO-BIN"), key="again")
    right = zhang.post("/v1/documents", move(), key="again")
    assert (wrong.status_code, right.status_code) == (422, 201)


def test_every_faulty_line_of_a_batch_is_named_at_once(door: Door) -> None:
    body = {
        **move(),
        "lines": [{"serial": "６６１５６５７１４３５８"}, {"serial": "999999999999"}, {"serial": "!"}],
    }
    answer = door.sign_in("zhang").post("/v1/documents", body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]] == [
        ("/lines/0/serial", "full_width"),
        ("/lines/2/serial", "malformed_serial"),
        ("/lines/1", "unknown_device"),
    ]


def test_a_refusal_speaks_the_language_asked_for(door: Door) -> None:
    zhang = door.sign_in("zhang")
    english = zhang.post("/v1/documents", move("999999999999"), Accept_Language="en")
    chinese = zhang.post("/v1/documents", move("999999999999"))
    assert "999999999999" in english.json["detail"]
    assert "999999999999" in chinese.json["detail"]
    assert english.json["detail"] != chinese.json["detail"]


def test_a_body_of_the_wrong_shape_tells_where(door: Door) -> None:
    answer = door.sign_in("zhang").post("/v1/documents", {**move(), "lines": [{"serial": 1}]})
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_body")
    assert answer.json["errors"][0]["pointer"] == "/lines/0/serial"


def test_a_body_past_the_limit_is_refused(door: Door) -> None:
    answer = door.sign_in("zhang").post("/v1/documents", b" " * (2 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


def test_an_auditor_approves_with_the_password(door: Door) -> None:
    number = door.sign_in("zhang").post("/v1/documents", hold()).json["number"]
    body = {"decision": "approve", "password": door.password("li")}
    answer = door.sign_in("li").post(f"/v1/documents/{number}/review", body)
    assert answer.status_code == 200
    assert answer.json["document"]["review"] == "approved"


def test_a_wrong_password_reviews_nothing(door: Door) -> None:
    number = door.sign_in("zhang").post("/v1/documents", hold()).json["number"]
    body = {"decision": "approve", "password": "not the password at all"}
    answer = door.sign_in("li").post(f"/v1/documents/{number}/review", body)
    assert (answer.status_code, answer.json["code"]) == (403, "wrong_password")


def test_a_token_can_not_review(door: Door) -> None:
    number = door.sign_in("zhang").post("/v1/documents", hold()).json["number"]
    answer = door.token(scopes=("read",)).post(
        f"/v1/documents/{number}/review", {"decision": "approve", "password": "x"}
    )
    assert (answer.status_code, answer.json["code"]) == (403, "person_required")


def test_a_posting_token_posts_on_its_persons_word(door: Door) -> None:
    answer = door.token(scopes=("read", "post"), username="zhang").post("/v1/documents", move())
    assert (answer.status_code, answer.json["made_by"]) == (201, "zhang")


def test_a_reading_token_posts_nothing(door: Door) -> None:
    answer = door.token().post("/v1/documents", move())
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_a_proposal_is_accepted_and_waits(door: Door) -> None:
    zhang = door.sign_in("zhang")
    body = {
        **move(),
        "type": "reversal",
        "document": "BJ01-2026-000001",
        "reason": "录入错误",
        "serials": ["661565714360"],
    }
    answer = zhang.post("/v1/documents", {key: body[key] for key in body if key not in ("lines", "bin")})
    assert (answer.status_code, answer.json["status"]) == (202, "pending")
    taken = zhang.post("/v1/documents", move("661565714360"))
    assert taken.json["code"] == "reserved"
    assert answer.json["number"] in taken.json["detail"]


def test_a_foreign_document_is_not_found(door: Door) -> None:
    answer = door.sign_in("zhao").get("/v1/documents/BJ01-2026-000001")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_another_sites_customer_is_masked(door: Door) -> None:
    serial = "661565714354"
    own = door.token("BJ01").get(f"/v1/devices/{serial}").json["device"]["customer"]
    foreign = door.token("TJ01").get(f"/v1/devices/{serial}").json["device"]["customer"]
    assert own["name"] == "朝阳区惠民便利店"
    assert foreign["masked"] is True
    assert "惠民" not in str(foreign)


def test_a_history_over_a_foreign_token_names_no_customer(door: Door) -> None:
    text = door.token("TJ01").get("/v1/devices/661565714354/history").text
    assert "惠民" not in text
    assert "C-BJ01-000002" not in text


def test_a_passport_tells_what_may_come_next_and_why_not(door: Door) -> None:
    answer = door.sign_in("zhang").get("/v1/devices/661565714360").json
    steps = {step["type"]: step for step in answer["next"]}
    assert steps["sale"]["allowed"] is True
    assert (steps["repair_return"]["allowed"], steps["repair_return"]["code"]) == (False, "wrong_state")
    assert {head["site"] for head in answer["journal"]} >= {"BJ01", "UNIT"}


def test_a_lookup_answers_each_serial_in_order(door: Door) -> None:
    body = {"serials": ["661565714360", "000000000000", "６６１５６５７１４３６０"]}
    answer = door.token().post("/v1/devices/lookup", body).json
    assert [each["asked"] for each in answer] == body["serials"]
    assert [each["code"] for each in answer] == [None, "not_found", "full_width"]


def test_a_lookup_of_too_many_is_refused(door: Door) -> None:
    answer = door.token().post("/v1/devices/lookup", {"serials": ["1"] * 501})
    assert answer.status_code == 400


def test_changes_are_followed_by_cursor_without_losing_a_line(door: Door) -> None:
    zhang, seen, cursor = door.sign_in("zhang"), [], None
    while True:
        page = zhang.get(f"/v1/changes?limit=10{f'&after={cursor}' if cursor else ''}").json
        seen += [(line["serial"], line["step"]) for line in page["lines"]]
        cursor = page["cursor"]
        if not page["more"]:
            break
    lines = door.store.rows("SELECT serial, step FROM line WHERE journal_site = 'BJ01'")
    assert len(seen) == len(set(seen))
    assert set(seen) == set(lines)


@pytest.mark.both_engines
def test_a_change_without_the_seen_revision_is_refused(door: Door) -> None:
    body = {"code": "SF", "name": "顺丰"}
    admin = door.sign_in("admin")
    assert admin.send("PUT", "/v1/carriers/SF", body).json["code"] == "if_match_required"
    assert admin.send("PUT", "/v1/carriers/SF", body, If_Match='"9"').json["code"] == "if_match_failed"
    answer = admin.send("PUT", "/v1/carriers/SF", body, If_Match='"1"')
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')


def test_a_bins_register_never_changes(door: Door) -> None:
    body = {"site": "BJ01", "code": "M-01", "register": "spare", "condition": "good"}
    answer = door.sign_in("admin").send("PUT", "/v1/bins/BJ01/M-01", body, If_Match='"1"')
    assert (answer.status_code, answer.json["code"]) == (422, "field_is_fixed")


@pytest.mark.both_engines
def test_a_bin_with_devices_in_it_is_not_closed(door: Door) -> None:
    body = {"site": "BJ01", "code": "M-01", "register": "merchandise", "condition": "good", "active": False}
    answer = door.sign_in("admin").send("PUT", "/v1/bins/BJ01/M-01", body, If_Match='"1"')
    assert (answer.status_code, answer.json["code"]) == (409, "in_use")


def test_a_session_from_a_foreign_page_changes_nothing(door: Door) -> None:
    answer = door.sign_in("zhang").post("/v1/documents", move(), Origin="https://evil.example")
    assert (answer.status_code, answer.json["code"]) == (403, "foreign_origin")


def test_every_answer_has_the_security_headers(door: Door) -> None:
    answer = door.nobody().get("/healthz")
    assert {name: answer.headers[name.lower()] for name in EVERY_ANSWER} == EVERY_ANSWER
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_an_unknown_path_is_a_problem_too(door: Door) -> None:
    answer = door.nobody().get("/v1/nowhere")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_erased_customer_leaves_the_chain_whole(door: Door) -> None:
    returned = {
        "type": "customer_return", "site": "BJ01", "business_date": TODAY, "reason": "注销", "bin": "M-09",
        "lines": [{"serial": "661565714354"}],
    }  # fmt: skip
    assert door.sign_in("zhang").post("/v1/documents", returned).status_code == 201
    li = door.sign_in("li")
    wrong = li.post("/v1/customers/C-BJ01-000002/erase", {"password": "not the password at all"})
    assert (wrong.status_code, wrong.json["code"]) == (403, "wrong_password")
    answer = li.post("/v1/customers/C-BJ01-000002/erase", {"password": door.password("li")})
    assert (answer.status_code, answer.json["data"], answer.json["erased"]) == (200, None, True)
    assert door.store.row("SELECT COUNT(*) FROM personal WHERE content LIKE '%惠民%'") == (0,)


def test_a_customer_with_devices_is_not_erased(door: Door) -> None:
    body = {"password": door.password("li")}
    answer = door.sign_in("li").post("/v1/customers/C-BJ01-000002/erase", body)
    assert (answer.status_code, answer.json["code"]) == (409, "customer_has_devices")


def hold() -> dict[str, object]:
    """A document that waits for its review."""
    return {**move(to="M-09"), "type": "hold", "reason": "外壳破损"}


@pytest.mark.both_engines
def test_an_auditor_of_two_sites_lists_the_devices_of_both(door: Door) -> None:
    listed = door.sign_in("li").get("/v1/devices?limit=200").json["devices"]
    assert {each["serial"] for each in listed} == {
        serial for (serial,) in door.store.rows("SELECT serial FROM position")
    }


@pytest.mark.both_engines
def test_a_supervisor_reads_a_paper_that_some_site_has_kept(door: Door) -> None:
    door.enrol_extra()
    kept = door.sign_in("zhang").post("/v1/attachments?site=BJ01", b"proof")
    chen = door.sign_in("chen")
    assert chen.get(f"/v1/attachments/{kept.json['digest']}").content == b"proof"
    assert chen.get(f"/v1/attachments/{'0' * 64}").status_code == 404
