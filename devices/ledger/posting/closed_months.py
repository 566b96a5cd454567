"""Closed months: a book's month that no later document may be dated into (docs/decisions.md, "Two times")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from devices.problems import refuse
from devices.records import RecordKind
from devices.store.database import Store
from devices.store.tables.audits import Months
from devices.values import Book

State = Literal["closed", "sealed", "reopened"]
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

COLUMNS = (*Month.__struct_fields__, "revision")


def month_key(site: str, register: str, month: str) -> str:
    """The key of a month's record."""
    return f"{site}/{register}/{month}"


def closed_months(store: Store, sites: set[str]) -> dict[tuple[str, str], str]:
    """The last closed month of each book of these sites."""
    marks = ", ".join("?" * len(sites))
    rows = store.rows(
        f"SELECT site, register, MAX(month) FROM month WHERE state <> 'reopened' AND site IN ({marks})"
        " GROUP BY site, register",
        sorted(sites),
    )
    return {(site, register): month for site, register, month in rows}


def month_record(store: Store, site: str, register: str, month: str) -> tuple[Month, int]:
    """A month that was closed once, with its revision. Raises Refused (`not_found`)."""
    place = (site, register, month)
    row = store.row(
        f"SELECT {', '.join(COLUMNS)} FROM month WHERE site = ? AND register = ? AND month = ?", place
    )
    if row is None:
        raise refuse("not_found")
    return Month(*row[:-1]), row[-1]


def closed_as(store: Store, site: str, register: str, month: str) -> Literal["closed", "sealed"] | None:
    """Whether a month of a book is closed, and whether both have signed it; None for an open one."""
    row = store.row(
        "SELECT state FROM month WHERE site = ? AND register = ? AND month = ? AND state <> 'reopened'",
        (site, register, month),
    )
    return row[0] if row else None


def months_of(store: Store, site: str) -> list[Month]:
    """Every month of a site that was closed once, the latest first."""
    rows = store.rows(
        f"SELECT {', '.join(COLUMNS)} FROM month WHERE site = ? ORDER BY month DESC, register", (site,)
    )
    return [Month(*row[:-1]) for row in rows]
