"""To name a customer is no right to them: who may name whom, what a refusal tells, and what their home is told."""

from __future__ import annotations

from typing import Any

import pytest

from devices.ledger.proving.verify import verify
from devices.store.database import Store
from panku.wiring import CHECKS, RECORD_KINDS
from tests.dispatched import sent
from tests.door import TODAY, Client, Door

pytestmark = pytest.mark.both_engines

NUMBER, TAXPAYER, NAME = "C-BJ01-000002", "110101199003077", "朝阳区惠民便利店"
NAMED = {"taxpayer_id": TAXPAYER, "name": NAME}
PATH, SOLD = f"/v1/customers/{NUMBER}", "661565714354"
NEW = "661565790001"
UNKNOWN = {"taxpayer_id": "110101199003999", "name": "没有这家"}
RECEIPT = {
    "type": "receipt", "register": "merchandise", "supplier": "x", "delivery_note": "y", "model": "TCG-01",
    "bin": "M-01",
}  # fmt: skip


@pytest.fixture
def door(demo: Store) -> Door:
    """Demo books on each engine; the customer is of BJ01, zhang and li are there, zhao is at TJ01."""
    return Door(demo)


def post(client: Client, document: str, serial: str = SOLD, site: str = "TJ01", **fields: Any) -> Any:
    """Post a document of one device at a site."""
    body = {"type": document, "site": site, "business_date": TODAY, "lines": [{"serial": serial}], **fields}
    return client.post("/v1/documents", body)


def sell(zhao: Client, customer: dict[str, Any]) -> Any:
    """TJ01 receives a disk and sells it."""
    post(zhao, **{"document": "receipt", "serial": NEW, **{k: v for k, v in RECEIPT.items() if k != "type"}})
    return post(zhao, "sale", NEW, customer=customer, application="A-1")


def codes(answer: Any) -> list[tuple[str, str]]:
    """The codes and pointers of a refusal."""
    return [(each["code"], each["pointer"]) for each in answer.json["errors"]]


def read(client: Client, **named: str) -> tuple[int, list[str | None]]:
    """The status of the customer's record, and the numbers found by what is named."""
    found = client.post("/v1/customers/lookup", {"taxpayer_id": TAXPAYER, **named}).json
    return client.get(PATH).status_code, [each["number"] for each in found]


def told(client: Client, state: str = "told") -> list[dict[str, Any]]:
    """What a home was told."""
    listed: list[dict[str, Any]] = client.get(f"/v1/notices?state={state}").json
    return listed


# --- naming


def test_another_sites_number_is_as_unknown_as_any(door: Door) -> None:
    zhao = door.sign_in("zhao")
    known, unknown = sell(zhao, {"number": NUMBER}), sell(zhao, {"number": "C-BJ01-000999"})
    assert codes(known) == codes(unknown) == [("unknown_customer", "/customer/number")]
    assert known.text.replace(NUMBER, "") == unknown.text.replace("C-BJ01-000999", "")


def test_another_sites_customer_is_named_by_taxpayer_id_and_name(door: Door) -> None:
    zhao = door.sign_in("zhao")
    assert codes(sell(zhao, {"taxpayer_id": TAXPAYER})) == [("taxpayer_name_differs", "/customer/name")]
    assert codes(sell(zhao, {**NAMED, "name": "惠民"})) == [("taxpayer_name_differs", "/customer/name")]
    assert NAME not in sell(zhao, {**NAMED, "name": "惠民"}).text
    assert sell(zhao, {**NAMED, "name": f" {NAME[:3]}　{NAME[3:]} "}).status_code == 201


def test_a_site_names_its_own_as_it_likes(door: Door) -> None:
    zhang = door.sign_in("zhang")
    for n, party in enumerate(({"number": NUMBER}, {"taxpayer_id": TAXPAYER}, NAMED)):
        serial = f"66156579010{n}"
        fields = {k: v for k, v in RECEIPT.items() if k != "type"}
        assert post(zhang, "receipt", serial, "BJ01", **fields).status_code == 201
        assert post(zhang, "sale", serial, "BJ01", customer=party, application="A").status_code == 201


