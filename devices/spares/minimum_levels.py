"""Minimum levels (最低库存): how many available spares of a model are wanted at a site, and which models are short."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

import msgspec
from peewee import fn

from devices import records
from devices.journal import Writer
from devices.problems import Problem, Refused, refuse
from devices.records import RecordKind
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Positions, Records
from devices.store.tables.registers import Models, Sites

MOST = 100_000
"""The highest level that is taken for meant."""

_Place = tuple[str, str]
"""A site and a model."""


class MinimumLevel(msgspec.Struct, frozen=True):
    """How many available spares of a model are wanted at a site; 0 where none are."""

    site: str
    model: str
    minimum: int


class Level(msgspec.Struct, frozen=True):
    """A minimum against what is there: `available` spares are in stock at the site, `lacking` are too few."""

    site: str
    model: str
    minimum: int
    available: int
    lacking: int


def level_key(site: str, model: str) -> str:
    """The key of a level's record."""
    return f"{site}/{model}"


MINIMUM_LEVEL = RecordKind(
    "minimum_level", MinimumLevel, lambda v: level_key(v.site, v.model), lambda v: v.site
)
SPARES_KINDS = (MINIMUM_LEVEL,)

_LEVELS = (
    Records.select(Records.content, Sites.active, Models.active)
    .join(Sites, on=Sites.code == Records.site)
    .join_from(Records, Models, on=Records.key == Records.site.concat("/").concat(Models.code))
    .where(Records.kind == MINIMUM_LEVEL.name)
    .order_by(Records.key)
)
"""Every level, with whether its site and its model are in use."""
_LEVELS_ANYWHERE, _LEVELS_AT = compiled(_LEVELS), compiled(_LEVELS.where(Records.site.in_(EACH)))
_SET_LEVELS = compiled(
    Records.select(Records.content, Records.revision)
    .where(Records.kind == MINIMUM_LEVEL.name)
    .order_by(Records.key)
)
_AVAILABLE = compiled(
    Positions.select(Positions.site, Positions.model, fn.COUNT(Positions.site))
    .where(Positions.register == "spare", Positions.state == "in_stock", Positions.site.in_(EACH))
    .group_by(Positions.site, Positions.model)
)
_NAMED = (
    (
        "site",
        compiled(Sites.select(Sites.active).where(Sites.code == GIVEN)),
        "unknown_site",
        "inactive_site",
    ),
    (
        "model",
        compiled(Models.select(Models.active).where(Models.code == GIVEN)),
        "unknown_model",
        "inactive_model",
    ),
)
"""What a level names: how it is looked up, and what is refused of one that is not there or not in use."""
_UNKNOWN = tuple(unknown for _, _, unknown, _ in _NAMED)


def compare(
    levels: Iterable[MinimumLevel], available: Mapping[_Place, int], closed: Container[_Place] = ()
) -> list[Level]:
    """Each level against the available spares of its place; nothing lacks where the site or model is `closed`. Pure."""
    found = []
    for level in levels:
        place = level.site, level.model
        there = available.get(place, 0)
        lacking = 0 if place in closed else max(0, level.minimum - there)
        found.append(Level(level.site, level.model, level.minimum, there, lacking))
    return found


def short(levels: Iterable[Level]) -> list[Level]:
    """Those of which something lacks."""
    return [level for level in levels if level.lacking]


def levels_of(store: Store, sites: Sequence[str] | None) -> list[Level]:
    """Every level that was ever set at these sites, or at any for None, against what is there now; by key."""
    rows = store.rows(_LEVELS_ANYWHERE) if sites is None else store.rows_in(_LEVELS_AT, sites)
    found = [(msgspec.json.decode(content, type=MinimumLevel), *active) for content, *active in rows]
    closed = {(level.site, level.model) for level, *active in found if not all(active)}
    levels = [level for level, *_ in found]
    return compare(levels, _available(store, {level.site for level in levels}), closed)


def set_levels(store: Store) -> list[tuple[MinimumLevel, int]]:
    """Every level that was ever set, with its revision; by key."""
    rows = store.rows(_SET_LEVELS)
    return [(msgspec.json.decode(content, type=MinimumLevel), revision) for content, revision in rows]


def _available(store: Store, sites: Iterable[str]) -> dict[_Place, int]:
    """How many spares are in stock, by site and model."""
    rows = store.rows_in(_AVAILABLE, sorted(sites))
    return {(site, model): count for site, model, count in rows}


def level_of(store: Store, site: str, model: str) -> tuple[Level, int]:
    """The level of one place with its revision; minimum 0 and revision 0 where it was never set.

    Raises Refused (`not_found`) where there is no such site or model.
    """
    problems = _problems(store, site, model)
    if any(problem.code in _UNKNOWN for problem in problems):
        raise refuse("not_found")
    found = records.current(store, MINIMUM_LEVEL, level_key(site, model))
    value, revision = found or (MinimumLevel(site, model, 0), 0)
    closed = {(site, model)} if problems else ()
    (level,) = compare([value], _available(store, [site]), closed)
    return level, revision


def set_minimum(writer: Writer, value: MinimumLevel, *, expected: int | None, by: str) -> int:
    """Say how many are wanted, while the site's journal is held; returns the revision.

    Raises Refused: `unknown_site`, `unknown_model`; `inactive_site` and `inactive_model` unless none are wanted any
    more; `if_match_failed` unless `expected` is the level's revision, 0 where it was never set.
    """
    problems = _problems(writer.store, value.site, value.model, wanted=value.minimum > 0)
    if problems:
        raise Refused(problems)
    found = records.current(writer.store, MINIMUM_LEVEL, level_key(value.site, value.model))
    revision = found[1] if found else 0
    if expected != revision:
        raise refuse("if_match_failed", revision=revision)
    return records.write(writer, MINIMUM_LEVEL, value, by=by, expected=revision)[1].revision


def _problems(store: Store, site: str, model: str, *, wanted: bool = True) -> list[Problem]:
    """What is wrong with the place of a level: unknown, or closed where spares are `wanted`."""
    found = []
    for code, (name, select, unknown, inactive) in zip((site, model), _NAMED, strict=True):
        row = store.row(select, (code,))
        if row is None:
            found.append(Problem(unknown, "", {name: code}))
        elif wanted and not row[0]:
            found.append(Problem(inactive, "", {name: code}))
    return found
