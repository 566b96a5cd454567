"""A draft's lines as entries: one device each, with the part it plays, in the order they become lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from devices import serials
from devices.ledger.deciding.drafts import Draft
from devices.lifecycle import ROLES, roles_of
from devices.problems import Problem
from devices.values import Position

UNNAMED = "?"
"""The serial of a part that has none; posting gives it an internal one."""
PARTNERS = frozenset(role for roles in ROLES.values() for role in roles)
"""The fields of a line that name one of the two devices it moves together."""


class Entry(msgspec.Struct, frozen=True):
    """One device of a draft. `bin_of_line` is the bin its own line names, `bin` that or the document's.

    `partner` is the other serial of a swap or exchange, `item` the line as sent.
    """

    pointer: str
    role: str
    serial: str
    item: Any
    bin: str | None = None
    bin_of_line: str | None = None
    partner: str | None = None


class Unfolded(msgspec.Struct, frozen=True):
    """The entries of a draft; `repeated` are the serials that were scanned more than once, each counted once."""

    entries: tuple[Entry, ...]
    repeated: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def unfold(draft: Draft) -> Unfolded:
    """Recognise every serial of a draft and set its lines out as entries.

    The same serial in two equal lines is told and counted once; in two different ones it is refused.
    """
    problems: list[Problem] = []
    entries: list[Entry] = []
    seen: dict[str, Entry] = {}
    repeated: list[str] = []
    for index, item in enumerate(getattr(draft, "lines", ())):
        found = list(_recognised(draft, item, f"/lines/{index}", problems))
        named = [entry for entry in found if entry.serial != UNNAMED]
        earlier = [seen[entry.serial] for entry in named if entry.serial in seen]
        if earlier and _same(earlier, named):
            repeated.extend(entry.serial for entry in named)
            continue
        twice = {entry.serial for entry in earlier} | {
            entry.serial for entry in named if entry.serial == entry.partner
        }
        problems.extend(
            Problem("conflicting_lines", f"/lines/{index}", {"serial": serial}) for serial in sorted(twice)
        )
        seen.update((entry.serial, entry) for entry in named)
        entries.extend(found)
    return Unfolded(tuple(entries), tuple(dict.fromkeys(repeated)), tuple(problems))


def _same(earlier: list[Entry], found: list[Entry]) -> bool:
    """Whether these entries say of each device just what earlier ones said."""
    return len(earlier) == len(found) and all(
        (old.role, old.bin, old.partner) == (new.role, new.bin, new.partner)
        and _beside_serials(old) == _beside_serials(new)
        for old, new in zip(earlier, found, strict=True)
    )


def _beside_serials(entry: Entry) -> list[object]:
    named = {"bin", "serial", entry.role} | (PARTNERS if entry.partner else set())
    return [getattr(entry.item, name) for name in entry.item.__struct_fields__ if name not in named]


def _recognised(draft: Draft, item: Any, pointer: str, problems: list[Problem]) -> Iterable[Entry]:
    document = str(draft.__struct_config__.tag)
    parts: list[tuple[str, str]] = []
    for role in roles_of(document):
        name = "serial" if role == "device" else role
        text = getattr(item, name)
        found = UNNAMED if text is None else serials.recognise(text, f"{pointer}/{name}")
        if isinstance(found, Problem):
            problems.append(found)
        else:
            parts.append((role, found))
    if len(parts) < len(roles_of(document)):
        return
    own = getattr(item, "bin", None)
    for role, serial in parts:
        partner = next((other for other_role, other in parts if other_role != role), None)
        yield Entry(pointer, role, serial, item, own or getattr(draft, "bin", None), own, partner)


class Held(msgspec.Struct, frozen=True):
    """What the books say of one device now: its position, its last step and document, and who has reserved it."""

    position: Position
    step: int
    document: str
    recorded_at: int
    business_date: str
    reserved: str | None = None


def other_serials(draft: Draft) -> Iterator[tuple[str, str]]:
    """(pointer, text) of serials a draft names without moving them: pairs, and what a spare is carried out for."""
    for index, item in enumerate(getattr(draft, "lines", ())):
        for name in ("paired_with", "faulty"):
            text = getattr(item, name, None)
            if text is not None and name not in roles_of(str(draft.__struct_config__.tag)):
                yield f"/lines/{index}/{name}", text
