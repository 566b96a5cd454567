"""Journalled records: every site, model, person, order and the like is a series of revisions that are only added.

The latest revision is also kept where queries find it: in the kind's own table, or in `record`. That copy is a
cache; `panku verify` recomputes it. Personal data stays out of the content, which holds a salted commitment to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar

import msgspec

from devices.chain import commitment, digest_of
from devices.journal import Writer
from devices.problems import refuse
from devices.store.database import Store
from devices.values import UNIT, Bin, Carrier, Model, Site

REVISION_COLUMNS = (
    "kind", "key", "revision", "journal_site", "journal_seq", "made_by", "recorded_at", "content",
)  # fmt: skip
PERSONAL_COLUMNS = ("kind", "key", "revision", "latest", "salt", "content", "taxpayer_id")
RECORD_COLUMNS = ("kind", "key", "revision", "site", "content")

AT_ONCE = 200
"""Values of a list that are read together."""

Value = TypeVar("Value", bound=msgspec.Struct)


class RecordKind(msgspec.Struct, frozen=True):
    """One kind of record: the value its content is, its key, the journal it is written to.

    `table` names the kind's own current table, whose columns are the value's fields plus `revision`, and
    `table_key` that table's primary key; without a table the current revision is in `record`.
    """

    name: str
    value: type[msgspec.Struct]
    key: Callable[[Any], str]
    journal: Callable[[Any], str]
    table: str | None = None
    table_key: tuple[str, ...] = ()


def bin_key(site: str, code: str) -> str:
    """The key of a bin's record; bins are named within their site."""
    return f"{site}/{code}"


def _unit(_: object) -> str:
    return UNIT


SITE = RecordKind("site", Site, lambda v: v.code, _unit, "site", ("code",))
BIN = RecordKind("bin", Bin, lambda v: bin_key(v.site, v.code), lambda v: v.site, "bin", ("site", "code"))
MODEL = RecordKind("model", Model, lambda v: v.code, _unit, "model", ("code",))
CARRIER = RecordKind("carrier", Carrier, lambda v: v.code, _unit, "carrier", ("code",))
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


def columns_of(value: msgspec.Struct) -> tuple[Any, ...]:
    """A value as the columns of its current table: booleans as 0 and 1."""
    return tuple(int(v) if isinstance(v, bool) else v for v in msgspec.structs.astuple(value))


def latest_revision(store: Store, kind: str, key: str) -> int:
    """The number of the latest revision, 0 where there is none."""
    row = store.row("SELECT MAX(revision) FROM revision WHERE kind = ? AND key = ?", (kind, key))
    return int(row[0] or 0) if row else 0


def write(
    writer: Writer,
    kind: RecordKind,
    value: Value,
    *,
    by: str,
    expected: int | None = None,
    personal: Personal | None = None,
    secret: str | None = None,
    told_at: str | None = None,
) -> tuple[Value, Written]:
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
    store.insert("revision", REVISION_COLUMNS, [row])
    if personal:
        _keep_personal(store, kind.name, key, revision, salt, personal)
    _keep_current(store, kind, key, revision, value, content)
    return value, Written(kind.name, key, revision)


def _keep_personal(
    store: Store, kind: str, key: str, revision: int, salt: str | None, personal: Personal
) -> None:
    store.execute("UPDATE personal SET latest = 0 WHERE kind = ? AND key = ? AND latest = 1", (kind, key))
    row = (kind, key, revision, 1, salt, personal.content, personal.taxpayer_id)
    store.insert("personal", PERSONAL_COLUMNS, [row])


def _keep_current(
    store: Store, kind: RecordKind, key: str, revision: int, value: msgspec.Struct, content: str
) -> None:
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    if kind.table is None:
        columns, keys = RECORD_COLUMNS, ("kind", "key")
        row: tuple[Any, ...] = (kind.name, key, revision, kind.journal(value), content)
        table = "record"
    else:
        table, keys = kind.table, kind.table_key
        columns = (*kind.value.__struct_fields__, "revision")
        row = (*columns_of(value), revision)
    store.execute(_upsert(table, columns, keys), row)


def _upsert(table: str, columns: tuple[str, ...], keys: tuple[str, ...]) -> str:
    marks = ", ".join("?" for _ in columns)
    changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns if column not in keys)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    )


def current(store: Store, kind: RecordKind, key: str) -> tuple[Any, int] | None:
    """The latest value of a record without a table of its own, with its revision; None where there is none."""
    row = store.row("SELECT content, revision FROM record WHERE kind = ? AND key = ?", (kind.name, key))
    return (msgspec.json.decode(row[0], type=kind.value), row[1]) if row else None


def all_current(store: Store, kind: RecordKind) -> list[tuple[Any, int]]:
    """Every current value of a kind that has its own table, with its revision, by key."""
    assert kind.table is not None, "a kind without its own table"
    columns = (*kind.value.__struct_fields__, "revision")
    rows = store.rows(f"SELECT {', '.join(columns)} FROM {kind.table} ORDER BY {', '.join(kind.table_key)}")
    return [
        (msgspec.convert(dict(zip(columns, row, strict=True)), kind.value, strict=False), row[-1])
        for row in rows
    ]


def site_codes(store: Store) -> list[str]:
    """The code of every site, in order."""
    return [code for (code,) in store.rows("SELECT code FROM site ORDER BY code")]


def listed(
    store: Store, kind: RecordKind, sites: Collection[str] | None = None, after: str = ""
) -> Iterator[Any]:
    """The latest values of a kind without a table of its own, by key, those after one key; `sites` None means all.

    They are read as they are asked for, so that the first of many cost no more than the first of few.
    """
    if sites is not None and not sites:
        return
    where = f" AND site IN ({', '.join('?' * len(sites))})" if sites is not None else ""
    found = f"SELECT key, content FROM record WHERE kind = ? AND key > ?{where} ORDER BY key LIMIT ?"
    while True:
        rows = store.rows(found, (kind.name, after, *(sites or ()), AT_ONCE))
        for _, content in rows:
            yield msgspec.json.decode(content, type=kind.value)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1][0]


def next_number(store: Store, kind: RecordKind, prefix: str) -> str:
    """The next free number `prefix-NNNNNN` of a numbered kind; call it with the journal locked."""
    row = store.row(
        "SELECT MAX(key) FROM revision WHERE kind = ? AND key > ? AND key < ?",
        (kind.name, prefix + "-", prefix + "."),
    )
    last = int(row[0].rsplit("-", 1)[1]) if row and row[0] else 0
    return f"{prefix}-{last + 1:06d}"


def numbered(prefix: str, site: str) -> str:
    """The prefix under which a site's records of one kind are numbered."""
    return f"{prefix}-{site}"
