"""Custody at a door: inspections, visits and handovers, as one would over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from devices.audit.custody.inspections import CHECKLIST
from devices.journal import open_journals
from devices.ledger.proving.verify import verify
from devices.people import enrolment, grants, persons
from devices.people.roles import Person
from devices.store.database import Store
from devices.unit import unit_of
from devices.values import REGISTERS, UNIT
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import Stores
from tests.counts import begin as begin_count
from tests.counts import close_count, held, scan
from tests.counts import sign as sign_sheet
from tests.door import TODAY, Client, Door, fill_demo

NEWCOMERS = {
    "sun": "three blue kites in spring",
    "qian": "nine slow barges at noon",
}
"""People of the unit without any role."""

DAY_US = 86_400_000_000


class House(Door):
    """A door over books that `fill_house` has filled, in which everybody is signed in once."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.clients: dict[str, Client] = {}

    def copied(self, stores: Stores) -> House:
        """The same house in a store of its own."""
        self.session_store.close()
        house = House(stores.copy(self.store))
        house.now, house.keys = self.now, itertools.count(next(self.keys))
        return house

    def password(self, username: str) -> str:
        return NEWCOMERS.get(username) or super().password(username)

    def enrol(self, username: str) -> None:
        """Sign somebody up, without a role."""
        unit = unit_of(self.store)
        assert unit is not None
        with self.store.writing():
            writer = open_journals(self.store, [UNIT], self.now)
            code = persons.create(writer, unit, self.admin, username, username).code
            enrolment.enrol(
                writer,
                username,
                code,
                enrolment.choose(writer.store, unit, username, self.password(username)),
            )

    def grant(self, username: str, role: str, site: str) -> None:
        """Give somebody a role, as the administrator."""
        with self.store.writing():
            grants.grant(open_journals(self.store, [UNIT], self.now), self.admin, username, role, site)

    def revoke(self, username: str, role: str, site: str) -> None:
        """Take somebody's role away, as the administrator."""
        with self.store.writing():
            grants.revoke(open_journals(self.store, [UNIT], self.now), self.admin, username, role, site)

    def certify(self, username: str) -> None:
        """Give a technician a certificate that outlasts every test, as the administrator."""
        certificate = {"number": "JS-2", "issuer": "省局", "valid_until": "2027-06-30"}
        path = f"/v1/people/{username}/certificate"
        answer = self.of("admin").send("PUT", path, certificate, If_Match='"0"')
        assert answer.status_code == 200, answer.text

    def of(self, username: str) -> Client:
        """Somebody's client; their session is begun anew where time has passed."""
        if username not in self.clients or self.clients[username].get("/v1/me").status_code != 200:
            self.clients[username] = self.sign_in(username)
        return self.clients[username]

    def roles(self, username: str) -> frozenset[tuple[str, str]]:
        """Somebody's roles as they are stored."""
        person = persons.person_of(self.store, username)
        return person.roles if isinstance(person, Person) else frozenset()

    def links(self) -> int:
        """How many links all journals have."""
        return int((self.store.row("SELECT COUNT(*) FROM journal") or (0,))[0])

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Nothing is written in the block."""
        before = self.links()
        yield
        assert self.links() == before

    def faults(self) -> list[Any]:
        """What `panku verify` finds."""
        return verify(self.store, RECORD_KINDS, checks=CHECKS).faults


def fill_house(store: Store) -> None:
    """Fill empty books with the demo, a clerk, a supervisor and the newcomers."""
    fill_demo(store)
    house = House(store)
    house.enrol_extra()
    for username in NEWCOMERS:
        house.enrol(username)
    house.session_store.close()


def codes(answer: Any) -> list[str]:
    """The codes of a refusal."""
    return [each["code"] for each in answer.json["errors"]]


def answers(*changes: dict[str, Any], without: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Every item of the checklist in order and in date, but for these changes."""
    changed = {each["item"]: each for each in changes}
    good = {
        check.code: {
            "item": check.code,
            "ok": True,
            **({"expires_on": "2027-06-30"} if check.expires else {}),
        }
        for check in CHECKLIST
    }
    return [changed.get(code, answer) for code, answer in good.items() if code not in without]


def fault(item: str = "damp", **changes: Any) -> dict[str, Any]:
    """A failed item with its finding."""
    finding = {"fault": "返潮", "owner": "zhang", "due_on": "2026-12-01", **changes}
    return {"item": item, "ok": False, "finding": finding}


def inspect(client: Client, items: list[dict[str, Any]] | None = None, site: str = "BJ01") -> Any:
    """Make an inspection of a site."""
    return client.post("/v1/inspections", {"site": site, "items": answers() if items is None else items})


VISIT = {"site": "BJ01", "visit_on": TODAY, "purpose": "检修空调", "name": "刘洋", "organisation": "制冷维修部",
         "contact": "13800000000"}  # fmt: skip
VISIT_STEPS: dict[str, tuple[str, Any]] = {
    "approve": ("li", None),
    "refuse": ("li", {"reason": "改日"}),
    "enter": ("zhang", {"escort": "zhang"}),
    "leave": ("zhang", None),
}
"""Who takes each step, and with what body."""


def request(house: House, **changes: Any) -> str:
    """Ask for a visitor to be let in; returns the visit's number."""
    answer = house.of("zhang").post("/v1/visits", {**VISIT, **changes})
    assert answer.status_code == 201, answer.text
    number: str = answer.json["number"]
    return number


def take(house: House, number: str, step: str, who: str | None = None) -> Any:
    """Take a step of a visit, as whoever takes it or as `who`."""
    by, body = VISIT_STEPS[step]
    house.now += 1_000_000
    return house.of(who or by).post(f"/v1/visits/{number}/{step}", body)


PARTIES = {"outgoing": "zhang", "incoming": "sun", "supervisor": "chen"}
HANDOVER = {"site": "BJ01", "reason": "岗位调整", **PARTIES}


def count_all(house: House) -> None:
    """Count every register of BJ01 without a variance, and have the sheets sealed."""
    for register in REGISTERS:
        number = begin_count(house.of("zhang"), register)
        states = ("in_stock", "quarantined", "faulty", "in_repair")
        if places := [place for state in states for place in held(house, register, state=state)]:
            scan(house.of("zhang"), number, *places)
        house.now += 1
        assert close_count(house.of("zhang"), number).status_code == 200
        assert sign_sheet(house.of("zhang"), number, "zhang", "storekeeper").status_code == 201
        assert sign_sheet(house.of("li"), number, "li", "auditor").json["stocktake"]["state"] == "sealed"


def begin(house: House, who: str = "zhang", **changes: Any) -> Any:
    """Open a handover of BJ01."""
    house.now += 1_000_000
    return house.of(who).post("/v1/handovers", {**HANDOVER, **changes})


def sign(house: House, number: str, party: str, who: str | None = None, **changes: Any) -> Any:
    """Sign a handover as it is now."""
    house.now += 1_000_000
    username = who or PARTIES[party]
    digest = house.of("chen").get(f"/v1/handovers/{number}").json["digest"]
    body = {"role": party, "digest": digest, "password": house.password(username), **changes}
    return house.of(username).post(f"/v1/handovers/{number}/signatures", body)


SERIALS = itertools.count(661565790001)


def receipt(site: str = "BJ01") -> dict[str, Any]:
    """A receipt of one new device."""
    return {"type": "receipt", "site": site, "business_date": TODAY, "register": "merchandise", "supplier": "厂",
            "delivery_note": "D-1", "model": "TCG-01", "bin": "M-01",
            "lines": [{"serial": str(next(SERIALS))}]}  # fmt: skip
