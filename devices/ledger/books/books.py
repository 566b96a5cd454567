"""Books: what a site holds in a register, a model's card, and the monthly statement. Everything is a count of lines.

In and out are the lines that change (register, site). A reversal counts as a negative in the column of what it
undoes, in its own month (红字), so that opening + in - out = closing always holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
from peewee import fn

from devices.lifecycle import DOCUMENTS
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.audits import Months
from devices.store.tables.ledger import Lines, Positions
from devices.values import STATES, Instant

COUNTED_STATES = tuple(state.name for state in STATES if state.registers)
_ByState: Any = msgspec.defstruct(
    "_ByState",
    [("model", str), *((name, int, 0) for name in COUNTED_STATES), ("total", int, 0)],
    frozen=True,
    kw_only=True,
)


class ModelTotals(_ByState):
    """How many devices of one `model` a register holds, by each state that a register has; `total` is their sum."""


class Totals(msgspec.Struct, frozen=True):
    """What a site's register holds, per model; as of a past moment; None for now."""

    site: str
    register: str
    as_of_us: Instant | None
    models: list[ModelTotals]


class ModelMonth(msgspec.Struct, frozen=True, rename={"in_": "in"}):
    """One model's month: a count per document type for what went `in` and what went `out`."""

    model: str
    opening: int
    in_: dict[str, int]
    out: dict[str, int]
    closing: int


class Statement(msgspec.Struct, frozen=True):
    """The monthly statement (进销存月报). `in_types` and `out_types` are its columns, in the lifecycle's order."""

    site: str
    register: str
    month: str
    in_types: list[str]
    out_types: list[str]
    models: list[ModelMonth]


_HELD_NOW = compiled(
    Positions.select(Positions.model, Positions.state, fn.COUNT(Positions.site))
    .where(Positions.site == GIVEN, Positions.register == GIVEN)
    .group_by(Positions.model, Positions.state)
)
_RECORDED_SINCE = compiled(
    Lines.select(fn.MIN(Lines.business_date)).where(
        Lines.recorded_at >= GIVEN,
        ((Lines.site == GIVEN) & (Lines.register == GIVEN))
        | ((Lines.from_site == GIVEN) & (Lines.from_register == GIVEN)),
    )
)
_LAST_CLOSE = compiled(
    Months.select(Months.payload)
    .where(
        Months.site == GIVEN,
        Months.register == GIVEN,
        Months.state != "reopened",
        Months.closed_at <= GIVEN,
    )
    .order_by(Months.month.desc())
    .limit(1)
)
# By hand, from here to the movements: reports that count the lines into a book and those out of it, side by side.
IN = (
    "l.site = ? AND l.register = ? AND (COALESCE(l.from_site, '') <> ? OR COALESCE(l.from_register, '') <> ?)"
)
OUT = (
    "l.from_site = ? AND l.from_register = ? AND (COALESCE(l.site, '') <> ? OR COALESCE(l.register, '') <> ?)"
)
# Hardly anything that is recorded after a close is dated before the next month: the date's index narrows.
_SINCE = "l.business_date >= ? AND l.recorded_at >= ? AND l.recorded_at <= ?"
_MOVED = (
    "SELECT l.model, l.state, COUNT(*) FROM line l WHERE l.site = ? AND l.register = ?"
    f" AND {_SINCE} GROUP BY l.model, l.state UNION ALL"
    " SELECT l.model, l.from_state, -COUNT(*) FROM line l WHERE l.from_site = ? AND l.from_register = ?"
    f" AND {_SINCE} GROUP BY l.model, l.from_state"
)
_COUNTED = (
    "SELECT {sign}, l.model, l.type, CASE WHEN l.reverses IS NULL THEN 0 ELSE 1 END AS undone,"
    " CASE WHEN l.business_date < ? THEN 1 ELSE 0 END AS earlier, COUNT(*)"
    " FROM line l WHERE {which} AND l.business_date < ? GROUP BY l.model, l.type, undone, earlier"
)
_MOVEMENTS = f"{_COUNTED.format(sign='1', which=IN)} UNION ALL {_COUNTED.format(sign='-1', which=OUT)}"


class Checkpoint(msgspec.Struct, frozen=True):
    """What a register held by what was recorded before a moment, and the first day that anything since is dated."""

    before_us: Instant
    from_date: str
    held: tuple[ModelTotals, ...]


NOTHING = Checkpoint(0, "", ())
"""Before anything was recorded."""


