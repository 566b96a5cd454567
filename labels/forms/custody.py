"""The forms of custody: 安全检查表, 出入登记 and 交接单."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from devices.audit.custody.custody_kinds import (
    HANDOVERS,
    Handover,
    InspectedItem,
    Inspection,
    Stage,
    Visit,
    VisitorData,
)
from devices.audit.custody.handovers import PARTIES, Statement
from devices.audit.declarations import Declared, HandoverFacts, declared_of_handover
from devices.audit.vouching import Vouched
from labels.forms.form import Box, Column, Field, Form, Proof, Table, Word
from labels.forms.parts import NUMBER, column, given_by, remarks, signed_boxes

# --- safety inspections


class InspectionPrinted(msgspec.Struct, frozen=True):
    """An inspection as it is printed."""

    unit: str
    site_name: str
    inspection: Inspection


class _Item(msgspec.Struct, frozen=True):
    item: InspectedItem
    outcome: str
    fault: str | None
    owner: str | None
    due_on: str | None
    work: str | None
    settled_at: int | None
    settled_by: str | None


def _items(printed: InspectionPrinted) -> Iterator[tuple[int, _Item]]:
    names = _Item.__struct_fields__[2:]
    for n, item in enumerate(printed.inspection.items, 1):
        found = {name: getattr(item.finding, name, None) for name in names}
        yield n, _Item(item, "good" if item.ok else "bad", **found)


INSPECTION_FORM = Form(
    name="inspection",
    title=lambda printed: ("form.title.inspection", {}),
    number="inspection.number",
    unit="unit",
    fields=(
        Field("form.field.site", lambda p: f"{p.inspection.site} {p.site_name}"),
        Field("form.field.made_on", "inspection.made_on", "date"),
        Field("form.field.role", "inspection.role", words="role"),
        Field("form.field.made_by", "inspection.made_by", "person"),
        Field("form.field.noted_at", "inspection.made_at", "moment"),
        Field("form.field.faults", lambda p: sum(not each.ok for each in p.inspection.items), "number"),
    ),
    tables=(
        Table(
            "form.table.checks",
            _items,
            (
                NUMBER,
                column("check", "item.item", 38, words="check"),
                column("outcome", "outcome", 16, words="form.outcome"),
                column("expires_on", "item.expires_on", 24, "date"),
                column("remark", "item.note", 34),
                column("fault", "fault", 38),
                column("owner", "owner", 24, "person"),
                column("due_on", "due_on", 24, "date"),
                column("work", "work", 34),
                column("settled_at", "settled_at", 36, "moment"),
                column("settled_by", "settled_by", 24, "person"),
            ),
        ),
    ),
    boxes=lambda p: [
        Box(f"form.box.{p.inspection.role}", p.inspection.made_by, p.inspection.made_at),
        Box("form.box.manager"),
    ],
    landscape=True,
)

# --- the access log


class Visited(msgspec.Struct, frozen=True):
    """One visit with who came; None where that was erased."""

    visit: Visit
    visitor: VisitorData | None


class VisitsPrinted(msgspec.Struct, frozen=True):
    """The access log as it is printed: one visit by its number, or those of the sites that `number` names."""

    unit: str
    number: str
    on: str
    visits: Iterable[Visited]


def _visitor(name: str, *, gone: str | None = None) -> Column:
    def read(row: tuple[int, Visited]) -> str | Word | None:
        visitor = row[1].visitor
        if visitor is None:
            return Word(gone) if gone else None
        value: str | None = getattr(visitor, name)
        return value

    return Column(f"form.column.visitor_{name}", read, 26)


def _stage(row: tuple[int, Visited], *names: str) -> Stage | None:
    return next((stage for stage in row[1].visit.course if stage.step in names), None)


def _by(word: str, *names: str) -> Column:
    return Column(f"form.column.{word}", lambda row: getattr(_stage(row, *names), "by", None), 24, "person")


def _at(word: str, *names: str) -> Column:
    return Column(f"form.column.{word}", lambda row: getattr(_stage(row, *names), "at", None), 35, "moment")


VISITS_FORM = Form(
    name="visits",
    title=lambda printed: ("form.title.visits", {}),
    number="number",
    unit="unit",
    fields=(Field("form.field.on", "on", "date"),),
    tables=(
        Table(
            "form.table.visits",
            lambda printed: enumerate(printed.visits, 1),
            (
                NUMBER,
                column("visit", "visit.number", 28),
                column("visit_on", "visit.visit_on", 22, "date"),
                _visitor("name", gone="form.customer.erased"),
                _visitor("organisation"),
                _visitor("contact"),
                column("purpose", "visit.purpose", 30),
                column("visit_state", "visit.state", 16, words="visit"),
                _by("requested_by", "request"),
                _by("decided_by", "approve", "refuse"),
                _at("decided_at", "approve", "refuse"),
                _at("entered_at", "enter"),
                Column(
                    "form.column.escort",
                    lambda row: getattr(_stage(row, "enter"), "escort", None),
                    24,
                    "person",
                ),
                _at("left_at", "leave"),
                Column("form.column.refused", lambda row: getattr(_stage(row, "refuse"), "reason", None), 24),
            ),
        ),
    ),
    boxes=lambda printed: [Box("form.box.storekeeper"), Box("form.box.auditor")],
    landscape=True,
)

# --- handovers


class HandoverPrinted(msgspec.Struct, frozen=True):
    """A handover as it is printed: what is signed, its digest and the signatures that stand.

    `counters` are who counted in each stocktake that it rests on.
    """

    site_name: str
    handover: Handover
    statement: Statement
    digest: str
    signatures: Sequence[Vouched]
    counters: Mapping[str, Collection[str]]


def _open_items(printed: HandoverPrinted) -> Iterator[tuple[int, tuple[str, str]]]:
    items = ((name, item) for name, some in printed.statement.open_items.items() for item in some)
    return iter(enumerate(items, 1))


def _declared(printed: HandoverPrinted) -> list[Declared]:
    """What stands above the signatures: the counts it rests on, what is open, and who has signed."""
    handover = printed.handover
    return declared_of_handover(
        HandoverFacts(
            cancelled=handover.state == HANDOVERS.step["cancel"].after,
            outgoing=handover.outgoing,
            incoming=handover.incoming,
            counted=printed.counters,
            open_items=any(printed.statement.open_items.values()),
            given=given_by(PARTIES, printed.signatures),
        )
    )


HANDOVER_FORM = Form(
    name="handover",
    title=lambda printed: ("form.title.handover", {}),
    number="handover.number",
    unit="statement.header.unit",
    fields=(
        Field("form.field.site", lambda p: f"{p.handover.site} {p.site_name}"),
        Field("form.field.handover_state", "handover.state", words="handover"),
        Field("party.outgoing", "handover.outgoing", "person"),
        Field("party.incoming", "handover.incoming", "person"),
        Field("party.supervisor", "handover.supervisor", "person"),
        Field("form.field.opened_at", "handover.opened_at", "moment"),
        Field("form.field.opened_by", "handover.opened_by", "person"),
        Field("form.field.completed_at", "handover.completed_at", "moment"),
        Field("form.field.reason", "statement.header.reason", wide=True),
        Field("form.field.note", "handover.note", wide=True),
        Field("form.field.remarks", lambda p: remarks(p.signatures), words="remark", wide=True),
    ),
    tables=(
        Table(
            "form.table.counts",
            lambda printed: enumerate(printed.statement.header.stocktakes, 1),
            (
                NUMBER,
                column("register", "register", 24, words="register"),
                column("stocktake", "stocktake", 34),
                column("closed_at", "closed_at", 38, "moment"),
                column("digest", "digest", 66),
            ),
        ),
        Table(
            "form.table.open_items",
            _open_items,
            (
                NUMBER,
                Column("form.column.open_list", lambda row: row[1][0], 60, words="open_item"),
                Column("form.column.open_item", lambda row: row[1][1], 120),
            ),
        ),
    ),
    boxes=lambda p: signed_boxes({party: f"party.{party}" for party in PARTIES}, p.signatures),
    proof=lambda p: Proof(
        p.digest, p.statement.header.journal, p.statement.header.seq, p.statement.header.hash
    ),
    declared=_declared,
    landscape=True,
)
