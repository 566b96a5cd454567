"""Technicians and their certificates: who may be sent to a customer, and what their role shows them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from devices.ledger.proving.verify import verify
from devices.people import grants, persons
from devices.people.certificates import (
    CertificateData,
    certificate_of,
    certificate_standing,
    endings,
    erase_certificate,
    every_certificate,
    set_certificate,
    technicians_of,
)
from devices.people.certified import SOON_DAYS, Certified, Lack, ending_on, lack_on, refuse_technician
from devices.people.roles import Person
from devices.problems import PROBLEMS, Refused
from panku.wiring import RECORD_KINDS
from tests.conftest import Stores
from tests.door import Client, Door
from tests.staff import Staff, codes
from web.door import add_pages

TODAY = date(2026, 11, 18)
DATA = CertificateData("SG-0001", "启明税控设备厂")
HERE = "/v1/people/wang/certificate"
RENEWED = {"number": "SG-0002", "issuer": "启明税控设备厂", "valid_until": "2028-11-30"}


# --- the rule, purely


@pytest.mark.parametrize(
    ("has_role", "valid_until", "lack"),
    [
        (False, "2027-11-18", "no_role"),
        (False, None, "no_role"),
        (True, None, "no_certificate"),
        (True, "2026-11-17", "expired"),
        (True, "2026-11-18", None),
        (True, "2027-11-18", None),
    ],
)
def test_a_technician_is_sent_until_the_last_day_of_their_certificate(
    has_role: bool, valid_until: str | None, lack: Lack | None
) -> None:
    assert lack_on(TODAY, has_role=has_role, valid_until=valid_until) == lack


def test_whoever_may_not_be_sent_is_told_why() -> None:
    refuse_technician(Certified("wang", "A1", None, "2027-11-18"))
    with pytest.raises(Refused) as refused:
        refuse_technician(Certified("wang", "A1", "expired", "2026-11-17"), "/to")
    (problem,) = refused.value.problems
    assert (problem.code, problem.pointer) == ("not_certified", "/to")
    assert problem.facts == {"username": "wang", "site": "A1", "why": "expired", "valid_until": "2026-11-17"}
    assert set(problem.facts) == set(PROBLEMS["not_certified"].facts)


def test_a_certificate_is_said_to_end_soon_in_its_last_days() -> None:
    assert SOON_DAYS == 30
    told = [ending_on(TODAY, day) for day in (None, "2026-11-17", "2026-11-18", "2026-12-18", "2026-12-19")]
    assert told == ["missing", "over", "soon", "soon", None]


# --- in the books


def certify(
    staff: Staff,
    username: str,
    until: str,
    *,
    by: Person | None = None,
    data: CertificateData = DATA,
    **more: Any,
) -> None:
    staff.write(
        lambda w: set_certificate(w, staff.unit, by or staff.admin, username, data, until, **more)
    )  # fmt: skip


@pytest.mark.both_engines
def test_those_are_sent_who_have_the_role_there_and_a_certificate(staff: Staff) -> None:
    for username, roles in (
        ("ann", [("technician", "A1")]),
        ("bob", [("technician", "A1"), ("storekeeper", "B2")]),
        ("cid", [("technician", "A1")]),
        ("dan", [("storekeeper", "A1"), ("technician", "B2")]),
        ("eve", [("technician", "A1")]),
    ):
        staff.enrolled(username, *roles)
    for username, until in (
        ("ann", "2026-12-01"),
        ("bob", "2027-06-30"),
        ("cid", "2026-11-17"),
        ("dan", "2027-06-30"),
    ):
        certify(staff, username, until)
    found = technicians_of(staff.store, "A1", TODAY)
    assert [(each.username, each.name, each.expires_soon) for each in found] == [
        ("ann", "李明", True),
        ("bob", "李明", False),
    ]
    stand = {
        username: certificate_standing(staff.store, username, "A1", TODAY).why
        for username in ("ann", "bob", "cid", "dan", "eve", "nobody")
    }
    assert stand == {
        "ann": None, "bob": None, "cid": "expired", "dan": "no_role", "eve": "no_certificate", "nobody": "no_role",
    }  # fmt: skip
    assert sorted(every_certificate(staff.store)) == ["ann", "bob", "cid", "dan"]
    assert endings(staff.store, TODAY) == {"ann": "soon", "cid": "over", "eve": "missing"}


def test_whoever_left_is_sent_no_more_and_keeps_their_name(staff: Staff) -> None:
    for username in ("ann", "bob"):
        staff.enrolled(username, ("technician", "A1"))
        certify(staff, username, "2027-11-30")
    staff.write(lambda w: persons.deactivate(w, staff.admin, "ann"))
    staff.write(lambda w: grants.revoke(w, staff.admin, "bob", "technician", "A1"))
    assert technicians_of(staff.store, "A1", TODAY) == []
    for username in ("ann", "bob"):
        assert certificate_standing(staff.store, username, "A1", TODAY) == Certified(
            username, "A1", "no_role", "2027-11-30"
        )
    assert persons.names_of(staff.store, {"ann", "bob"}) == {"ann": "李明", "bob": "李明"}


def test_a_certificate_is_renewed_as_a_revision_and_ended_sooner_with_a_reason(staff: Staff) -> None:
    staff.enrolled("ann", ("technician", "A1"))
    certify(staff, "ann", "2026-11-30")
    certify(staff, "ann", "2027-11-30", data=CertificateData("  SG-\n0002 ", "厂家"))
    kept = certificate_of(staff.store, "ann")
    assert kept is not None
    assert (kept.data, kept.revision) == (CertificateData("SG- 0002", "厂家"), 2)
    with pytest.raises(Refused) as refused:
        certify(staff, "ann", "2026-11-17")
    assert codes(refused.value) == ["reason_required"]
    certify(staff, "ann", "2026-11-17", reason="考核不合格")
    assert certificate_standing(staff.store, "ann", "A1", TODAY).why == "expired"
    certify(staff, "ann", "2027-11-30")
    kept = certificate_of(staff.store, "ann")
    assert kept is not None
    assert (kept.certificate.reason, kept.revision) == (None, 4)


def test_number_and_issuer_are_outside_the_chain_which_verifies(staff: Staff) -> None:
    staff.enrolled("ann", ("technician", "A1"))
    certify(staff, "ann", "2027-11-30")
    (content,) = staff.store.row("SELECT content FROM revision WHERE kind = 'certificate'") or ("",)
    assert "SG-0001" not in content
    assert "启明" not in content
    assert verify(staff.store, RECORD_KINDS).faults == []
    staff.store.execute("DELETE FROM personal WHERE kind = 'certificate'")
    assert {fault.table for fault in verify(staff.store, RECORD_KINDS).faults} == {"personal"}


def test_of_somebody_who_left_number_and_issuer_are_erased_and_the_days_stay(staff: Staff) -> None:
    staff.enrolled("ann", ("technician", "A1"))
    certify(staff, "ann", "2027-06-30")
    certify(staff, "ann", "2027-11-30")
    with pytest.raises(Refused) as refused:
        staff.write(lambda w: erase_certificate(w, staff.admin, "ann"))
    assert codes(refused.value) == ["still_active"]
    staff.write(lambda w: persons.deactivate(w, staff.admin, "ann"))
    staff.write(lambda w: erase_certificate(w, staff.admin, "ann"))
    kept = certificate_of(staff.store, "ann")
    assert kept is not None
    assert (kept.data, kept.certificate.valid_until, kept.certificate.erased) == (None, "2027-11-30", True)
    left = staff.store.rows("SELECT salt, content FROM personal WHERE kind = 'certificate'")
    assert set(map(tuple, left)) == {(None, None)}
    assert verify(staff.store, RECORD_KINDS).faults == []
    with pytest.raises(Refused) as refused:
        staff.write(lambda w: erase_certificate(w, staff.admin, "ann"))
    assert codes(refused.value) == ["certificate_erased"]
    staff.write(lambda w: persons.reactivate(w, staff.admin, "ann"))
    with pytest.raises(Refused) as refused:
        certify(staff, "ann", "2028-11-30")
    assert codes(refused.value) == ["certificate_erased"]


def test_an_administrator_certifies_others_only(staff: Staff) -> None:
    ann = staff.enrolled("ann", ("technician", "A1"))
    with pytest.raises(Refused) as refused:
        certify(staff, "ann", "2027-11-30", by=ann)
    assert codes(refused.value) == ["role_missing", "certifying_oneself"]
    with pytest.raises(Refused) as refused:
        certify(staff, "admin.zhou", "2027-11-30")
    assert codes(refused.value) == ["certifying_oneself"]


def test_every_fault_of_a_certificate_is_told_at_once(staff: Staff) -> None:
    staff.enrolled("ann")
    staff.write(lambda w: persons.deactivate(w, staff.admin, "ann"))
    with pytest.raises(Refused) as refused:
        certify(staff, "ann", "2027-02-30", data=CertificateData(" ", ""))
    assert codes(refused.value) == ["inactive_person", "empty_text", "empty_text", "malformed_date"]


# --- over HTTP, on the pages


@pytest.fixture(scope="module")
def door(stores: Stores) -> Iterator[Door]:
    made = Door(stores.demo("sqlite"))
    made.enrol_extra()
    add_pages(made.app, made.services)
    yield made
    made.session_store.close()
    stores.drop(made.store)


@pytest.fixture(scope="module")
def admin(door: Door) -> Client:
    return door.sign_in("admin")


def test_the_desk_is_told_who_may_be_sent(door: Door) -> None:
    for who in ("zhang", "li", "wu", "chen"):
        answer = door.sign_in(who).get("/v1/technicians?site=BJ01")
        assert [(each["username"], each["name"]) for each in answer.json] == [("wang", "王强")], who
    assert door.sign_in("chen").get("/v1/technicians?site=TJ01").json == []
    assert door.sign_in("zhao").get("/v1/technicians?site=BJ01").json["code"] == "role_missing"
    assert door.sign_in("wang").get("/v1/technicians?site=BJ01").json["code"] == "role_missing"
    assert door.sign_in("chen").get("/v1/technicians?site=ZZ").json["code"] == "malformed_parameter"


def test_a_certificate_is_read_and_renewed_with_its_etag(admin: Client) -> None:
    shown = admin.get(HERE)
    assert shown.headers["etag"] == '"1"'
    assert admin.send("PUT", HERE, RENEWED, If_Match='"0"').json["code"] == "if_match_failed"
    answer = admin.send("PUT", HERE, RENEWED, If_Match='"1"')
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json == {"username": "wang", **RENEWED, "reason": None, "erased": False}
    for told in (admin.get("/v1/people/wang").json, *admin.get("/v1/people").json):
        assert told["certificate"] == (answer.json if told["username"] == "wang" else None)


def test_whoever_never_had_a_certificate_has_revision_0_of_it(admin: Client) -> None:
    shown = admin.get("/v1/people/zhang/certificate")
    assert (shown.headers["etag"], shown.json["valid_until"]) == ('"0"', None)
    assert admin.get("/v1/people/nobody/certificate").status_code == 404
    assert admin.get("/v1/people/nobody").status_code == 404
    refused = admin.send("PUT", "/v1/people/nobody/certificate", RENEWED, If_Match='"0"')
    assert refused.json["errors"][0]["code"] == "unknown_person"


def test_a_technician_reads_nothing_of_their_site(door: Door) -> None:
    wang = door.sign_in("wang")
    assert wang.get("/v1/me").json["roles"] == [{"role": "technician", "site": "BJ01"}]
    for path in (
        "documents",
        "devices",
        "stocktakes",
        "months",
        "deadlines",
        "consignments",
        "bins",
    ):
        answer = wang.get(f"/v1/{path}")
        assert answer.status_code == 200, path
        told = answer.json if isinstance(answer.json, list) else answer.json[path]
        assert told == [], path
        assert wang.get(f"/v1/{path}?site=BJ01").json["code"] == "role_missing", path
    assert wang.get("/v1/books/BJ01/spare").json["code"] == "role_missing"
    assert wang.get("/v1/documents/BJ01-2026-000001").status_code == 404
    assert wang.get("/v1/customers/C-BJ01-000001").status_code == 404


def test_a_technician_sees_a_device_as_a_stranger_does(door: Door) -> None:
    wang, zhao, zhang = (
        door.sign_in(who).get("/v1/devices/661565720011").json["device"] for who in ("wang", "zhao", "zhang")
    )
    assert zhang["customer"]["name"]
    assert wang == zhao
    assert wang["customer"]["masked"]


def test_the_pages_tell_whose_certificate_ends(door: Door, admin: Client) -> None:
    for path in ("/", "/admin/people"):
        assert "上岗证" not in admin.get(path).text.partition("<h2>")[0]
    current = admin.get(HERE)
    soon = {**RENEWED, "valid_until": "2026-12-01", "reason": "调离"}
    assert admin.send("PUT", HERE, soon, If_Match=current.headers["etag"]).status_code == 200
    assert "上岗证即将到期" in admin.get("/admin/people").text
    assert "1 名技术员的上岗证" in admin.get("/").text
    assert "名技术员的上岗证" not in door.sign_in("zhang").get("/").text
    page = admin.get("/admin/people/wang").text
    assert "上岗证即将到期" in page
    assert "SG-0002" in page
    assert "调离" in page
    assert 'data-api="PUT /v1/people/admin/certificate"' not in admin.get("/admin/people/admin").text
    assert "2026-12-01" in door.sign_in("wang").get("/me").text
