"""A document vouches for the one it cites: an origin's journal written anew is caught by the destination's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import NamedTuple
from unittest.mock import patch

import msgspec
import pytest

from devices.chain import Link, digest_of
from devices.ledger.posting.rows import document_digest
from devices.ledger.proving.verify import verify
from devices.store.database import Store
from devices.store.tables import columns_of
from devices.store.tables.ledger import Documents, Lines
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.ledger_books import Books
from tests.test_verify import Rollback, unguard

DEVICE = "661565700001"


class Sent(NamedTuple):
    """Books with a device that was dispatched by BJ01 and arrived at TJ01, without the guards; both documents."""

    store: Store
    dispatch: str
    arrival: str


@pytest.fixture(scope="module", params=ENGINES)
def sent(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Sent]:
    store = stores.fresh(request.param)
    books = Books(store)
    books.receive(DEVICE)
    away = {"destination": "TJ01", "carrier": "SF", "consignment_number": "W1"}
    dispatch = books.post("dispatch", DEVICE, **away).number
    arrival = books.post("arrival", DEVICE, site="TJ01", dispatch=dispatch, bin="MG").number
    unguard(store)
    yield Sent(store, dispatch, arrival)
    stores.drop(store)


def columns(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def rewrite(store: Store, number: str) -> None:
    """Change who posted the last document of a journal and what it says, consistently up to its link's hash."""
    store.execute(
        "UPDATE document SET content = REPLACE(content, 'W1', 'W9'), made_by = 'wang' WHERE number = ?",
        (number,),
    )
    row = store.row(f"SELECT {columns(columns_of(Documents))} FROM document WHERE number = ?", (number,))
    assert row is not None
    lines = store.rows(
        f"SELECT {columns(columns_of(Lines))} FROM line WHERE document = ? ORDER BY n", (number,)
    )
    site, seq = row[1], row[-1]
    found = store.row(
        f"SELECT {columns(Link.__struct_fields__)} FROM journal WHERE site = ? AND seq = ?", (site, seq)
    )
    assert found is not None
    assert store.row("SELECT MAX(seq) FROM journal WHERE site = ?", (site,)) == (seq,)
    link = msgspec.structs.replace(Link(*found), digest=document_digest(row, lines))
    changed = (link.digest, digest_of(msgspec.structs.astuple(link)[:-1]), site, seq)
    store.execute("UPDATE journal SET digest = ?, hash = ? WHERE site = ? AND seq = ?", changed)


def test_an_arrival_holds_the_link_of_its_dispatch(sent: Sent) -> None:
    link = sent.store.row("SELECT site, seq, hash FROM journal WHERE reference = ?", (sent.dispatch,))
    row = sent.store.row("SELECT content FROM document WHERE number = ?", (sent.arrival,))
    assert link is not None
    assert row is not None
    assert msgspec.json.decode(row[0])["cited_link"] == list(link)
    assert verify(sent.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_a_dispatch_whose_journal_was_written_anew_is_caught_by_its_arrival(sent: Sent) -> None:
    try:
        with sent.store.writing():
            rewrite(sent.store, sent.dispatch)
            with patch.object(type(sent.store), "reading", lambda _: nullcontext()):
                faults = verify(sent.store, RECORD_KINDS, checks=CHECKS).faults
            raise Rollback  # noqa: TRY301
    except Rollback:
        assert [(fault.table, fault.key) for fault in faults] == [("document", sent.arrival)]
