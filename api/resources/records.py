"""Journalled records as they are: one found or shown by its key, a kind of them listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.calls import Call, Done, Shown
from api.wire.paging import page, sites_asked
from devices import records
from devices.listed import listed
from devices.problems import refuse
from devices.records import RecordKind


def found_record(call: Call, kind: RecordKind, key: str) -> tuple[Any, int]:
    """The latest value of a record with its revision. Raises Refused (`not_found`)."""
    found = records.current(call.store, kind, key)
    if found is None:
        raise refuse("not_found")
    return found


def showing(kind: RecordKind) -> Callable[[Call, Done], Shown]:
    """A function that shows one record by its number."""

    def show(call: Call, done: Done) -> Shown:
        value, revision = found_record(call, kind, done.key or call.path["number"])
        return Shown(value, revision)

    return show


def listing(kind: RecordKind) -> Callable[[Call, Done], Shown]:
    """A function that lists a kind of record of the caller's sites, by number."""

    def show(call: Call, _: Done) -> Shown:
        return page(call, listed(call.store, kind, sites_asked(call), call.query.place), kind.key)

    return show