def test_a_renamed_company_goes_on_under_its_id_and_its_home_decides(door: Door) -> None:
    zhao, zhang = door.sign_in("zhao"), door.sign_in("zhang")
    new = {**NAMED, "name": "朝阳惠民连锁有限公司", "renamed": True}
    sold = sell(zhao, new)
    assert sold.status_code == 201
    assert zhang.get(PATH).json["data"]["name"] == NAME
    (notice,) = told(zhang)
    assert notice["proposed"]["name"] == new["name"]
    path = f"/v1/notices/{sold.json['number']}/{NUMBER}"
    assert zhang.post(f"{path}/see").json["errors"][0]["code"] == "notice_proposes"
    assert zhao.post(f"{path}/accept").status_code == 404, "it is no business of who proposed it"
    assert zhang.post(f"{path}/accept").json["notice"]["state"] == "accepted"
    assert zhang.get(PATH).json["data"]["name"] == new["name"]
    assert zhang.post(f"{path}/decline").json["errors"][0]["code"] == "notice_settled"
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_what_another_site_learns_is_proposed_and_changes_nothing(door: Door) -> None:
    zhao, zhang = door.sign_in("zhao"), door.sign_in("zhang")
    before = zhang.get(PATH).json["data"]
    sold = sell(zhao, {**NAMED, "address": "天津路 1 号", "contact": "李经理"})
    assert zhang.get(PATH).json["data"] == before
    (notice,) = told(zhang)
    assert notice["proposed"] == {"name": None, "address": "天津路 1 号", "contact": "李经理"}
    assert zhang.post(f"/v1/notices/{sold.json['number']}/{NUMBER}/decline").status_code == 200
    assert zhang.get(PATH).json["data"] == before
    assert told(zhang) == []


def test_a_name_is_not_found_by_trying(door: Door) -> None:
    zhao = door.sign_in("zhao")
    tried = [sell(zhao, {**NAMED, "name": f"猜{n}"}).status_code for n in range(7)]
    assert tried[:5] == [422] * 5
    assert tried[5:] == [429, 429]
    assert post(zhao, "move", "661565790001", bin="M-02").status_code in (201, 422), (
        "what names nobody goes on"
    )
    door.now += 16 * 60 * 1_000_000
    assert sell(door.sign_in("zhao"), NAMED).status_code == 201


def test_a_lookup_tells_a_wrong_pair_as_an_unknown_one(door: Door) -> None:
    zhao, zhang = door.sign_in("zhao"), door.sign_in("zhang")
    assert read(zhao) == read(zhao, name="惠民") == (404, [])
    assert zhao.post("/v1/customers/lookup", UNKNOWN).json == []
    (found,) = zhao.post("/v1/customers/lookup", NAMED).json
    assert (found["masked"], found["number"], found["data"]["address"]) == (True, None, None)
    assert read(zhang) == (200, [NUMBER])


# --- acting away from home


def orders(door: Door, customer: dict[str, Any] | None) -> list[Any]:
    """What a repair order and a dispatch order of TJ01 for BJ01's device are answered with."""
    zhao = door.sign_in("zhao")
    body = {"site": "TJ01", "serial": SOLD, "fault": "不亮"} | ({"customer": customer} if customer else {})
    named = {"customer": customer} if customer else {}
    return [zhao.post("/v1/repairs", body), zhao.post("/v1/dispatch-orders", sent(SOLD, "TJ01", **named))]


def test_an_order_away_from_home_asks_whose_the_device_is(door: Door) -> None:
    other = door.sign_in("zhang").get("/v1/customers/C-BJ01-000001").json["data"]
    wrong = ({**NAMED, "name": "惠民"}, UNKNOWN, {"taxpayer_id": other["taxpayer_id"], "name": other["name"]})
    assert [codes(each) for each in orders(door, None)] == [[("customer_required", "/customer")]] * 2
    refused = [each.text for customer in wrong[:2] for each in orders(door, customer)]
    refused.append(orders(door, wrong[2])[0].text)
    assert len(set(refused)) == 1
    assert "customer_not_matched" in refused[0]
    door.now += 16 * 60 * 1_000_000
    assert [each.status_code for each in orders(door, NAMED)] == [201, 201]


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ("surrender", {"tax_document": "T-1", "reason": "deregistration"}),
        ("loss_report", {"report_number": "L-1"}),
    ],
)
def test_a_device_is_ended_away_from_home_by_who_knows_whose_it_is(
    door: Door, document: str, fields: dict[str, str]
) -> None:
    zhao, zhang = door.sign_in("zhao"), door.sign_in("zhang")
    assert codes(post(zhao, document, **fields)) == [("customer_required", "/customer")]
    wrong = [post(zhao, document, customer=each, **fields) for each in ({**NAMED, "name": "惠民"}, UNKNOWN)]
    assert [codes(each) for each in wrong] == [[("customer_not_matched", "/customer")]] * 2
    done = post(zhao, document, customer=NAMED, **fields)
    assert done.status_code == 201
    (notice,) = told(zhang)
    assert (notice["notice"]["what"], notice["notice"]["by"], notice["notice"]["at"]) == (
        document,
        "zhao",
        "TJ01",
    )
    assert [line["serial"] for line in zhang.get("/v1/changes?limit=500").json["lines"]][-1] == SOLD
    seen = zhang.get(f"/v1/documents/{done.json['number']}").json
    assert set(seen) == {"number", "type", "business_date", "lines", "withheld"}
    assert [line["serial"] for line in seen["lines"]] == [SOLD]
    assert post(zhang, document, site="BJ01", **fields).json["errors"][0]["code"] == "wrong_state"
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_what_is_in_hand_needs_no_name(door: Door) -> None:
    zhao = door.sign_in("zhao")
    take_in(door, zhao)
    done = post(zhao, "surrender", tax_document="T-1", reason="deregistration")
    assert done.status_code == 201
    assert "surrender" in [each["notice"]["what"] for each in told(door.sign_in("zhang"))]


