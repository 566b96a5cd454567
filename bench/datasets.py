"""Books to measure: one founded unit with eight sites, filled in bulk with valid rows and a whole chain."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from devices import records
from devices.chain import link_after
from devices.journal import head_of, open_journals
from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.posting import post
from devices.ledger.posting.rows import (
    document_digest,
)
from devices.people import enrolment, tokens
from devices.people.roles import Person
from devices.store import schema
from devices.store.database import Store
from devices.store.tables import columns_of
from devices.store.tables.ledger import Documents, Lines, Links, Positions, Standings
from devices.unit import found
from devices.values import UNIT, Bin, Model, Site
from panku.wiring import RULEBOOK, clock
from tests import postgresql

SITES = tuple(f"BJ{n:02}" for n in range(1, 9))
CHUNK = 500
"""Lines of one generated document."""
DAY_US = 86_400_000_000
PASSWORD = "marble kettle seventeen"

Row = tuple[Any, ...]


class Place:
    """Where the databases of one engine lie; a copy of one takes a moment."""

    def __init__(self, engine: str, folder: Path, server: postgresql.Server | None) -> None:
        self.engine, self.folder, self.server = engine, folder, server
        self._numbers = itertools.count()

    def fresh(self) -> str:
        """The URL of a new database without a table."""
        name = f"bench_{next(self._numbers)}"
        if self.server is not None:
            return self.server.create(name, template="template0")
        return f"sqlite:///{self.folder / name}.sqlite3"

    def copy(self, url: str) -> str:
        """The URL of a copy; nobody may be connected to the original."""
        name = f"bench_{next(self._numbers)}"
        if self.server is not None:
            return self.server.create(name, template=url.partition("?")[0].rpartition("/")[2])
        target = self.folder / f"{name}.sqlite3"
        shutil.copy(url.removeprefix("sqlite:///"), target)
        return f"sqlite:///{target}"


@contextmanager
def place(engine: str, folder: Path) -> Iterator[Place]:
    """A place for an engine's databases; a PostgreSQL server (durable, unlike the tests') is stopped at the end.

    It caches 1 GB: its default of 128 MB holds no million lines, and its manual advises a quarter of the memory.
    """
    if engine == "sqlite":
        yield Place(engine, folder, None)
        return
    postgresql.SERVER_OPTIONS = "-c listen_addresses= -c shared_buffers=1GB"
    home = postgresql.new_folder()
    try:
        yield Place(engine, folder, postgresql.Server(home, lambda _: None))
    finally:
        postgresql.stop(home)


class Books(msgspec.Struct, frozen=True):
    """Generated books: a token that reads them, the serials by site, the number of lines."""

    url: str
    token: str
    serials: dict[str, list[str]]
    lines: int


def founded(url: str) -> str:
    """Found a unit with eight sites in an empty database; returns a token's secret."""
    store = Store(url)
    schema.migrate(store)
    at_us = clock() - 20 * DAY_US
    with store.writing():
        unit = found(store, "Bench", at_us)
        writer = open_journals(store, [UNIT, *SITES], at_us)
        enrolment.found_administrator(writer, unit, "admin", "Admin", PASSWORD)
        for site in SITES:
            records.write(writer, records.SITE, Site(site, site), by="admin", expected=0)
            for code in ("M-01", "M-02"):
                records.write(
                    writer, records.BIN, Bin(site, code, "merchandise", "good"), by="admin", expected=0
                )
        model = Model("TCG-01", "tax_disk", "税控盘", "[0-9]{12}", 20000, 12, "TCG-01")
        records.write(writer, records.MODEL, model, by="admin", expected=0)
        admin = Person(username="admin", name="Admin", roles=frozenset({("admin", UNIT)}))
        issued = tokens.issue(
            writer, admin, label="bench", site=SITES[0], scopes=["read"], expires_at=clock() + 30 * DAY_US
        )
    store.close()
    return issued.secret


def draft_of(document: dict[str, Any]) -> AnyDraft:
    """A document's body as the doors would decode it."""
    draft: AnyDraft = msgspec.convert(document, AnyDraft)
    return draft


def receipt(site: str, serials: list[str], day: str) -> AnyDraft:
    """A receipt of these serials into M-01."""
    lines = [{"serial": serial} for serial in serials]
    paper = {"supplier": "启明税控设备厂", "delivery_note": "QM-1", "model": "TCG-01", "bin": "M-01"}
    book = {"type": "receipt", "site": site, "register": "merchandise", "business_date": day}
    return draft_of({**book, **paper, "lines": lines})


