"""Looks up everything the rules may ask of one draft, in as few statements as it takes, and holds it meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from devices import records, serials
from devices.ledger.deciding.case import Case, Cited, Dated, PastLine, ToldUsed
from devices.ledger.deciding.drafts import Draft
from devices.ledger.deciding.entries import Entry, Held, other_serials
from devices.ledger.deciding.reversal import last_dated, position_before
from devices.ledger.deciding.rules_of_sending import may_be_cited
from devices.ledger.posting.closed_months import closed_months
from devices.ledger.posting.consignments import consignment_of
from devices.ledger.posting.customers import held_customers
from devices.ledger.posting.rows import NOT_UNDONE
from devices.ledger.reading.customers import homes_of
from devices.lifecycle import DOCUMENT, STEPS
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.orders import RepairOrder
from devices.paperwork.papers import Manifest, attachment_key
from devices.paperwork_kinds import ATTACHMENT, DISPATCH_ORDER, MANIFEST, REPAIR
from devices.problems import Problem
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables import columns_of
from devices.store.tables.ledger import Documents, Lines, Links, Positions, Records, Reservations, Standings
from devices.store.tables.registers import Bins, Carriers, Models, Sites
from devices.unit import Unit
from devices.values import NEW, NOWHERE, POSITION_FIELDS, Bin, Kind, Model, Position, position_of

_AT_ONCE = 2000
"""How many serials one statement looks up."""

ENDS_CARRYING = ("carry_back", "reversal")
"""The documents that take a carried spare from its technician, other than by the swap it was carried for."""
MAKES_NEW = frozenset(step.document for step in STEPS if step.before == NEW)

_BINS = compiled(
    Bins.select(*(getattr(Bins, name) for name in columns_of(Bins))).where(
        Bins.site == GIVEN, Bins.code.in_(EACH)
    )
)
_MODELS = compiled(
    Models.select(*(getattr(Models, name) for name in columns_of(Models))).where(Models.code.in_(EACH))
)
_IN_USE = compiled(
    Models.select(Models.code, Models.serial_pattern, Models.kind)
    .where(Models.active == 1)
    .order_by(Models.code)
)
_SITES_IN_USE = compiled(Sites.select(Sites.code, Sites.active).where(Sites.code.in_(EACH)))
_CARRIERS_IN_USE = compiled(Carriers.select(Carriers.code, Carriers.active).where(Carriers.code.in_(EACH)))
_CITED = compiled(
    Documents.select(
        Documents.number, Documents.type, Documents.site, Documents.register, Documents.made_by,
        Standings.status, Standings.review, Documents.content, Links.site, Links.seq, Links.hash,
    )
    .join(Standings, on=(Standings.document == Documents.number))
    .join_from(
        Documents, Links, on=((Links.site == Documents.site) & (Links.seq == Documents.journal_seq))
    )
    .where(Documents.number == GIVEN)
)  # fmt: skip
_past_lines = Lines.select(
    Lines.serial, Lines.step, Lines.document, Documents.type, Lines.n, Lines.type, Lines.reverses, Lines.facts,
    Lines.business_date,
    *(getattr(Lines, name) for name in POSITION_FIELDS),
).join(Documents, on=(Documents.number == Lines.document))  # fmt: skip
_LINES_OF_DOCUMENT = compiled(_past_lines.where(Lines.document == GIVEN).order_by(Lines.n))
_LINES_OF_SERIALS = compiled(_past_lines.where(Lines.serial.in_(EACH)).order_by(Lines.serial, Lines.step))
_RESERVED_FOR = compiled(Reservations.select(Reservations.serial).where(Reservations.document == GIVEN))
_ORDER = compiled(
    Records.select(Records.kind, Records.content).where(
        Records.key == GIVEN, Records.kind.in_([REPAIR.name, DISPATCH_ORDER.name])
    )
)
_RECEIVED_UNDER = compiled(
    Documents.select(Lines.serial)
    .join(Lines, on=(Lines.document == Documents.number))
    .where(
        Documents.under == GIVEN,
        Documents.type == "receipt",
        NOT_UNDONE,
    )
)
_KEPT_PAPERS = compiled(
    Records.select(Records.key).where(Records.kind == ATTACHMENT.name, Records.key.in_(EACH))
)
_LASTING = compiled(
    Records.select(Records.key).where(
        Records.kind == ATTACHMENT.name, Records.state.is_null(), Records.key.in_(EACH)
    )
)
_OUT_FOR = compiled(
    Positions.select(Positions.meant_for, Positions.serial).where(Positions.meant_for.in_(EACH))
)
_OUT_UNDER = compiled(
    Positions.select(Positions.serial, Positions.order_number).where(
        Positions.meant_for.in_(EACH), Positions.state == "carried"
    )
)
_DISPATCHES = compiled(
    Lines.select(Lines.serial, Documents.number, Documents.content)
    .join(Documents, on=(Documents.number == Lines.document))
    .where(Lines.serial.in_(EACH), Lines.type == "dispatch", Lines.reverses.is_null())
    .order_by(Lines.step)
)


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
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        for row in store.rows(_held_query(len(some)), some):
            serial, reserved, step, document, recorded_at, business_date = row[:6]
            if step is None:
                found[serial] = Held(NOWHERE, 0, "", 0, "", reserved)
            else:
                position = position_of(row[6:])
                found[serial] = Held(position, step, document, recorded_at, business_date, reserved)
    return found


@lru_cache(maxsize=256)
def _held_query(count: int) -> str:
    """By hand: every posting and scan asks it, and the serials as a table find each in either table at once."""
    positions = ", ".join(f"p.{name}" for name in POSITION_FIELDS)
    return (
        f"WITH wanted (serial) AS (VALUES {', '.join(['(?)'] * count)})"
        f" SELECT wanted.serial, r.document, p.step, p.document, p.recorded_at, p.business_date, {positions}"
        " FROM wanted LEFT JOIN position p ON p.serial = wanted.serial"
        " LEFT JOIN reservation r ON r.serial = wanted.serial"
        " WHERE p.serial IS NOT NULL OR r.serial IS NOT NULL"
    )


def reserved_for(store: Store, proposal: str) -> list[str]:
    """The serials that a proposal has reserved."""
    return [serial for (serial,) in store.rows(_RESERVED_FOR, (proposal,))]


def bins_of(store: Store, site: str, codes: Iterable[str]) -> dict[str, Bin]:
    """The bins of a site by code."""
    rows = store.rows_in(_BINS, sorted(set(codes)), before=(site,))
    return {
        code: Bin(site, code, register, condition, name, bool(active))
        for _, code, register, condition, name, active, _ in rows
    }


def models_of(store: Store, codes: Iterable[str]) -> dict[str, Model]:
    """The catalogue's models by code."""
    rows = store.rows_in(_MODELS, sorted(set(codes)))
    return {
        row[0]: Model(row[0], row[1], row[2], row[3], row[4], row[5], row[6], bool(row[7])) for row in rows
    }


