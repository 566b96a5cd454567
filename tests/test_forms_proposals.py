"""Slips of proposals: what waits for an auditor is printed as it will be once it is approved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import ENGINES, Stores
from tests.door import TODAY, Client, Door
from tests.printed import printed

HELD, OTHER, SPARE, SOLD, MISSING = (
    "661565714371",
    "661565714372",
    "661565720014",
    "661565714354",
    "661565714367",
)


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """Demo books, on each engine."""
    store = stores.demo(request.param)
    yield Door(store)
    stores.drop(store)


def body(kind: str, *serials: str, **said: Any) -> dict[str, Any]:
    """A document of today at BJ01."""
    lines = {"lines": [{"serial": serial} for serial in serials]} if serials else {}
    return {"type": kind, "site": "BJ01", "business_date": TODAY, **lines, **said}


def posted(client: Client, kind: str, *serials: str, **said: Any) -> str:
    """The number of a document that was accepted."""
    answer = client.post("/v1/documents", body(kind, *serials, **said))
    assert answer.status_code in (201, 202), answer.text
    return str(answer.json["number"])


def review(door: Door, number: str, **said: Any) -> None:
    given = {"decision": "approve", "password": door.password("li"), **said}
    answer = door.sign_in("li").post(f"/v1/documents/{number}/review", given)
    assert answer.status_code == 200, answer.text


def proof_of(client: Client) -> str:
    """The digest of a stored paper."""
    answer = client.post("/v1/attachments?site=BJ01", b"%PDF-1.7 old books", X_File_Name="proof.pdf")
    return str(answer.json["digest"])


def held(zhang: Client) -> None:
    posted(zhang, "hold", OTHER, reason="受潮", bin="M-09")


def release(door: Door, zhang: Client) -> str:
    held(zhang)
    return posted(zhang, "release", OTHER, inspection="外观完好", bin="M-02")


def supplier_return(door: Door, zhang: Client) -> str:
    held(zhang)
    return posted(zhang, "supplier_return", OTHER, reason="破损", carrier="SF", consignment_number="SF777")


def write_off(door: Door, zhang: Client) -> str:
    held(zhang)
    return posted(zhang, "write_off", OTHER, reason="损毁")


def transit_loss(door: Door, zhang: Client) -> str:
    return posted(zhang, "transit_loss", MISSING, consignment_number="SF1234567891", claim="已立案")


def lost(door: Door, zhang: Client, **said: Any) -> str:
    posted(zhang, "loss_report", SOLD, report_number="报失-009")
    return posted(zhang, "recovery", SOLD, found="用户找到", **said)


def missing(door: Door, zhang: Client) -> str:
    review(door, transit_loss(door, zhang))
    return posted(zhang, "recovery", MISSING, found="承运商送回", bin="M-09")


def reversal(door: Door, zhang: Client) -> str:
    held(zhang)
    row = door.store.row("SELECT MAX(number) FROM document WHERE type = 'hold'")
    assert row is not None
    return posted(zhang, "reversal", document=row[0], reason="录错")


def reversal_of_a_receipt(door: Door, zhang: Client) -> str:
    return posted(zhang, "reversal", document="BJ01-2026-000001", reason="录错", serials=[OTHER])


PROPOSALS = (
    release,
    supplier_return,
    write_off,
    transit_loss,
    lost,
    missing,
    reversal,
    reversal_of_a_receipt,
)


@pytest.mark.both_engines
@pytest.mark.parametrize("propose", PROPOSALS, ids=lambda propose: propose.__name__)
def test_a_proposal_prints_what_will_be_done(propose: Any, door: Door) -> None:
    zhang = door.sign_in("zhang")
    slip = f"/v1/documents/{propose(door, zhang)}/slip"
    waiting = printed(zhang, slip)
    assert waiting.lines
    assert "过账时间" not in waiting.fields
    review(door, slip.split("/")[3])
    zhang = door.sign_in("zhang")
    done = printed(zhang, slip)
    assert waiting.lines == done.lines
    assert waiting.texts[0] == done.texts[0]
    known = {name: value for name, value in waiting.fields.items() if name != "单据状态"}
    assert known.items() <= done.fields.items()
    assert done.fields["过账时间"] >= done.fields["提交时间"]


@pytest.mark.both_engines
def test_an_opening_prints_states_registers_and_parties(door: Door) -> None:
    zhang = door.sign_in("zhang")
    proof = proof_of(zhang)
    lines = [
        {"serial": "000123456789", "model": "TCG-01", "state": "in_stock", "bin": "S-01"},
        {"serial": "000123456790", "model": "TCG-02", "state": "at_factory", "register": "spare", "party": "启明厂"},
        {"serial": "000123456791", "model": "TCG-01", "state": "in_service",
         "customer": {"number": "C-BJ01-000002"}, "warranty_until": "2027-01-01"},
    ]  # fmt: skip
    number = posted(zhang, "opening", lines=lines, attachments=[proof])
    slip = f"/v1/documents/{number}/slip"
    waiting = printed(zhang, slip)
    names = ("种类", "状态", "账簿", "货位", "货位性质", "经管方", "单价（元）")
    assert [tuple(line[name] for name in names) for line in waiting.lines] == [
        ("税控盘", "在库", "备件账", "S-01", "合格", None, 200),
        ("报税盘", "返厂中", "备件账", None, None, "启明厂", 100),
        ("税控盘", "用户使用中", None, None, None, None, 200),
    ]
    assert waiting.fields["附件"] == "proof.pdf"
    assert waiting.fields["用户"].startswith("C-BJ01-000002")
    review(door, number)
    assert printed(door.sign_in("zhang"), slip).lines == waiting.lines


@pytest.mark.both_engines
def test_a_rejected_proposal_still_says_what_it_proposed_and_how_many(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = reversal_of_a_receipt(door, zhang)
    review(door, number, decision="reject", reason="依据不足")
    paper = printed(door.sign_in("zhang"), f"/v1/documents/{number}/slip")
    assert (paper.fields["本单台数"], paper.fields["单据状态"]) == (1, "审核未通过")
    assert "过账时间" not in paper.fields
    assert [line["设备编号"] for line in paper.lines] == [OTHER]


def test_what_is_found_again_is_received_only_where_it_comes_into_a_bin(door: Door) -> None:
    zhang = door.sign_in("zhang")
    loose, binned = lost(door, zhang), missing(door, zhang)
    titles = [printed(door.sign_in("zhang"), f"/v1/documents/{n}/slip").texts[0] for n in (loose, binned)]
    assert titles == ["寻回单", "入库单"]


def test_a_return_to_the_supplier_and_a_loss_name_who_and_what_they_rest_on(door: Door) -> None:
    zhang = door.sign_in("zhang")
    returned = printed(zhang, f"/v1/documents/{supplier_return(door, zhang)}/slip").fields
    receipt = zhang.get("/v1/documents/BJ01-2026-000001").json["content"]
    assert (returned["对方"], returned["依据单据"]) == (receipt["supplier"], "BJ01-2026-000001")
    loss = printed(zhang, f"/v1/documents/{transit_loss(door, zhang)}/slip").fields
    sent = door.store.row("SELECT number FROM document WHERE type = 'dispatch'")
    assert sent is not None
    told = (loss["依据单据"], loss["承运商"], loss["托运单号"])
    assert told == (sent[0], "顺丰速运", "SF1234567891")
