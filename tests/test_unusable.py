"""Every cause for which a database cannot be used, raised for real: 503 with its name, until it is over."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import peewee
import psycopg
import pytest
from falcon import testing
from msgspec.structs import replace

from devices.problems import Problem, Refused
from devices.store import schema
from devices.store.database import Store
from devices.store.engines import SERVING, Limits
from devices.store.readiness import SPILLED
from devices.store.unusable import CAUSE, OutcomeUnknown, StoreRefused, Unusable, cause_of, driver_error
from panku.commands import main
from panku.console import opening
from panku.demo import PASSWORDS
from tests import hindered, postgresql
from tests.conftest import Stores
from tests.door import Client, Door, move

ROOT = Path(__file__).parents[1]
HASTY = replace(SERVING, lock=0.05, busy=0.02, gate=0.05)
SLOW = replace(SERVING, statement=1, lock=30)
"""A statement that waits for a lock ends by its own bound before the lock's."""
Ask = Callable[[Client], testing.Result]


def post(client: Client) -> testing.Result:
    return client.post("/v1/documents", move(), key="again")


def who_am_i(client: Client) -> testing.Result:
    return client.get("/v1/me")


def upload(client: Client) -> testing.Result:
    content = bytes(range(256)) * 4096
    return client.send("POST", "/v1/attachments?site=BJ01", content, key="file", X_File_Name="a")


CASES: tuple[tuple[str, str, hindered.Hindrance, Ask, Limits], ...] = (
    ("full", "sqlite", hindered.no_more_pages, upload, HASTY),
    ("broken", "sqlite", hindered.no_growth, post, HASTY),
    ("read_only", "sqlite", hindered.only_read, post, HASTY),
    ("locked", "sqlite", hindered.another_writer, post, HASTY),
    ("locked", "sqlite", hindered.gate_held, post, HASTY),
    ("out_of_reach", "sqlite", hindered.taken_away, post, HASTY),
    ("unreadable", "sqlite", hindered.overwritten, post, HASTY),
    ("too_many", "sqlite", hindered.no_more_files, post, HASTY),
    ("forbidden", "sqlite", hindered.another_user, post, HASTY),
    ("read_only", "postgresql", hindered.only_read, post, HASTY),
    ("locked", "postgresql", hindered.table_locked, post, HASTY),
    ("locked", "postgresql", hindered.table_locked, who_am_i, HASTY),
    ("timed_out", "postgresql", hindered.table_locked, who_am_i, SLOW),
)
AT_OPENING = {
    "forbidden": ("ALTER ROLE {role} NOLOGIN", 'DROP DATABASE "{name}" WITH (FORCE)'),
    "too_many": ("ALTER ROLE {role} CONNECTION LIMIT 0", 'ALTER DATABASE "{name}" CONNECTION LIMIT 0'),
    "stopping": ('ALTER DATABASE "{name}" ALLOW_CONNECTIONS false',),
}
"""What refuses a connection while it is opened, so that the driver is told no SQLSTATE."""
ELSEWHERE = {
    "out_of_reach": "a server that is gone, below",
    "exhausted": "a limit of the server's, below",
    "other_schema": "test_readiness.py",
    "misconfigured": "an impossible URL, below",
    "not_founded": "books without a unit, below",
    "opening": "test_waiting.py",
    "fault": "test_waiting.py",
}


def test_every_cause_is_raised_for_real() -> None:
    assert {cause for cause, *_ in CASES} | AT_OPENING.keys() | ELSEWHERE.keys() == CAUSE.keys()


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("cause", "engine", "hindrance", "ask", "limits"),
    CASES,
    ids=[
        f"{engine}-{cause}-{hindrance.__name__}-{ask.__name__}" for cause, engine, hindrance, ask, _ in CASES
    ],
)
def test_what_hinders_is_told_by_its_name_and_over_when_it_is_over(
    stores: Stores, caplog: pytest.LogCaptureFixture,
    cause: str, engine: str, hindrance: hindered.Hindrance, ask: Ask, limits: Limits,
) -> None:  # fmt: skip
    made = stores.demo(engine)
    door = Door(Store(made.url, limits))
    zhang = door.sign_in("zhang")
    with caplog.at_level(logging.ERROR, "panku.api"), hindrance(door.store):
        refused = ask(zhang)
    assert (refused.status_code, refused.json["code"], refused.json["cause"]) == (503, "unavailable", cause)
    assert refused.json["errors"][0]["cause"] == cause
    assert refused.headers["Retry-After"] == str(CAUSE[cause].again_seconds)
    assert f"the database cannot be used ({cause})" in caplog.text
    again = ask(zhang)
    assert again.status_code in (200, 201), again.text
    door.store.close()
    stores.drop(made)