def totals(store: Store, site: str, register: str, *, as_of_us: int | None = None) -> Totals:
    """What the register holds now, or held at a past moment (by when lines were recorded)."""
    if as_of_us is not None:
        since = last_checkpoint(store, site, register, as_of_us)
        return Totals(site, register, as_of_us, held_since(store, site, register, as_of_us, since))
    return Totals(site, register, None, _by_model(store.rows(_HELD_NOW, (site, register))))


def checkpoint_of(
    store: Store, site: str, register: str, before_us: int, from_date: str, since: Checkpoint
) -> Checkpoint:
    """A checkpoint of what a register holds now, of which nothing before `from_date` is recorded any more.

    Some may have been recorded ahead already: an arrival is, by the clock of where it arrives.
    """
    book = (site, register, site, register)
    row = store.row(_RECORDED_SINCE, (before_us, *book))
    ahead = str(row[0]) if row and row[0] is not None else from_date
    held = held_since(store, site, register, before_us - 1, since)
    return Checkpoint(before_us, min(from_date, ahead), tuple(held))


def last_checkpoint(store: Store, site: str, register: str, as_of_us: int) -> Checkpoint:
    """Where counting up to a moment begins: the last close before it, or nothing.

    See docs/decisions.md, "A past balance is counted from the nearest close".
    """
    row = store.row(_LAST_CLOSE, (site, register, as_of_us))
    return (msgspec.json.decode(row[0], type=_Frozen).checkpoint if row else None) or NOTHING


class _Frozen(msgspec.Struct, frozen=True):
    """What of a closed month's statement is counted from; its first format had nothing of it."""

    checkpoint: Checkpoint | None = None


def held_since(store: Store, site: str, register: str, as_of_us: int, since: Checkpoint) -> list[ModelTotals]:
    """What the register held at a moment: what it held at a checkpoint, and each line in and out since.

    This is exact: whatever moves a device of a book after a close holds the site's journal (a sent device's arrival
    too), so it is recorded after the close, and is dated after its month.
    """
    window = (site, register, since.from_date, since.before_us, as_of_us)
    return _by_model([*_counts(since.held), *store.rows(_MOVED, (*window, *window))])


def _counts(held: Iterable[ModelTotals]) -> Iterator[tuple[str, str, int]]:
    for each in held:
        for state in COUNTED_STATES:
            yield each.model, state, getattr(each, state)


def _by_model(rows: Iterable[Sequence[Any]]) -> list[ModelTotals]:
    """(model, state, count) rows added up, without what comes to nothing."""
    states: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for model, state, count in rows:
        states[model][state] += count
    return [
        ModelTotals(model=model, **counts, total=total)
        for model, counts in sorted(states.items())
        if (total := sum(counts.values()))
    ]


def statement(store: Store, site: str, register: str, month: str) -> Statement:
    """The statement of a calendar month, `YYYY-MM`, by business date. Raises ValueError for another text."""
    first = date.fromisoformat(f"{month}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    book = (site, register, site, register)
    window = (first.isoformat(), *book, after.isoformat())
    openings: dict[str, int] = defaultdict(int)
    columns: dict[str, tuple[dict[str, int], dict[str, int]]] = defaultdict(
        lambda: (defaultdict(int), defaultdict(int))
    )
    for sign, model, kind, undone, earlier, count in store.rows(_MOVEMENTS, (*window, *window)):
        openings[model] += sign * count if earlier else 0
        if not earlier:
            undoes = -1 if undone else 1
            side = 0 if sign * undoes > 0 else 1  # what went out by a reversal had come in by what it undoes
            columns[model][side][kind] += undoes * count
    models = [_month(model, openings[model], *columns[model]) for model in sorted({*openings, *columns})]
    models = [each for each in models if each.opening or each.in_ or each.out]
    return Statement(
        site,
        register,
        month,
        _types(each.in_ for each in models),
        _types(each.out for each in models),
        models,
    )


def _month(model: str, opening: int, came: dict[str, int], went: dict[str, int]) -> ModelMonth:
    closing = opening + sum(came.values()) - sum(went.values())
    return ModelMonth(model, opening, dict(came), dict(went), closing)


def _types(columns: Iterable[dict[str, int]]) -> list[str]:
    used = {kind for column in columns for kind in column}
    order = {document.name: n for n, document in enumerate(DOCUMENTS)}
    return sorted(used, key=lambda kind: (order.get(kind, len(order)), kind))
