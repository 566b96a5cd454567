"""What a scan is answered before its document is posted: the same steps and rules, and nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from devices.serials import command_barcode
from tests.conftest import Stores
from tests.door import TODAY, Client, Door

IN_M01, IN_M02, SOLD, IN_TRANSIT, SPARE = (
    "661565714360",
    "661565714368",
    "661565714354",
    "661565714365",
    "661565720012",
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def zhang(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Client]:
    store = stores.demo(request.param)
    yield Door(store).sign_in("zhang")
    stores.drop(store)


def ask(
    client: Client, document: str | None, *scans: dict[str, Any], site: str = "BJ01"
) -> list[dict[str, Any]]:
    answer = client.post("/v1/devices/check", {"site": site, "document": document, "scans": list(scans)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json
    return found


def code_of(answer: dict[str, Any]) -> str | None:
    return answer["fault"]["code"] if answer["fault"] else None


NEW = {"model": "TCG-01", "register": "merchandise"}
FAULTS = (
    ("move", {"serial": IN_M01, "bin": "M-02"}, "BJ01", None),
    ("move", {"serial": IN_M01, "bin": "M-01"}, "BJ01", "same_bin"),
    ("move", {"serial": IN_M01, "bin": "S-01"}, "BJ01", "bin_of_other_register"),
    ("move", {"serial": IN_M01, "bin": "M-77"}, "BJ01", "unknown_bin"),
    ("move", {"serial": IN_M01}, "BJ01", "bin_required"),
    ("move", {"serial": SOLD, "bin": "M-02"}, "BJ01", "wrong_state"),
    ("move", {"serial": "000000000000", "bin": "M-02"}, "BJ01", "unknown_device"),
    ("move", {"serial": IN_M01, "bin": "M-02"}, "TJ01", "foreign_device"),
    ("sale", {"serial": IN_M02}, "BJ01", None),
    ("sale", {"serial": SPARE}, "BJ01", "wrong_register"),
    ("receipt", {"serial": IN_M01, "bin": "M-01", **NEW}, "BJ01", "already_held"),
    ("receipt", {"serial": "900000000001", "bin": "M-01", **NEW}, "BJ01", None),
    ("receipt", {"serial": "9-1", "bin": "M-01", **NEW}, "BJ01", "serial_not_of_model"),
    ("receipt", {"serial": "900000000001", "bin": "S-01", **NEW}, "BJ01", "bin_of_other_register"),
    ("arrival", {"serial": IN_TRANSIT, "bin": "M-01"}, "TJ01", None),
    ("swap", {"serial": SPARE, "role": "spare"}, "BJ01", None),
    ("swap", {"serial": IN_M01, "role": "spare"}, "BJ01", "wrong_register"),
    ("swap", {"serial": SOLD, "role": "faulty", "bin": "S-09"}, "BJ01", None),
    ("swap", {"serial": SPARE, "role": "faulty", "bin": "S-09"}, "BJ01", "wrong_state"),
    (None, {"serial": IN_M01}, "BJ01", None),
    (None, {"serial": "000000000000"}, "BJ01", "not_found"),
    (None, {"serial": "６６１"}, "BJ01", "full_width"),
    (None, {"serial": command_barcode("undo")}, "BJ01", "command_barcode"),
)  # fmt: skip


@pytest.mark.parametrize(("document", "scan", "site", "code"), FAULTS)
def test_a_scan_is_answered_with_the_rule_that_forbids_it(
    zhang: Client, document: str | None, scan: dict[str, Any], site: str, code: str | None
) -> None:
    (answer,) = ask(zhang, document, scan, site=site)
    assert (answer["asked"], code_of(answer)) == (scan["serial"], code)


@pytest.mark.both_engines
def test_every_scan_of_a_batch_has_its_own_answer_in_order(zhang: Client) -> None:
    scans = [{"serial": serial, "bin": "M-02"} for serial in ("bad serial", IN_M01, SPARE, IN_M01)]
    answers = ask(zhang, "move", *scans)
    assert [code_of(each) for each in answers] == ["malformed_serial", None, "bin_of_other_register", None]


def test_an_answer_tells_where_the_device_is(zhang: Client) -> None:
    (answer,) = ask(zhang, "sale", {"serial": SOLD})
    assert (answer["device"]["state"], answer["device"]["responsible_site"]) == ("in_service", "BJ01")


def test_a_check_and_the_posting_agree_and_the_check_writes_nothing(zhang: Client) -> None:
    heads = [zhang.get("/v1/journal/BJ01/head").json]
    (answer,) = ask(zhang, "move", {"serial": IN_M01, "bin": "M-01"})
    heads.append(zhang.get("/v1/journal/BJ01/head").json)
    assert heads[0] == heads[1]
    draft = {
        "type": "move",
        "site": "BJ01",
        "business_date": TODAY,
        "bin": "M-01",
        "lines": [{"serial": IN_M01}],
    }
    refused = zhang.post("/v1/documents", draft).json
    assert refused["errors"][0]["detail"] == answer["fault"]["detail"]


def test_an_unknown_document_is_refused(zhang: Client) -> None:
    answer = zhang.post(
        "/v1/devices/check", {"site": "BJ01", "document": "gift", "scans": [{"serial": IN_M01}]}
    )
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_body")


def test_a_list_is_expanded_and_every_fault_in_it_is_told(zhang: Client) -> None:
    answer = zhang.post(
        "/v1/devices/expand", {"entries": "661565714353-355\n661565714355, x y\n661565714400+1"}
    ).json
    assert answer["serials"] == [f"{661565714353 + n}" for n in range(3)] + ["661565714400", "661565714401"]
    assert [fault["code"] for fault in answer["faults"]] == ["duplicate_serial", "malformed_serial"]