@pytest.mark.parametrize(
    ("cause", "statement"), [(cause, each) for cause, said in AT_OPENING.items() for each in said]
)
def test_a_connection_that_is_refused_says_why(stores: Stores, cause: str, statement: str) -> None:
    store = stores.demo("postgresql")
    name = store.url.partition("?")[0].rpartition("/")[2]
    role = f"{name}_clerk"
    server = store.url.replace(f"/{name}", "/postgres")
    with psycopg.connect(server, autocommit=True) as stranger:
        stranger.execute(f"CREATE ROLE {role} LOGIN".encode())
        stranger.execute(statement.format(name=name, role=role).encode())
    door = Door(Store(store.url.replace("//panku@", f"//{role}@"), HASTY))
    body = {"username": "zhang", "password": PASSWORDS["zhang"][0]}
    refused = door.nobody().post("/v1/session", body)
    assert (refused.status_code, refused.json["cause"]) == (503, cause), refused.text
    stores.drop(store)
    with psycopg.connect(server, autocommit=True) as stranger:
        stranger.execute(f"DROP ROLE {role}".encode())


def test_a_server_that_is_gone_is_out_of_reach(tmp_path: Path) -> None:
    door = Door(Store(f"postgresql://panku@/books?host={tmp_path}"))
    refused = door.nobody().post("/v1/session", {"username": "zhang", "password": "x"})
    assert (refused.status_code, refused.json["cause"]) == (503, "out_of_reach")
    assert door.nobody().get("/healthz").status_code == 200


def test_a_server_that_falls_silent_is_given_up_and_asked_again(stores: Stores) -> None:
    made = stores.demo("postgresql")
    folder = made.url.rpartition("host=")[2]
    wire = hindered.Wire(Path(folder) / ".s.PGSQL.5432")
    door = Door(Store(wire.url(made), replace(SERVING, silent=1)))
    zhang = door.sign_in("zhang")
    wire.silent.set()
    refused = post(zhang)
    assert (refused.status_code, refused.json["cause"]) == (503, "timed_out")
    wire.silent.clear()
    assert post(zhang).status_code == 201
    with pytest.raises(OutcomeUnknown), door.store.writing():
        wire.silent.set()
    wire.close()
    stores.drop(made)


def test_a_backend_that_is_ended_within_a_transaction_is_stopping(stores: Stores) -> None:
    store = stores.fresh("postgresql")
    with pytest.raises(peewee.DatabaseError) as ended, store.writing():
        backend = store.db.connection().info.backend_pid
        with psycopg.connect(store.url, autocommit=True) as stranger:
            stranger.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
        store.execute("SELECT 1")
    found = cause_of(ended.value)
    assert found is not None
    assert found.name == "stopping"
    stores.drop(store)


def test_what_a_server_has_no_more_of_is_told(stores: Stores) -> None:
    store = stores.fresh("postgresql")
    store.execute("SET temp_file_limit = 0")  # nobody else's: to be out of memory would be everybody's
    with pytest.raises(peewee.DatabaseError, match="temp_file_limit") as exhausted, store.writing():
        for statement in SPILLED:
            store.execute(statement)
    assert cause_of(exhausted.value) == CAUSE["exhausted"]
    stores.drop(store)


def test_a_session_that_may_not_read_a_table_is_forbidden(stores: Stores) -> None:
    store = stores.fresh("postgresql")
    store.execute("CREATE ROLE panku_stranger")
    with pytest.raises(peewee.DatabaseError) as forbidden, store.writing():
        store.execute("SET LOCAL ROLE panku_stranger")
        store.execute("SELECT 1 FROM person")
    assert cause_of(forbidden.value) == CAUSE["forbidden"]
    store.execute("DROP ROLE panku_stranger")
    stores.drop(store)


def test_a_deadlock_that_comes_again_and_again_is_locked() -> None:
    assert cause_of(peewee.OperationalError(psycopg.errors.DeadlockDetected())) == CAUSE["locked"]


def test_an_error_is_unwrapped_however_often_it_was_wrapped(tmp_path: Path) -> None:
    with pytest.raises(peewee.OperationalError) as gone:
        Store(f"postgresql://panku@/books?host={tmp_path}").row("SELECT 1")
    assert isinstance(gone.value.orig, peewee.OperationalError)
    assert isinstance(driver_error(gone.value), psycopg.OperationalError)


def test_a_url_that_nothing_can_be_opened_by_is_misconfigured() -> None:
    for url in ("postgresql://[half", "mysql://x/y", "sqlite:///"):
        with pytest.raises(StoreRefused) as refused:
            Store(url)
        assert cause_of(refused.value) == CAUSE["misconfigured"]


def test_books_without_a_unit_say_so(stores: Stores) -> None:
    store = stores.fresh("sqlite")
    with pytest.raises(Refused) as refused:
        _ = Door(store).services.unit
    assert refused.value.problems == (Problem("unavailable", facts={"cause": "not_founded"}),)
    stores.drop(store)