def take_in(door: Door, zhao: Client) -> str:
    """TJ01 takes BJ01's customer's device in under an order of its own."""
    number: str = orders(door, NAMED)[0].json["number"]
    assert post(zhao, "repair_intake", order=number, fault="不亮", bin="R-01").status_code == 201
    return number


def test_home_is_told_of_an_order_and_of_what_came_of_it(door: Door) -> None:
    zhao, zhang = door.sign_in("zhao"), door.sign_in("zhang")
    repair, dispatch = (each.json["number"] for each in orders(door, NAMED))
    assert [(each["notice"]["under"], each["flag"]) for each in told(zhang)] == [
        (dispatch, None),
        (repair, None),
    ]
    assert zhao.post(f"/v1/dispatch-orders/{dispatch}/cancel", {"reason": "不去了"}).status_code == 200
    assert post(zhao, "repair_intake", order=repair, fault="不亮", bin="R-01").status_code == 201
    back = {"diagnosis": "x", "work": "y", "completed_at": f"{TODAY}T00:00:00+08:00"}
    assert post(zhao, "repair_return", **back).status_code == 201
    assert [each["flag"] for each in told(zhang)] == ["cancelled", "no_work"]
    record = {key: back[key] for key in ("completed_at", "diagnosis", "work")}
    assert zhao.post(f"/v1/repairs/{repair}/service-record", record).status_code == 201
    assert [each["flag"] for each in told(zhang)] == ["cancelled", None]
    assert zhang.post(f"/v1/notices/{dispatch}/{NUMBER}/see").json["notice"]["settled_by"] == "zhang"
    assert [each["notice"]["under"] for each in told(zhang)] == [repair]


# --- who sees


def test_a_site_sees_whom_it_deals_with_and_no_longer_once_it_is_done(door: Door) -> None:
    zhao = door.sign_in("zhao")
    assert read(zhao) == (404, [])
    repair, dispatch = (each.json["number"] for each in orders(door, NAMED))
    assert read(zhao) == (200, [NUMBER])
    assert zhao.post(f"/v1/repairs/{repair}/cancel").status_code == 200
    assert read(zhao) == (200, [NUMBER]), "a technician is still sent to them"
    assert zhao.post(f"/v1/dispatch-orders/{dispatch}/cancel", {"reason": "不去了"}).status_code == 200
    assert read(zhao) == (404, [])


def test_a_sale_elsewhere_joins_the_customer_and_both_sites_read_them(door: Door) -> None:
    zhang, zhao = door.sign_in("zhang"), door.sign_in("zhao")
    assert sell(zhao, NAMED).status_code == 201
    assert read(zhang) == read(zhao) == (200, [NUMBER])
    assert zhang.get(PATH).json["site"] == "BJ01"


def test_only_the_home_corrects_and_erases(door: Door) -> None:
    zhang, zhao = door.sign_in("zhang"), door.sign_in("zhao")
    revision = zhang.get(PATH).headers["etag"]
    body = {"name": NAME, "contact": "李经理"}
    assert zhao.send("PUT", PATH, body, If_Match=revision).status_code == 404
    assert sell(zhao, NAMED).status_code == 201
    assert zhao.send("PUT", PATH, body, If_Match=revision).status_code == 403
    assert zhang.send("PUT", PATH, body, If_Match=revision).status_code == 200


