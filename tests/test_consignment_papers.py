"""A consignment's papers: kept by their digest, changed only for papers that are there, and verified with the books."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.ledger.verify import verify
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.door import Client, Door

WAYBILL = "托运单 SF1234567890".encode()


@pytest.fixture(params=ENGINES)
def zhang(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Client]:
    """A storekeeper of the site that sent a consignment."""
    door = Door(stores.fresh(request.param))
    yield door.sign_in("zhang")
    door.doors.close()
    stores.drop(door.store)


def consignment(client: Client) -> str:
    """The path of the demo's first consignment."""
    return f"/v1/consignments/{client.get('/v1/consignments').json[0]['number']}"


def attach(client: Client, content: bytes = WAYBILL) -> str:
    answer = client.post("/v1/attachments?site=BJ01", content, X_File_Name="waybill.txt")
    assert answer.status_code == 201, answer.text
    digest: str = answer.json["digest"]
    return digest


def put(client: Client, *papers: str) -> int:
    path = consignment(client)
    seen = client.get(path).headers["etag"]
    return client.send(
        "PUT", path, {"packages": 2, "note": "保价", "papers": papers}, If_Match=seen
    ).status_code


def faults(client: Client) -> list[tuple[str, str]]:
    report = verify(client.door.store, RECORD_KINDS, checks=CHECKS)
    return [(fault.table, fault.key) for fault in report.faults]


def test_papers_are_kept_with_the_consignment_and_the_books_verify(zhang: Client) -> None:
    digest = attach(zhang)
    assert put(zhang, digest) == 200
    kept = zhang.get(consignment(zhang)).json
    assert (kept["papers"], kept["packages"], kept["note"]) == ([digest], 2, "保价")
    assert zhang.get(f"/v1/attachments/{digest}").content == WAYBILL
    assert faults(zhang) == []


def test_a_paper_that_was_never_stored_is_refused_and_nothing_changes(zhang: Client) -> None:
    path, before = consignment(zhang), zhang.get(consignment(zhang)).json
    body = {"packages": 2, "papers": [attach(zhang), "0" * 64]}
    refused = zhang.send("PUT", path, body, If_Match=zhang.get(path).headers["etag"])
    told = [(each["code"], each["pointer"]) for each in refused.json["errors"]]
    assert (refused.status_code, told) == (422, [("unknown_attachment", "/papers/1")])
    assert zhang.get(path).json == before


@pytest.mark.parametrize(
    "change", ["DELETE FROM blob WHERE digest = ?", "UPDATE blob SET bytes = ? WHERE digest = ?"]
)
def test_a_paper_that_is_gone_or_altered_is_told(zhang: Client, change: str) -> None:
    digest, store = attach(zhang), zhang.door.store
    assert put(zhang, digest) == 200
    on = "" if store.engine == "sqlite" else " ON blob"
    for guard in ("update", "delete"):
        store.execute(f"DROP TRIGGER blob_no_{guard}{on}")
    store.execute(change, (b"another waybill", digest) if "UPDATE" in change else (digest,))
    assert faults(zhang) == [("blob", digest)]