@pytest.mark.parametrize(
    "error", [ValueError("x"), peewee.IntegrityError("x"), FileNotFoundError(2, "x"), KeyError("x")]
)
def test_a_fault_of_ours_has_no_cause(error: Exception) -> None:
    assert cause_of(error) is None


def test_a_disk_that_is_full_or_only_read_is_told(stores: Stores, tmp_path: Path) -> None:
    with hindered.small_disk(tmp_path, 4) as disk:
        made = stores.demo("sqlite")
        url = f"sqlite:///{disk}/books.sqlite3"
        for file in hindered.file_of(made).parent.glob(f"{hindered.file_of(made).stem}.*"):
            (disk / file.name.replace(hindered.file_of(made).stem, "books")).write_bytes(file.read_bytes())
        door = Door(Store(url, HASTY))
        zhang = door.sign_in("zhang")
        hindered.fill_disk(disk)
        causes = [upload(zhang).json["cause"]]
        (disk / "filling").unlink()
        door.store.close()
        door.session_store.close()
        hindered.read_only_disk(disk)
        causes.append(upload(zhang).json["cause"])
        stores.drop(made)
    assert causes == ["full", "read_only"]


def test_a_table_whose_file_is_gone_is_told(apart: Stores) -> None:
    store = apart.demo("postgresql")
    door = Door(store)
    zhang = door.sign_in("zhang")
    with hindered.file_lost(store):
        assert (who_am_i(zhang).status_code, who_am_i(zhang).json["cause"]) == (503, "broken")
    assert who_am_i(zhang).status_code == 200
    apart.drop(store)


def test_a_full_disk_of_postgresql_is_told(apart: Stores) -> None:
    made = apart.demo("postgresql")
    url = made.url.replace(made.url.partition("?")[0].rpartition("/")[2], "{}")
    folder = postgresql.new_folder()
    with (
        psycopg.connect(url.format("postgres"), autocommit=True) as stranger,
        hindered.small_disk(folder, 32, postgresql.NOBODY) as disk,
    ):
        made.close()
        name = made.url.partition("?")[0].rpartition("/")[2]
        for statement in (
            f"CREATE TABLESPACE small_disk LOCATION '{disk}'",
            f'CREATE DATABASE on_small_disk TEMPLATE "{name}" TABLESPACE small_disk',
        ):
            stranger.execute(statement.encode())
        door = Door(Store(url.format("on_small_disk"), HASTY))
        zhang = door.sign_in("zhang")
        hindered.fill_disk(disk)
        answers = [upload(zhang), zhang.get("/readyz")]
        (disk / "filling").unlink()
        answers += [upload(zhang), Door(door.store).nobody().get("/readyz")]
        door.store.close()
        stranger.execute(b"DROP DATABASE on_small_disk WITH (FORCE)")
        stranger.execute(b"DROP TABLESPACE small_disk")
    shutil.rmtree(folder)
    apart.drop(made)
    assert [answer.json.get("cause") for answer in answers] == ["full", "full", None, None]


def test_a_folder_that_cannot_be_made_is_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unusable) as refused:
        Store(f"sqlite:///{tmp_path}/file/books.sqlite3")
    assert cause_of(refused.value) == CAUSE["out_of_reach"]


def test_what_a_server_says_in_chinese_at_opening_is_known() -> None:
    for cause, said in (
        ("too_many", "致命错误:  对不起, 已经有太多的客户"),
        ("stopping", "致命错误:  数据库系统启动中"),
        ("forbidden", '致命错误:  用户 "panku" Password 认证失败'),
        ("out_of_reach", "could not translate host name"),
    ):
        assert cause_of(psycopg.OperationalError(f"connection failed: {said}")) == CAUSE[cause]


def test_every_cause_is_in_both_guides() -> None:
    for guide in ("api.md", "operating.md"):
        text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
        assert [name for name in CAUSE if f"`{name}`" not in text] == [], guide


def test_a_command_tells_in_a_sentence_that_another_writer_is_in_its_way(
    demo_of_commands: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "OF_COMMANDS", HASTY)
    with hindered.gate_held(demo_of_commands):
        assert main(["migrate", "--accept"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("panku: The database cannot do this: another writer has held ")
    assert said.count("\n") == 1


def test_a_schema_of_another_version_is_a_cause(stores: Stores) -> None:
    store = stores.fresh("sqlite")
    store.execute("CREATE TABLE more (x INTEGER)")
    with pytest.raises(schema.SchemaDiffers) as differs:
        schema.check_schema(store)
    assert cause_of(differs.value) == CAUSE["other_schema"]
    stores.drop(store)


@pytest.mark.both_engines
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_fault_of_ours_is_no_excuse(stores: Stores, engine: str) -> None:
    door = Door(stores.demo(engine))
    zhang = door.sign_in("zhang")
    door.store.execute("ALTER TABLE standing RENAME TO sitting")
    answer = zhang.get("/v1/documents?site=BJ01")
    assert (answer.status_code, answer.json["code"]) == (500, "fault")
    stores.drop(door.store)
