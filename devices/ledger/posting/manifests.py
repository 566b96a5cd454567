"""Manifests: a maker's packing list kept as a record, and compared with what has been received of it."""

from __future__ import annotations

import hashlib

import msgspec

from devices import records
from devices.journal import Writer, open_journals
from devices.ledger.posting.gather import kept_at, manifest_of, models_in_use
from devices.ledger.posting.personal_papers import personal_records
from devices.paperwork.papers import Attachment, LeftOut, Manifest, ManifestRow
from devices.paperwork_kinds import ATTACHMENT, MANIFEST
from devices.problems import Problem, Refused, refuse
from devices.sheets.packing_lists import read_packing_list
from devices.sheets.sheet_cells import row_of
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Blobs, Records
from devices.store.tables.registers import Sites
from devices.texts.judging import fault_of_line
from devices.texts.lengths import FileName
from devices.values import Book

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_SITE_IN_USE = compiled(Sites.select(Sites.code).where(Sites.code == GIVEN, Sites.active == 1))
_BLOB = compiled(Blobs.select(Blobs.digest).where(Blobs.digest == GIVEN))
_MANIFESTS = compiled(
    Records.select(Records.content)
    .where(Records.kind == MANIFEST.name, Records.site == GIVEN)
    .order_by(Records.key)
)


class RowFault(msgspec.Struct, frozen=True):
    """What is wrong with one row of a packing list, by the row number a person sees."""

    row: int
    code: str
    text: str


class Compared(msgspec.Struct, frozen=True):
    """A manifest against its receipts: serials still short, those received over it, and the rows that were no use.

    `left_out` is whatever else stood on the list, which is no device. `withheld` is the number of the blind count that
    keeps all of them from a reader: a device that was received stands in its register.
    """

    number: str
    site: str
    register: Book
    supplier: str
    delivery_note: str
    expected: int
    received: list[str]
    short: list[str]
    over: list[str]
    faults: list[RowFault]
    rows: tuple[ManifestRow, ...]
    left_out: tuple[LeftOut, ...]
    withheld: str | None = None


class PackingList(msgspec.Struct, frozen=True):
    """A maker's file as it was read: its bytes, its rows, what is wrong with them, and what else stood there."""

    data: bytes
    rows: tuple[ManifestRow, ...]
    problems: tuple[Problem, ...]
    left_out: tuple[LeftOut, ...]


def read_manifest(store: Store, data: bytes) -> PackingList:
    """A packing list, its serials checked against the catalogue's patterns; slow, so before any transaction.

    Raises Refused for a file that is no spreadsheet, or holds none that can be read.
    """
    patterns, kinds = models_in_use(store)
    found = read_packing_list(data, patterns, kinds)
    problems = list(found.problems)
    faults = {row_of(problem): problem.code for problem in reversed(found.problems)}
    rows = []
    for row in found.rows:
        problem = faults.get(row.row)
        if row.serial and row.model and row.model not in patterns and problem is None:
            problem = "unknown_model"
            problems.append(Problem(problem, f"/rows/{row.row}/model", {"model": row.model}))
        serial = row.serial if problem is None else None
        rows.append(ManifestRow(row.row, row.text, serial, row.model, row.carton, problem))
    return PackingList(data, tuple(rows), tuple(problems), found.left_out)


def keep_manifest(
    store: Store,
    given: PackingList,
    *,
    site: str,
    register: Book,
    supplier: str,
    delivery_note: str,
    name: str,
    by: str,
    at_us: int,
) -> Manifest:
    """Keep a packing list as a manifest, its file as an attachment, within `store.writing()`.

    Rows that are wrong are kept and told, not dropped; a file without any usable row is refused, and so is one that
    was kept before for the same site, register and delivery note (`manifest_exists`).
    """
    if not any(row.serial for row in given.rows):
        raise Refused(given.problems or [Problem("no_devices")])
    if not store.row(_SITE_IN_USE, (site,)):
        raise refuse("unknown_site", "/site", site=site)
    writer = open_journals(store, [site], at_us)
    earlier = _kept_before(store, hashlib.sha256(given.data).hexdigest(), site, register, delivery_note)
    if earlier is not None:
        raise refuse("manifest_exists", manifest=earlier, delivery_note=delivery_note)
    digest = attach(writer, given.data, site=site, name=name, media_type=SPREADSHEET, by=by)
    number = records.next_number(store, MANIFEST, site)
    value = Manifest(
        number, site, register, supplier, delivery_note, given.rows, digest, left_out=given.left_out
    )
    records.write(writer, MANIFEST, value, by=by, expected=0)
    return value


class _Head(msgspec.Struct, frozen=True):
    """What tells manifests apart, without their rows."""

    number: str
    register: Book
    delivery_note: str
    attachment: str | None


def _kept_before(store: Store, digest: str, site: str, register: Book, delivery_note: str) -> str | None:
    """The number of the manifest that was read from the same bytes for the same delivery, if there is one."""
    if not store.row(_BLOB, (digest,)):
        return None
    kept = store.rows(_MANIFESTS, (site,))
    for head in (msgspec.json.decode(content, type=_Head) for (content,) in kept):
        if (head.attachment, head.register, head.delivery_note) == (digest, register, delivery_note):
            return head.number
    return None


def keep_attachment(
    store: Store, data: bytes, *, site: str, name: str, media_type: str, by: str, at_us: int
) -> str:
    """Keep a site's paper, within `store.writing()`; returns its digest."""
    writer = open_journals(store, [site], at_us)
    return attach(writer, data, site=site, name=name, media_type=media_type, by=by)


def attach(writer: Writer, data: bytes, *, site: str, name: str, media_type: str, by: str) -> str:
    """Keep bytes under their digest, once, and the site's own record of them, once.

    Raises Refused for a `name` that cannot be kept (`control_character`, `text_too_long`), and `paper_is_personal` for
    the bytes of a paper that a customer signed, which could not be erased any more.
    """
    if (problem := fault_of_line(name, "file_name", FileName)) is not None:
        raise Refused([problem])
    digest = hashlib.sha256(data).hexdigest()
    writer.store.hold(f"attachment {digest}")  # another site may keep the same paper at this moment
    if personal_records(writer.store, digest):
        raise refuse("paper_is_personal", digest=digest)
    if not writer.store.row(_BLOB, (digest,)):
        writer.store.insert(Blobs, [(digest, data)])
    if not kept_at(writer.store, site, [digest]):
        value = Attachment(digest, site, name, media_type[:100], len(data))
        records.write(writer, ATTACHMENT, value, by=by, expected=0)
    return digest


def compared(store: Store, number: str) -> Compared:
    """A manifest against what has been received of it. Raises Refused (`not_found`)."""
    manifest, received = manifest_of(store, number)
    if manifest is None:
        raise refuse("not_found")
    expected = [row.serial for row in manifest.rows if row.serial]
    faults = [RowFault(row.row, row.problem, row.text) for row in manifest.rows if row.problem]
    return Compared(
        number=manifest.number,
        site=manifest.site,
        register=manifest.register,
        supplier=manifest.supplier,
        delivery_note=manifest.delivery_note,
        expected=len(expected),
        received=sorted(received & set(expected)),
        short=sorted(set(expected) - received),
        over=sorted(received - set(expected)),
        faults=faults,
        rows=manifest.rows,
        left_out=manifest.left_out,
    )
