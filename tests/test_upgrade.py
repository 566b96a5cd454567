"""Books of earlier versions, kept as they were left, become those of this one: they verify, and read as they did."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.examples import ANSWERS_EXAMPLE
from devices import records
from devices.journal import open_journals
from devices.paperwork.dispatches import Confirmation, Outcomes, ServiceRecord, StepTaken
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.people.kinds import GRANT, Grant
from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store import schema
from devices.store.database import Store
from devices.store.schema import BOOK_MIGRATIONS, Migrations
from devices.store.schema_objects import objects_of
from devices.values import KINDS, UNIT, Model
from panku import settings
from panku.commands import main
from tests import counted_house, kept_books
from tests.conftest import ENGINES, Stores
from tests.counted_house import SITE, made, today
from tests.counts import SECOND
from tests.custody import House, codes
from tests.dispatched import done
from tests.door import Client
from tests.kept_books import Answer, Kept

pytestmark = pytest.mark.both_engines

FILES = kept_books.files()
MOST_BYTES = 150_000
SERVED = "0015_service"
"""The migration with which dispatch orders became what they are."""
READ_OTHERWISE: dict[str, dict[str, str]] = {
    SERVED: {
        r"/v1/dispatch-orders.*#/(\d+/)?serial: '\d+' is now None": "an order may be about several: `serials`",
        r"/v1/dispatch-orders.*#/(\d+/)?opened_on: '.*' is now None": "it tells the moment: `opened_at`",
        r"/v1/dispatch-orders.*#/(\d+/)?cancelled: \w+ is now None": "it is one of its states: `state`",
        r"/v1/dispatch-orders.*#/(\d+/)?technician: '.*' is now None": "who is no person is `technician_text`",
    },
}
"""What is answered otherwise since the version of a migration: a pattern of `path#/pointer`, and why.

Of books that have had the migration nothing of it is. A member that is new in an answer needs no entry: programs pass
over what they do not know.
"""
MEANWHILE = """
def up(migrator, db):
    db.execute_sql("ALTER TABLE document ADD COLUMN weight INTEGER")
    db.execute_sql("CREATE TABLE pallet (code TEXT PRIMARY KEY, document TEXT REFERENCES document (number))")
    db.execute_sql("INSERT INTO pallet (code, document) SELECT number, number FROM document")
    db.execute_sql("CREATE INDEX pallet_document ON pallet (document)")
"""
"""A migration as one may be written some day: a column of a table that is never changed, and a table that is filled."""


@pytest.fixture(scope="module", params=FILES, ids=lambda file: file.name.partition(".")[0])
def kept(request: pytest.FixtureRequest) -> Kept:
    return kept_books.read(request.param)


@pytest.fixture(scope="module", params=ENGINES)
def old(request: pytest.FixtureRequest, stores: Stores, kept: Kept) -> Iterator[Store]:
    """The books of an earlier version, which no test changes."""
    store = stores.empty(request.param)
    kept_books.load(kept, store)
    yield store
    stores.drop(store)


@pytest.fixture(scope="module")
def house(stores: Stores, kept: Kept, old: Store) -> Iterator[House]:
    """The same, after the upgrade."""
    store = stores.copy(old)
    assert schema.migrate(store) == newer(kept, BOOK_MIGRATIONS)
    with closing(Store(session_store_url(store.url))) as session_store:
        migrate_session_store(session_store)
    made = kept_books.house_of(kept, store)
    yield made
    made.session_store.close()
    stores.drop(store)


def newer(kept: Kept, migrations: Migrations) -> list[str]:
    """The migrations that came after the version whose books were kept."""
    names = sorted(path.stem for path in migrations.folder.glob("0*.py"))
    assert set(kept.migrations) <= set(names)
    return [name for name in names if name not in kept.migrations]


def unlike(before: Any, now: Any, where: str = "") -> Iterator[str]:
    """The pointers of whatever was answered before and is not answered now as it was."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name, value in before.items():
            yield from unlike(value, now.get(name), f"{where}/{name}")
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for n, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from unlike(one, other, f"{where}/{n}")
    elif before != now:
        yield f"{where}: {before!r} is now {now!r}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_kept_books_are_a_small_file(file: Path) -> None:
    assert file.stat().st_size <= MOST_BYTES


