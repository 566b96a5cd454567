"""What is changed of a call or a complaint behind the books' back is found by whoever verifies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.examples import ANSWERS_EXAMPLE
from devices.store.database import Store
from tests.conftest import ENGINES, Stores
from tests.custody import House, fill_house
from tests.dispatched import done, sent
from tests.test_verify import faults_after, unguard

pytestmark = pytest.mark.both_engines
JOB = "D-BJ01-000001"
CALL, COMPLAINT = f"F{JOB}", "P-BJ01-000001"
SAID, ACCOUNT = "下次早点来", "他收了我一百块钱"
SERVED = "661565714354"


def fill_called(store: Store) -> None:
    """The house with a job that was called about: the customer says that they paid, which the record does not."""
    fill_house(store)
    house = House(store)

    def post(who: str, path: str, body: Any = None) -> Any:
        answer = house.of(who).post(path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    number = post("zhang", "/v1/dispatch-orders", sent(SERVED, technician="wang"))["number"]
    assert number == JOB
    post("wang", f"/v1/dispatch-orders/{number}/service-record", done())
    answers = {**ANSWERS_EXAMPLE, "on_time": "unknown", "disk": None, "overall": 5}
    spoken = {"name": "刘会计", "remarks": SAID}
    body = {"answers": answers, "complaint": ACCOUNT, "spoken_to": spoken}
    called = post("chen", f"/v1/follow-ups/{number}/answer", body)
    assert (called["state"], called["complaint"]) == ("differing", COMPLAINT)
    post("chen", f"/v1/complaints/{COMPLAINT}/investigate", {"text": "查付款记录", "valid": True})
    house.session_store.close()


@pytest.fixture(scope="module", params=ENGINES)
def books(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    """Books whose guards have been taken away."""
    store = stores.filled(request.param, fill_called)
    unguard(store)
    yield store
    stores.drop(store)


@pytest.mark.parametrize("key", [CALL, COMPLAINT])
@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("UPDATE record SET state = 'closed' WHERE key = ?", {"record"}),
        ("UPDATE record SET customer = NULL WHERE key = ?", {"record"}),
        ("UPDATE record SET day = '2020-01-01' WHERE key = ?", {"record"}),
        ("UPDATE record SET assignee = 'sun' WHERE key = ?", {"record"}),
        ("UPDATE record SET reference = 'hj-1' WHERE key = ?", {"record"}),
        ("UPDATE record SET content = REPLACE(content, 'wang', 'sun') WHERE key = ?", {"record"}),
        ("DELETE FROM record WHERE key = ?", {"record"}),
        ("DELETE FROM record_device WHERE key = ?", {"record"}),
        ("DELETE FROM personal WHERE key = ?", {"personal"}),
        ("UPDATE personal SET content = NULL, salt = NULL WHERE key = ?", {"personal"}),
        ("UPDATE personal SET content = REPLACE(content, '收了', '没收') WHERE key = ?", None),
    ],
)  # fmt: skip
def test_what_is_changed_of_one_is_found(
    books: Store, key: str, statement: str, tables: set[str] | None
) -> None:
    if tables is None:
        key, tables = COMPLAINT, {"personal"}
    found = faults_after(books, statement, (key,))
    assert {fault.table for fault in found} == tables
    assert any(key in fault.key or key in fault.what for fault in found)


def test_a_verdict_or_an_answer_changed_in_the_chain_itself_is_found(books: Store) -> None:
    for key, was, now in (
        (COMPLAINT, '"valid":true', '"valid":false'),
        (CALL, '"paid_fen":10000', '"paid_fen":0'),
    ):
        statement = "UPDATE revision SET content = REPLACE(content, ?, ?) WHERE key = ?"
        found = faults_after(books, statement, (was, now, key))
        assert any(key in fault.key for fault in found), key