def models_in_use(store: Store) -> tuple[dict[str, str], dict[str, Kind]]:
    """What the serials of each model in use look like, and of which kind it is, both by its code."""
    rows = store.rows(_IN_USE)
    return {code: pattern for code, pattern, _ in rows}, {code: kind for code, _, kind in rows}


def cited_document(store: Store, number: str | None, with_lines: bool) -> Cited | None:
    """A document with its standing, and its lines where they matter; None where there is none."""
    if number is None:
        return None
    row = store.row(_CITED, (number,))
    if row is None:
        return None
    lines = [_past_line(each) for each in store.rows(_LINES_OF_DOCUMENT, (number,))] if with_lines else []
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


def _known(draft: Draft, cited: Cited | None) -> Cited | None:
    """A document, as far as the draft's site may know of it: one of another site's is as an unknown one."""
    return cited if cited and may_be_cited(draft, cited) else None


def _past_line(row: Sequence[Any]) -> PastLine:
    serial, step, document, document_type, n, kind, reverses, facts, business_date = row[:9]
    position, told = position_of(row[9:]), msgspec.json.decode(facts)
    return PastLine(serial, step, document, document_type, n, kind, reverses, position, told, business_date)


Trails = dict[str, tuple[PastLine, ...]]


def trails_of(store: Store, wanted: Sequence[str]) -> Trails:
    """Every line of these serials, oldest first, by serial."""
    trails: dict[str, list[PastLine]] = {serial: [] for serial in wanted}
    for row in store.rows_in(_LINES_OF_SERIALS, wanted):
        line = _past_line(row)
        trails[line.serial].append(line)
    return {serial: tuple(lines) for serial, lines in trails.items()}


