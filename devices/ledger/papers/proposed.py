"""What a proposal would do to each of its devices, for whoever reads it on paper before an auditor decides.

Read from what its poster said, the lifecycle's steps, the bins and the catalogue. The rules decide when it is approved;
this tells what they would do as things stand, and never refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from devices import serials
from devices.ledger.deciding.plan import register_by, step_into, steps_from
from devices.ledger.reading.listing import DocumentView
from devices.ledger.reading.registers import kinds_of_models
from devices.lifecycle import Step
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Positions
from devices.store.tables.registers import Bins
from devices.values import BIN_STATE, NEW, RECEIVABLE, STATE, Position


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """One device of a proposal: from where it would go, and to where; `facts` is what its line says besides."""

    serial: str
    kind: str | None
    model: str | None
    before: str | None
    from_bin: str | None
    state: str | None = None
    register: str | None = None
    bin: str | None = None
    party: str | None = None
    condition: str | None = None
    warranty_until: str | None = None
    facts: Mapping[str, Any] = {}


_HELD_FIELDS = ("state", "register", "bin", "condition", "party", "model", "left_book")
_HELD = compiled(
    Positions.select(*(getattr(Positions, name) for name in _HELD_FIELDS)).where(Positions.serial == GIVEN)
)
_BINS = compiled(Bins.select(Bins.code, Bins.register, Bins.condition).where(Bins.site == GIVEN))
# By hand: a report, each line with the bin it left and whether it was undone.
UNDONE = (
    "SELECT l.serial, l.from_state, l.from_register, l.from_bin, b.condition,"
    " CASE WHEN EXISTS (SELECT 1 FROM line x WHERE x.serial = l.serial AND x.step > l.step AND x.reverses <= l.step)"
    " THEN 1 ELSE 0 END"
    " FROM line l LEFT JOIN bin b ON b.site = l.from_site AND b.code = l.from_bin WHERE l.document = ? ORDER BY l.n"
)


def proposals_of(store: Store, view: DocumentView) -> Iterator[Proposed]:
    """What a document would do to each device it names, in its order, each serial once."""
    shelf = _Shelf(store, view.document.site)
    if view.document.type == "reversal":
        yield from _undone(store, view, shelf)
        return
    for serial, item in _named(view.content.get("lines", ())).items():
        yield _moved(view, serial, item, shelf)


def serials_of(store: Store, view: DocumentView) -> list[str]:
    """The serials that a document names, in its order, each once."""
    if view.document.type == "reversal":
        return [each.serial for each in proposals_of(store, view)]
    return list(_named(view.content.get("lines", ())))


class _Shelf:
    """The bins of a site, the catalogue's kinds, and where devices are now."""

    def __init__(self, store: Store, site: str) -> None:
        self.store = store
        self.bins = {code: (register, condition) for code, register, condition in store.rows(_BINS, (site,))}
        self.kinds: dict[str, str] = dict(kinds_of_models(store))

    def position(self, serial: str) -> Position:
        row = self.store.row(_HELD, (serial,))
        return Position(**dict(zip(_HELD_FIELDS, row, strict=True))) if row else Position(state=NEW)


def _named(items: Any) -> dict[str, Mapping[str, Any]]:
    """The lines that a poster sent, by serial."""
    named: dict[str, Mapping[str, Any]] = {}
    for item in items:
        named.setdefault(_recognised(str(item.get("serial") or item.get("new") or "")), item)
    return named


def _recognised(text: str) -> str:
    found = serials.recognise(text)
    return found if isinstance(found, str) else text


def _moved(view: DocumentView, serial: str, item: Mapping[str, Any], shelf: _Shelf) -> Proposed:
    before, said = shelf.position(serial), view.content
    place = item.get("bin") or said.get("bin")
    register, condition = shelf.bins.get(place or "", (None, None))
    step = _step(view.document.type, before, item, BIN_STATE.get((register, condition)))
    binned = step is not None and STATE[step.after].place == "bin"
    model = before.model or item.get("model") or said.get("model")
    given = item.get("register") or said.get("register") or register
    leads_to = register_by(step, before, given=given) if step else None
    return Proposed(
        serial=serial,
        kind=shelf.kinds.get(model or ""),
        model=model,
        before=before.state,
        from_bin=before.bin,
        state=step.after if step else None,
        register=leads_to,
        bin=place if binned else None,
        party=item.get("party"),
        condition=condition if binned else before.condition,
        warranty_until=item.get("warranty_until"),
        facts={key: value for key, value in item.items() if key not in ("serial", "bin", "customer")},
    )


def _step(document: str, before: Position, item: Mapping[str, Any], state: str | None) -> Step | None:
    """The step that the lifecycle has for it: into the bin that is named, else one without a bin."""
    steps = steps_from(document, "device", before)
    if "state" in item:
        return next((step for step in steps if step.after == item["state"]), None)
    into = step_into(steps, state) if state is not None else None
    return into or step_into(steps, None)


def _undone(store: Store, view: DocumentView, shelf: _Shelf) -> Iterator[Proposed]:
    """What a reversal would put back: the lines whose serials it names, or all that still stand."""
    said = view.content
    wanted = {_recognised(str(text)) for text in said.get("serials") or ()}
    rows = store.rows(UNDONE, (said.get("document"),))
    standing = [row for row in rows if not row[5]] or rows
    for serial, state, register, place, condition, _ in rows if wanted else standing:
        if wanted and serial not in wanted:
            continue
        now = shelf.position(serial)
        new = state in RECEIVABLE
        yield Proposed(
            serial=serial,
            kind=shelf.kinds.get(now.model or ""),
            model=now.model,
            before=now.state,
            from_bin=now.bin,
            state="void" if new else state,
            register=None if new else register,
            bin=None if new else place,
            condition=condition or now.condition,
        )
