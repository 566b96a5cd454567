"""Fixtures: a fresh, migrated store on each engine, cloned from a template that is made once."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices import schema
from devices.database import Store
from tests import postgresql
from tests.staff import Staff

ENGINES = ("sqlite", "postgresql")
FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """One folder for the PostgreSQL server of this run, shared by the processes of xdist."""
    shared: str | None = getattr(config, "workerinput", {}).get("postgresql")
    config.stash[FOLDER] = Path(shared) if shared else postgresql.new_folder()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of xdist where the folder is."""
    node.workerinput["postgresql"] = str(node.config.stash[FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, if one was started, in the process that made its folder."""
    if not hasattr(config, "workerinput"):
        postgresql.stop(config.stash[FOLDER])


class Stores:
    """Makes migrated, empty stores, and takes them away again."""

    def __init__(self, folder: Path, server: Callable[[], postgresql.Server]) -> None:
        self._folder, self._server = folder, server
        self._numbers = itertools.count(1)
        self._template = folder / "template.sqlite3"

    def fresh(self, engine: str) -> Store:
        """A migrated store of its own for one test or one example."""
        if engine == "postgresql":
            return Store(self._server().create(self._name()))
        if not self._template.exists():
            migrated(f"sqlite:///{self._template}")
        file = self._file()
        shutil.copy(self._template, file)
        return Store(f"sqlite:///{file}")

    def empty(self, engine: str) -> Store:
        """A store without a table."""
        if engine == "postgresql":
            return Store(self._server().create(self._name(), template="template0"))
        return Store(f"sqlite:///{self._file()}")

    def copy(self, store: Store) -> Store:
        """A copy of a store as it is now; the store is closed for it, and opens again by itself."""
        store.close()
        if store.engine == "postgresql":
            return Store(self._server().create(self._name(), template=_database(store)))
        file = self._file()
        shutil.copy(store.db.database, file)
        return Store(f"sqlite:///{file}")

    def drop(self, store: Store) -> None:
        """Close a store and remove what it kept."""
        store.close()
        if store.engine == "postgresql":
            self._server().drop(_database(store))
        else:
            for file in self._folder.glob(Path(store.db.database).name + "*"):
                file.unlink()

    def _name(self) -> str:
        return f"panku_{os.getpid()}_{next(self._numbers)}"

    def _file(self) -> Path:
        return self._folder / f"{self._name()}.sqlite3"


def _database(store: Store) -> str:
    return store.url.partition("?")[0].rpartition("/")[2]


def migrated(url: str) -> None:
    """Bring an empty database to the newest schema."""
    store = Store(url)
    schema.migrate(store)
    store.close()


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Callable[[], postgresql.Server]:
    """Gives the run's PostgreSQL server; skips the test where there is none, or fails it where one is required."""

    def started() -> postgresql.Server:
        try:
            return postgresql.Server(request.config.stash[FOLDER], migrated)
        except postgresql.Missing as missing:
            if os.environ.get("PANKU_REQUIRE_POSTGRESQL") == "1":
                pytest.fail(f"PostgreSQL is required here: {missing}")
            pytest.skip(str(missing))

    return started


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


@pytest.fixture
def staff(store: Store) -> Iterator[Staff]:
    """A founded unit with its administrator and sites, once on each engine."""
    founded = Staff(store)
    yield founded
    founded.close()
