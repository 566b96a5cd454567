"""What verification finds wrong, and how a check that fails itself is told as a fault while the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from devices.store.database import Store

UNREADABLE = (ValueError, TypeError, AttributeError, RecursionError)
"""What reading raises of a value that was written over: no JSON, none of its kind, of another type, or endless."""


class Fault(msgspec.Struct, frozen=True):
    """One wrong row: its table, its key, and what is wrong with it."""

    table: str
    key: str
    what: str


Faults = Iterator[Fault]
SHOWN = 20
"""Faults of one kind that are named; a table that was emptied would fill the screen."""


def decoded_as(content: str, shape: Any) -> Any:
    """A content as its value, None where it was changed into something that is none."""
    try:
        return msgspec.json.decode(content, type=shape)
    except UNREADABLE:
        return None


def guarded(store: Store, name: str, check: Callable[[], Iterable[Fault]]) -> list[Fault]:
    """What one check finds; should it fail on what it reads, that is a fault too, after those it had found.

    Within a transaction. Whoever verifies books that were tampered with is told so, whatever was written over what:
    a traceback would name no row, and keep the checks that follow from being made.
    """
    found: list[Fault] = []
    # By hand: peewee's savepoint would hide the error that is told here.
    store.execute("SAVEPOINT one_check")
    failed = None
    try:
        found.extend(check())
    except Exception as error:  # noqa: BLE001 - the last guard: nothing may keep the other checks from being made
        failed = f"{type(error).__name__}: {error}"
    # Past `except`, so that the check's statements are at an end before the savepoint that they began under is.
    if failed is not None:
        found.append(Fault("check", name, f"it can not be made to its end: {failed}"))
        store.execute("ROLLBACK TO SAVEPOINT one_check")
    store.execute("RELEASE SAVEPOINT one_check")
    return found
