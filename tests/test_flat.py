"""What is read of jobs costs the same after a hundred thousand of them as after one thousand, on both engines.

The same books are asked the same things, then 99,000 older jobs are written into them, and they are asked again: the
answers are the same, the statements are, and so is what each engine did for them. No time is measured: SQLite counts
the instructions of its virtual machine, PostgreSQL the pages that it touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from devices.journal import open_journals
from devices.problems import Refused
from devices.service.jobs.dispatching import OrderAsked, open_dispatch_order
from devices.unit import unit_of
from devices.values import UNIT
from tests.conftest import ENGINES, Stores
from tests.custody import House, fill_house
from tests.door import NOW, TODAY
from tests.filed_jobs import CUSTOMER, LAST, ORDERS, SERVED, file_jobs, go_on
from tests.statements import plain
from web.door import add_pages

pytestmark = pytest.mark.both_engines

FEW = 1_000
GOING_ON = f"D-BJ01-{LAST + 2}"
"""The order that wang has accepted."""


DEARER = 2
"""How many times what it cost among few it may cost among many: trees of pages grow deeper, of a hundred times as many
by a page or two.
"""


class Asked(msgspec.Struct):
    """What was asked of the books: the answer, each statement, what it cost, and how an engine went about it."""

    answer: Any
    statements: list[str] = []
    cost: int = 0
    steps: Counter[str] = Counter()


class Undone(Exception):
    """Thrown to undo what was written."""


class Books:
    """A house whose statements are heard."""

    def __init__(self, house: House) -> None:
        self.house, self.store = house, house.store

    def ask(self, about: Callable[[House], Any]) -> Asked:
        """Ask something twice, and listen the second time."""
        about(self.house)
        asked = Asked(None, [], 0, Counter())
        with self._heard(asked):
            asked.answer = about(self.house)
        return asked

    @contextmanager
    def _heard(self, asked: Asked) -> Iterator[None]:
        db, send = self.store.db, self.store.db.execute_sql
        explain = self._explained if self.store.engine == "postgresql" else self._planned

        def heard(sql: str, params: Sequence[Any] = ()) -> Any:
            asked.statements.append(plain(sql))
            if sql.startswith(("SELECT", "WITH")) and " FROM " in sql:
                explain(asked, send, sql, params)
            return send(sql, params)

        def stepped() -> None:
            asked.cost += 1

        db.execute_sql = heard
        if self.store.engine == "sqlite":
            db.connection().set_progress_handler(stepped, 1)
        yield
        db.execute_sql = send
        if self.store.engine == "sqlite":
            db.connection().set_progress_handler(None, 0)

    @staticmethod
    def _planned(asked: Asked, send: Any, sql: str, params: Sequence[Any]) -> None:
        steps = [str(row[3]) for row in send(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()]
        asked.steps.update(step for step in steps if step.startswith(("SCAN", "SEARCH")))

    @staticmethod
    def _explained(asked: Asked, send: Any, sql: str, params: Sequence[Any]) -> None:
        plan = send(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params).fetchone()[0][0]["Plan"]
        asked.cost += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        nodes = [plan]
        while nodes:
            node = nodes.pop()
            nodes += node.get("Plans", [])
            if "Relation Name" in node:
                asked.steps[f"{node['Node Type']} {node['Relation Name']} {node.get('Index Name')}"] += 1


def reading(who: str, path: str, *, older: bool = False) -> Callable[[House], Any]:
    """What somebody is answered; how many, of a list that begins at the oldest."""

    def read(house: House) -> Any:
        answer = house.of(who).get(path)
        assert answer.status_code == 200, answer.text
        return len(answer.json) if older else answer.text

    return read


def opening(**more: Any) -> Callable[[House], Any]:
    """What comes of an order that is opened, which is then undone: the job it repeats, or why it is refused."""
    asked = {"site": "BJ01", "purposes": ("return_visit",), "asked_at": NOW, "fault": "不亮", **more}

    def opened(house: House) -> Any:
        try:
            with house.store.writing():
                return _opened_and_undone(house, OrderAsked(**asked))
        except Refused as refused:
            return [(each.code, each.facts) for each in refused.problems]
        except Undone as undone:
            return undone.args

    return opened


def _opened_and_undone(house: House, asked: OrderAsked) -> None:
    unit = unit_of(house.store)
    assert unit is not None
    writer = open_journals(house.store, ["BJ01", UNIT], house.now)
    order, _ = open_dispatch_order(writer, unit, asked, by="zhang")
    raise Undone(order.number, order.repeat_of)


SCENES: dict[str, Callable[[House], Any]] = {
    "the board": reading("zhang", "/dispatch"),
    "the board of one technician": reading("zhang", "/dispatch?technician=wang"),
    "a technician's jobs": reading("wang", "/jobs"),
    "home": reading("zhang", "/"),
    "a technician's home": reading("wang", "/"),
    "what is due": reading("zhang", "/v1/deadlines?site=BJ01"),
    "what was met": reading("zhang", "/v1/deadlines?site=BJ01&met_since=2026-11-23"),
    "orders that are open": reading("zhang", f"{ORDERS}?state=open"),
    "open orders of every site": reading("li", f"{ORDERS}?state=open"),
    "everybody's open orders": reading("chen", f"{ORDERS}?state=open"),
    "every order": reading("chen", ORDERS, older=True),
    "a site's orders": reading("zhang", f"{ORDERS}?site=BJ01", older=True),
    "done orders": reading("chen", f"{ORDERS}?state=done", older=True),
    "done orders of some sites": reading("li", f"{ORDERS}?state=done", older=True),
    "orders of a day": reading("chen", f"{ORDERS}?from={TODAY}"),
    "a technician's orders": reading("zhang", f"{ORDERS}?technician=zhao"),
    "open orders of a technician": reading("zhang", f"{ORDERS}?technician=wang&state=open"),
    "orders of a device": reading("zhang", f"{ORDERS}?serial={SERVED}"),
    "orders of a customer": reading("zhang", f"{ORDERS}?customer={CUSTOMER}"),
    "a device": reading("zhang", f"/v1/devices/{SERVED}"),
    "a device's page": reading("zhang", f"/devices/{SERVED}"),
    "a customer's orders": reading("zhang", f"/v1/customers/{CUSTOMER}/orders"),
    "a customer's page": reading("zhang", f"/customers/{CUSTOMER}"),
    "an order": reading("zhang", f"{ORDERS}/{GOING_ON}"),
    "an order's page": reading("zhang", f"/orders/{GOING_ON}"),
    "a technician's job": reading("wang", f"/jobs/{GOING_ON}"),
    "orders on a page": reading("zhang", "/orders"),
    "installations on a page": reading("wu", "/installations"),
    "installations that are asked": reading("wu", "/v1/installations?state=asked"),
    "installations of a technician": reading("wu", "/v1/installations?state=asked&technician=wang"),
    "a technician's own installations": reading("wang", "/v1/installations?limit=10", older=True),
    "calls that are due": reading("chen", "/v1/follow-ups?state=due"),
    "every call": reading("chen", "/v1/follow-ups", older=True),
    "calls of a day": reading("zhang", f"/v1/follow-ups?from={TODAY}"),
    "a call": reading("chen", f"/v1/follow-ups/D-BJ01-{LAST + 1}"),
    "complaints that are received": reading("chen", "/v1/complaints?state=received"),
    "calls on a page": reading("chen", "/follow-ups"),
    "calls of a state on a page": reading("chen", "/follow-ups?state=answered"),
    "complaints on a page": reading("chen", "/complaints"),
    "complaints on an owner's page": reading("wang", "/complaints?mine=yes"),
    "complaints of an owner": reading("wang", "/v1/complaints?limit=10", older=True),
    "complaints about an order": reading("zhang", f"/orders/D-BJ01-{LAST + 1}"),
    "complaints of a customer": reading("zhang", f"/v1/complaints?customer={CUSTOMER}"),
    "a supervisor's home": reading("chen", "/"),
    "an auditor's home": reading("li", "/"),
    "an order that repeats a job": opening(serials=(SERVED,)),
    "an order that is open already": opening(serials=(SERVED,), purposes=("repair",)),
    "an order issued already": opening(serials=(SERVED,), issued_as="FW-1"),
}
"""What people ask daily of jobs, by name."""


@pytest.fixture(scope="module", params=ENGINES)
def asked(request: pytest.FixtureRequest, stores: Stores) -> Iterator[dict[str, tuple[Asked, Asked]]]:
    """What each scene was answered, first among few jobs and then among many."""
    house = House(stores.filled(request.param, fill_house))
    add_pages(house.app, house.services)
    file_jobs(house.store, LAST - FEW + 1)
    go_on(house)
    few = {name: Books(house).ask(scene) for name, scene in SCENES.items()}
    file_jobs(house.store, 1, LAST - FEW)
    yield {name: (few[name], Books(house).ask(scene)) for name, scene in SCENES.items()}
    house.session_store.close()
    stores.drop(house.store)


@pytest.mark.parametrize("scene", SCENES)
def test_it_costs_the_same_among_many(asked: dict[str, tuple[Asked, Asked]], scene: str) -> None:
    few, many = asked[scene]
    assert many.answer == few.answer
    assert many.statements == few.statements
    assert many.cost <= few.cost * DEARER, many.steps
    assert [step for step in many.steps if step.startswith("Seq Scan record")] == []
