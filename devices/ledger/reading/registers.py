"""What the registers say: which sites, bins and models there are, and how many devices a site or a bin holds."""

from __future__ import annotations

from peewee import fn

from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Positions
from devices.store.tables.registers import Bins, Models, Sites
from devices.values import Condition, Kind

_SITE_NAME = compiled(Sites.select(Sites.name).where(Sites.code == GIVEN))
_ACTIVE_SITES = compiled(Sites.select(Sites.code).where(Sites.active == 1).order_by(Sites.code))
_MODEL = compiled(Models.select(Models.code).where(Models.code == GIVEN))
_KINDS = compiled(Models.select(Models.code, Models.kind).order_by(Models.code))
_CONDITIONS = compiled(Bins.select(Bins.code, Bins.condition).where(Bins.site == GIVEN))
_HELD_AT_SITE = compiled(Positions.select(fn.COUNT(Positions.site)).where(Positions.site == GIVEN))
_HELD_IN_BIN = compiled(
    Positions.select(fn.COUNT(Positions.site)).where(Positions.site == GIVEN, Positions.bin == GIVEN)
)


def is_site(store: Store, code: str) -> bool:
    """Whether there is such a site, in use or not."""
    return site_name(store, code) is not None


def site_name(store: Store, code: str) -> str | None:
    """What a site is called; None where there is no such site."""
    row = store.row(_SITE_NAME, (code,))
    return row[0] if row else None


def active_sites(store: Store) -> list[str]:
    """The codes of the sites that are in use, in order."""
    return [code for (code,) in store.rows(_ACTIVE_SITES)]


def is_model(store: Store, code: str) -> bool:
    """Whether there is such a model, in use or not."""
    return store.row(_MODEL, (code,)) is not None


def kinds_of_models(store: Store) -> dict[str, Kind]:
    """By the code of each model, in order: what kind of device it is."""
    return dict(store.rows(_KINDS))


def model_codes(store: Store) -> list[str]:
    """The code of every model, in order."""
    return list(kinds_of_models(store))


def conditions_of_bins(store: Store, site: str) -> dict[str, Condition]:
    """By the code of each bin of a site: the condition it is for."""
    return dict(store.rows(_CONDITIONS, (site,)))


def held_at_site(store: Store, site: str) -> int:
    """How many devices are on a site's registers, wherever they are just now."""
    return _count(store, _HELD_AT_SITE, site)


def held_in_bin(store: Store, site: str, code: str) -> int:
    """How many devices lie in a bin."""
    return _count(store, _HELD_IN_BIN, site, code)


def _count(store: Store, sql: str, *place: str) -> int:
    row = store.row(sql, place)
    return int(row[0]) if row else 0
