"""What counters learn of single devices while they count blind, and post meanwhile: told, kept and signed for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.wire.times import shown
from devices.audit.stocktake import disclosures, sheet
from devices.audit.stocktake.disclosures import Disclosure
from devices.ledger.proving.verify import verify
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.counts import SECOND, begin, close_count, explain, finish, held, scan, sign
from tests.door import TODAY, Client, Door
from tests.printed import printed
from web.door import add_pages

pytestmark = pytest.mark.both_engines
CONSECUTIVE = [f"{661565714353 + n}" for n in range(20)]
WHOSE = {"taxpayer_id": "110101199003077", "name": "朝阳区惠民便利店"}
SOLD = "661565714358"


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    store = stores.demo(request.param)
    made = Door(store)
    made.enrol_extra()
    add_pages(made.app, made.services)
    yield made
    stores.drop(store)


def sale(serial: str) -> dict[str, Any]:
    lines = [{"serial": serial}]
    return {
        "type": "sale",
        "site": "BJ01",
        "business_date": TODAY,
        "customer": WHOSE,
        "application": "A",
        "lines": lines,
    }


def look_up(client: Client, *serials: str) -> list[dict[str, Any]]:
    """What is answered of these serials, a second later."""
    client.door.now += SECOND
    answer = client.post("/v1/devices/lookup", {"serials": list(serials)})
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json
    return told


def closed(client: Client, number: str) -> list[dict[str, Any]]:
    """Close a count; what its sheet lists as disclosed."""
    client.door.now += SECOND
    assert close_count(client, number).status_code == 200
    listed: list[dict[str, Any]] = (
        client.get(f"/v1/stocktakes/{number}/sheet").json["header"].get("disclosed", [])
    )
    return listed


def faults(door: Door) -> list[Any]:
    return verify(door.store, RECORD_KINDS, checks=CHECKS).faults


def test_a_shop_sells_during_its_count_and_the_sheet_lists_the_sale(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang)
    door.now += SECOND
    scans = {"site": "BJ01", "document": "sale", "scans": [{"serial": SOLD}, {"serial": "661565714371"}]}
    for told in zhang.post("/v1/devices/check", scans).json:
        assert (told["device"]["withheld"], told["fault"]) == (number, None), "no verdict, whatever its state"
    answer = zhang.post("/v1/documents", sale(SOLD))
    assert (answer.status_code, answer.json["serials"]) == (201, [SOLD])
    document = answer.json["number"]
    assert zhang.get(f"/v1/devices/{SOLD}").json["device"]["state"] == "sold", "it is of no register any more"
    for who in (zhang, li):
        assert [line["serial"] for line in who.get(f"/v1/documents/{document}").json["lines"]] == [SOLD]
    listed = closed(zhang, number)
    (sold,) = [each for each in listed if each["how"] == "posted"]
    posted_at = answer.json["recorded_at"]
    assert (sold["document"], sold["username"], sold["at"]) == (document, "zhang", posted_at)
    (read,) = [each for each in listed if each["how"] == "read"]
    assert (read["username"], sorted(read["serials"])) == ("zhang", sorted([SOLD, "661565714371"]))
    assert faults(door) == []


def test_what_stays_in_the_register_is_shown_to_its_own_poster_and_on_their_slip_only(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang)
    door.now += SECOND
    paper = {
        "register": "merchandise",
        "supplier": "厂",
        "delivery_note": "D",
        "model": "TCG-01",
        "bin": "M-01",
    }
    body = {
        "type": "receipt",
        "site": "BJ01",
        "business_date": TODAY,
        **paper,
        "lines": [{"serial": "661565799001"}],
    }
    document = zhang.post("/v1/documents", body).json["number"]
    path = f"/v1/documents/{document}"
    assert [line["serial"] for line in zhang.get(path).json["lines"]] == ["661565799001"]
    assert [line["设备编号"] for line in printed(zhang, f"{path}/slip").lines] == ["661565799001"]
    assert "661565799001" in zhang.get(f"/documents/{document}").text
    assert "661565799001" in zhang.get(f"/labels?document={document}").text
    shown_to_li = li.get(path).json
    assert (shown_to_li["lines"], shown_to_li["content"], shown_to_li["withheld"]) == ([], {}, number)
    assert li.get(f"{path}/slip.xlsx").json["code"] == "count_is_blind"
    queue = li.get("/reviews").text
    assert document in queue
    assert "661565799001" not in queue
    earlier = zhang.get("/v1/documents/BJ01-2026-000001").json
    assert (earlier["lines"], earlier["withheld"]) == ([], number), "posted before the count, by zhang too"
    assert {each["document"] for each in closed(zhang, number)} == {document}


def test_a_reversal_shows_nobody_what_it_would_undo(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    door.now += SECOND
    body = {
        "type": "reversal",
        "site": "BJ01",
        "business_date": TODAY,
        "document": "BJ01-2026-000003",
        "reason": "错",
    }
    answer = zhang.post("/v1/documents", {**body, "serials": ["661565714368"]})
    assert (answer.status_code, answer.json["withheld"]) == (202, number), answer.text
    path = f"/v1/documents/{answer.json['number']}"
    assert zhang.get(path).json["content"] == {}
    assert zhang.get(f"{path}/slip.xlsx").json["code"] == "count_is_blind"


def test_whoever_looks_consecutive_serials_up_is_on_the_sheet_with_each_of_them(door: Door) -> None:
    zhang, wu, chen, outlet = door.sign_in("zhang"), door.sign_in("wu"), door.sign_in("chen"), door.token()
    number = begin(zhang)
    standing = {
        serial for serial, _ in (*held(door, "merchandise"), *held(door, "merchandise", "quarantined"))
    }
    standing |= {serial for serial, _ in held(door, "merchandise", "in_transit")}
    peeked = sorted(standing & set(CONSECUTIVE))
    for told in look_up(zhang, *CONSECUTIVE):
        device = told["device"]
        assert device["withheld"] == (number if told["asked"] in standing else None)
        assert (device["state"] is None, device["document"] is None) == (told["asked"] in standing,) * 2
    first_at = shown(door.now)
    look_up(zhang, *CONSECUTIVE)
    door.now += SECOND
    assert zhang.get(f"/devices/{peeked[0]}").status_code == 200
    assert zhang.get(f"/v1/devices/{peeked[0]}/history").json["lines"] == []
    assert zhang.get(f"/v1/devices/{peeked[0]}/history.xlsx").json["code"] == "count_is_blind"
    look_up(wu, peeked[3])
    for reads in (chen, outlet):
        assert all(told["device"]["state"] for told in look_up(reads, *CONSECUTIVE))
    by_person = {each["username"]: each for each in closed(zhang, number)}
    assert by_person.keys() == {"zhang", "wu"}
    assert by_person["zhang"]["serials"] == dict.fromkeys(peeked, first_at), "once each, the first time"
    assert list(by_person["wu"]["serials"]) == [peeked[3]]
    assert faults(door) == []


def test_a_refusal_says_what_was_wrong_and_is_listed(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    door.now += SECOND
    refused = zhang.post("/v1/documents", sale("661565714371"))
    assert [each["code"] for each in refused.json["errors"]] == ["wrong_state"]
    assert refused.json["errors"][0]["state"] == "quarantined"
    first_at = shown(door.now)
    door.now += SECOND
    zhang.post("/v1/documents", sale("661565714371"))
    (listed,) = closed(zhang, number)
    assert (listed["how"], listed["code"], listed["serials"]) == (
        "refused",
        "wrong_state",
        {"661565714371": first_at},
    )


def test_nothing_is_kept_of_an_open_count_nor_after_the_close(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang, method="open")
    assert look_up(zhang, SOLD)[0]["device"]["state"] == "in_stock"
    assert closed(zhang, number) == []
    number = begin(zhang, "spare")
    closed(zhang, number)
    look_up(zhang, "661565720012")
    disclosures.keep(door.store, [Disclosure(number, "661565720012")], by="zhang", at_us=door.now)
    assert disclosures.kept(door.store, number) == 0


def test_a_count_that_is_opened_again_goes_on_listing(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = begin(zhang)
    look_up(zhang, SOLD)
    assert [list(each["serials"]) for each in closed(zhang, number)] == [[SOLD]]
    assert zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "漏了"}).status_code == 200
    look_up(zhang, SOLD, "661565714359")
    assert [list(each["serials"]) for each in closed(zhang, number)] == [[SOLD, "661565714359"]]
    assert faults(door) == []


def test_the_sheet_is_signed_with_it_and_shows_it_on_its_page_and_on_paper(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang)
    look_up(zhang, *CONSECUTIVE[5:8])
    zhang.post("/v1/documents", sale("661565714371"))
    document = zhang.post("/v1/documents", sale(SOLD)).json["number"]
    scan(zhang, number, *held(door, "merchandise"), *held(door, "merchandise", "quarantined"))
    closed(zhang, number)
    explain(zhang, number)
    page = li.get(f"/stocktakes/{number}").text
    assert "盲盘期间的查询与过账" in page
    assert document in page
    *_, table = printed(li, f"/v1/stocktakes/{number}/sheet").tables
    assert [(row["事由"], row["台数"], row["单据或编号"]) for row in table.rows] == [
        ("按编号查询", 3, None),
        ("过账被拒", 1, "661565714371"),
        ("过账", None, document),
    ]
    assert sign(zhang, number, "zhang", "storekeeper").status_code == 201
    assert sign(li, number, "li", "auditor").json["stocktake"]["state"] == "sealed"
    assert faults(door) == []


def test_during_the_recount_those_who_count_are_told_what_to_look_at(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang, double=True)
    first, second, *_ = held(door, "merchandise")
    scan(zhang, number, first)
    scan(li, number, second)
    wanted = sorted([first[0], second[0]])
    assert finish(li, number).status_code == 200
    assert zhang.post(f"/v1/stocktakes/{number}/recount", {"finished": True}).json["disputed"] == wanted
    assert zhang.get(f"/v1/stocktakes/{number}").json["disputed"] == wanted
    for page in (f"/stocktakes/{number}", f"/stocktakes/{number}/count"):
        assert all(serial in li.get(page).text for serial in wanted)
    assert look_up(zhang, first[0])[0]["device"]["withheld"] == number


def test_an_open_count_tells_no_place_in_a_register_that_is_counted_blind_beside_it(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, beside = begin(zhang), begin(zhang, "spare", method="open")
    (told,) = scan(zhang, beside, (SOLD, "S-01"))
    assert (told["outcome"], told["withheld"], "belongs" in told) == ("unexpected", number, False)
    assert closed(zhang, beside) == []
    (line,) = [
        line for line in zhang.get(f"/v1/stocktakes/{beside}/sheet").json["lines"] if line["serial"] == SOLD
    ]
    assert (line["result"], line["found_bin"], line["book_state"], line["book_bin"]) == (
        "wrong_zone",
        "S-01",
        None,
        None,
    )
    answer = zhang.send("PUT", f"/v1/stocktakes/{beside}/findings/{SOLD}", {"explanation": "放错", "action": "放回"},
                        If_Match='"0"')  # fmt: skip
    assert (answer.json["explanation"], answer.json["book_bin"]) == ("放错", None)
    assert "M-01" not in li.get(f"/stocktakes/{beside}?result=all").text
    for paper in ("evidence", "sheet.xlsx", "sheet.pdf"):
        assert li.get(f"/v1/stocktakes/{beside}/{paper}").json["code"] == "count_is_blind"
    (read,) = closed(zhang, number)
    assert list(read["serials"]) == [SOLD]
    assert li.get(f"/v1/stocktakes/{beside}/sheet.xlsx").status_code == 200


def test_what_one_device_says_of_another_is_left_out_where_that_is_counted(door: Door) -> None:
    zhang, chen = door.sign_in("zhang"), door.sign_in("chen")
    begin(zhang, "spare")
    for path in ("/v1/devices/661565720011", "/v1/devices/661565720011/history", "/devices/661565720011"):
        told, whole = zhang.get(path), chen.get(path)
        assert (told.status_code, "661565714353" in told.text) == (200, False), path
        assert "661565714353" in whole.text, path
    assert zhang.get("/v1/devices/661565720011").json["device"]["state"] == "in_service"
    assert len(zhang.get("/v1/devices/661565720011/history").json["lines"]) == 2


def test_a_manifest_is_received_against_during_the_count_and_told_once_it_is_closed(door: Door) -> None:
    zhang = door.sign_in("zhang")
    query = "site=BJ01&register=merchandise&supplier=启明&delivery_note=QM-99"
    listed = "序列号,型号\n661565799001,TCG-01\n661565799002,TCG-01\n"
    manifest = zhang.post(f"/v1/manifests?{query}", listed.encode()).json["number"]
    number = begin(zhang)
    assert zhang.get(f"/v1/manifests/{manifest}").json["short"] == ["661565799001", "661565799002"], (
        "none is here yet"
    )
    paper = {
        "register": "merchandise",
        "supplier": "启明",
        "delivery_note": "QM-99",
        "model": "TCG-01",
        "bin": "M-01",
    }
    body = {"type": "receipt", "site": "BJ01", "business_date": TODAY, "manifest": manifest, **paper}
    door.now += SECOND
    assert zhang.post("/v1/documents", {**body, "lines": [{"serial": "661565799001"}]}).status_code == 201
    told = zhang.get(f"/v1/manifests/{manifest}").json
    assert (told["received"], told["short"], told["rows"], told["withheld"]) == ([], [], [], number)
    page = zhang.get(f"/scan/receive?site=BJ01&paper={manifest}").text
    assert "661565799002" in page, "what is still to be received is in no register"
    assert "661565799001" not in page
    closed(zhang, number)
    assert zhang.get(f"/v1/manifests/{manifest}").json["received"] == ["661565799001"]


def test_a_prefix_finds_what_is_in_no_register_and_leaves_out_what_is_counted(door: Door) -> None:
    zhang = door.sign_in("zhang")
    begin(zhang, "spare")
    assert zhang.get("/search?q=6615657200").headers["Location"] == "/devices/661565720011"


# --- the format of a sheet


def test_a_sheet_of_the_first_format_is_verified_printed_and_signed_as_it_is(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet, "FORMAT", 1)
        patch.setattr("devices.audit.stocktake.stocktakes.disclosed_by", lambda *_: ())
        number = begin(zhang)
        zhang.post("/v1/documents", sale(SOLD))
        scan(zhang, number, *held(door, "merchandise"), *held(door, "merchandise", "quarantined"))
        assert closed(zhang, number) == []
    explain(zhang, number)
    assert sign(zhang, number, "zhang", "storekeeper").status_code == 201
    assert sign(li, number, "li", "auditor").json["stocktake"]["state"] == "sealed"
    assert not sheet.header_of(door.store, number, 1).disclosed
    assert faults(door) == []
