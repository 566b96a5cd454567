"""The answer kept for a request is vouched for by the document it posted: without it, a resend would post again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.ledger.proving.requests import request_faults
from devices.ledger.proving.verify import verify
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.door import TODAY, Door, move
from tests.test_verify import Rollback, unguard

pytestmark = pytest.mark.both_engines


@pytest.fixture(scope="module", params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """Books with documents that were posted over HTTP, among them a proposal that was reviewed, without the guards."""
    store = stores.demo(request.param)
    made = Door(store)
    zhang, li = made.sign_in("zhang"), made.sign_in("li")
    assert zhang.post("/v1/documents", move()).status_code == 201
    undone = {"type": "reversal", "site": "BJ01", "business_date": TODAY, "reason": "错"}
    (receipt,) = store.row("SELECT MIN(number) FROM document WHERE type = 'hold'") or ("",)
    answer = zhang.post("/v1/documents", {**undone, "document": receipt})
    assert answer.status_code == 202, answer.text
    approval = {"decision": "approve", "password": made.password("li")}
    approved = li.post(f"/v1/documents/{answer.json['number']}/review", approval)
    assert approved.status_code == 200, approved.text
    unguard(store)
    yield made
    made.session_store.close()
    stores.drop(store)


def marked(door: Door) -> set[str]:
    """The documents that hold the mark of a request."""
    rows = door.store.rows("SELECT number FROM document WHERE content LIKE '%\"request\":%'")
    return {number for (number,) in rows}


def told_after(door: Door, statement: str) -> set[str]:
    """The documents told once something was changed; it is undone again."""
    found: set[str] = set()
    try:
        with door.store.writing():
            assert door.store.execute(statement).rowcount > 0
            found = {fault.key for fault in request_faults(door.store)}
            raise Rollback  # noqa: TRY301
    except Rollback:
        return found


def test_every_document_of_a_request_has_its_answer_kept(door: Door) -> None:
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []
    assert len(marked(door)) == 2, "what was posted from within is no request"


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM request",
        "UPDATE request SET key = key || 'x'",
        "UPDATE request SET principal = principal || 'x'",
        "UPDATE request SET fingerprint = fingerprint || 'x'",
        "UPDATE request SET reference = '{}'",
        "UPDATE request SET reference = 'x'",
    ],
)
def test_an_answer_that_was_taken_away_or_changed_is_found(door: Door, change: str) -> None:
    marked = {
        number
        for (number,) in door.store.rows("SELECT number FROM document WHERE content LIKE '%\"request\":%'")
    }
    assert told_after(door, change) == marked
