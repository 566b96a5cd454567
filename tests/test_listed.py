"""Records are listed as whoever looked at each of them would list them, whatever leads to them."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import msgspec
import pytest

from devices import records
from devices.journal import open_journals
from devices.listed import Only, listed
from devices.records import Found, RecordKind
from devices.store.database import Store
from tests.door import NOW

SITES, STATES, CUSTOMERS, PEOPLE = (
    ("BJ01", "TJ01"),
    ("open", "done", None),
    ("C-1", "C-2", None),
    ("wang", None),
)
DAYS = ("2026-11-01", "2026-11-02", "2026-11-03", None)
SERIALS = ("S1", "S2", "S3")


class Thing(msgspec.Struct, frozen=True):
    """What is listed."""

    number: str
    site: str
    found: Found


THING = RecordKind("thing", Thing, lambda v: v.number, lambda v: v.site, found_by=lambda v: v.found)


def made(store: Store) -> list[Thing]:
    """Sixty things, by number."""
    chance = Random("things")
    things = [
        Thing(
            f"T-{n:02}",
            chance.choice(SITES),
            Found(
                chance.choice(STATES),
                chance.choice(CUSTOMERS),
                chance.choice(DAYS),
                chance.choice(PEOPLE),
                serials=tuple(chance.sample(SERIALS, chance.randrange(3))),
            ),
        )
        for n in range(60)
    ]
    with store.writing():
        writer = open_journals(store, SITES, NOW)
        for thing in things:
            records.write(writer, THING, thing, by="zhang", expected=0)
    return things


def is_wanted(thing: Thing, sites: Any, only: Only) -> bool:
    """Whether one is asked for, as one would say it."""
    found = thing.found
    between = found.day is not None and (only.since or "") <= found.day <= (only.until or "9")
    return (
        (sites is None or thing.site in sites)
        and (only.states is None or found.state in only.states)
        and (only.customers is None or found.customer in only.customers)
        and (only.serial is None or only.serial in found.serials)
        and (only.assignee is None or found.assignee == only.assignee)
        and (between or (only.since is None and only.until is None))
    )


ASKED = [
    (sites, Only(states, customers, serial, assignee, since, until))
    for sites, states, customers, serial, assignee, since, until in product(
        (None, ["BJ01"], SITES, []),
        (None, ("open",), ("open", "done")),
        (None, ("C-2",), ("C-1", "C-2")),
        (None, "S2"),
        (None, "wang"),
        (None, "2026-11-02"),
        (None, "2026-11-02"),
    )
]


@pytest.mark.both_engines
def test_a_list_has_just_what_is_asked_for_by_key(demo: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    things = made(demo)
    for name, value in (("AT_ONCE", 3), ("MOST_AT_ONCE", 7), ("WAYS_AT_ONCE", 2)):
        monkeypatch.setattr(f"devices.listed.{name}", value)
    for sites, only in Random("asked").sample(ASKED, 200):
        wanted = [thing for thing in things if is_wanted(thing, sites, only)]
        assert list(listed(demo, THING, sites, only=only)) == wanted, (sites, only)
        assert list(listed(demo, THING, sites, "T-30", only)) == [w for w in wanted if w.number > "T-30"]
        backwards = list(listed(demo, THING, sites, only=only, newest_first=True))
        assert backwards == wanted[::-1], (sites, only)