def test_books_of_an_earlier_version_are_kept() -> None:
    assert FILES, "python -m tests.kept_books"


def test_old_books_are_whole_and_lack_just_what_is_newer(old: Store, kept: Kept) -> None:
    assert schema.pending(old) == newer(kept, BOOK_MIGRATIONS)
    assert schema.differences(old) == []


def test_upgraded_books_verify(house: House) -> None:
    schema.check_schema(house.store)
    assert house.faults() == []


def test_upgraded_books_have_what_new_ones_have(stores: Stores, house: House) -> None:
    fresh = stores.fresh(house.store.engine)
    assert objects_of(house.store).keys() == objects_of(fresh).keys()
    stores.drop(fresh)


def read_otherwise(house: House, answers: list[Answer]) -> list[str]:
    """Whatever of these kept answers is another now."""
    return [
        f"{asked.path}#{each}"
        for asked in answers
        for each in unlike(asked.body, house.of(asked.who).get(asked.path).json)
    ]


def declared(kept: Kept) -> list[str]:
    """The patterns of READ_OTHERWISE that are of what is newer than these books."""
    return [
        pattern
        for since, patterns in READ_OTHERWISE.items()
        if since not in kept.migrations
        for pattern in patterns
    ]


def undeclared(found: list[str], kept: Kept) -> list[str]:
    """The differences of which READ_OTHERWISE does not say why."""
    return [each for each in found if not any(re.search(pattern, each) for pattern in declared(kept))]


def test_upgraded_books_read_as_they_did(house: House, kept: Kept) -> None:
    found = read_otherwise(house, kept.answers)
    assert undeclared(found, kept) == []
    assert [
        pattern for pattern in declared(kept) if not any(re.search(pattern, each) for each in found)
    ] == []


def test_upgraded_books_refuse_no_kind_of_device_or_role_that_new_ones_know(
    house: House, stores: Stores
) -> None:
    going_on = house.copied(stores)
    held = going_on.store.rows("SELECT code, kind FROM model ORDER BY code")
    fresh = stores.fresh(going_on.store.engine)
    kinds = {name: digest for name, digest in objects_of(fresh).items() if "model" in name or "grant" in name}
    assert {name: objects_of(going_on.store)[name] for name in kinds} == kinds
    with going_on.store.writing():
        writer = open_journals(going_on.store, [UNIT], going_on.now)
        for kind in KINDS:
            value = Model(f"NEW-{kind.name}", kind.name, kind.name, "[0-9]+", 0, 0, kind.name)
            records.write(writer, records.MODEL, value, by="root", expected=0)
        records.write(writer, GRANT, Grant("zhao", "technician", "BJ01"), by="root", expected=0)
    assert set(held) < set(going_on.store.rows("SELECT code, kind FROM model"))
    assert going_on.faults() == []
    for store in (fresh, going_on.store):
        stores.drop(store)


def test_more_orders_than_are_moved_at_once_all_have_their_devices(
    old: Store, stores: Stores, kept: Kept
) -> None:
    """Copies of one order, beside whose links nothing else is right: such books do not verify."""
    if SERVED in kept.migrations:
        pytest.skip("its orders have them already")
    store, many = stores.copy(old), range(100_000, 100_300)
    orders = "kind = 'dispatch_order'"
    multiply(store, "journal", "site = 'BJ01'", [{"seq": n} for n in many])
    for table, linked in (("revision", {"journal_seq"}), ("record", set[str]())):
        multiply(
            store,
            table,
            orders,
            [{"key": f"D-BJ01-{n}", "revision": 1} | dict.fromkeys(linked, n) for n in many],
        )
    before = store.rows(f"SELECT key, serial FROM record WHERE {orders} ORDER BY key")
    schema.migrate(store)
    after = store.rows(f"SELECT key, serial FROM record_device WHERE {orders} ORDER BY key")
    assert len(after) > len(many)
    assert after == before
    stores.drop(store)


