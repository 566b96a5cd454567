"""A site's feed: every line since a cursor, of the given sites only, from which their books are rebuilt."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from random import Random
from threading import Barrier
from zlib import compress

import msgspec
import pytest

from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.posting import post
from devices.ledger.proving.verify import verify
from devices.ledger.reading import changes as feed
from devices.ledger.reading import exported_lines
from devices.ledger.reading.changes import FeedCursor, changes
from devices.ledger.reading.cursors import UNPACKED_LIMIT, encoded
from devices.ledger.reading.listing import foreign_document
from devices.problems import Refused
from devices.store.database import Row, Store
from panku.wiring import RECORD_KINDS, RULEBOOK
from tests.conftest import Stores
from tests.feeds import Follower, assert_exported
from tests.ledger_books import NOW, TODAY, Books
from tests.reading_books import SERIALS, ReadingBooks
from tests.staff import codes

LONGEST_ADDRESS = 4094
"""As gunicorn takes it: panku/gunicorn_conf.py."""
TORN = urlsafe_b64encode(compress(b" " * 10 * UNPACKED_LIMIT)).decode()
"""Short, and far too long once it is unpacked."""


def test_changes_are_told_once_each_in_order(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, *SERIALS[:3])
    books.receive(3, *SERIALS[3:6], site="B2")
    books.sell(4, SERIALS[0])
    seen, cursor, more = [], None, True
    while more:
        page = changes(store, ["A1", "B2"], cursor, 2)
        seen += [(line.serial, line.step) for line in page.lines]
        cursor, more = page.cursor, page.more
    assert seen == [*((serial, 1) for serial in SERIALS[:6]), (SERIALS[0], 2)]
    assert changes(store, ["A1", "B2"], cursor, 2).lines == []
    books.sell(5, SERIALS[1])
    assert [line.serial for line in changes(store, ["A1", "B2"], cursor, 2).lines] == [SERIALS[1]]


@pytest.mark.both_engines
def test_changes_of_other_sites_are_not_told(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, SERIALS[0])
    books.receive(3, SERIALS[1], site="B2")
    both = changes(store, ["A1", "B2"])
    assert [line.serial for line in changes(store, ["B2"]).lines] == [SERIALS[1]]
    assert changes(store, ["A1"], both.cursor).lines == []
    assert changes(store, []).lines == []


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "汉", "!!!!", "A" * 70_000, TORN, encoded({"A1": [1, 1]}), encoded([1]), encoded([{"A1": "x"}, {}]),
        encoded([{"A1": [-1, 1]}, {}]), encoded([{"A1": [2**63, 1]}, {}]),
    ],
)  # fmt: skip
def test_malformed_cursor(store: Store, cursor: str) -> None:
    with pytest.raises(Refused) as refused:
        changes(store, ["A1"], cursor)
    assert codes(refused.value) == ["malformed_cursor"]


@pytest.mark.both_engines
def test_a_site_is_told_of_lines_of_its_devices_wherever_they_are_written(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, *SERIALS[:2])
    books.sell(3, SERIALS[0])
    books.register(4, SERIALS[0])
    order = books.repair(5, SERIALS[0], site="B2")
    seen = changes(store, ["A1"]).cursor
    books.post("repair_intake", 5, SERIALS[0], site="B2", order=order, fault="不亮", bin="C1")
    books.receive(6, SERIALS[2], site="B2")
    told = changes(store, ["A1"], seen)
    assert [(line.serial, line.type, line.journal_site) for line in told.lines] == [
        (SERIALS[0], "repair_intake", "B2")
    ]
    assert changes(store, ["A1"], told.cursor).lines == []
    everything = changes(store, ["A1", "B2"]).lines
    assert len({(line.serial, line.step) for line in everything}) == len(everything), "each once"


def sent_and_arrived(store: Store) -> tuple[ReadingBooks, str]:
    """Three devices of A1, of which two went to B2 and arrived; the arrival."""
    books = ReadingBooks(store)
    books.receive(2, *SERIALS[:3])
    sent = books.post(
        "dispatch", 3, *SERIALS[:2], destination="B2", carrier="SF", consignment_number="SF-1",
    )  # fmt: skip
    return books, books.post("arrival", 4, *SERIALS[:2], site="B2", dispatch=sent, bin="M1")


@pytest.mark.both_engines
def test_an_arrival_that_is_reversed_is_told_to_the_site_whose_device_is_on_its_way_again(
    store: Store,
) -> None:
    books, arrival = sent_and_arrived(store)
    followers = [Follower(store, ["A1"]), Follower(store, ["B2"])]
    for follower in followers:
        follower.read_all()
        follower.holds()
    undoing = books.post("reversal", 5, site="B2", document=arrival, reason="错", serials=[SERIALS[0]])
    books.approve(undoing, 5)
    for follower in followers:
        follower.read_all()
        follower.holds()
    last = followers[0].lines[-1]
    assert (last.serial, last.document, last.journal_site) == (SERIALS[0], undoing, "B2")
    assert (last.from_site, last.position.state, last.position.site) == ("B2", "in_transit", "A1")
    told = foreign_document(store, undoing, ["A1"])
    assert told is not None
    assert [line.serial for line in told.lines] == [SERIALS[0]]
    for site in ("A1", "B2"):
        assert_exported(store, site)


@pytest.mark.both_engines
def test_the_migrations_find_the_lines_that_are_there(store: Store) -> None:
    books, arrival = sent_and_arrived(store)
    books.approve(books.post("reversal", 5, site="B2", document=arrival, reason="错"), 5)
    everything = "SELECT * FROM line_elsewhere ORDER BY site, journal_site, journal_seq, n"
    kept = store.rows(everything)
    assert len(kept) == 4, "two arrived, and two are on their way again"
    with store.writing():
        store.execute("DELETE FROM line_elsewhere")
        for name in ("0008_elsewhere", "0011_elsewhere_after"):
            store.execute(import_module(f"devices.store.migrations.{name}").FILL)
    assert store.rows(everything) == kept


@pytest.mark.both_engines
@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM line_elsewhere WHERE journal_seq = (SELECT MAX(journal_seq) FROM line_elsewhere)",
        "INSERT INTO line_elsewhere SELECT 'B2', journal_site, journal_seq, n FROM line WHERE step = 1",
    ],
)
def test_who_is_told_is_verified(store: Store, change: str) -> None:
    books, arrival = sent_and_arrived(store)
    books.approve(books.post("reversal", 5, site="B2", document=arrival, reason="错"), 5)
    assert verify(store, RECORD_KINDS).faults == []
    with store.writing():
        store.execute(change)
    assert {fault.table for fault in verify(store, RECORD_KINDS).faults} == {"line_elsewhere"}


# --- a cursor


def test_a_line_that_is_committed_later_and_recorded_earlier_is_told(store: Store) -> None:
    books, follower = ReadingBooks(store), Follower(store, ["A1", "B2"])
    books.receive(6, SERIALS[0], site="B2")
    follower.read_all()
    books.receive(3, SERIALS[1])
    follower.read_all()
    follower.holds()
    assert [line.serial for line in follower.lines] == [SERIALS[0], SERIALS[1]]


def test_a_line_under_way_in_one_journal_does_not_hold_up_nor_lose_the_others(stores: Stores) -> None:
    store = stores.fresh("postgresql")
    books, other, follower = Books(store), Store(store.url), Follower(store, ["BJ01", "TJ01"])
    with other.writing():
        put(other, books, SERIALS[0], "BJ01", NOW)
        put_alone(store, books, SERIALS[1], "TJ01", NOW + 1)
        follower.read_all()
        assert [line.serial for line in follower.lines] == [SERIALS[1]]
    follower.read_all()
    follower.holds()
    other.close()
    stores.drop(store)


def put(store: Store, books: Books, serial: str, site: str, at_us: int) -> None:
    """Receive a device, within a transaction."""
    body = {
        "type": "receipt", "site": site, "business_date": TODAY, "register": "merchandise", "supplier": "厂",
        "delivery_note": "D", "model": "TCG-01", "bin": "MG", "lines": [{"serial": serial}],
    }  # fmt: skip
    draft = msgspec.convert(body, AnyDraft)
    post.post(store, books.unit, draft, by=post.Poster("zhang"), at_us=at_us, rulebook=RULEBOOK)


def put_alone(store: Store, books: Books, serial: str, site: str, at_us: int) -> None:
    """Receive a device, in a transaction of its own."""
    with store.writing():
        put(store, books, serial, site, at_us)


@pytest.mark.both_engines
def test_writers_side_by_side_make_no_line_lost_or_told_twice(store: Store) -> None:
    books, count = Books(store), 20
    begin = Barrier(3)

    def write(site: str, first: int) -> None:
        own = Store(store.url)
        begin.wait(30)
        for n in range(count):  # one clock is ahead of the other
            put_alone(own, books, f"66156580{first + n:04d}", site, NOW + n * 1000 + first)
        own.close()

    followers = [Follower(store, sites) for sites in (["BJ01"], ["TJ01"], ["BJ01", "TJ01"])]
    chance = Random(1)
    with ThreadPoolExecutor(2) as threads:
        writing = [threads.submit(write, site, first) for site, first in (("BJ01", 0), ("TJ01", 5000))]
        begin.wait(30)
        while not all(each.done() for each in writing):
            for follower in followers:
                follower.read(chance.randint(1, 7))
        for each in writing:
            each.result()
    for follower in followers:
        follower.read_all()
        follower.holds()
    assert len(followers[-1].lines) == 2 * count


@pytest.mark.both_engines
def test_a_site_that_comes_to_a_cursor_is_told_from_its_beginning(store: Store) -> None:
    sent_and_arrived(store)
    cursor = changes(store, ["A1"]).cursor
    told = {(line.serial, line.step) for line in changes(store, ["A1", "B2"], cursor).lines}
    assert told == {(serial, 3) for serial in SERIALS[:2]}, "B2's arrivals, which A1 was told of too"
    assert changes(store, ["B2"], cursor).lines == changes(store, ["B2"]).lines


@pytest.mark.both_engines
def test_a_site_that_leaves_a_cursor_takes_nothing_along(store: Store) -> None:
    books, _ = sent_and_arrived(store)
    cursor = changes(store, ["A1", "B2"]).cursor
    assert changes(store, ["A1"], cursor).lines == []
    books.receive(5, SERIALS[5], site="B2")
    alone = changes(store, ["A1"], cursor)
    assert alone.lines == []
    assert [line.serial for line in changes(store, ["A1", "B2"], cursor).lines] == [SERIALS[5]]


def test_a_cursor_of_many_journals_fits_into_an_address() -> None:
    chance = Random(1)
    own = {f"BJ{n:03}": (chance.randint(1, 200_000), chance.randint(1, 500)) for n in range(350)}
    assert len(f"GET /v1/changes?limit=500&after={encoded(FeedCursor(own, {}))} HTTP/1.1") < LONGEST_ADDRESS


# --- how it is read


@pytest.mark.both_engines
def test_a_feed_of_more_parts_than_a_statement_takes_is_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = ("BJ01", "TJ01", "SH01", "GZ01")
    books = Books(store, sites)
    for n, (site, other) in enumerate((sites[:2], sites[1:3], sites[2:], (sites[3], sites[0]))):
        serials = [f"6615658{n}{k:04d}" for k in range(3)]
        books.receive(*serials, site=site)
        away = {"destination": other, "carrier": "SF", "consignment_number": f"SF-{n}"}
        sent = books.post("dispatch", *serials, site=site, **away).number
        books.post("arrival", *serials, site=other, dispatch=sent, bin="MG")
    whole = [changes(store, some, None, 500).lines for some in (sites[:1], sites[:2], sites)]
    monkeypatch.setattr(feed, "PARTS_AT_ONCE", 2)
    for some, lines in zip((sites[:1], sites[:2], sites), whole, strict=True):
        follower = Follower(store, some)
        follower.read_all(2)
        follower.holds()
        assert follower.lines == lines


@pytest.mark.both_engines
def test_a_feed_is_read_by_its_indexes(demo: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    explain = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}[demo.engine]
    rows = demo.rows
    steps: list[str] = []

    def explained(sql: str, params: Sequence[object] = ()) -> list[Row]:
        steps.extend(str(row[-1]).strip() for row in rows(f"{explain} {sql}", params))
        return rows(sql, params)

    monkeypatch.setattr(demo, "rows", explained)
    with demo.reading():
        if demo.engine == "postgresql":  # else it reads so small a table whole
            demo.execute("SET LOCAL enable_seqscan = off")
        changes(demo, ["TJ01"])
        list(exported_lines.pages(demo, "TJ01"))
    whole = ("SCAN l", "SCAN e", "Seq Scan on line")
    assert [step for step in steps if step.startswith(whole)] == []
    assert any("line_journal" in step for step in steps)
