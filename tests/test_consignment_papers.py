"""A consignment's papers: kept by their digest, changed only for papers that are there, and verified with the books."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.ledger.proving.verify import verify
from devices.store.database import Store
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.door import Client, Door, move

WAYBILL = "托运单 SF1234567890".encode()


@pytest.fixture(params=ENGINES)
def zhang(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Client]:
    """A storekeeper of the site that sent a consignment."""
    door = Door(stores.demo(request.param))
    yield door.sign_in("zhang")
    door.session_store.close()
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


def unguard(store: Store) -> None:
    """Take away what keeps the papers' bytes from being changed."""
    on = "" if store.engine == "sqlite" else " ON blob"
    for guard in ("update", "delete"):
        store.execute(f"DROP TRIGGER blob_no_{guard}{on}")


@pytest.mark.parametrize(
    "change", ["DELETE FROM blob WHERE digest = ?", "UPDATE blob SET bytes = ? WHERE digest = ?"]
)
def test_a_paper_that_is_gone_or_altered_is_told(zhang: Client, change: str) -> None:
    digest, store = attach(zhang), zhang.door.store
    assert put(zhang, digest) == 200
    unguard(store)
    store.execute(change, (b"another waybill", digest) if "UPDATE" in change else (digest,))
    assert faults(zhang) == [("blob", digest)]


# --- a paper that two sites keep


def tell(client: Client, site: str, name: str) -> str:
    answer = client.post(f"/v1/attachments?site={site}", WAYBILL, X_File_Name=name)
    assert (answer.status_code, answer.json["site"], answer.json["name"]) == (201, site, name), answer.text
    digest: str = answer.json["digest"]
    return digest


@pytest.fixture
def zhao(zhang: Client) -> Client:
    """A storekeeper of another site."""
    return zhang.door.sign_in("zhao")


def test_each_site_that_keeps_a_paper_reads_it_under_its_own_name(zhang: Client, zhao: Client) -> None:
    digest = tell(zhang, "BJ01", "ours.pdf")
    assert zhao.get(f"/v1/attachments/{digest}").status_code == 404
    assert tell(zhao, "TJ01", "theirs.pdf") == digest
    for client, name in ((zhang, "ours.pdf"), (zhao, "theirs.pdf")):
        answer = client.get(f"/v1/attachments/{digest}")
        assert (answer.status_code, answer.content) == (200, WAYBILL)
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert zhang.door.store.rows("SELECT COUNT(*) FROM blob WHERE digest = ?", (digest,)) == [(1,)]
    assert faults(zhang) == []


def test_a_site_that_keeps_a_paper_twice_has_one_record_of_it(zhang: Client) -> None:
    digest = tell(zhang, "BJ01", "ours.pdf")
    attach(zhang)
    kept = zhang.door.store.rows("SELECT key, revision FROM record WHERE kind = 'attachment'")
    assert kept == [(f"BJ01/{digest}", 1)]


def test_a_document_rests_on_no_paper_that_only_another_site_keeps(zhang: Client, zhao: Client) -> None:
    digest = tell(zhao, "TJ01", "theirs.pdf")
    answer = zhang.post("/v1/documents", {**move(), "attachments": [digest]})
    assert (answer.status_code, answer.json["code"]) == (422, "unknown_attachment")
    assert put(zhang, digest) == 422
    tell(zhang, "BJ01", "ours.pdf")
    assert zhang.post("/v1/documents", {**move(), "attachments": [digest]}).status_code == 201


def test_a_lost_paper_is_told_once_for_all_the_sites_that_kept_it(zhang: Client, zhao: Client) -> None:
    digest = tell(zhang, "BJ01", "ours.pdf")
    tell(zhao, "TJ01", "theirs.pdf")
    unguard(zhang.door.store)
    zhang.door.store.execute("DELETE FROM blob WHERE digest = ?", (digest,))
    assert faults(zhang) == [("blob", digest)]
