"""Verification: every link, every digest, every line and every cache recomputed from the ledger rows, and compared.

It reads one snapshot in bounded memory, names the first wrong row of each journal, and goes on with the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from devices.chain import FORMAT, GENESIS, Link, digest_of
from devices.database import Store
from devices.journal import heads as journal_heads
from devices.ledger.caches import cache_faults
from devices.ledger.faults import Fault
from devices.ledger.rows import DOCUMENT_COLUMNS, LINE_COLUMNS, REVIEW_COLUMNS, document_digest, review_digest
from devices.records import REVISION_COLUMNS, RecordKind, revision_digest

PAGE = 2000
"""Links read at once: with their records and lines they stay well inside 100 MB."""

Row = tuple[Any, ...]
Progress = Callable[[int, int], None]
Heads = Mapping[str, tuple[int, str]]

LINE_PLACE = (LINE_COLUMNS.index("journal_seq"), LINE_COLUMNS.index("n"))
REVISION_SEQ = REVISION_COLUMNS.index("journal_seq")


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
    store: Store, kinds: Sequence[RecordKind], *, progress: Progress | None = None, heads: Heads | None = None
) -> Report:
    """Recompute everything; `heads` are (seq, hash) by site, held outside since some earlier day."""
    with store.reading():
        links, lines, devices = (
            int((store.row(f"SELECT COUNT(*) FROM {table}") or (0,))[0])
            for table in ("journal", "line", "position")
        )
        faults: list[Fault] = []
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            if progress is not None:
                progress(done, links + lines)

        for (site,) in store.rows("SELECT DISTINCT site FROM journal ORDER BY site"):
            faults += _journal_faults(store, site, advance)
        faults += _orphans(store)
        faults += _head_faults(store, heads or {})
        faults += cache_faults(store, kinds)
    return Report(faults, links, lines, devices)


def _journal_faults(store: Store, site: str, advance: Callable[[int], None]) -> list[Fault]:
    """The first wrong row of one journal, if any: after it every link would be wrong."""
    previous: Link | None = None
    for links in _pages(store, site):
        records = _Records(store, site, links[0].seq, links[-1].seq)
        for link in links:
            what = _link_fault(link, previous) or records.fault_of(link)
            if what is not None:
                table, key, text = what
                return [Fault(table, key, text)]
            previous = link
        advance(len(links) + records.line_count)
    return []


def _pages(store: Store, site: str) -> Iterator[list[Link]]:
    columns = ", ".join(Link.__struct_fields__)
    seq = 0
    while True:
        rows = store.rows(
            f"SELECT {columns} FROM journal WHERE site = ? AND seq > ? ORDER BY seq LIMIT ?",
            (site, seq, PAGE),
        )
        if not rows:
            return
        yield [Link(*row) for row in rows]
        seq = rows[-1][1]


Wrong = tuple[str, str, str] | None


def _link_fault(link: Link, previous: Link | None) -> Wrong:
    name = f"{link.site}/{link.seq}"
    if link.seq != (previous.seq + 1 if previous else 1):
        return "journal", name, "the sequence has a gap before this link"
    if link.format != FORMAT:
        return "journal", name, f"an unknown format, {link.format}"
    if link.previous != (previous.hash if previous else GENESIS):
        return "journal", name, "it does not continue the link before it"
    if previous and link.recorded_at < previous.recorded_at:
        return "journal", name, "it is recorded before the link it follows"
    if digest_of(msgspec.structs.astuple(link)[:-1]) != link.hash:
        return "journal", name, "its hash is not that of its content"
    return None


class _Records:
    """The records and lines that belong to a run of links of one journal."""

    def __init__(self, store: Store, site: str, first: int, last: int) -> None:
        self.store = store
        place = (site, first, last)
        self.documents = self._by_seq("document", DOCUMENT_COLUMNS, "site", place)
        self.reviews = self._by_seq("review", REVIEW_COLUMNS, "journal_site", place)
        self.revisions = self._by_seq("revision", REVISION_COLUMNS, "journal_site", place)
        lines = store.rows(
            f"SELECT {', '.join(LINE_COLUMNS)} FROM line"
            " WHERE journal_site = ? AND journal_seq BETWEEN ? AND ? ORDER BY journal_seq, n",
            place,
        )
        self.line_count = len(lines)
        self.lines = {seq: list(group) for seq, group in groupby(lines, key=itemgetter(LINE_PLACE[0]))}

    def _by_seq(
        self, table: str, columns: Sequence[str], site_column: str, place: tuple[str, int, int]
    ) -> dict[int, Row]:
        rows = self.store.rows(
            f"SELECT {', '.join(columns)} FROM {table} WHERE {site_column} = ? AND journal_seq BETWEEN ? AND ?",
            place,
        )
        seq = columns.index("journal_seq")
        return {row[seq]: row for row in rows}

    def fault_of(self, link: Link) -> Wrong:
        """What is wrong with the record a link is of."""
        found = [
            table
            for table, rows in (
                ("document", self.documents),
                ("review", self.reviews),
                ("revision", self.revisions),
            )
            if link.seq in rows
        ]
        expected = link.kind if link.kind in ("document", "review") else "revision"
        if found != [expected]:
            return expected, link.reference, f"link {link.site}/{link.seq} has no {expected} of its own"
        lines = self.lines.get(link.seq, [])
        if expected == "document":
            return self._document(link, self.documents[link.seq], lines)
        if expected == "review":
            return self._review(link, self.reviews[link.seq], lines)
        return self._revision(link, self.revisions[link.seq], lines)

    def _document(self, link: Link, row: Row, lines: list[Row]) -> Wrong:
        if row[0] != link.reference:
            return "document", str(row[0]), f"its link {link.site}/{link.seq} is of {link.reference}"
        if document_digest(row, lines) != link.digest:
            return "document", link.reference, "the document or one of its lines was changed" + _named(lines)
        return None

    def _review(self, link: Link, row: Row, lines: list[Row]) -> Wrong:
        if row[0] != link.reference:
            return "review", str(row[0]), f"its link {link.site}/{link.seq} is of {link.reference}"
        if review_digest(row, lines) != link.digest:
            return "review", link.reference, "the review or one of its lines was changed" + _named(lines)
        reviewed = self.store.row(
            "SELECT j.hash FROM document d JOIN journal j ON j.site = d.site AND j.seq = d.journal_seq"
            " WHERE d.number = ?",
            (link.reference,),
        )
        if reviewed is None or reviewed[0] != row[REVIEW_COLUMNS.index("document_hash")]:
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
    serials = [line[0] for line in lines[:5]]
    return f" (serials {', '.join(serials)}{'…' if len(lines) > len(serials) else ''})" if serials else ""


ORPHANS = {
    "document": "SELECT number FROM document t WHERE NOT EXISTS"
    " (SELECT 1 FROM journal j WHERE j.site = t.site AND j.seq = t.journal_seq)",
    "review": "SELECT document FROM review t WHERE NOT EXISTS"
    " (SELECT 1 FROM journal j WHERE j.site = t.journal_site AND j.seq = t.journal_seq)",
    "revision": "SELECT kind || ' ' || key FROM revision t WHERE NOT EXISTS"
    " (SELECT 1 FROM journal j WHERE j.site = t.journal_site AND j.seq = t.journal_seq)",
    "line": "SELECT serial FROM line t WHERE NOT EXISTS"
    " (SELECT 1 FROM journal j WHERE j.site = t.journal_site AND j.seq = t.journal_seq"
    " AND j.reference = t.document AND j.kind IN ('document', 'review'))",
}


def _orphans(store: Store) -> Iterator[Fault]:
    for table, statement in ORPHANS.items():
        for (key,) in store.rows(statement + " LIMIT 20"):
            yield Fault(table, str(key), "no link of a journal is of it")


def _head_faults(store: Store, heads: Heads) -> Iterator[Fault]:
    for site, (seq, link_hash) in sorted(heads.items()):
        row = store.row("SELECT hash FROM journal WHERE site = ? AND seq = ?", (site, seq))
        if row is None:
            yield Fault("journal", f"{site}/{seq}", "a head held outside is not in the journal any more")
        elif row[0] != link_hash:
            yield Fault("journal", f"{site}/{seq}", "the journal differs from a head held outside")
