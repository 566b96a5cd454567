"""What customers signed: kept under the order it is of, for whom it is, and gone with the customer when they ask."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from falcon import testing

from devices.ledger.proving.verify import verify
from devices.paperwork.customers import Customer
from devices.records import RecordKind
from devices.store.database import Store
from devices.store.engines import sqlite_path
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.dispatched import done
from tests.door import TODAY, Client, Door, move
from tests.test_verify import faults_after

PARTY = {"taxpayer_id": "91110000600037341L", "name": "甲公司"}
DEVICE = "661565714358"
WELL = {"return_visit": "all_well"}
PHOTO = b"\xff\xd8\xff\xe0 wang's photograph"
SCAN = b"%PDF-1.7 zhao's scan"
CONTACT = {"name": "孙会计", "phone": "13700001111", "address": "后门三楼"}


class Scene:
    """A customer without devices, for whom both sites have sent a technician, and what they signed for each."""

    def __init__(self, store: Store) -> None:
        self.door = Door(store)
        self.zhang, self.zhao, self.li, self.wang = map(self.door.sign_in, ("zhang", "zhao", "li", "wang"))
        posted(self.zhang, "sale", customer=PARTY, application="A")
        posted(self.zhang, "sale_cancellation", reason="取消", bin="M-01")
        self.order = sent(self.zhang, "BJ01", technician="wang", contact=CONTACT)
        self.other = sent(self.zhao, "TJ01", contact=CONTACT)
        self.photo = uploaded(self.wang, self.order, PHOTO)
        self.scan = uploaded(self.zhao, self.other, SCAN)
        self.customer = self.zhang.get(f"/v1/dispatch-orders/{self.order}").json["customer"]

    def erase(self) -> testing.Result:
        return self.li.post(f"/v1/customers/{self.customer}/erase", {"password": self.door.password("li")})

    def faults(self) -> list[tuple[str, str]]:
        report = verify(self.door.store, RECORD_KINDS, checks=CHECKS)
        return [(fault.table, fault.key) for fault in report.faults]


def posted(client: Client, kind: str, **fields: object) -> None:
    body = {"type": kind, "site": "BJ01", "business_date": TODAY, "lines": [{"serial": DEVICE}], **fields}
    answer = client.post("/v1/documents", body)
    assert answer.status_code == 201, answer.text


def sent(client: Client, site: str, **fields: object) -> str:
    """The number of a dispatch order that is about no device."""
    body = {"site": site, "fault": "回访", "purposes": ["return_visit"], "customer": PARTY, **fields}
    answer = client.post("/v1/dispatch-orders", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["number"])


def upload(client: Client, order: str, content: bytes) -> testing.Result:
    return client.post(f"/v1/attachments?site={order.split('-')[1]}&under={order}", content)


def uploaded(client: Client, order: str, content: bytes) -> str:
    answer = upload(client, order, content)
    assert answer.status_code == 201, answer.text
    return str(answer.json["digest"])


def code_of(answer: testing.Result) -> str:
    return str(answer.json["errors"][0]["code"]) if answer.status_code >= 400 else ""


def read(client: Client, digest: str) -> tuple[int, bytes]:
    answer = client.get(f"/v1/attachments/{digest}")
    return answer.status_code, answer.content if answer.status_code == 200 else b""


@pytest.fixture(scope="module", params=ENGINES)
def scene(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Scene]:
    """What no test changes for good."""
    store = stores.demo(request.param)
    made = Scene(store)
    yield made
    made.door.session_store.close()
    stores.drop(store)


@pytest.mark.both_engines
def test_a_signed_paper_is_personal_and_called_as_its_order(scene: Scene) -> None:
    kept = upload(scene.zhang, scene.order, PHOTO).json
    assert kept == {
        "digest": hashlib.sha256(PHOTO).hexdigest(), "site": "BJ01", "name": f"{scene.order}-1.jpg",
        "media_type": "image/jpeg", "size_bytes": len(PHOTO), "personal": True, "customer": scene.customer,
        "under": scene.order, "erased": False,
    }  # fmt: skip
    assert scene.door.store.rows("SELECT COUNT(*) FROM personal_blob") == [(2,)]
    assert scene.door.store.rows("SELECT digest FROM blob WHERE digest = ?", (scene.photo,)) == []
    assert scene.faults() == []


@pytest.mark.both_engines
def test_a_signed_paper_is_read_at_its_site_and_by_whoever_is_sent(scene: Scene) -> None:
    for client in (scene.zhang, scene.li, scene.wang):
        assert read(client, scene.photo) == (200, PHOTO)
    assert read(scene.zhao, scene.photo)[0] == read(scene.wang, scene.scan)[0] == 404


def test_a_technician_uploads_for_their_own_orders_only(scene: Scene) -> None:
    another = sent(scene.zhang, "BJ01")
    assert code_of(upload(scene.wang, another, PHOTO)) == "not_the_technician"
    assert code_of(scene.wang.post("/v1/attachments?site=BJ01", PHOTO)) == "order_required"
    assert (
        code_of(scene.zhang.post(f"/v1/attachments?site=BJ01&under={scene.other}", PHOTO)) == "unknown_order"
    )
    scene.zhang.post(f"/v1/dispatch-orders/{another}/cancel", {"reason": "重复"})


SIGNED = {
    b"%PDF-1.4 x": "pdf",
    b"\x89PNG\r\n\x1a\n x": "png",
    b"RIFF\x00\x00\x00\x00WEBPVP8 ": "webp",
    b"\x00\x00\x00\x18ftypheic x": "heic",
}
NO_PAPER = (
    b"PK\x03\x04 a workbook",
    b"<html>",
    "姓名：孙会计".encode(),
    b"RIFF\x00\x00\x00\x00WAVE",
    b"\xff\xd8",
)


@pytest.mark.parametrize("content", NO_PAPER)
def test_what_is_neither_a_picture_nor_a_pdf_is_no_signed_paper(scene: Scene, content: bytes) -> None:
    assert code_of(upload(scene.zhang, scene.order, content)) == "not_a_signed_paper"


def test_pictures_and_pdfs_are_known_by_how_they_begin(scene: Scene) -> None:
    names = [upload(scene.zhang, scene.order, content).json["name"] for content in SIGNED]
    assert [name.rpartition(".")[2] for name in names] == list(SIGNED.values())
    assert len(set(names)) == len(names)


def test_nothing_rests_on_a_paper_that_can_be_erased(scene: Scene) -> None:
    answer = scene.zhang.post("/v1/documents", {**move("661565714355"), "attachments": [scene.photo]})
    assert code_of(answer) == "unknown_attachment"


def test_the_same_bytes_are_either_lasting_or_personal(scene: Scene) -> None:
    lasting = b"%PDF-1.7 a waybill"
    assert scene.zhang.post("/v1/attachments?site=BJ01", lasting).status_code == 201
    assert code_of(upload(scene.zhang, scene.order, lasting)) == "paper_not_erasable"
    for client, site in ((scene.zhang, "BJ01"), (scene.zhao, "TJ01")):
        assert code_of(client.post(f"/v1/attachments?site={site}", PHOTO)) == "paper_is_personal"
    stranger = {"customer": {"taxpayer_id": "110101199003888", "name": "刚来的店"}}
    posted(scene.zhang, "sale", application="B", **stranger)
    theirs = sent(scene.zhang, "BJ01", **stranger)
    assert code_of(upload(scene.zhang, theirs, PHOTO)) == "paper_of_other_customer"


@pytest.mark.both_engines
def test_a_job_is_confirmed_by_what_its_own_customer_signed(scene: Scene) -> None:
    """Not by a paper of any other kind, which could not be erased."""
    lasting = scene.zhang.post("/v1/attachments?site=BJ01", b"%PDF-1.7 unsigned").json["digest"]
    told = done(outcomes=WELL, confirmation={"how": "signed", "paper": lasting})
    answer = scene.wang.post(f"/v1/dispatch-orders/{scene.order}/service-record", told)
    assert "unknown_attachment" in [each["code"] for each in answer.json["errors"]]


def test_a_paper_confirms_one_job(scene: Scene) -> None:
    """A picture that confirmed one job confirms no other of the same customer."""
    another = sent(scene.zhang, "BJ01", technician="wang")
    assert code_of(upload(scene.wang, another, PHOTO)) == "paper_of_other_order"
    told = done(outcomes=WELL, confirmation={"how": "signed", "paper": scene.photo})
    answer = scene.wang.post(f"/v1/dispatch-orders/{another}/service-record", told)
    assert "unknown_attachment" in [each["code"] for each in answer.json["errors"]]
    scene.zhang.post(f"/v1/dispatch-orders/{another}/cancel", {"reason": "不用去了"})


@pytest.mark.both_engines
@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM personal_blob WHERE digest = ?",
        "UPDATE personal_blob SET bytes = '' WHERE digest = ?",
        "INSERT INTO blob (digest, bytes) SELECT digest, bytes FROM personal_blob WHERE digest = ?",
    ],
)
def test_a_signed_paper_that_is_gone_altered_or_kept_for_good_is_told(scene: Scene, change: str) -> None:
    assert told_after(scene, change, scene.photo) == [("personal_blob", scene.photo)]


def told_after(scene: Scene, change: str, *values: object) -> list[tuple[str, str]]:
    """What `panku verify` tells after a change that is then taken back."""
    return [(fault.table, fault.key) for fault in faults_after(scene.door.store, change, values)]


# --- erased


@pytest.fixture(scope="module", params=ENGINES)
def erased(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Scene]:
    """The same once the customer was erased; what was refused before that is in `refused`."""
    store = stores.demo(request.param)
    made = Scene(store)
    refused = made.erase()
    assert (refused.status_code, code_of(refused)) == (409, "customer_has_open_service")
    assert refused.json["errors"][0]["records"] == [made.order, made.other]
    for client, number in ((made.zhang, made.order), (made.zhao, made.other)):
        client.post(f"/v1/dispatch-orders/{number}/cancel", {"reason": "客户已注销"})
    answer = made.erase()
    assert answer.status_code == 200, answer.text
    yield made
    made.door.session_store.close()
    stores.drop(store)


@pytest.mark.both_engines
def test_an_erasure_reaches_every_record_and_paper_at_every_site(erased: Scene) -> None:
    store = erased.door.store
    for text in ("孙会计", "13700001111", "甲公司"):
        assert store.rows("SELECT kind, key FROM personal WHERE content LIKE ?", (f"%{text}%",)) == []
    assert store.rows("SELECT digest FROM personal_blob") == []
    journals = "SELECT DISTINCT journal_site FROM revision WHERE content LIKE '%\"erased\":true%'"
    assert store.rows(journals) == [("BJ01",)]
    assert erased.faults() == []


@pytest.mark.both_engines
def test_an_erasure_leaves_nothing_in_any_table_nor_in_the_file(erased: Scene) -> None:
    words = [*PARTY.values(), *CONTACT.values(), "wang's photograph", "zhao's scan"]
    assert {word: found for word in words if (found := found_in(erased, word))} == {}
    assert found_in(erased, erased.order), "a word that is there is found"


def found_in(scene: Scene, word: str) -> set[bytes]:
    """A word, plain or in hexadecimal digits, where SQLite's file or a row of PostgreSQL has it."""
    store = scene.door.store
    if store.engine == "sqlite":
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kept = Path(sqlite_path(store.url)).read_bytes()
    else:
        tables = store.db.get_tables()
        kept = "\n".join(
            row for table in tables for (row,) in store.rows(f"SELECT t::text FROM {table} t")
        ).encode()
    return {form for form in (word.encode(), word.encode().hex().encode()) if form in kept}


