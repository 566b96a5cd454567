"""Fixtures: a fresh, migrated store on each engine, cloned from a template that is made once."""

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from devices.people import passwords
from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store import schema
from devices.store.database import Store
from labels import pdf
from panku import settings
from panku.demo import fill
from panku.wiring import clock
from tests import postgresql
from tests.deep import add_walks, pytest_generate_tests
from tests.door import fill_demo
from tests.fonts import small_font
from tests.scratch import DISK, write_in_memory
from tests.shelf import Shelf
from tests.staff import Staff
from tests.statements import Recorder

__all__ = ["pytest_generate_tests"]

ENGINES = ("sqlite", "postgresql")
FOLDER = pytest.StashKey[Path]()
TRUE_COST, TRUE_FONT = passwords.COST, pdf.document_font
HEARD = pytest.StashKey[Recorder]()
PATCH = pytest.MonkeyPatch()
SLOWEST = (
    "test_accessibility", "test_flat", "test_scan_ends", "test_scan_tasks", "test_blind", "test_torture",
    "test_waiting", "test_worker", "test_tampering", "test_story",
    "test_scan_mishaps", "test_stocktake_pages", "test_scan_counts", "test_sealing", "test_scan_input",
    "test_malformed", "test_state_machine", "test_count_machine", "test_races", "test_workbooks", "test_readme",
    "test_forms_libreoffice", "test_costs", "test_custody_pages", "test_count_races", "test_reading_pages",
    "test_command_faults", "test_label_sheets", "test_foreign", "test_forms_pdf", "test_scan_network",
    "test_late_scans", "test_admin_pages", "test_account_pages", "test_forms_doors", "test_pages", "test_month_races",
    "test_paper_pages", "test_backup", "test_database", "test_verify", "test_lifecycle", "test_access",
)  # fmt: skip
"""The files that take longest, as measured in seconds of CPU, the longest first; the others follow in their order."""
CHEAP = passwords.Cost(memory_kib=8, passes=1, lanes=1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a run may be asked for."""
    add_walks(parser)
    parser.addoption("--every-engine", action="store_true", help="run on both engines what one would do for")
    parser.addoption(
        "--every-statement", action="store_true", help="fail unless both were sent each statement"
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: a fifth of their time the tests wait, for browsers and for servers."""
    return (os.cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    """One folder for the PostgreSQL server of this run, shared by the processes of xdist; one ear in each of them."""
    collect_seldom()
    write_in_memory()
    shared: str | None = getattr(config, "workerinput", {}).get("postgresql")
    config.stash[FOLDER] = Path(shared) if shared else postgresql.new_folder()
    config.stash[HEARD] = Recorder()
    config.stash[HEARD].listen(PATCH)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The slowest files first, so that no process has nothing left to do; on one engine what one will do for."""
    items.sort(key=lambda item: SLOWEST.index(item.path.stem) if item.path.stem in SLOWEST else len(SLOWEST))
    if not config.getoption("--every-engine"):
        ids = {item.nodeid for item in items}
        spared = {item for item in items if again(item, ids) and not item.get_closest_marker("both_engines")}
        config.hook.pytest_deselected(items=list(spared))
        items[:] = [item for item in items if item not in spared]


def collect_seldom() -> None:
    """Let the collector of garbage come seldom: a third of what it takes to find the tests, a tenth to run them."""
    gc.set_threshold(100_000, 50, 100)


def pytest_collection_finish() -> None:
    """Let the collector of garbage leave alone what was collected."""
    gc.collect()
    gc.freeze()


def again(item: pytest.Item, ids: set[str]) -> bool:
    """Whether this is a test's turn on PostgreSQL, beside one on SQLite."""
    twin = item.nodeid.replace("postgresql", "sqlite")
    return twin != item.nodeid and twin in ids


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say whose statements are heard."""
    item.config.stash[HEARD].test = item.nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take in what a process of xdist has heard."""
    node.config.stash[HEARD].merge(getattr(node, "workeroutput", {}).get("statements", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of xdist tells what it has heard; a whole run fails over a statement that one engine alone was sent."""
    heard = session.config.stash[HEARD]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["statements"] = heard.seen
    elif session.config.getoption("--every-statement") and any(heard.alone()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tell which statements one engine alone was sent, and how many both were."""
    if config.getoption("--every-statement"):
        terminalreporter.section("statements")
        for line in config.stash[HEARD].told():
            terminalreporter.line(line)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of xdist where the folder is."""
    node.workerinput["postgresql"] = str(node.config.stash[FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, if one was started, in the process that made its folder."""
    PATCH.undo()
    if not hasattr(config, "workerinput"):
        postgresql.stop(config.stash[FOLDER])


class Undone(Exception):
    """Thrown to undo what a test did."""


class Stores:
    """Makes migrated, empty stores, and takes them away again."""

    def __init__(self, folder: Path, server: Callable[[], postgresql.Server]) -> None:
        self._folder, self._server = folder, server
        self._numbers = itertools.count(1)
        self._template = folder / "template.sqlite3"
        self._filled: dict[tuple[str, Callable[[Store], None]], Store] = {}

    def fresh(self, engine: str) -> Store:
        """A migrated store of its own for one test or one example."""
        if engine == "postgresql":
            return Store(self._server().create(self._name()))
        if not self._template.exists():
            migrated(f"sqlite:///{self._template}")
        return self._copy_of(self._template)

    def empty(self, engine: str) -> Store:
        """A store without a table."""
        if engine == "postgresql":
            return Store(self._server().create(self._name(), template="template0"))
        return Store(f"sqlite:///{self._file()}")

    def filled(self, engine: str, fill: Callable[[Store], None]) -> Store:
        """A copy of books that `fill` has filled, which each process of a run does once."""
        if (engine, fill) not in self._filled:
            made = self.fresh(engine)
            fill(made)
            made.close()
            self._filled[engine, fill] = made
        return self.copy(self._filled[engine, fill])

    def demo(self, engine: str) -> Store:
        """Demo books of their own."""
        return self.filled(engine, fill_demo)

    def copy(self, store: Store) -> Store:
        """A copy of a store as it is now; the store is closed for it, and opens again by itself."""
        store.close()
        if store.engine == "postgresql":
            return Store(self._server().create(self._name(), template=_database(store)))
        return self._copy_of(Path(store.db.database))

    def drop(self, store: Store) -> None:
        """Close a store and remove what it kept."""
        store.close()
        if store.engine == "postgresql":
            self._server().drop(_database(store))
        else:
            for file in self._folder.glob(Path(store.db.database).stem + ".*"):
                file.unlink()

    def _copy_of(self, file: Path) -> Store:
        """The books of a file and their session store, copied."""
        made = self._file()
        shutil.copy(file, made)
        if session_store_of(file).exists():
            shutil.copy(session_store_of(file), session_store_of(made))
        return Store(f"sqlite:///{made}")

    def _name(self) -> str:
        return f"panku_{os.getpid()}_{next(self._numbers)}"

    def _file(self) -> Path:
        return self._folder / f"{self._name()}.sqlite3"


def _database(store: Store) -> str:
    return store.url.partition("?")[0].rpartition("/")[2]


def session_store_of(file: Path) -> Path:
    """Where the session store of a file of books lies."""
    return Path(session_store_url(f"sqlite:///{file}").removeprefix("sqlite:///"))


def migrated(url: str) -> None:
    """Bring an empty database, and the session store that belongs to it, to the newest schema."""
    for database, migrate in ((url, schema.migrate), (session_store_url(url), migrate_session_store)):
        store = Store(database)
        migrate(store)
        store.close()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Argon2id at its least. What a test waits for proves nothing: `true_cost` is for those whose subject it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", CHEAP)
        yield


@pytest.fixture
def true_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id as Panku serves it."""
    monkeypatch.setattr(passwords, "COST", TRUE_COST)


@pytest.fixture(scope="session", autouse=True)
def small_fonts(request: pytest.FixtureRequest) -> Iterator[None]:
    """Documents embed from a small font; `true_font` is for tests whose subject it is."""
    folder = request.config.stash[FOLDER]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "document_font", cache(lambda: small_font(folder)))
        yield


@pytest.fixture
def true_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents embed from the font that Panku ships with."""
    monkeypatch.setattr(pdf, "document_font", TRUE_FONT)


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder on a disk, for tests whose subject is what waits for it."""
    with tempfile.TemporaryDirectory(dir=DISK) as folder:
        yield Path(folder)


def started(folder: Path) -> postgresql.Server:
    """A folder's PostgreSQL server; skips the test where there is none, or fails it where one is required."""
    try:
        return postgresql.Server(folder, migrated)
    except postgresql.Missing as missing:
        if os.environ.get("PANKU_REQUIRE_POSTGRESQL") == "1":
            pytest.fail(f"PostgreSQL is required here: {missing}")
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Callable[[], postgresql.Server]:
    """Gives the run's PostgreSQL server."""
    return partial(started, request.config.stash[FOLDER])


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores on a PostgreSQL server of their own, for what would hinder everybody else's."""
    folder = postgresql.new_folder()
    yield Stores(tmp_path_factory.mktemp("apart"), partial(started, folder))
    postgresql.stop(folder)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory, server: Callable[[], postgresql.Server]) -> Stores:
    """Makes as many stores as a test wants."""
    return Stores(tmp_path_factory.mktemp("stores"), server)


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    """A fresh, migrated store, once on each engine."""
    fresh = stores.fresh(request.param)
    yield fresh
    stores.drop(fresh)


@pytest.fixture(params=ENGINES)
def demo(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    """Demo books of one's own, once on each engine."""
    copied = stores.demo(request.param)
    yield copied
    stores.drop(copied)


@pytest.fixture
def staff(store: Store) -> Iterator[Staff]:
    """A founded unit with its administrator and sites, once on each engine."""
    founded = Staff(store)
    yield founded
    founded.close()


@pytest.fixture(scope="module", params=ENGINES)
def shelf(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Shelf]:
    """A device in every place; nothing that the tests do stays."""
    store = stores.fresh(request.param)
    yield Shelf(store)
    stores.drop(store)


@pytest.fixture
def demo_of_commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    """Demo books, which are those of a command that runs in this process."""
    for setting in settings.SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("PANKU_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(os.environ))
    url = f"sqlite:///{tmp_path}/panku.sqlite3"
    migrated(url)
    made = Store(url)
    fill(made, clock())
    return made