def _order_of(store: Store, draft: Draft) -> RepairOrder | DispatchOrder | None:
    """The repair or dispatch order that a draft names, if it is of the draft's site."""
    row = store.row(_ORDER, (getattr(draft, "order", None),))
    if row is None:
        return None
    kind = REPAIR if row[0] == REPAIR.name else DISPATCH_ORDER
    order: RepairOrder | DispatchOrder = kind.decode(row[1])
    return order if order.site == draft.site else None


def manifest_of(store: Store, number: str | None) -> tuple[Manifest | None, frozenset[str]]:
    """A manifest, and which of its serials standing receipts have taken in already."""
    found = records.current(store, MANIFEST, number) if number else None
    if found is None:
        return None, frozenset()
    return found[0], frozenset(serial for (serial,) in store.rows(_RECEIVED_UNDER, (number,)))


def _in_use(store: Store, query: str, names: Iterable[str | None]) -> dict[str, bool]:
    rows = store.rows_in(query, sorted(name for name in names if name))
    return {code: bool(active) for code, active in rows}


def kept_at(store: Store, site: str, digests: Sequence[str], *, lasting: bool = False) -> frozenset[str]:
    """Those of these papers that the site keeps; `lasting`: but for those that can be erased."""
    keys = {attachment_key(site, digest): digest for digest in digests}
    return frozenset(keys[key] for (key,) in store.rows_in(_LASTING if lasting else _KEPT_PAPERS, keys))


class _Devices(msgspec.Struct, frozen=True):
    """The devices of a draft, held: `others` it only names, where each is, the past that matters to it.

    `restored` is where a reversal may put the devices of a document back.
    """

    wanted: list[str]
    others: list[str]
    held: dict[str, Held]
    trails: Trails
    restored: list[Position]


def _devices_of(
    store: Store, draft: Draft, document: str, entries: Iterable[Entry], cited: Cited | None
) -> _Devices:
    recognised = (serials.recognise(text) for _, text in other_serials(draft))
    others = [serial for serial in recognised if isinstance(serial, str)]
    wanted = {entry.serial for entry in entries} | set(others)
    if document in ("reversal", "arrival") and cited:
        wanted |= cited.lines.keys()
    hold_devices(store, document, wanted)
    positions = held(store, sorted(wanted))
    trails = trails_of(store, _followed(document, cited, wanted))
    return _Devices(sorted(wanted), others, positions, trails, _restored(document, cited, trails))


