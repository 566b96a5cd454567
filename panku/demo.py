"""A filled example: a unit with two sites, its people, and a few weeks of documents, all posted by the rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec

from devices import records
from devices.journal import open_journals
from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.posting import post, reviewing
from devices.people import enrolment, grants, persons
from devices.people.certificates import CertificateData, set_certificate
from devices.people.roles import Person
from devices.spares import orders
from devices.store.database import Store
from devices.unit import Unit, found
from devices.values import UNIT, Bin, Carrier, Condition, Model, Register, Site
from panku.wiring import RULEBOOK

_DAY_US = 86_400_000_000

PASSWORDS = {  # printed, so that nobody else may choose them: devices/people/passwords.py
    "admin": ("copper lantern over the river", "admin"),
    "zhang": ("seven grey herons at dawn", "storekeeper"),
    "li": ("a quiet ledger in winter", "auditor"),
    "zhao": ("wooden boats near the gate", "storekeeper"),
    "wang": ("four bicycles in the drizzle", "technician"),
}
_NAMES = {"zhang": "张伟", "li": "李静", "zhao": "赵敏", "wang": "王强"}
_ROLES = (
    ("zhang", "storekeeper", "BJ01"),
    ("li", "auditor", "BJ01"),
    ("zhao", "storekeeper", "TJ01"),
    ("li", "auditor", "TJ01"),
    ("wang", "technician", "BJ01"),
)
_BINS: tuple[tuple[str, Register, Condition], ...] = (
    ("M-01", "merchandise", "good"),
    ("M-02", "merchandise", "good"),
    ("M-09", "merchandise", "quarantine"),
    ("S-01", "spare", "good"),
    ("S-08", "spare", "quarantine"),
    ("S-09", "spare", "faulty"),
    ("R-01", "custody", "good"),
)
TAXPAYERS = (("91350100M000100Y43", "福州晨光商贸有限公司"), ("110101199003077", "朝阳区惠民便利店"))


def fill(store: Store, now_us: int) -> None:
    """Fill empty books; the story begins twenty days before `now_us`."""
    at_us = now_us - 20 * _DAY_US
    unit = _found(store, at_us)
    for index, document in enumerate(_story(store, unit, at_us)):
        moment = at_us + (index + 1) * _DAY_US // 2
        day = (unit.day_of(moment)).isoformat()
        number = _post(store, unit, {**document, "business_date": day}, moment)
        if index % 2 == 0 and document["type"] in ("receipt", "sale", "swap"):
            _approve(store, unit, number, moment + 1)


def _found(store: Store, at_us: int) -> Unit:
    with store.writing():
        unit = found(store, "北方税控服务中心", at_us)
        writer = open_journals(store, [UNIT, "BJ01", "TJ01"], at_us)
        enrolment.begin_administrator(
            writer, unit, "王建国", enrolment.unjudged("admin", PASSWORDS["admin"][0])
        )
        admin = Person(username="admin", name="王建国", roles=frozenset({("admin", UNIT)}))
        for code, name in (("BJ01", "北京海淀库房"), ("TJ01", "天津南开库房")):
            records.write(writer, records.SITE, Site(code, name), by="admin", expected=0)
            for bin_code, register, condition in _BINS:
                value = Bin(code, bin_code, register, condition)
                records.write(writer, records.BIN, value, by="admin", expected=0)
        disk = Model("TCG-01", "tax_disk", "税控盘", "[0-9]{12}", 20000, 12, "TCG-01")
        report = Model("TCG-02", "report_disk", "报税盘", "[0-9]{12}", 10000, 12, "TCG-02")
        for model in (disk, report):
            records.write(writer, records.MODEL, model, by="admin", expected=0)
        records.write(writer, records.CARRIER, Carrier("SF", "顺丰速运"), by="admin", expected=0)
        for username, name in _NAMES.items():
            code = persons.create(writer, unit, admin, username, name).code
            enrolment.enrol(writer, username, code, enrolment.unjudged(username, PASSWORDS[username][0]))
        for username, role, site in _ROLES:
            grants.grant(writer, admin, username, role, site)
        last = (unit.day_of(at_us) + timedelta(days=365)).isoformat()
        data = CertificateData("SG-2026-0117", "启明税控设备厂")
        set_certificate(writer, unit, admin, "wang", data, last)
    return unit


def _story(store: Store, unit: Unit, at_us: int) -> Iterator[dict[str, Any]]:
    disks = [f"{661565714353 + n}" for n in range(24)]
    spares = [f"{661565720011 + n}" for n in range(8)]
    paper = {"supplier": "启明税控设备厂", "delivery_note": "QM-20261102-017", "model": "TCG-01"}
    here = {"site": "BJ01"}
    yield {
        "type": "receipt",
        **here,
        **paper,
        "register": "merchandise",
        "bin": "M-01",
        "lines": _lines(disks),
    }
    yield {"type": "receipt", **here, **paper, "register": "spare", "bin": "S-01", "lines": _lines(spares)}
    yield {"type": "move", **here, "bin": "M-02", "lines": _lines(disks[12:18])}
    for serial, (taxpayer_id, name) in zip(disks, TAXPAYERS, strict=False):
        customer = {"taxpayer_id": taxpayer_id, "name": name, "contact": "陈经理"}
        yield {
            "type": "sale",
            **here,
            "customer": customer,
            "application": "SY-0001",
            "lines": _lines([serial]),
        }
        yield {"type": "registration", **here, "customer": customer, "lines": _lines([serial])}
    yield {"type": "hold", **here, "reason": "外壳破损", "bin": "M-09", "lines": _lines(disks[18:19])}
    order = _open_repair(store, unit, disks[0], at_us)
    swap = {"faulty": disks[0], "spare": spares[0]}
    yield {
        "type": "swap", **here, "order": order, "fault": "无法识别", "terms": "free", "bin": "S-09", "lines": [swap],
    }  # fmt: skip
    sent = {"carrier": "SF", "consignment_number": "SF1234567890"}
    yield {"type": "factory_dispatch", **here, **sent, "maker": "启明税控设备厂", "lines": _lines([disks[0]])}
    away = {"carrier": "SF", "consignment_number": "SF1234567891", "destination": "TJ01"}
    yield {"type": "dispatch", **here, **away, "lines": _lines(disks[12:15])}


def _lines(serials: list[str]) -> list[dict[str, str]]:
    return [{"serial": serial} for serial in serials]


def _open_repair(store: Store, unit: Unit, serial: str, at_us: int) -> str:
    with store.writing():
        writer = open_journals(store, ["BJ01"], at_us)
        order, _ = orders.open_repair_order(
            writer, unit, site="BJ01", serial=serial, fault="无法识别", by="zhang"
        )
    return order.number


def _post(store: Store, unit: Unit, document: dict[str, Any], at_us: int) -> str:
    draft = msgspec.convert(document, AnyDraft)
    with store.writing():
        posted = post.post(store, unit, draft, by=post.Poster("zhang"), at_us=at_us, rulebook=RULEBOOK)
    return posted.number


def _approve(store: Store, unit: Unit, number: str, at_us: int) -> None:
    with store.writing():
        reviewing.review(store, unit, number, "approve", by="li", reason=None, at_us=at_us, rulebook=RULEBOOK)
