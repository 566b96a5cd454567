"""Looks up everything the rules may ask of one draft, in as few statements as it takes, and holds it meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from devices import serials
from devices.ledger.deciding.case import Case, Cited, PastLine
from devices.ledger.deciding.drafts import Draft
from devices.ledger.deciding.entries import Entry, Held, other_serials
from devices.ledger.deciding.reversal import position_before
from devices.ledger.posting.closed_months import closed_months
from devices.ledger.posting.consignments import consignment_of
from devices.ledger.posting.customers import held_customers
from devices.lifecycle import DOCUMENT, STEPS
from devices.paperwork import DispatchOrder, Manifest, RepairOrder, attachment_key
from devices.paperwork_kinds import ATTACHMENT, DISPATCH_ORDER, MANIFEST, REPAIR
from devices.problems import Problem
from devices.store.database import Store
from devices.store.statements import marks
from devices.store.tables.ledger import Positions
from devices.unit import Unit
from devices.values import NEW, POSITION_FIELDS, Bin, Model, Position

AT_ONCE = 2000
"""How many serials one statement looks up."""

POSITIONS = ", ".join(f"p.{name}" for name in POSITION_FIELDS)
PAST_LINES = (
    "SELECT l.serial, l.step, l.document, d.type, l.n, l.type, l.reverses, l.facts, "
    + ", ".join(f"l.{name}" for name in POSITION_FIELDS)
    + " FROM line l JOIN document d ON d.number = l.document"
)


MAKES_NEW = frozenset(step.document for step in STEPS if step.before == NEW)


def hold_devices(store: Store, document: str, wanted: Iterable[str]) -> None:
    """Keep every other site from moving or reserving these devices until the transaction ends.

    A serial that Panku has never held has no row to hold: whoever proposes new ones waits until nobody posts any.
    """
    if document in MAKES_NEW:
        store.hold("new serials", shared=DOCUMENT[document].review != "before")
    store.hold_rows(Positions.serial, wanted)


def held(store: Store, wanted: Sequence[str]) -> dict[str, Held]:
    """What the books hold of these serials, and who has reserved them, by serial."""
    found: dict[str, Held] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        for row in store.rows(
            f"WITH wanted (serial) AS (VALUES {', '.join(['(?)'] * len(some))})"
            " SELECT wanted.serial, r.document, p.step, p.document, p.recorded_at, p.business_date, "
            f"{POSITIONS} FROM wanted LEFT JOIN position p ON p.serial = wanted.serial"
            " LEFT JOIN reservation r ON r.serial = wanted.serial"
            " WHERE p.serial IS NOT NULL OR r.serial IS NOT NULL",
            some,
        ):
            serial, reserved, step, document, recorded_at, business_date = row[:6]
            if step is None:
                found[serial] = Held(Position(state="new"), 0, "", 0, "", reserved)
            else:
                position = Position(**dict(zip(POSITION_FIELDS, row[6:], strict=True)))
                found[serial] = Held(position, step, document, recorded_at, business_date, reserved)
    return found


def bins_of(store: Store, site: str, codes: Iterable[str]) -> dict[str, Bin]:
    """The bins of a site by code."""
    names = sorted(set(codes))
    if not names:
        return {}
    rows = store.rows(
        "SELECT site, code, register, condition, name, active FROM bin"
        f" WHERE site = ? AND code IN ({marks(len(names))})",
        (site, *names),
    )
    return {row[1]: Bin(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows}


def models_of(store: Store, codes: Iterable[str]) -> dict[str, Model]:
    """The catalogue's models by code."""
    names = sorted(set(codes))
    if not names:
        return {}
    rows = store.rows(
        "SELECT code, kind, name, serial_pattern, price_fen, warranty_months, family, active FROM model"
        f" WHERE code IN ({marks(len(names))})",
        names,
    )
    return {
        row[0]: Model(row[0], row[1], row[2], row[3], row[4], row[5], row[6], bool(row[7])) for row in rows
    }


