"""Lists of current records: those of a kind that are found by several things at once, in order of their keys.

Which index leads to them is said here, since SQLite has no statistics to choose by. See docs/decisions.md, "A list is
led by one index".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from heapq import merge
from itertools import product
from typing import Any

import msgspec
from peewee import chunked

from devices.records import RecordKind, site_codes
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import RecordDevices, Records
from devices.values import UNIT

AT_ONCE, GROWS, MOST_AT_ONCE = 200, 5, 5_000
"""Values of a list that are read together: at first, how many times as many the next time, and at most."""
WAYS_AT_ONCE = 100
"""In how many places of an index one statement looks; SQLite takes 500."""


class Only(msgspec.Struct, frozen=True):
    """Which records of a kind are wanted: those that are found by all of these, None for any.

    `since` and `until` are ISO dates, both of them included.
    """

    states: Collection[str] | None = None
    customers: Collection[str] | None = None
    serial: str | None = None
    assignee: str | None = None
    since: str | None = None
    until: str | None = None


EVERY = Only()

_OF_DEVICES = compiled(
    RecordDevices.select(RecordDevices.serial, Records.content)
    .join(Records, on=(Records.kind == RecordDevices.kind) & (Records.key == RecordDevices.key))
    .where(RecordDevices.kind == GIVEN, RecordDevices.serial.in_(EACH))
    .order_by(RecordDevices.serial, RecordDevices.key)
)
"""Whatever their states or days: asked for those too, SQLite would begin at an index that has everybody's."""


def listed(
    store: Store,
    kind: RecordKind,
    sites: Collection[str] | None = None,
    after: str = "",
    only: Only = EVERY,
    *,
    newest_first: bool = False,
) -> Iterator[Any]:
    """The latest values of a kind without a table of its own, by key, those after one key; `sites` None means all.

    They are read as they are asked for, so that the first of many cost no more than the first of few; `newest_first`
    from the last key on, where `after` is then no key to begin with. What leads to them costs as many as it finds: a
    device, a customer or days before whose work it is, that before a state and a site. See docs/decisions.md, "A list
    is led by one index".
    """
    if any(
        values is not None and not values for values in (sites, only.states, only.customers)
    ):  # nothing is among none
        return
    leading = _leading(store, sites, only)
    ways = list(product(*(sorted(values) for values in leading.values())))
    rest = list(_rest(kind, sites, only, leading))
    parts = [
        _by_key(store, kind, list(leading), some, rest, after, newest_first=newest_first)
        for some in chunked(ways, WAYS_AT_ONCE)
    ]
    yield from parts[0] if len(parts) == 1 else merge(*parts, key=kind.key, reverse=newest_first)


@cache
def _open_ones(kind: RecordKind) -> str:
    still_open = Records.kind == kind.name, Records.state.in_(kind.open_states), Records.site.in_(EACH)
    return compiled(Records.select(Records.content).where(*still_open))


def open_at(store: Store, kind: RecordKind, sites: Iterable[str]) -> list[Any]:
    """The latest values of a kind in one of its open states at these sites, by key; it costs those alone, however many
    there were.
    """
    rows = store.rows_in(_open_ones(kind), sorted(sites))
    return sorted((kind.decode(content) for (content,) in rows), key=kind.key)


def of_devices(store: Store, kind: RecordKind, serials: Iterable[str]) -> dict[str, list[Any]]:
    """By serial, in the order given, the latest values of a kind that are about each of these devices, by key."""
    found: dict[str, list[Any]] = {serial: [] for serial in serials}
    for serial, content in store.rows_in(_OF_DEVICES, sorted(found), before=(kind.name,)):
        found[serial].append(kind.decode(content))
    return found


def _leading(store: Store, sites: Collection[str] | None, only: Only) -> dict[str, Collection[str]]:
    """The columns by which records are looked for, in an index that has those of each value by key; none where what
    they are looked for by is no column of theirs.
    """
    if only.serial is not None:
        return {}
    if only.customers is not None:
        return {"customer": only.customers}
    if only.since is not None or only.until is not None:
        return {}
    if only.assignee is not None:
        return {"assignee": (only.assignee,)} | ({} if only.states is None else {"state": only.states})
    if only.states is not None:
        return {"state": only.states, "site": (*site_codes(store), UNIT) if sites is None else sites}
    return {} if sites is None else {"site": sites}


def _rest(
    kind: RecordKind, sites: Collection[str] | None, only: Only, leading: Collection[str]
) -> Iterator[Any]:
    """The other conditions: those by which no column leads to the records, and those that only choose among them.

    The latter are written so that no index can serve them: without statistics SQLite would begin at one that has many.
    """
    if only.serial is not None:
        of_device = RecordDevices.serial == only.serial, RecordDevices.kind == kind.name
        yield Records.key.in_(RecordDevices.select(RecordDevices.key).where(*of_device))
    among = {"site": sites, "state": only.states, "customer": only.customers}
    for name, values in among.items():
        if values is not None and name not in leading:
            yield _unserved(name).in_(sorted(values))
    if only.assignee is not None and "assignee" not in leading:
        yield _unserved("assignee") == only.assignee
    by_day = only.serial is None and only.customers is None
    days = list(_between(Records.day if by_day else _unserved("day"), only))
    if days and by_day:
        yield Records.key.in_(Records.select(Records.key).where(Records.kind == kind.name, *days))
    else:
        yield from days


def _between(day: Any, only: Only) -> Iterator[Any]:
    if only.since is not None:
        yield day >= only.since
    if only.until is not None:
        yield day <= only.until


def _unserved(name: str) -> Any:
    """A column as no index has it."""
    return getattr(Records, name).concat("")


def _by_key(
    store: Store,
    kind: RecordKind,
    columns: Sequence[str],
    ways: Sequence[tuple[str, ...]],
    rest: Sequence[Any],
    after: str,
    *,
    newest_first: bool,
) -> Iterator[Any]:
    """The values whose columns have one of these ways and to which the rest applies, by key.

    Each way has its own order and limit, without which PostgreSQL would read all that it has.
    """
    order, size = "DESC" if newest_first else "ASC", AT_ONCE
    query = Records.select(Records.key, Records.content).where(Records.kind == kind.name)
    for name, value in zip(columns, ways[0], strict=True):
        query = query.where(getattr(Records, name) == value)
    query = query.where(*rest) if rest else query
    while True:
        beyond = Records.key < after if newest_first and after else Records.key > after
        one, (_, *given) = query.where(beyond).sql()
        others = given[len(columns) :]
        # By hand: peewee would compile every way anew, and nest them.
        first = f"ORDER BY key {order} LIMIT {size}"
        each = f"SELECT key, content FROM ({one} {first}) AS way"
        text = f"{' UNION ALL '.join([each] * len(ways))} {first}"
        rows = store.rows(text, [value for way in ways for value in (kind.name, *way, *others)])
        for _, content in rows:
            yield kind.decode(content)
        if len(rows) < size:
            return
        after, size = rows[-1][0], min(size * GROWS, MOST_AT_ONCE)
