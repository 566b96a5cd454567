"""Journalled records: every site, model, person, order and the like is a series of revisions that are only added.

The latest revision is also kept where queries find it: in the kind's own table, or in `record`. That copy is a
cache; `panku verify` recomputes it. Personal data stays out of the content, which holds a salted commitment to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
from peewee import fn

from devices.chain import commitment, digest_of
from devices.journal import Writer
from devices.problems import refuse
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables import columns_of, key_of
from devices.store.tables.columns import Table
from devices.store.tables.ledger import PersonalData, RecordDevices, Records, Revisions
from devices.store.tables.registers import Bins, Carriers, Models, Sites
from devices.values import UNIT, Bin, Carrier, Model, Site

_Value = TypeVar("_Value", bound=msgspec.Struct)


class Found(msgspec.Struct, frozen=True):
    """What a current record is found by beside its key: its state, whose it is, an ISO date of it, its devices.

    `assignee` is the username of whose work it is, `reference` the number it has elsewhere, which no other of its
    kind has; `serials` are kept in a table of their own, since they may be several.
    """

    state: str | None = None
    customer: str | None = None
    day: str | None = None
    assignee: str | None = None
    reference: str | None = None
    serials: tuple[str, ...] = ()


NOT_FOUND_BY = Found()


class RecordKind(msgspec.Struct, frozen=True):
    """One kind of record: the value its content is, its key, the journal it is written to.

    `table` is the kind's own current table, whose columns are the value's fields plus `revision`; without one the
    current revision is in `record`, where `found_by` says what it is found by. `letter` is the one with which numbers
    of a numbered kind begin. `read` makes a value of content that is not kept as `value` is now.

    `tells_of_customer` says of a value whether it still has personal data of the customer it is found by, which their
    erasure then reaches (its value has `erased`); None of a kind that never has any. `open_states` are those in which
    it keeps its customer from being erased. See docs/decisions.md, "What an erasure reaches is declared".
    """

    name: str
    value: type[msgspec.Struct]
    key: Callable[[Any], str]
    journal: Callable[[Any], str]
    table: type[Table] | None = None
    found_by: Callable[[Any], Found] = lambda _: NOT_FOUND_BY
    letter: str | None = None
    read: Callable[[str], Any] | None = None
    tells_of_customer: Callable[[Any], bool] | None = None
    open_states: tuple[str, ...] = ()

    def decode(self, content: str) -> Any:
        """A content as its value. Raises msgspec.ValidationError."""
        return self.read(content) if self.read else msgspec.json.decode(content, type=self.value)


def bin_key(site: str, code: str) -> str:
    """The key of a bin's record; bins are named within their site."""
    return f"{site}/{code}"


def _unit(_: object) -> str:
    return UNIT


SITE = RecordKind("site", Site, lambda v: v.code, _unit, Sites)
BIN = RecordKind("bin", Bin, lambda v: bin_key(v.site, v.code), lambda v: v.site, Bins)
MODEL = RecordKind("model", Model, lambda v: v.code, _unit, Models)
CARRIER = RecordKind("carrier", Carrier, lambda v: v.code, _unit, Carriers)
REGISTER_KINDS = (SITE, BIN, MODEL, CARRIER)


class Personal(msgspec.Struct, frozen=True):
    """Personal data of a record: `content` as JSON text, and the taxpayer id it can be found by."""

    content: str
    taxpayer_id: str | None = None


class Written(msgspec.Struct, frozen=True):
    """A revision as it was written: its number and the record's key."""

    kind: str
    key: str
    revision: int


def encode(value: msgspec.Struct) -> str:
    """The content of a revision: the value as JSON text, fields in declared order."""
    return msgspec.json.encode(value).decode()


def revision_digest(kind: str, key: str, revision: int, made_by: str, recorded_at: int, content: str) -> str:
    """The payload digest of one revision."""
    return digest_of((kind, key, revision, made_by, recorded_at, content))


def current_row(
    kind: RecordKind, key: str, revision: int, value: msgspec.Struct, content: str
) -> tuple[Any, ...]:
    """The row that the current table of a kind has of a record, in the order of the table's columns."""
    if kind.table is None:
        found = kind.found_by(value)
        columns_of_it = (found.state, found.customer, found.day, found.assignee, found.reference)
        return (kind.name, key, revision, kind.journal(value), content, *columns_of_it)
    columns = {name: getattr(value, name) for name in value.__struct_fields__} | {"revision": revision}
    return tuple(int(v) if isinstance(v := columns[name], bool) else v for name in columns_of(kind.table))