def test_a_supervisor_moves_a_customers_home(door: Door) -> None:
    door.enrol_extra()
    zhang, zhao, chen = (door.sign_in(name) for name in ("zhang", "zhao", "chen"))
    orders(door, NAMED)
    assert zhang.post(f"{PATH}/home", {"site": "TJ01"}).status_code == 403
    assert chen.post(f"{PATH}/home", {"site": "XX99"}).status_code == 422
    assert chen.post(f"{PATH}/home", {"site": "TJ01"}).json["site"] == "TJ01"
    assert (told(zhang), len(told(zhao))) == ([], 2)
    assert zhang.get(PATH).status_code == 200, "BJ01 is still the site that answers for their device"
    assert sell(zhao, {"number": NUMBER}).status_code == 201
    revision = zhao.get(PATH).headers["etag"]
    assert zhao.send("PUT", PATH, {"name": NAME, "contact": "李"}, If_Match=revision).status_code == 200
    document = told(zhao)[0]["notice"]["under"]
    assert zhao.post(f"/v1/notices/{document}/{NUMBER}/see").status_code == 200
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_erasing_a_customer_erases_what_was_proposed_of_them(door: Door) -> None:
    zhang, zhao = door.sign_in("zhang"), door.sign_in("zhao")
    sold = sell(zhao, {"taxpayer_id": "110101199003888", "name": "刚来的店"})
    number = zhao.get(f"/v1/devices/{NEW}").json["device"]["customer"]["number"]
    assert number.startswith("C-TJ01-")
    assert post(zhao, "sale_cancellation", NEW, reason="错", bin="M-01").status_code == 201
    fields = {k: v for k, v in RECEIPT.items() if k != "type"}
    assert post(zhang, "receipt", "661565790009", "BJ01", **fields).status_code == 201
    party = {"taxpayer_id": "110101199003888", "name": "刚来的店", "address": "秘密地址"}
    second = post(zhang, "sale", "661565790009", "BJ01", customer=party, application="A")
    assert (
        post(zhang, "sale_cancellation", "661565790009", "BJ01", reason="错", bin="M-01").status_code == 201
    )
    door.enrol_extra()
    body = {"password": door.password("he")}
    erased = door.sign_in("he").post(f"/v1/customers/{number}/erase", body)
    assert erased.status_code == 200, erased.text
    for document in (sold, second):
        slip = (zhao if document is sold else zhang).get(f"/v1/documents/{document.json['number']}")
        assert "秘密地址" not in slip.text
    assert told(zhao)[0]["proposed"] is None
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []
    assert door.store.rows("SELECT 1 FROM personal WHERE content LIKE '%秘密地址%'") == []


def test_what_was_proposed_before_a_home_moved_is_erased_too(door: Door) -> None:
    door.enrol_extra()
    zhang, zhao, chen = (door.sign_in(name) for name in ("zhang", "zhao", "chen"))
    sold = sell(zhao, {**NAMED, "address": "秘密地址"})
    path = f"/v1/notices/{sold.json['number']}/{NUMBER}"
    assert zhang.post(f"{path}/accept").status_code == 200
    assert chen.post(f"{PATH}/home", {"site": "TJ01"}).status_code == 200
    assert post(zhao, "sale_cancellation", NEW, reason="错", bin="M-01").status_code == 201
    assert post(zhang, "customer_return", SOLD, "BJ01", reason="退", bin="M-09").status_code == 201
    erased = door.sign_in("he").post(f"{PATH}/erase", {"password": door.password("he")})
    assert erased.status_code == 200, erased.text
    assert door.store.rows("SELECT 1 FROM personal WHERE content LIKE '%秘密地址%'") == []
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_a_notice_says_where_what_it_is_of_does_not_stand(door: Door) -> None:
    zhang, zhao = door.sign_in("zhang"), door.sign_in("zhao")
    assert post(zhang, "loss_report", SOLD, "BJ01", report_number="L").status_code == 201
    found = post(zhao, "recovery", customer=NAMED, found="角落")
    assert found.status_code == 202, found.text
    assert [each["flag"] for each in told(zhang)] == [None]
    assert zhao.post(f"/v1/documents/{found.json['number']}/withdraw").status_code == 200
    assert [each["flag"] for each in told(zhang)] == ["withdrawn"]