def move(site: str, serial: str, bin_code: str, day: str) -> AnyDraft:
    """A move of one serial."""
    fixed = {"type": "move", "site": site, "business_date": day, "bin": bin_code}
    return draft_of({**fixed, "lines": [{"serial": serial}]})


def filled(url: str, lines: int, each: int) -> Books:
    """Fill an empty database with `lines` lines, `each` of every device, spread over the sites."""
    token = founded(url)
    store = Store(url)
    devices = max(len(SITES), lines // each)
    serials = {
        site: [f"{100000000000 + n * 10 + k}" for n in range(devices // 8)] for k, site in enumerate(SITES)
    }
    for number, site in enumerate(SITES):
        _fill_site(store, site, serials[site], each, f"{999999999990 + number}")
    if store.engine == "postgresql":  # as its autovacuum would; on SQLite nothing gathers statistics
        store.execute("VACUUM ANALYZE")
    store.close()
    return Books(url, token, serials, sum(map(len, serials.values())) * each)


def one_book(url: str, devices: int, each: int) -> str:
    """Fill an empty database with devices of one site and book, `each` lines of every one; returns the URL."""
    founded(url)
    store = Store(url)
    _fill_site(store, SITES[0], [f"{100000000000 + n * 10}" for n in range(devices)], each, "999999999990")
    if store.engine == "postgresql":
        store.execute("VACUUM ANALYZE")
    store.close()
    return url


def _templates(store: Store, site: str, serial: str) -> list[tuple[Row, Row, Row]]:
    """A posted receipt and the two moves there and back, as (document, standing, line)."""
    unit = found(store, "", 0)
    at_us = clock() - 19 * DAY_US
    day = unit.day_of(at_us).isoformat()
    drafts = (receipt(site, [serial], day), move(site, serial, "M-02", day), move(site, serial, "M-01", day))
    found_rows = []
    for draft in drafts:
        with store.writing():
            number = post.post(
                store, unit, draft, by=post.Poster("admin"), at_us=at_us, rulebook=RULEBOOK
            ).number
        rows = []
        for table, columns, key in (
            ("document", columns_of(Documents), "number"),
            ("standing", columns_of(Standings), "document"),
            ("line", columns_of(Lines), "document"),
        ):
            row = store.row(f"SELECT {', '.join(columns)} FROM {table} WHERE {key} = ?", (number,))
            assert row is not None
            rows.append(row)
        found_rows.append((rows[0], rows[1], rows[2]))
    return found_rows


def _fill_site(store: Store, site: str, serials: list[str], each: int, spare: str) -> None:
    templates = _templates(store, site, spare)
    head = head_of(store, site)
    ordinal = templates[-1][0][3]
    for step in range(1, each + 1):
        links, documents, standings, lines = [], [], [], []
        for start in range(0, len(serials), CHUNK):
            document, standing, line = templates[0 if step == 1 else 1 + step % 2]
            assert head is not None
            ordinal += 1
            number, seq = f"{site}-{document[2]}-{ordinal:06d}", head.seq + 1
            at_us = head.recorded_at + 1
            row = (number, *document[1:3], ordinal, *document[4:7], at_us, *document[8:-1], seq)
            mine = [
                (serial, step, number, n, *line[4:6], at_us, *line[7:-1], seq)
                for n, serial in enumerate(serials[start : start + CHUNK], 1)
            ]
            head = link_after(
                head,
                site=site,
                kind="document",
                reference=number,
                recorded_at=at_us,
                digest=document_digest(row, mine),
            )
            links.append(msgspec.structs.astuple(head))
            documents.append(row)
            standings.append((number, *standing[1:4], len(mine), *standing[5:]))
            lines += mine
        with store.writing():
            store.insert(Links, links)
            store.insert(Documents, documents)
            store.insert(Standings, standings)
            store.insert(Lines, lines)
            if step == each:
                at_last = [(r[0], r[1], r[2], r[6], r[7], *r[12:-3]) for r in lines]
                store.insert(Positions, at_last)


__all__ = ["SITES", "Books", "Place", "filled", "founded", "move", "one_book", "place", "receipt"]