def gather(
    store: Store,
    unit: Unit,
    draft: Draft,
    entries: tuple[Entry, ...],
    *,
    number: str,
    now_us: int,
    own_reservation: str | None = None,
) -> tuple[Case[Draft], list[Problem]]:
    """The case of a draft, and the problems met in looking its customers up; within `store.writing()`."""
    document, days = str(draft.__struct_config__.tag), unit.days(now_us)
    cites = getattr(draft, "document", None) or getattr(draft, "dispatch", None)
    cited = _known(draft, cited_document(store, cites, with_lines=True))
    devices = _devices_of(store, draft, document, entries, cited)
    positions, restored = devices.held.values(), devices.restored
    given_back = {position.customer for position in restored if position.customer}
    customers, problems = held_customers(store, draft, given_back, decided=own_reservation is not None)
    owners = {held.position.customer for held in positions if held.position.customer}
    manifest, received = manifest_of(store, getattr(draft, "manifest", None))
    if manifest is not None and manifest.site != draft.site:
        manifest = None
    case = Case(
        draft=draft,
        document=document,
        number=number,
        days=days,
        entries=entries,
        sites=_in_use(store, _SITES_IN_USE, {draft.site, getattr(draft, "destination", None)}),
        bins=bins_of(store, draft.site, _bins_named(draft, entries, restored)),
        models=models_of(store, _models_wanted(draft, entries, positions)),
        held=devices.held,
        carriers=_in_use(store, _CARRIERS_IN_USE, {getattr(draft, "carrier", None)}),
        customers=customers,
        homes=homes_of(store, owners),
        attachments=kept_at(store, draft.site, draft.attachments, lasting=True),
        cited=cited,
        answered=_known(draft, cited_document(store, draft.answers, with_lines=False)),
        order=_order_of(store, draft),
        consignment=consignment_of(store, draft),
        manifest=manifest,
        received=received,
        held_for=_out_for(store, _carried_for(document, devices.others, restored)),
        trails=devices.trails,
        waybills=_waybills_of(store, devices.wanted) if document == "transit_loss" else {},
        closed=closed_months(store, _sites_of(draft, positions, devices.trails.values())),
        ahead=_dated_ahead(store, devices.held, days.today.isoformat()),
        told_used=told_used_of(store, document, devices.held),
        own_reservation=own_reservation,
    )
    return case, problems


def told_used_of(store: Store, document: str, positions: Mapping[str, Held]) -> dict[str, ToldUsed]:
    """The carried spares that a record says went in, by serial, where that matters to a document: those among these
    devices that it would end carrying, and those that went in for one of them that it would swap.
    """
    out: dict[str, str | None] = {}
    if document == "swap":
        out = dict(store.rows_in(_OUT_UNDER, sorted(positions)))
    elif document in ENDS_CARRYING:
        carried = ((s, found.position) for s, found in positions.items() if found.position.state == "carried")
        out = {serial: position.order_number for serial, position in carried}
    return {
        pair.spare: ToldUsed(number, pair.faulty)
        for number, order in records.these(store, DISPATCH_ORDER, out.values()).items()
        for pair in order.used
        if out.get(pair.spare) == number
    }


def _dated_ahead(store: Store, positions: Mapping[str, Held], today: str) -> dict[str, Dated]:
    """The day that counts for each device whose last line is dated after today, by serial."""
    ahead = sorted(serial for serial, found in positions.items() if found.business_date > today)
    trails = trails_of(store, ahead) if ahead else {}
    return {serial: last_dated(trail, today) for serial, trail in trails.items()}


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
    return dict(store.rows_in(_OUT_FOR, faulty))


def _waybills_of(store: Store, wanted: Sequence[str]) -> dict[str, str]:
    """The consignment number that each device was last dispatched with; opening stock has none."""
    found: dict[str, str] = {}
    contents: dict[str, str] = {}
    for serial, number, content in store.rows_in(_DISPATCHES, wanted):
        if number not in contents:
            contents[number] = msgspec.json.decode(content)["consignment_number"]
        found[serial] = contents[number]
    return found


def _models_wanted(draft: Draft, entries: Iterable[Entry], positions: Iterable[Held]) -> set[str]:
    named = {getattr(entry.item, "model", None) for entry in entries} | {getattr(draft, "model", None)}
    return {str(code) for code in named | {held.position.model for held in positions} if code}