def multiply(store: Store, table: str, where: str, others: list[dict[str, Any]]) -> None:
    """Put a row of a table in again, once for each of these other values of some of its columns."""
    columns = tuple(column.name for column in store.db.get_columns(table))
    row = store.row(f"SELECT {', '.join(columns)} FROM {table} WHERE {where}")
    assert row is not None
    one = dict(zip(columns, row, strict=True))
    with store.writing():
        put = store._insert_many if store.engine == "sqlite" else store._copy
        put(table, columns, iter([tuple((one | other).values()) for other in others]))


def test_who_was_signed_in_goes_on_and_who_was_not_signs_in(house: House, kept: Kept) -> None:
    seen = {who: house.clients[who].get("/v1/me").status_code for who in kept.callers}
    assert seen == dict.fromkeys(kept.callers, 200)
    assert house.sign_in("li").get("/v1/me").status_code == 200


def test_upgraded_books_go_on(house: House, stores: Stores) -> None:
    going_on = house.copied(stores)
    going_on.clients = {who: Client(going_on, each.headers) for who, each in house.clients.items()}
    document = {"type": "move", "site": "TJ01", "business_date": today(going_on), "bin": "M-02",
                "lines": [{"serial": counted_house.AWAY}]}  # fmt: skip
    answer = going_on.of("zhao").post("/v1/documents", document)
    assert answer.status_code == 201, answer.text
    assert going_on.faults() == []
    going_on.session_store.close()
    stores.drop(going_on.store)


def test_an_order_from_before_is_given_to_a_technician_done_and_called_about(
    house: House, stores: Stores, kept: Kept
) -> None:
    going_on = house.copied(stores)
    going_on.clients = {who: Client(going_on, each.headers) for who, each in house.clients.items()}
    certificate = {"number": "Z-1", "issuer": "厂", "valid_until": "2030-12-31"}
    path = "/v1/people/qian/certificate"
    made(going_on.of("admin").send("PUT", path, certificate, If_Match='"0"'))
    going_on.grant("qian", "technician", SITE)
    ((number, before),) = going_on.store.rows("SELECT key, content FROM record WHERE kind = 'dispatch_order'")
    assert ("technician_text" in before) == (SERVED in kept.migrations), "it is kept as it was"

    def act(who: str, step: str, body: Any = None) -> Any:
        going_on.now += SECOND
        return going_on.of(who).post(f"/v1/dispatch-orders/{number}/{step}", body)

    assert codes(act("qian", "accept")) == ["not_the_technician"]
    made(act("sun", "reassign", {"technician": "qian", "reason": "王师傅请假"}))
    made(act("qian", "accept"))
    now = {name: moment(going_on) for name in ("arrived_at", "completed_at")}
    made(act("qian", "service-record", done(**now)))
    now_known = made(act("qian", "correct", {"reason": "金额", "record": done(charged_fen=100, **now)}))
    assert (now_known["state"], len(now_known["corrections"])) == ("done", 1)
    assert (now_known["technician_text"] or "") in before
    (follow_up,) = made(going_on.of("chen").get(f"/v1/follow-ups?site={SITE}"))
    assert (follow_up["subject"], follow_up["state"]) == (number, "due")
    answers = {**ANSWERS_EXAMPLE, "on_time": "unknown", "paid_fen": 100, "disk": None, "overall": 5}
    called = made(going_on.of("chen").post(f"/v1/follow-ups/{number}/answer", {"answers": answers}))
    assert called["state"] == "answered"
    assert going_on.faults() == []
    going_on.session_store.close()
    stores.drop(going_on.store)