def test_an_erased_paper_says_so_to_those_who_could_read_it(erased: Scene) -> None:
    answer = erased.zhang.get(f"/v1/attachments/{erased.photo}")
    assert (answer.status_code, code_of(answer)) == (410, "paper_erased")
    assert erased.photo in answer.json["errors"][0]["detail"]
    assert read(erased.zhao, erased.scan)[0] == 410
    assert read(erased.zhao, erased.photo)[0] == read(erased.wang, erased.photo)[0] == 404
    kept = erased.door.store.rows(
        "SELECT key, revision FROM record WHERE kind = 'attachment' AND customer = ?", (erased.customer,)
    )
    assert sorted(kept) == sorted([(f"BJ01/{erased.photo}", 2), (f"TJ01/{erased.scan}", 2)])


def test_orders_of_an_erased_customer_are_told_without_whom_to_ask_for(erased: Scene) -> None:
    told = erased.zhang.get(f"/v1/dispatch-orders/{erased.order}")
    assert told.status_code == 200
    assert "孙会计" not in told.text
    assert told.json["contact"] is None


def test_an_erased_paper_is_not_kept_again(erased: Scene) -> None:
    assert code_of(upload(erased.zhang, erased.order, PHOTO)) == "customer_erased"
    assert code_of(erased.zhang.post("/v1/attachments?site=BJ01", PHOTO)) == "paper_is_personal"


@pytest.mark.both_engines
def test_an_erased_paper_that_is_there_again_is_told(erased: Scene) -> None:
    again = "INSERT INTO personal_blob (digest, bytes) VALUES (?, ?)"
    assert told_after(erased, again, erased.photo, PHOTO) == [("personal_blob", erased.photo)]
    stray = hashlib.sha256(b"nobody's").hexdigest()
    assert told_after(erased, again, stray, b"nobody's") == [("personal_blob", stray)]


# --- every kind


def of_customers(kind: RecordKind) -> bool:
    """Whether a kind's records are about a customer, and have personal data beside the chain."""
    fields = set(kind.value.__struct_fields__)
    return "commitment" in fields and (kind.value is Customer or "customer" in fields)


@pytest.mark.parametrize(
    "kind", [each for each in RECORD_KINDS if of_customers(each)], ids=lambda kind: kind.name
)
def test_every_kind_with_personal_data_of_a_customer_is_reached_by_their_erasure(kind: RecordKind) -> None:
    assert kind.tells_of_customer is not None, (
        "it has personal data of a customer that no erasure would reach"
    )
    assert "erased" in kind.value.__struct_fields__
    assert kind.table is None, "an erasure finds a customer's records in `record`"
