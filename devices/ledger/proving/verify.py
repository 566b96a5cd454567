"""Verification: every link, every digest, every line and every cache recomputed from the ledger rows, and compared.

It reads one snapshot in bounded memory, names the first wrong row of each journal, and goes on with the others. A
check that fails on what it reads is a fault itself, and keeps no other check from being made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby, starmap
from operator import itemgetter
from typing import Any

import msgspec
from peewee import SQL, fn

from devices.chain import GENESIS, LINK_FORMAT, Held, Link, digest_of
from devices.journal import heads as journal_heads
from devices.journal import link_hash
from devices.ledger.posting.rows import (
    document_digest,
    review_digest,
)
from devices.ledger.proving.derived import cache_checks
from devices.ledger.proving.faults import UNREADABLE, Fault, guarded
from devices.records import RecordKind, revision_digest
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables import columns_of
from devices.store.tables.ledger import Documents, Lines, Links, Positions, Reviews, Revisions

TOLD_EVERY = 500
"""Links between two words on the progress."""

Row = tuple[Any, ...]
Progress = Callable[[int, int], None]
Check = Callable[[Store], Iterable[Fault]]

_LINKS = compiled(Links.select().where(Links.site == GIVEN, Links.seq >= GIVEN).order_by(Links.seq))
_SITES = compiled(Links.select(Links.site).distinct().order_by(Links.site))
_COUNTS = tuple(compiled(table.select(fn.COUNT(SQL("*")))) for table in (Links, Lines, Positions))
FIRST, LAST = -(2**63), 2**63 - 1
EXHAUSTED: tuple[int, Iterator[Row]] = (LAST, iter(()))


class Stream(msgspec.Struct, frozen=True):
    """How the rows of one table are read in the order of one journal: `site` is the column of its journal's site.

    `beside` are columns of others that are read with each row, `order` parts the rows of one link; `size` are read at
    once.
    """

    table: Any
    site: Any
    size: int
    beside: tuple[Any, ...] = ()
    order: tuple[Any, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the table's columns, in their declared order."""
        return columns_of(self.table)

    def statement(self) -> str:
        """The rows of one journal from one link on, in the journal's order."""
        table = self.table
        columns = [getattr(table, name) for name in self.columns]
        query = table.select(*columns, *self.beside).where(
            self.site == GIVEN, table.journal_seq >= GIVEN, table.journal_seq <= LAST
        )
        return compiled(query.order_by(table.journal_seq, *self.order))


_reviewed = (
    Documents.select(Links.hash)
    .join(Links, on=((Links.site == Documents.site) & (Links.seq == Documents.journal_seq)))
    .where(Documents.number == Reviews.document)
)
STREAMS = {
    "document": Stream(Documents, Documents.site, 100),
    "review": Stream(Reviews, Reviews.journal_site, 1000, beside=(_reviewed,)),
    "revision": Stream(Revisions, Revisions.journal_site, 100),
    "line": Stream(Lines, Lines.journal_site, 2000, order=(Lines.n,)),
}
"""By table: how it is read beside the journal."""
_STATEMENTS = {name: each.statement() for name, each in STREAMS.items()}


class Report(msgspec.Struct, frozen=True):
    """What was checked, and everything that is wrong."""

    faults: list[Fault]
    links: int
    lines: int
    devices: int


def export_heads(store: Store) -> dict[str, dict[str, Any]]:
    """The head of every journal, to be held outside and checked against later."""
    return {head.site: {"seq": head.seq, "hash": head.hash} for head in journal_heads(store)}


def verify(
    store: Store,
    kinds: Sequence[RecordKind],
    *,
    progress: Progress | None = None,
    held: Collection[Held] = (),
    checks: Sequence[Check] = (),
) -> Report:
    """Recompute everything; `held` are heads that were held outside since some earlier day.

    `checks` are what other layers ask of the same snapshot.
    """
    with store.reading():
        links, lines, devices = (int((store.row(count) or (0,))[0]) for count in _COUNTS)
        faults: list[Fault] = []
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            if progress is not None:
                progress(done, links + lines)

        for (site,) in store.rows(_SITES):
            faults += guarded(store, f"journal {site}", partial(journal_faults, store, site, advance))
        faults += guarded(store, "orphans", partial(_orphans, store))
        faults += guarded(store, "citing", partial(_citing, store))
        faults += guarded(store, "types", partial(foreign_values, store, CHAINED))
        faults += guarded(store, "heads", partial(_head_faults, store, held))
        for name, cache in cache_checks(kinds).items():
            faults += guarded(store, name, partial(cache, store))
        for check in checks:
            faults += guarded(store, check.__name__, partial(check, store))
    return Report(faults, links, lines, devices)