def cited_document(store: Store, number: str | None, with_lines: bool) -> Cited | None:
    """A document with its standing, and its lines where they matter; None where there is none."""
    if number is None:
        return None
    row = store.row(
        "SELECT d.number, d.type, d.site, d.register, d.made_by, s.status, s.review, d.content, j.site, j.seq, j.hash"
        " FROM document d JOIN standing s ON s.document = d.number"
        " JOIN journal j ON j.site = d.site AND j.seq = d.journal_seq WHERE d.number = ?",
        (number,),
    )
    if row is None:
        return None
    lines = past_lines(store, "l.document = ? ORDER BY l.n", (number,)) if with_lines else []
    number, kind, site, register, made_by, status, review, content, *link = row
    by_serial = {line.serial: line for line in lines}
    return Cited(
        number=number,
        type=kind,
        site=site,
        register=register,
        made_by=made_by,
        status=status,
        review=review,
        content=msgspec.json.decode(content),
        lines=by_serial,
        link=(link[0], link[1], link[2]),
    )


def past_lines(store: Store, condition: str, params: Sequence[Any]) -> list[PastLine]:
    """Past lines that meet a condition."""
    found = []
    for row in store.rows(f"{PAST_LINES} WHERE {condition}", params):
        serial, step, document, document_type, n, line_type, reverses, facts = row[:8]
        position = Position(**dict(zip(POSITION_FIELDS, row[8:], strict=True)))
        past = PastLine(
            serial,
            step,
            document,
            document_type,
            n,
            line_type,
            reverses,
            position,
            msgspec.json.decode(facts),
        )
        found.append(past)
    return found


Trails = dict[str, tuple[PastLine, ...]]


def trails_of(store: Store, wanted: Sequence[str]) -> Trails:
    """Every line of these serials, oldest first, by serial."""
    trails: dict[str, list[PastLine]] = {serial: [] for serial in wanted}
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        condition = f"l.serial IN ({marks(len(some))}) ORDER BY l.serial, l.step"
        for line in past_lines(store, condition, some):
            trails[line.serial].append(line)
    return {serial: tuple(lines) for serial, lines in trails.items()}


def order_of(store: Store, number: str | None) -> RepairOrder | DispatchOrder | None:
    """The repair or dispatch order of this number."""
    if number is None:
        return None
    row = store.row(
        "SELECT kind, content FROM record WHERE key = ? AND kind IN (?, ?)",
        (number, REPAIR.name, DISPATCH_ORDER.name),
    )
    if row is None:
        return None
    if row[0] == REPAIR.name:
        return msgspec.json.decode(row[1], type=RepairOrder)
    return msgspec.json.decode(row[1], type=DispatchOrder)


def manifest_of(store: Store, number: str | None) -> tuple[Manifest | None, frozenset[str]]:
    """A manifest, and which of its serials standing receipts have taken in already."""
    row = number and store.row(
        "SELECT content FROM record WHERE kind = ? AND key = ?", (MANIFEST.name, number)
    )
    if not row:
        return None, frozenset()
    received = store.rows(
        "SELECT l.serial FROM document d JOIN line l ON l.document = d.number WHERE d.under = ? AND d.type = 'receipt'"
        " AND NOT EXISTS (SELECT 1 FROM line u WHERE u.serial = l.serial AND u.reverses = l.step)",
        (number,),
    )
    return msgspec.json.decode(row[0], type=Manifest), frozenset(serial for (serial,) in received)


def _named(store: Store, table: str, names: set[str]) -> dict[str, bool]:
    if not names:
        return {}
    rows = store.rows(f"SELECT code, active FROM {table} WHERE code IN ({marks(len(names))})", sorted(names))
    return {code: bool(active) for code, active in rows}


def kept_at(store: Store, site: str, digests: Sequence[str]) -> frozenset[str]:
    """Those of these papers that the site keeps."""
    if not digests:
        return frozenset()
    keys = {attachment_key(site, digest): digest for digest in digests}
    rows = store.rows(
        f"SELECT key FROM record WHERE kind = ? AND key IN ({marks(len(keys))})", (ATTACHMENT.name, *keys)
    )
    return frozenset(keys[key] for (key,) in rows)


