"""Records are found by columns: books that had none get them filled in by their migration, as `verify` wants them."""

from __future__ import annotations

import pytest

from devices.ledger.proving.verify import verify
from devices.store import schema
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.counts import begin as begin_count
from tests.custody import House, answers, count_all, fault, fill_house, inspect, request, take

pytestmark = pytest.mark.both_engines

SERVED = "SELECT MAX(serial) FROM position WHERE state = 'in_service' AND responsible_site = 'BJ01'"
LATER_KINDS = "('certificate', 'attachment')"
"""Those that were found by nothing when the migration was written."""
COLUMNS = ("state", "customer", "day")


@pytest.fixture(params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> House:
    """A site with an order of each kind, inspections with findings, visitors and counts."""
    return House(stores.filled(request.param, fill_house))


def fill(house: House) -> None:
    zhang = house.of("zhang")
    order = {"site": "BJ01", "serial": "661565714354", "fault": "坏"}
    assert zhang.post("/v1/repairs", order).status_code == 201
    done = {"completed_at": "2026-11-24T09:00:00+08:00", "diagnosis": "坏", "work": "换", "charged_fen": 0}
    (served,) = house.store.row(SERVED) or ()
    opened = zhang.post("/v1/repairs", {**order, "serial": served})
    filed = zhang.post(f"/v1/repairs/{opened.json['number']}/service-record", done)
    assert filed.status_code == 201, filed.text
    count_all(house)
    begin_count(zhang, "spare")
    inspected = inspect(house.of("zhang"), answers(fault("damp"), fault("fire"))).json["number"]
    assert (
        zhang.post(f"/v1/inspections/{inspected}/settle", {"item": "damp", "work": "已修"}).status_code < 300
    )
    take(house, request(house), "approve")


def test_a_migration_fills_in_what_records_are_found_by(house: House) -> None:
    fill(house)
    store = house.store
    found = f"SELECT kind, key, {', '.join(COLUMNS)} FROM record WHERE kind NOT IN {LATER_KINDS} ORDER BY kind, key"
    before = store.rows(found)
    assert {row[2] for row in before} >= {"open", "closed", "sealed", "counting", "approved"}
    store.execute("DROP INDEX record_unregistered")
    for index in ("record_state", "record_customer", "record_day", "record_assignee", "record_work"):
        store.execute(f"DROP INDEX {index}")
    for column in COLUMNS:
        store.execute(f"ALTER TABLE record DROP COLUMN {column}")
    store.execute("DELETE FROM schema_migration WHERE name = '0005_found_by'")
    schema.accept(store)
    assert schema.migrate(store) == ["0005_found_by"]
    assert store.rows(found) == before
    faults = verify(store, RECORD_KINDS, checks=CHECKS).faults
    assert [each for each in faults if each.key.split()[0] not in LATER_KINDS] == []