def journal_faults(
    store: Store,
    site: str,
    advance: Callable[[int], None] = lambda _: None,
    *,
    previous: Link | None = None,
) -> list[Fault]:
    """The first wrong row of one journal, if any: after it every link would be wrong.

    With `previous`, a link that is taken as it is, only what follows it is checked.
    """
    records = _Records(store, site, previous.seq + 1 if previous else 1)
    for link in starmap(Link, store.stream(_LINKS, (site, previous.seq + 1 if previous else FIRST))):
        what = _link_fault(link, previous) or records.fault_of(link)
        if what is not None:
            return [Fault(*what)]
        previous = link
        if link.seq % TOLD_EVERY == 0:
            advance(records.passed())
    advance(records.passed())
    return []


Wrong = tuple[str, str, str] | None


def _link_fault(link: Link, previous: Link | None) -> Wrong:
    name = f"{link.site}/{link.seq}"
    if link.seq != (previous.seq + 1 if previous else 1):
        return "journal", name, "the sequence has a gap before this link"
    if link.format != LINK_FORMAT:
        return "journal", name, f"an unknown format, {link.format}"
    if link.previous != (previous.hash if previous else GENESIS):
        return "journal", name, "it does not continue the link before it"
    if digest_of(msgspec.structs.astuple(link)[:-1]) != link.hash:
        return "journal", name, "its hash is not that of its content"
    if previous and link.recorded_at < previous.recorded_at:
        return "journal", name, "it is recorded before the link it follows"
    return None


class _ByLink:
    """One table's rows in the order of one journal, handed out link by link: no more than one link's are held."""

    def __init__(self, store: Store, site: str, table: str, first: int) -> None:
        stream = STREAMS[table]
        rows = store.stream(_STATEMENTS[table], (site, first), stream.size)
        self.groups = groupby(rows, key=itemgetter(stream.columns.index("journal_seq")))
        self.seq: int
        self.group: Iterator[Row]
        self.seq, self.group = next(self.groups, EXHAUSTED)

    def of(self, seq: int) -> list[Row]:
        """The rows of link `seq`; those of a link that is not there are passed over, since ORPHANS tells them."""
        while self.seq < seq:
            self.seq, self.group = next(self.groups, EXHAUSTED)
        return list(self.group) if self.seq == seq else []


class _Records:
    """The records and lines that belong to the links of one journal, from its link `first` on."""

    def __init__(self, store: Store, site: str, first: int) -> None:
        self.lines = _ByLink(store, site, "line", first)
        self.tables = {table: _ByLink(store, site, table, first) for table in STREAMS if table != "line"}
        self.count = 0

    def passed(self) -> int:
        """How many links and lines have been checked since this was last asked."""
        count, self.count = self.count, 0
        return count

    def fault_of(self, link: Link) -> Wrong:
        """What is wrong with the record a link is of."""
        found = [(table, row) for table, rows in self.tables.items() for row in rows.of(link.seq)]
        expected = link.kind if link.kind in ("document", "review") else "revision"
        if [table for table, _ in found] != [expected]:
            return expected, link.reference, f"link {link.site}/{link.seq} has not one {expected} of its own"
        lines = self.lines.of(link.seq)
        self.count += 1 + len(lines)
        row = found[0][1]
        if expected == "document":
            return self._document(link, row, lines)
        if expected == "review":
            return self._review(link, row, lines)
        return self._revision(link, row, lines)

    def _document(self, link: Link, row: Row, lines: list[Row]) -> Wrong:
        if row[0] != link.reference:
            return "document", str(row[0]), f"its link {link.site}/{link.seq} is of {link.reference}"
        if document_digest(row, lines) != link.digest:
            return "document", link.reference, "the document or one of its lines was changed" + _named(lines)
        return None

    def _review(self, link: Link, row: Row, lines: list[Row]) -> Wrong:
        if row[0] != link.reference:
            return "review", str(row[0]), f"its link {link.site}/{link.seq} is of {link.reference}"
        *review, document_hash = row
        if review_digest(review, lines) != link.digest:
            return "review", link.reference, "the review or one of its lines was changed" + _named(lines)
        if document_hash != review[columns_of(Reviews).index("document_hash")]:
            return "review", link.reference, "it is not of the document as it stands"
        return None

    def _revision(self, link: Link, row: Row, lines: list[Row]) -> Wrong:
        kind, key, revision, _, _, made_by, recorded_at, content = row
        if (kind, f"{key}@{revision}") != (link.kind, link.reference):
            return "revision", f"{kind} {key}@{revision}", f"its link is of {link.kind} {link.reference}"
        if lines or revision_digest(kind, key, revision, made_by, recorded_at, content) != link.digest:
            return "revision", f"{kind} {link.reference}", "the revision was changed"
        return None


