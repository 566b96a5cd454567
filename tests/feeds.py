"""Books rebuilt from a feed alone, and a reader that follows one page by page while postings go on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from devices.ledger.books import books
from devices.ledger.reading import exported_lines
from devices.ledger.reading.changes import changes
from devices.ledger.reading.history import Event
from devices.store.database import Store
from devices.values import REGISTERS


class Held(NamedTuple):
    """Where a device is, as far as a book asks; the columns of `position` have these names."""

    serial: str
    step: int
    model: str
    state: str
    register: str | None
    site: str | None
    bin: str | None


def held_after(line: Event) -> Held:
    """Where a line of the API leaves its device."""
    after = line.position
    assert after.model is not None
    return Held(line.serial, line.step, after.model, after.state, after.register, after.site, after.bin)


def held_in(line: Mapping[str, Any]) -> Held:
    """Where an exported line leaves its device; what a file of texts tells, as it is in the books."""
    register, site, bin_code = (line[name] or None for name in ("register", "site", "bin"))
    return Held(line["serial"], int(line["step"]), line["model"], line["state"], register, site, bin_code)


def assert_rebuilt(store: Store, site: str, told: Iterable[Held]) -> None:
    """What a site's feed told, each device after its latest step, is the site's book as it stands: all registers."""
    latest: dict[str, Held] = {}
    for line in told:
        if line.serial not in latest or line.step > latest[line.serial].step:
            latest[line.serial] = line
    here = sorted(held for held in latest.values() if held.site == site)
    columns = ", ".join(Held._fields)
    assert here == store.rows(f"SELECT {columns} FROM position WHERE site = ? ORDER BY serial", (site,))
    counted = Counter((held.register, held.model, held.state) for held in here)
    for register in REGISTERS:
        for model in books.totals(store, site, register).models:
            for state in books.COUNTED_STATES:
                assert counted.pop((register, model.model, state), 0) == getattr(model, state)
    assert not counted, "more than the books hold"


def assert_exported(store: Store, site: str) -> None:
    """The site's book is rebuilt from its exported lines alone."""
    with store.reading():
        rows = [row for page in exported_lines.pages(store, site) for row in page.rows]
    assert_rebuilt(
        store, site, (held_in(dict(zip(exported_lines.COLUMNS, row, strict=True))) for row in rows)
    )


class Follower:
    """Reads some sites' feed by cursor; `lines` are all that it was told."""

    def __init__(self, store: Store, sites: Sequence[str]) -> None:
        self.store, self.sites = store, sites
        self.lines: list[Event] = []
        self.cursor: str | None = None

    def read(self, limit: int) -> bool:
        """Read one page; whether there was more."""
        with self.store.reading():
            page = changes(self.store, self.sites, self.cursor, limit)
        assert len(page.lines) <= limit
        assert not page.more or len(page.lines) == limit
        self.lines += page.lines
        self.cursor = page.cursor
        return page.more

    def read_all(self, limit: int = 100) -> None:
        """Read to the end."""
        while self.read(limit):
            pass

    def holds(self) -> None:
        """Every line it should have been told was, once, each journal's in order, and each site's book is right."""
        told = [(line.journal_site, line.journal_seq, line.n) for line in self.lines]
        of_journal = defaultdict(list)
        for journal, *place in told:
            of_journal[journal].append(place)
        assert all(places == sorted(places) for places in of_journal.values())
        assert sorted(told) == due(self.store, self.sites)
        for site in self.sites:
            assert_rebuilt(self.store, site, map(held_after, self.lines))


def due(store: Store, sites: Sequence[str]) -> list[tuple[str, int, int]]:
    """The lines that these sites must be told: of their journals, and of the devices they answered for, by rule."""
    before: dict[str, str | None] = {}
    found = []
    for serial, journal, seq, n, answering in store.rows(
        "SELECT serial, journal_site, journal_seq, n, COALESCE(site, responsible_site) FROM line ORDER BY serial, step"
    ):
        if {journal, before.get(serial), answering} & set(sites):
            found.append((journal, seq, n))
        before[serial] = answering
    return sorted(found)