_LATEST = compiled(
    Revisions.select(fn.MAX(Revisions.revision)).where(Revisions.kind == GIVEN, Revisions.key == GIVEN)
)
LAST_KEY = compiled(
    Revisions.select(fn.MAX(Revisions.key)).where(
        Revisions.kind == GIVEN, Revisions.key > GIVEN, Revisions.key < GIVEN
    )
)
NO_LONGER_LATEST = compiled(
    PersonalData.update({PersonalData.latest: 0}).where(
        PersonalData.kind == GIVEN, PersonalData.key == GIVEN, PersonalData.latest == 1
    )
)
ERASED = compiled(
    PersonalData.update(
        {PersonalData.salt: None, PersonalData.content: None, PersonalData.taxpayer_id: None}
    ).where(PersonalData.kind == GIVEN, PersonalData.key == GIVEN)
)
_PERSONAL = compiled(
    PersonalData.select(PersonalData.content).where(
        PersonalData.kind == GIVEN, PersonalData.key == GIVEN, PersonalData.latest == 1
    )
)
_PERSONAL_OF_THESE = compiled(
    PersonalData.select(PersonalData.key, PersonalData.content).where(
        PersonalData.kind == GIVEN, PersonalData.latest == 1, PersonalData.key.in_(EACH)
    )
)
_SERIALS = compiled(
    RecordDevices.select(RecordDevices.serial).where(RecordDevices.kind == GIVEN, RecordDevices.key == GIVEN)
)
_NO_SERIALS = compiled(RecordDevices.delete().where(RecordDevices.kind == GIVEN, RecordDevices.key == GIVEN))
CURRENT = compiled(
    Records.select(Records.content, Records.revision).where(Records.kind == GIVEN, Records.key == GIVEN)
)
_THESE = compiled(
    Records.select(Records.key, Records.content).where(Records.kind == GIVEN, Records.key.in_(EACH))
)
_REFERRED_TO = compiled(
    Records.select(Records.content).where(Records.kind == GIVEN, Records.reference == GIVEN)
)
_BELONGING = compiled(
    Records.select(Records.content, Records.revision)
    .where(Records.kind == GIVEN, Records.key > GIVEN, Records.key < GIVEN)
    .order_by(Records.key)
)
SITE_CODES = compiled(Sites.select(Sites.code).order_by(Sites.code))


def latest_revision(store: Store, kind: str, key: str) -> int:
    """The number of the latest revision, 0 where there is none."""
    row = store.row(_LATEST, (kind, key))
    return int(row[0] or 0) if row else 0


def write(
    writer: Writer,
    kind: RecordKind,
    value: _Value,
    *,
    by: str,
    expected: int | None = None,
    personal: Personal | None = None,
    secret: str | None = None,
    told_at: str | None = None,
) -> tuple[_Value, Written]:
    """Add a revision of a record, journalled; returns the value as written and its revision.

    `expected` is the revision the writer has seen: 0 for a record that must not exist yet (refused as
    `already_exists`), another number refused as `if_match_failed` when it is no longer the latest.
    With `personal`, the value must have a `commitment` field, filled in under the unit's `secret`. The revision
    is journalled by the site `told_at`, another than the record's own where a document there tells of it.
    """
    store, key = writer.store, kind.key(value)
    revision = latest_revision(store, kind.name, key) + 1
    if expected is not None and revision != expected + 1:
        if expected == 0:
            raise refuse("already_exists", kind=kind.name, key=key)
        raise refuse("if_match_failed", revision=revision - 1)
    salt = secrets.token_hex(32) if personal else None
    if personal and salt:
        assert secret is not None, "personal data needs the unit's secret"
        value = msgspec.structs.replace(value, commitment=commitment(secret, salt, personal.content))
    content = encode(value)
    digest = revision_digest(kind.name, key, revision, by, writer.at_us, content)
    link = writer.append(told_at or kind.journal(value), kind.name, f"{key}@{revision}", digest)
    row = (kind.name, key, revision, link.site, link.seq, by, writer.at_us, content)
    store.insert(Revisions, [row])
    if personal:
        _keep_personal(store, kind.name, key, revision, salt, personal)
    store.upsert(kind.table or Records, current_row(kind, key, revision, value, content))
    if kind.table is None:
        _keep_serials(store, kind, key, value, fresh=revision == 1)
    return value, Written(kind.name, key, revision)


def _keep_serials(store: Store, kind: RecordKind, key: str, value: msgspec.Struct, *, fresh: bool) -> None:
    serials = kind.found_by(value).serials
    there = () if fresh else tuple(serial for (serial,) in store.rows(_SERIALS, (kind.name, key)))
    if sorted(there) != sorted(serials):
        store.execute(_NO_SERIALS, (kind.name, key))
        store.insert(RecordDevices, [(serial, kind.name, key) for serial in sorted(serials)])


