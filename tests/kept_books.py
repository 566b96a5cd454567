"""Books as a version of Panku left them, kept in a small file for all versions after it: `python -m tests.kept_books`.

Run it before a new migration is written: it keeps the books of the version that there is until then, as
`tests/golden/books-LAST_MIGRATION.msgpack.xz`. What it keeps is what was stored and what was sent to make the tables,
since the migrations of a later version build a later schema from the start.
"""

from __future__ import annotations

import logging
import lzma
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from devices.people import passwords
from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store import schema
from devices.store.database import Store
from devices.store.schema import BOOK_MIGRATIONS, FINGERPRINT_TABLE, SESSION_MIGRATIONS, Migrations
from devices.store.tables import SECOND_STORE, TABLES_OF_BOOKS, columns_of, name_of
from panku.console.terminal import say
from tests import postgresql
from tests.conftest import CHEAP, ENGINES, migrated
from tests.custody import House
from tests.cuts import told
from tests.door import Client
from tests.scratch import write_in_memory

GOLDEN = Path(__file__).parent / "golden"
ENDING = ".msgpack.xz"
MAKES_TABLES = re.compile(r"\s*(CREATE|ALTER|DROP) ")


class Rows(msgspec.Struct, frozen=True):
    """The rows of one table, each in the order of `columns`."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Made(msgspec.Struct, frozen=True):
    """How one engine was told to make the tables, and the fingerprint that it then had: object and digest."""

    statements: list[str]
    fingerprint: list[tuple[str, str]]


class Part(msgspec.Struct, frozen=True):
    """What one store holds: the books, or the session store."""

    made: dict[str, Made]
    holds: list[Rows]


class Answer(msgspec.Struct, frozen=True):
    """What that version answered somebody who asked for something, with 200."""

    who: str
    path: str
    body: Any


class Kept(msgspec.Struct, frozen=True):
    """The books of a version, the moment they are of, who is signed in (as headers), and what they were answered.

    `migrations` are those that the books have had; `postgresql` is the major version whose fingerprint was kept.
    """

    migrations: list[str]
    postgresql: int
    now_us: int
    books: Part
    sessions: Part
    callers: dict[str, dict[str, str]]
    answers: list[Answer]


def files() -> list[Path]:
    """Every file of kept books, the oldest first."""
    return sorted(GOLDEN.glob(f"books-*{ENDING}"))


def read(file: Path) -> Kept:
    """The books that a file keeps."""
    return msgspec.msgpack.decode(lzma.decompress(file.read_bytes()), type=Kept)


def load(kept: Kept, store: Store) -> None:
    """Make an empty store, and the session store that belongs to it, what they were when they were kept."""
    with closing(Store(session_store_url(store.url))) as session_store:
        for part, of in ((kept.books, store), (kept.sessions, session_store)):
            with of.writing():
                _fill(part, of)
        for part, of in ((kept.books, store), (kept.sessions, session_store)):
            with of.writing():
                _keep_fingerprint(kept, part, of)


def _fill(part: Part, store: Store) -> None:
    for statement in part.made[store.engine].statements:
        store.execute(statement)
    for held in part.holds:
        put = store._insert_many if store.engine == "sqlite" else store._copy
        put(held.table, held.columns, iter(held.rows))


def _keep_fingerprint(kept: Kept, part: Part, store: Store) -> None:
    """As it was kept; another version of PostgreSQL says the same in other words, so there it is taken anew."""
    if store.engine == "postgresql" and _major(store) != kept.postgresql:
        schema._keep(store)
        return
    store.execute(f"DELETE FROM {FINGERPRINT_TABLE}")
    for row in part.made[store.engine].fingerprint:
        store.execute(f"INSERT INTO {FINGERPRINT_TABLE} (object, digest) VALUES (?, ?)", row)


def house_of(kept: Kept, store: Store) -> House:
    """The door over the loaded books, at the moment at which they were kept, with whoever was signed in then."""
    house = House(store)
    house.now = kept.now_us
    house.clients = {who: Client(house, headers) for who, headers in kept.callers.items()}
    return house


# --- keeping


def keep(folder: Path) -> Kept:
    """Fill new books, and take down all of it; a PostgreSQL server is started in `folder` for its own words."""
    from tests.kept_house import CALLERS, fill_kept

    store = Store(f"sqlite:///{folder}/books.sqlite3")
    server = postgresql.Server(folder, migrated)
    other = Store(server.create("kept", template="template0"))
    made = {"sqlite": made_of(store), "postgresql": made_of(other)}
    house = fill_kept(store)
    assert house.faults() == []
    callers = {who: house.of(who).headers for who in CALLERS}
    kept = Kept(
        [name for (name,) in store.rows(f"SELECT name FROM {BOOK_MIGRATIONS.history} ORDER BY name")],
        _major(other),
        house.now,
        Part({engine: made[engine][0] for engine in ENGINES}, _held(store, TABLES_OF_BOOKS, BOOK_MIGRATIONS)),
        Part(
            {engine: made[engine][1] for engine in ENGINES},
            _held(house.session_store, SECOND_STORE, SESSION_MIGRATIONS),
        ),
        callers,
        list(_answers(house, CALLERS)),
    )
    for each in (store, other, house.session_store):
        each.close()
    return kept


def made_of(store: Store) -> tuple[Made, Made]:
    """How an empty database is made into books and their session store on its engine."""
    texts: tuple[list[str], list[str]] = ([], [])
    with closing(Store(session_store_url(store.url))) as session_store:
        for statements, migrate, of in (
            (texts[0], schema.migrate, store), (texts[1], migrate_session_store, session_store)
        ):  # fmt: skip
            with told(statements.append):
                migrate(of)
        fingerprints = [of.rows(schema.KEPT) for of in (store, session_store)]
    first, second = (
        Made([text for text in statements if MAKES_TABLES.match(text)], fingerprint)
        for statements, fingerprint in zip(texts, fingerprints, strict=True)
    )
    return first, second


def _held(store: Store, tables: tuple[Any, ...], migrations: Migrations) -> list[Rows]:
    """The rows of every table, in the order in which they can be put in, and of the history."""
    found = [Rows(migrations.history, ("name", "applied"), [])]
    found += [Rows(name_of(table), columns_of(table), []) for table in tables]
    for each in found:
        each.rows.extend(store.rows(f"SELECT {', '.join(each.columns)} FROM {each.table} ORDER BY rowid"))
        assert each.rows, f"nothing of {each.table} is kept"
    return found


def _answers(house: House, callers: tuple[str, ...]) -> Iterator[Answer]:
    """What the first of the callers who may is answered, for everything that there is to be read as JSON."""
    from tests.test_blind import FORMS, QUERIES, READS, filled

    for route in READS:
        if route.method != "GET" or route.name in FORMS or not route.path.startswith("/v1/"):
            continue
        for path in filled(house, route.path):
            for query in QUERIES.get(route.name, [{}]):
                address = f"{path}?{'&'.join(f'{name}={value}' for name, value in query.items())}".rstrip("?")
                yield from _answer(house, callers, address)
    for (serial,) in house.store.rows("SELECT serial FROM position ORDER BY serial"):
        yield from _answer(house, callers, f"/v1/devices/{serial}/history")


def _answer(house: House, callers: tuple[str, ...], address: str) -> Iterator[Answer]:
    for who in callers:
        answer = house.of(who).get(address)
        if answer.status_code == 200:
            if "json" in answer.headers["Content-Type"]:
                yield Answer(who, address, answer.json)
            return


def _major(store: Store) -> int:
    return int(store.version().split()[1].partition(".")[0])


def main() -> int:
    """Keep the books of this version; an exit status."""
    newest = max(path.stem for path in BOOK_MIGRATIONS.folder.glob("0*.py"))
    file = GOLDEN / f"books-{newest}{ENDING}"
    if file.exists():
        say(f"{file} is there already: the books of this version are kept.", file=sys.stderr)
        return 1
    write_in_memory()
    logging.disable()
    passwords.COST = CHEAP
    folder = postgresql.new_folder()
    try:
        kept = keep(folder)
    finally:
        postgresql.stop(folder)
    file.write_bytes(lzma.compress(msgspec.msgpack.encode(kept), preset=9 | lzma.PRESET_EXTREME))
    rows = sum(len(each.rows) for part in (kept.books, kept.sessions) for each in part.holds)
    say(f"{file}: {file.stat().st_size} bytes, {rows} rows, {len(kept.answers)} answers.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
