"""Before a document is posted: may it take this device as it stands? Asked at every scan; nothing is held or written.

The same steps and rules answer as at the posting, those that need no more than the device, its bin and its model.
What the rest of a document says (a customer, an order, a manifest) is judged when it is posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from devices.calendar import BookDays
from devices.ledger.deciding.case import Case, Move
from devices.ledger.deciding.drafts import Draft
from devices.ledger.deciding.entries import UNNAMED, Entry, Held
from devices.ledger.deciding.plan import step_of
from devices.ledger.deciding.rules_of_all import (
    books_are_kept,
    devices_are_free,
    devices_are_here,
    marks_are_kept,
    models_fit,
)
from devices.ledger.deciding.rules_of_one import bin_changes, told_used_stays_out
from devices.ledger.posting.gather import bins_of, held, models_of, told_used_of
from devices.lifecycle import Step
from devices.problems import Problem
from devices.store.database import Store
from devices.values import Bin, Position, Register


class Scanned(msgspec.Struct, frozen=True):
    """One device of a document that is being put together: the part it plays, and where it is to go.

    `model` and `register` are what the document would give a device that Panku has never held.
    """

    serial: str
    role: str = "device"
    bin: str | None = None
    model: str | None = None
    register: Register | None = None


_RULES = (devices_are_free, devices_are_here, models_fit, marks_are_kept, books_are_kept)
OWN_RULES = {"move": (bin_changes,), "carry_back": (told_used_stays_out,)}


def check(
    store: Store, document: str, site: str, scans: Sequence[Scanned], days: BookDays
) -> list[Problem | None]:
    """Why `document` at `site` may not take each of these devices, None where it may; in their order."""
    entries = tuple(
        Entry("", each.role, each.serial, each, each.bin, partner=UNNAMED if each.role == "new" else None)
        for each in scans
    )
    positions = held(store, sorted({each.serial for each in scans}))
    named = {each.model for each in scans} | {found.position.model for found in positions.values()}
    case = Case(
        draft=Draft(site=site, business_date=days.today.isoformat()),
        document=document,
        number="",
        days=days,
        entries=(),
        sites={},
        bins=bins_of(store, site, [each.bin for each in scans if each.bin]),
        models=models_of(store, [code for code in named if code]),
        held=positions,
        told_used=told_used_of(store, document, positions),
    )
    return [next(iter(_problems(_with_partner(case, entry), entry)), None) for entry in entries]


def _with_partner(case: Case[Draft], entry: Entry) -> Case[Draft]:
    """The case of one scan. A new serial comes in an old one's place, taken to be of the register its bin is for:
    which one it is for is judged when both are posted.
    """
    alone = replace(case, entries=(entry,))
    target = case.bins.get(entry.bin or "")
    if entry.partner is None or target is None:
        return alone
    old = Position(state="at_factory", register=target.register)
    return replace(alone, held={**case.held, entry.partner: Held(old, 1, "", 0, "")})


def _problems(case: Case[Draft], entry: Entry) -> Iterable[Problem]:
    found = step_of(case, entry)
    if isinstance(found, list):
        yield from found
        return
    move = _moved(case, entry, *found)
    for rule in (*_RULES, *OWN_RULES.get(case.document, ())):
        if rule is models_fit and entry.partner and entry.item.model is None:
            continue  # it will have the model of the one it replaces
        yield from rule(case, [move])


def _moved(case: Case[Draft], entry: Entry, step: Step, target: Bin | None) -> Move:
    """The move as far as it is known: the state and the bin it leads to, and the model it would have."""
    before = case.position(entry.serial)
    after = replace(
        before,
        state=step.after,
        model=before.model or entry.item.model,
        bin=target.code if target else None,
        register=target.register if target else None,
        condition=target.condition if target else None,
    )
    return Move(entry, step, before, after, case.document)