def test_a_job_done_before_calls_were_made_may_be_called_about_and_is_not_due(
    old: Store, stores: Stores, kept: Kept
) -> None:
    if SERVED not in kept.migrations:
        pytest.skip("its orders are written otherwise than that of one that was done")
    store = stores.copy(old)
    number = done_as_it_was(store, kept)
    schema.migrate(store)
    house = kept_books.house_of(kept, store)
    house.now += 30 * 86_400_000_000
    assert made(house.of("chen").get(f"/v1/follow-ups?site={SITE}")) == []
    assert "follow_up" not in {each["deadline"] for each in made(house.of("chen").get("/v1/deadlines"))}
    may_be = made(house.of("chen").get(f"/v1/follow-ups/{number}"))
    assert (may_be["state"], may_be["next"]) == ("due", ["attempt", "answer"])
    tried = made(house.of("chen").post(f"/v1/follow-ups/{number}/attempt", {"outcome": "busy"}))
    assert tried["state"] == "tried"
    assert house.faults() == []
    house.session_store.close()
    stores.drop(store)


def done_as_it_was(store: Store, kept: Kept) -> str:
    """A job is done in old books, as that version wrote it: the record, and nothing else; the order's number."""
    ((content,),) = store.rows("SELECT content FROM record WHERE kind = 'dispatch_order'")
    order = DISPATCH_ORDER.decode(content)
    at = kept.now_us + SECOND
    record = ServiceRecord(
        at, "主板故障", "更换备件", 0, at, "wang", at, Outcomes(repair="solved"), (), Confirmation("stamped")
    )
    course = (*order.course, StepTaken("file", at, "wang"))
    with store.writing():
        writer = open_journals(store, [SITE], at)
        done_order = msgspec.structs.replace(order, state="done", record=record, course=course)
        records.write(writer, DISPATCH_ORDER, done_order, by="wang")
    number: str = order.number
    return number


def moment(house: House) -> str:
    """The moment that it is at a house, in RFC 3339."""
    return datetime.fromtimestamp(house.now / 1_000_000, UTC).isoformat()


def test_a_version_to_come_migrates_them_and_this_one_refuses_them_then(
    old: Store, kept: Kept, stores: Stores, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(BOOK_MIGRATIONS.folder, folder)
    (folder / "0999_meanwhile.py").write_text(MEANWHILE)
    to_come = Migrations(folder, BOOK_MIGRATIONS.history)
    store = stores.copy(old)
    assert schema.migrate(store, to_come) == [*newer(kept, BOOK_MIGRATIONS), "0999_meanwhile"]
    schema.check_schema(store, to_come)
    assert store.row("SELECT COUNT(*) FROM pallet") == store.row("SELECT COUNT(*) FROM document")
    later = kept_books.house_of(kept, store)
    assert later.faults() == []
    assert undeclared(read_otherwise(later, kept.answers[::4]), kept) == []
    with pytest.raises(schema.SchemaDiffers, match=r"0999_meanwhile.* run the version that it is of"):
        schema.migrate(store)
    later.session_store.close()
    stores.drop(store)


def test_the_command_migrates_them_and_verifies_them(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_from = {"PANKU_DATA_DIR": str(tmp_path)}
    monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(read_from))
    with closing(Store(f"sqlite:///{tmp_path}/panku.sqlite3")) as store:
        kept_books.load(kept, store)
    assert main(["migrate"]) == 0
    told = capsys.readouterr().out
    assert [
        line.removeprefix("applied: ") for line in told.splitlines() if line.startswith("applied")
    ] == newer(kept, BOOK_MIGRATIONS)
    assert main(["verify", "--quiet"]) == 0
    assert capsys.readouterr().out.endswith(" devices: all hold\n")