def gather(
    store: Store,
    unit: Unit,
    draft: Draft,
    entries: tuple[Entry, ...],
    *,
    number: str,
    at_us: int,
    own_reservation: str | None = None,
) -> tuple[Case, list[Problem]]:
    """The case of a draft, and the problems met in looking its customers up; within `store.writing()`."""
    document = str(draft.__struct_config__.tag)
    others = [
        serial for _, text in other_serials(draft) if isinstance(serial := serials.recognise(text), str)
    ]
    cites = getattr(draft, "document", None) or getattr(draft, "dispatch", None)
    cited = cited_document(store, cites, with_lines=True)
    wanted = {entry.serial for entry in entries} | set(others)
    if document in ("reversal", "arrival") and cited:
        wanted |= cited.lines.keys()
    hold_devices(store, document, wanted)
    positions = held(store, sorted(wanted))
    manifest, received = manifest_of(store, getattr(draft, "manifest", None))
    trails = trails_of(store, _followed(document, cited, wanted))
    restored = _restored(document, cited, trails)
    theirs = {position.customer for position in restored if position.customer}
    customers, problems = held_customers(store, draft, theirs)
    names = {draft.site, getattr(draft, "destination", None)} - {None}
    carrier = getattr(draft, "carrier", None)
    case = Case(
        draft=draft,
        document=document,
        number=number,
        today=unit.day_of(at_us),
        entries=entries,
        sites=_named(store, "site", {str(name) for name in names}),
        bins=bins_of(store, draft.site, _bins_named(draft, entries, restored)),
        models=models_of(store, _models_wanted(draft, entries, positions.values())),
        held=positions,
        carriers=_named(store, "carrier", {carrier} if carrier else set()),
        customers=customers,
        attachments=kept_at(store, draft.site, draft.attachments),
        cited=cited,
        answered=cited_document(store, draft.answers, with_lines=False),
        order=order_of(store, getattr(draft, "order", None)),
        consignment=consignment_of(store, draft),
        manifest=manifest,
        received=received,
        held_for=_out_for(store, _carried_for(document, others, restored)),
        trails=trails,
        waybills=_waybills_of(store, sorted(wanted)) if document == "transit_loss" else {},
        closed=closed_months(store, _sites_of(draft, positions.values(), trails.values())),
        own_reservation=own_reservation,
    )
    return case, problems


def _followed(document: str, cited: Cited | None, wanted: set[str]) -> list[str]:
    """The serials whose past matters: all of a document to be reversed, and what comes back from a cited dispatch."""
    if cited is None:
        return []
    return sorted(cited.lines.keys() if document == "reversal" else wanted & cited.lines.keys())


def _restored(document: str, cited: Cited | None, trails: Trails) -> list[Position]:
    """Where a reversal may put the devices of a document back."""
    if cited is None or document != "reversal":
        return []
    return [position_before(line, trails[serial]) for serial, line in cited.lines.items()]


def _bins_named(draft: Draft, entries: Iterable[Entry], restored: Iterable[Position]) -> set[str]:
    named = {entry.bin for entry in entries}
    named |= {position.bin for position in restored if position.site == draft.site}
    return {code for code in named if code}


def _sites_of(draft: Draft, positions: Iterable[Held], trails: Iterable[Sequence[PastLine]]) -> set[str]:
    """Every site whose books the draft may touch: its own, those that have the devices, and those that had them."""
    had = {line.position.site for trail in trails for line in trail}
    return {draft.site, *(site for site in had | {held.position.site for held in positions} if site)}


def _carried_for(document: str, named: Sequence[str], restored: Iterable[Position]) -> list[str]:
    """The faulty devices for which a carry-out takes spares along, or a reversal puts one back with its technician."""
    again = {position.meant_for for position in restored if position.meant_for}
    return sorted({*named, *again} if document == "carry_out" else again)


def _out_for(store: Store, faulty: Sequence[str]) -> dict[str, str]:
    rows = store.rows(
        f"SELECT meant_for, serial FROM position WHERE meant_for IN ({marks(len(faulty))})", faulty
    ) if faulty else []  # fmt: skip
    return dict(rows)


def _waybills_of(store: Store, wanted: Sequence[str]) -> dict[str, str]:
    """The consignment number that each device was last dispatched with; opening stock has none."""
    found: dict[str, str] = {}
    contents: dict[str, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        for serial, number, content in store.rows(
            "SELECT l.serial, d.number, d.content FROM line l JOIN document d ON d.number = l.document"
            f" WHERE l.serial IN ({marks(len(some))}) AND l.type = 'dispatch' AND l.reverses IS NULL ORDER BY l.step",
            some,
        ):
            if number not in contents:
                contents[number] = msgspec.json.decode(content)["consignment_number"]
            found[serial] = contents[number]
    return found


def _models_wanted(draft: Draft, entries: Iterable[Entry], positions: Iterable[Held]) -> set[str]:
    named = {getattr(entry.item, "model", None) for entry in entries} | {getattr(draft, "model", None)}
    return {str(code) for code in named | {held.position.model for held in positions} if code}
