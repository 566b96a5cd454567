"""Closed months: a book's month that no later document may be dated into (docs/decisions.md, "Two times")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from peewee import fn

from devices.problems import refuse
from devices.records import RecordKind, value_of
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables import columns_of
from devices.store.tables.audits import Months
from devices.values import Book
from devices.workflow import Step, Workflow

State = Literal["closed", "sealed", "reopened"]
MONTHS = Workflow(
    "closed",
    #    step      before         after       refused otherwise
    Step("sign",   ("closed",),   "closed",   "month_not_closed", {"sealed": "month_sealed"}),
    Step("seal",   ("closed",),   "sealed",   "month_not_closed", {"sealed": "month_sealed"}),
    Step("reopen", ("closed",),   "reopened", "month_not_closed", {"sealed": "month_sealed"}),
    Step("close",  ("reopened",), "closed",   "month_closed_already"),
)  # fmt: skip
"""A closed month waits for two signatures, the second of which seals it; until then it can be reopened."""

Closed = Mapping[tuple[str, str], str]
"""The last closed month, YYYY-MM, by (site, register); what is missing has none."""


class Month(msgspec.Struct, frozen=True):
    """One month of a site's book. `payload` is the closed statement as JSON text, `digest` the SHA-256 of its bytes.

    A `closed` one waits for its two signatures and can be reopened until it has them; then it is `sealed`. `reason`
    says why it was reopened.
    """

    site: str
    register: Book
    month: str
    state: State
    stocktake: str
    digest: str
    payload: str
    closed_at: int
    closed_by: str
    reason: str | None = None


MONTH = RecordKind(
    "month",
    Month,
    lambda v: month_key(v.site, v.register, v.month),
    lambda v: v.site,
    Months,
)

_COLUMNS = columns_of(Months)

_LAST_CLOSED = compiled(
    Months.select(Months.site, Months.register, fn.MAX(Months.month))
    .where(Months.state != "reopened", Months.site.in_(EACH))
    .group_by(Months.site, Months.register)
)
_place = (Months.site == GIVEN) & (Months.register == GIVEN) & (Months.month == GIVEN)
_CLOSED_AS = compiled(Months.select(Months.state).where(_place, Months.state != "reopened"))
_months = Months.select(*(getattr(Months, name) for name in columns_of(Months)))
_MONTH_AT = compiled(_months.where(_place))
_MONTHS_OF_SITE = compiled(_months.where(Months.site == GIVEN).order_by(Months.month.desc(), Months.register))


def month_key(site: str, register: str, month: str) -> str:
    """The key of a month's record."""
    return f"{site}/{register}/{month}"


def closed_months(store: Store, sites: set[str]) -> dict[tuple[str, str], str]:
    """The last closed month of each book of these sites."""
    rows = store.rows_in(_LAST_CLOSED, sorted(sites))
    return {(site, register): month for site, register, month in rows}


def month_record(store: Store, site: str, register: str, month: str) -> tuple[Month, int]:
    """A month that was closed once, with its revision. Raises Refused (`not_found`)."""
    row = store.row(_MONTH_AT, (site, register, month))
    if row is None:
        raise refuse("not_found")
    return value_of(MONTH, row)


def closed_as(store: Store, site: str, register: str, month: str) -> Literal["closed", "sealed"] | None:
    """Whether a month of a book is closed, and whether both have signed it; None for an open one."""
    row = store.row(_CLOSED_AS, (site, register, month))
    return row[0] if row else None


def months_of(store: Store, site: str) -> list[Month]:
    """Every month of a site that was closed once, the latest first."""
    return [value_of(MONTH, row)[0] for row in store.rows(_MONTHS_OF_SITE, (site,))]
