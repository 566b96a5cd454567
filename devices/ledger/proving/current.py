"""The current copies of records against the latest of their revisions, and what they are found by."""

from __future__ import annotations

from typing import Any

from peewee import JOIN, fn

from devices.ledger.proving.faults import SHOWN, UNREADABLE, Fault, Faults
from devices.records import RecordKind, current_row, value_of, whole_table
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables import columns_of, name_of
from devices.store.tables.ledger import RecordDevices, Records, Revisions

_later = Revisions.alias("m")
_is_latest = Revisions.revision == _later.select(fn.MAX(_later.revision)).where(
    _later.kind == Revisions.kind, _later.key == Revisions.key
)
_of_kind = (Revisions.kind == GIVEN, _is_latest)
LATEST = compiled(Revisions.select(Revisions.key, Revisions.revision, Revisions.content).where(*_of_kind))
_DEVICES = compiled(
    RecordDevices.select(RecordDevices.key, RecordDevices.serial).where(RecordDevices.kind == GIVEN)
)
_COPIES = compiled(
    Revisions.select(
        Revisions.key,
        Revisions.revision,
        Revisions.content,
        *(getattr(Records, name) for name in columns_of(Records)),
    )
    .join(Records, JOIN.LEFT_OUTER, on=(Records.kind == Revisions.kind) & (Records.key == Revisions.key))
    .where(*_of_kind)
)
_STRAY_COPIES = compiled(
    Records.select(Records.key)
    .where(
        Records.kind == GIVEN,
        ~fn.EXISTS(
            Revisions.select(Revisions.key).where(
                Revisions.kind == Records.kind, Revisions.key == Records.key
            )
        ),
    )
    .order_by(Records.key)
    .limit(SHOWN)
)


def _copies(store: Store, kind: RecordKind) -> Faults:
    """The copies in `record`, of which there may be very many, against their latest revisions."""
    count = 0
    devices = _devices_kept(store, kind)
    for key, revision, content, *found in store.stream(_COPIES, (kind.name,)):
        value = _value(kind, content)
        named = devices.pop(key, frozenset())
        if (
            value is None
            or tuple(found) != current_row(kind, key, revision, value, content)
            or named != frozenset(kind.found_by(value).serials)
        ):
            yield Fault("record", f"{kind.name} {key}", f"it is not as revision {revision} says")
            count += 1
        if count == SHOWN:
            break
    else:
        for key in sorted(devices)[:SHOWN]:
            yield Fault("record_device", f"{kind.name} {key}", "no revision says so")
    for (key,) in store.rows(_STRAY_COPIES, (kind.name,)):
        yield Fault("record", f"{kind.name} {key}", "no revision says so")


def _devices_kept(store: Store, kind: RecordKind) -> dict[str, frozenset[str]]:
    """By key, the devices that the records of a kind are said to be about."""
    found: dict[str, set[str]] = {}
    for key, serial in store.stream(_DEVICES, (kind.name,)):
        found.setdefault(key, set()).add(serial)
    return {key: frozenset(serials) for key, serials in found.items()}


def _current(store: Store, kind: RecordKind) -> Faults:
    """The current table of a kind against its latest revisions."""
    own: Any = kind.table
    table = name_of(own)
    found: dict[str, Any] = {}
    for row in store.rows(whole_table(own)):
        try:
            value, _ = value_of(kind, row)
            found[kind.key(value)] = row
        except UNREADABLE:  # a value that the kind does not have: its record is missed below
            yield Fault(table, f"{kind.name} {row[0]}", "it can not be read")
    count = 0
    for key, revision, content in store.rows(LATEST, (kind.name,)):
        value = _value(kind, content)  # one that can not be read is as nothing
        expected = None if value is None else current_row(kind, key, revision, value, content)
        if found.pop(key, ()) != expected and (count := count + 1) <= SHOWN:
            yield Fault(table, f"{kind.name} {key}", f"it is not as revision {revision} says")
    for key in sorted(found)[:SHOWN]:
        yield Fault(table, f"{kind.name} {key}", "no revision says so")


def check_kind(store: Store, kind: RecordKind) -> Faults:
    """Every current record of a kind against its latest revision."""
    return _current(store, kind) if kind.table else _copies(store, kind)


def _value(kind: RecordKind, content: str) -> Any:
    """A content as its value, None where it was changed into something that is none."""
    try:
        return kind.decode(content)
    except UNREADABLE:
        return None