def _keep_personal(
    store: Store, kind: str, key: str, revision: int, salt: str | None, personal: Personal
) -> None:
    store.execute(NO_LONGER_LATEST, (kind, key))
    row = (kind, key, revision, 1, salt, personal.content, personal.taxpayer_id)
    store.insert(PersonalData, [row])


def current(store: Store, kind: RecordKind, key: str) -> tuple[Any, int] | None:
    """The latest value of a record without a table of its own, with its revision; None where there is none."""
    row = store.row(CURRENT, (kind.name, key))
    return (kind.decode(row[0]), row[1]) if row else None


def these(store: Store, kind: RecordKind, keys: Iterable[str | None]) -> dict[str, Any]:
    """The latest values of these records, by key; one that is not there, or is None, is missing."""
    wanted = sorted({key for key in keys if key})
    return {key: kind.decode(content) for key, content in store.rows_in(_THESE, wanted, before=(kind.name,))}


def referred_to(store: Store, kind: RecordKind, reference: str) -> Any | None:
    """The latest value of the one record of a kind that has this number elsewhere; None where there is none."""
    row = store.row(_REFERRED_TO, (kind.name, reference))
    return kind.decode(row[0]) if row else None


def belonging(store: Store, kind: RecordKind, owner: str) -> list[tuple[Any, int]]:
    """The latest values of a kind whose keys begin with that of their owner and `/`, with their revisions, by key."""
    rows = store.rows(_BELONGING, (kind.name, f"{owner}/", f"{owner}0"))  # 0 follows / in ASCII
    return [(kind.decode(content), revision) for content, revision in rows]


def personal_of(store: Store, kind: RecordKind, key: str) -> str | None:
    """The personal data of a record as JSON text; None where it has none, or it was erased."""
    row = store.row(_PERSONAL, (kind.name, key))
    return row[0] if row else None


def personal_of_these(store: Store, kind: RecordKind, keys: Iterable[str]) -> dict[str, str]:
    """The same of several records, by key; one that has none is missing."""
    rows = store.rows_in(_PERSONAL_OF_THESE, sorted(set(keys)), before=(kind.name,))
    return {key: content for key, content in rows if content}


def erase_personal(store: Store, kind: RecordKind, key: str) -> None:
    """Forget the personal data of every revision of a record, with the salts of its commitments, for good."""
    store.execute(ERASED, (kind.name, key))


@cache
def whole_table(table: Any) -> str:
    """The query of a table's every column of every row, by its key."""
    columns, key = ([getattr(table, name) for name in names] for names in (columns_of(table), key_of(table)))
    return compiled(table.select(*columns).order_by(*key))


def value_of(kind: RecordKind, row: Sequence[Any]) -> tuple[Any, int]:
    """The value that a row of a kind's own table is, with its revision; the row has every column, in their order."""
    assert kind.table is not None, "a kind without its own table"
    fields = dict(zip(columns_of(kind.table), row, strict=True))
    revision = fields.pop("revision")
    return msgspec.convert(fields, kind.value, strict=False), revision


def all_current(store: Store, kind: RecordKind) -> list[tuple[Any, int]]:
    """Every current value of a kind that has its own table, with its revision, by key."""
    table: Any = kind.table
    assert table is not None, "a kind without its own table"
    return [value_of(kind, row) for row in store.rows(whole_table(table))]


def sites_by_code(store: Store) -> dict[str, Site]:
    """Every site, by its code."""
    return {site.code: site for site, _ in all_current(store, SITE)}


def site_codes(store: Store) -> list[str]:
    """The code of every site, in order."""
    return [code for (code,) in store.rows(SITE_CODES)]


def kind_numbered(number: str, kinds: Iterable[RecordKind]) -> RecordKind | None:
    """The one of these kinds whose numbers begin as this one does: `R-BJ01-000001`; None where none does."""
    letter = number.partition("-")[0]
    return next((kind for kind in kinds if kind.letter == letter), None)


def next_number(store: Store, kind: RecordKind, site: str, *, after: int = 0) -> str:
    """A site's next free number of a numbered kind, such as `R-BJ01-000001`; call it with the journal locked.

    `after` skips as many numbers, which the caller is about to use.
    """
    prefix = f"{kind.letter}-{site}"
    row = store.row(LAST_KEY, (kind.name, prefix + "-", prefix + "."))
    last = int(row[0].rsplit("-", 1)[1]) if row and row[0] else 0
    return f"{prefix}-{last + 1 + after:06d}"
