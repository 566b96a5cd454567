"""Every statement that Panku sends, by engine: a whole run proves that both engines were sent each of them.

Most tests run on SQLite alone. What keeps that honest is here: the statements of all tests are collected, from the
processes of xdist too, and one that only one engine was sent fails the run, unless ONE_ENGINE says why it is so.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from devices.store.database import Store
from devices.store.engines import Postgresql, Sqlite
from devices.store.tables import name_of
from devices.store.tables.columns import Table

ROOT = Path(__file__).parents[1]
PRODUCT = tuple(f"{ROOT / folder}/" for folder in ("devices", "labels", "api", "web", "panku"))
SENDERS = frozenset(str(ROOT / "devices" / "store" / name) for name in ("database.py", "engines.py"))
"""What sends statements for others: whoever asked for one stands further up."""

ONE_ENGINE = {
    r"(ALTER|CREATE|DROP) ": "a schema is made in each engine's own words; test_schema compares what came of it",
    r'INSERT INTO "schema_migration': "peewee's own note of a migration",
    r"PRAGMA |SHOW |SET LOCAL ": "settings of one engine",
    r"INSERT INTO \w+_new (\(.*\) )?SELECT ": "SQLite makes a table anew where PostgreSQL alters it",
    r"BEGIN": "SQLite's driver begins in its own way",
    r".* FROM (\"main\"\.)?sqlite_(schema|master)\b": "SQLite's catalogue",
    r".* FROM (pg_|information_schema)": "PostgreSQL's catalogue",
    r"SELECT (current_schema|pg_\w+)\(": "PostgreSQL's locks, snapshots and names; SQLite has one writer and one file",
    r"SELECT 1 FROM \w+ WHERE .* FOR UPDATE": "SQLite has one writer at a time and holds no rows",
    r"WITH seen \(site, seq, hash\) AS": "whether a replica has caught up; SQLite has none",
    r"UPDATE schema_fingerprint SET digest = digest": "what each engine writes to see whether it can: schema.REWRITTEN",
    r"SET LOCAL work_mem|SELECT count\(\*\) FROM unnest": "PostgreSQL's disk is its own: readiness.SPILLED",
    r"SELECT .* FROM \w+ WHERE .*>= x''": "PostgreSQL keeps a column's type by itself",
    r"SELECT 1 FROM journal WHERE site = \?$": "the demo keeps to an SQLite file of its own",
}
"""Statements that one engine alone is sent: a pattern of how they begin, and why."""

Seen = dict[str, dict[str, str]]
"""By engine, each statement with the test that sent it first."""


class Recorder:
    """Listens to both engines; `test` is the test that runs."""

    def __init__(self) -> None:
        self.seen: Seen = {"sqlite": {}, "postgresql": {}}
        self.test = ""

    def listen(self, patch: pytest.MonkeyPatch) -> None:
        """Hear every way in which a statement can be sent, until the patch is undone."""
        for database, engine in ((Sqlite, "sqlite"), (Postgresql, "postgresql")):
            patch.setattr(database, "execute_sql", self._heard(database.execute_sql, engine))
        patch.setattr(Store, "stream", self._heard(Store.stream))
        patch.setattr(Store, "insert", self._inserted(Store.insert))

    def merge(self, other: Seen) -> None:
        """Add what another process heard."""
        for engine, statements in other.items():
            self.seen[engine] = statements | self.seen[engine]

    def alone(self) -> Iterator[tuple[str, str, str]]:
        """Engine, statement and test of each that one engine alone was sent, without a reason."""
        if not self.seen["postgresql"]:
            return
        for engine, other in (("sqlite", "postgresql"), ("postgresql", "sqlite")):
            for statement in sorted(self.seen[engine].keys() - self.seen[other].keys()):
                if not any(re.match(pattern, statement) for pattern in ONE_ENGINE):
                    yield engine, statement, self.seen[engine][statement]

    def told(self) -> Iterator[str]:
        """What a whole run says at its end, a line each."""
        if not self.seen["postgresql"]:
            yield "None was sent to PostgreSQL: whether every statement runs on both engines was not proved."
            return
        for engine, statement, test in self.alone():
            yield f"{engine} alone: {statement}"
            yield f"    first sent in {test}: mark it both_engines, or let ONE_ENGINE in tests/statements.py say why"
        both = self.seen["sqlite"].keys() & self.seen["postgresql"].keys()
        yield f"{len(both)} statements were sent to both engines."

    def hear(self, engine: str, sql: str) -> None:
        """Keep a statement that the product sends."""
        seen, text = self.seen[engine], plain(sql)
        if text not in seen and asked_for_by_panku():
            seen[text] = self.test

    def _heard(self, send: Callable[..., Any], engine: str | None = None) -> Callable[..., Any]:
        def sent(sender: Any, sql: str, *rest: Any, **named: Any) -> Any:
            self.hear(engine or sender.engine, sql)
            return send(sender, sql, *rest, **named)

        return sent

    def _inserted(self, insert: Callable[..., int]) -> Callable[..., int]:
        """Many rows are inserted past `execute_sql`, by each engine in its own way."""

        def inserted(
            store: Store, table: type[Table], rows: Iterable[Any], columns: Sequence[str] | None = None
        ) -> int:
            self.hear(store.engine, f"rows into {name_of(table)} ({', '.join(columns or ())})")
            return insert(store, table, rows, columns)

        return inserted


@cache
def plain(sql: str) -> str:
    """A statement as both engines have it: one kind of placeholder, lists of any length alike, single blanks.

    What is looked for in several places (`listed`) is so in any number of them.
    """
    text = re.sub(r"\s+", " ", sql.replace("%s", "?").replace("%%", "%")).strip()
    text = re.sub(r"\?(, ?\?)+", "?…", text)
    text = re.sub(r"\b(LIMIT|OFFSET) \d+", r"\1 ?", text)
    text = re.sub(r'\bSAVEPOINT "\w+"', "SAVEPOINT ?", text)
    text = re.sub(r"(SELECT key, content FROM \(.*?\) AS way)( UNION ALL \1)+", r"\1", text)
    return re.sub(r"(\(\?…?\))(, ?\(\?…?\))+", r"\1…", text)


def asked_for_by_panku() -> bool:
    """Whether the product asked for what is being sent, and not a test."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(PRODUCT) and file not in SENDERS:
            return True
        if file.startswith(str(ROOT / "tests")) and file != __file__:
            return False
        frame = frame.f_back
    return False