def _named(lines: list[Row]) -> str:
    serials = [str(line[0]) for line in lines[:5]]
    return f" (serials {', '.join(serials)}{'…' if len(lines) > len(serials) else ''})" if serials else ""


# By hand: each whole table against the journal.
ORPHANS = {
    "document": "SELECT number FROM document t WHERE NOT EXISTS"
    " (SELECT 1 FROM journal j WHERE j.site = t.site AND j.seq = t.journal_seq"
    " AND j.kind = 'document' AND j.reference = t.number)",
    "review": "SELECT document FROM review t WHERE NOT EXISTS"
    " (SELECT 1 FROM journal j WHERE j.site = t.journal_site AND j.seq = t.journal_seq"
    " AND j.kind = 'review' AND j.reference = t.document)",
    "revision": "SELECT kind, key FROM revision t WHERE NOT EXISTS"
    " (SELECT 1 FROM journal j WHERE j.site = t.journal_site AND j.seq = t.journal_seq"
    " AND j.kind = t.kind AND j.reference = t.key || '@' || t.revision)",
    "line": "SELECT serial FROM line t WHERE NOT EXISTS"
    " (SELECT 1 FROM journal j WHERE j.site = t.journal_site AND j.seq = t.journal_seq"
    " AND j.reference = t.document AND j.kind IN ('document', 'review'))",
}


def _orphans(store: Store) -> Iterator[Fault]:
    for table, statement in ORPHANS.items():
        for key in store.rows(statement + " LIMIT 20"):
            yield Fault(table, " ".join(map(str, key)), "no link of a journal is of it")


# By hand: every document that cites one against that one and its link.
_CITING = (
    "SELECT d.number, d.cites, d.content, j.site, j.seq, j.hash FROM document d"
    " LEFT JOIN document c ON c.number = d.cites"
    " LEFT JOIN journal j ON j.site = c.site AND j.seq = c.journal_seq WHERE d.cites IS NOT NULL"
)


class _Citing(msgspec.Struct):
    """What a document's content holds of the one it cites; one of an earlier version held nothing."""

    cited_link: tuple[str, int, str] | None = None


def _citing(store: Store) -> Iterator[Fault]:
    """Documents whose cited document has another link than they hold: its journal was written anew behind them."""
    for number, cites, content, *link in store.stream(_CITING):
        try:
            held = msgspec.json.decode(content, type=_Citing).cited_link
        except UNREADABLE:
            yield Fault("document", str(number), "what it holds of the document it cites can not be read")
            continue
        if held is not None and list(held) != link:
            yield Fault(
                "document", number, f"{cites}, which it cites, is not on link {held[0]}/{held[1]} as it was"
            )


CHAINED = ("journal", "document", "line", "review", "revision", "personal")
FOREIGN = {"TEXT": "{0} >= x''", "INTEGER": "typeof({0}) NOT IN ('integer', 'null')"}
"""What is true of a value that its column can not have: SQLite turns numbers in a TEXT column into text, and sorts
blobs, which it lets be, after everything else."""


def foreign_values(store: Store, tables: Iterable[str]) -> Iterator[Fault]:
    """Values of a type their column does not have: SQLite keeps them, and in JSON some look like the true ones."""
    # By hand: SQLite's own words of its schema, and of the types that its values have.
    for table in tables if store.engine == "sqlite" else ():
        columns = store.rows(f"PRAGMA table_info({table})")
        wrong = " OR ".join(
            FOREIGN["TEXT" if declared == "TEXT" else "INTEGER"].format(name)
            for _, name, declared, *_ in columns
        )
        keys = ", ".join(name for _, name, _, _, _, place in columns if place)
        for key in store.rows(f"SELECT {keys} FROM {table} WHERE {wrong} LIMIT 20"):
            yield Fault(table, "/".join(map(str, key)), "a value is of another type than its column")


def _head_faults(store: Store, heads: Collection[Held]) -> Iterator[Fault]:
    for site, seq, held in sorted(heads):
        found = link_hash(store, site, seq)
        if found is None:
            yield Fault("journal", f"{site}/{seq}", "a head held outside is not in the journal any more")
        elif found != held:
            yield Fault("journal", f"{site}/{seq}", "the journal differs from a head held outside")
