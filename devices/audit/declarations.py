"""What stands above the signatures of a paper: the sentences that are true of it, by the facts beside them. Pure.

Nobody has done what the books do not show: a paper that is printed before its signatures says whom it waits for, and
who counted is read from the scans and not from what the rules ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

Given = Mapping[str, str | None]
"""By role, in the order of the boxes, who has signed: a username, None where the signature is still to come."""


class Declared(msgspec.Struct, frozen=True):
    """One sentence by its code, and what it names: people by username, moments in UTC microseconds, others."""

    code: str
    people: dict[str, tuple[str, ...]] = {}
    moments: dict[str, int] = {}
    facts: dict[str, tuple[str, ...]] = {}


# --- the sheet of a count


class SheetFacts(msgspec.Struct, frozen=True):
    """What a sheet shows: whether its count was cancelled or a double one, and who counted, in which roles."""

    cancelled: bool
    double: bool
    counters: frozenset[str]
    counting_roles: frozenset[str]
    given: Given

    @property
    def signers(self) -> tuple[str, ...]:
        """Everybody who has signed, by role."""
        return tuple(username for username in self.given.values() if username is not None)

    @property
    def is_signed(self) -> bool:
        """Whether everybody has signed who must."""
        return len(self.signers) == len(self.given)


COUNTED: tuple[tuple[str, Callable[[SheetFacts], bool]], ...] = (
    ("counted_by_nobody", lambda sheet: not sheet.counters),
    ("counted_double_by_one", lambda sheet: sheet.double and len(sheet.counters) == 1),
    ("counted_apart", lambda sheet: sheet.double and sheet.counting_roles >= sheet.given.keys()),
    ("counted_double", lambda sheet: sheet.double),
    ("counted_by_one", lambda sheet: len(sheet.counters) == 1),
    ("counted_together", lambda sheet: sheet.is_signed and sheet.counters.issuperset(sheet.signers)),
    ("counted_by_some", lambda _: True),
)
"""Who counted: the first that holds is said."""


def declared_of_sheet(sheet: SheetFacts) -> list[Declared]:
    """Who counted, and who stands for it. Whoever signed and did not scan is named."""
    if sheet.cancelled:
        return [Declared("sheet_cancelled")]
    code = next(code for code, holds in COUNTED if holds(sheet))
    named = {"counters": _sorted(sheet.counters)}
    if code == "counted_together":
        named = {**_by_role(sheet.given), "others": _sorted(sheet.counters - {*sheet.signers})}
    absent = tuple(each for each in sheet.signers if each not in sheet.counters) if sheet.counters else ()
    return [Declared(code, named), _signed("sheet_signed", sheet.given, absent=absent)]


# --- the statement of a month


class MonthFacts(msgspec.Struct, frozen=True):
    """What a statement shows: whether its month was opened again, who closed it when, and on which sealed count."""

    reopened: bool
    closed_by: str
    closed_at: int
    stocktake: str
    given: Given


def declared_of_month(month: MonthFacts) -> list[Declared]:
    """Of which moment the statement is, on what it rests, and who stands for it."""
    if month.reopened:
        return [Declared("month_reopened")]
    frozen = Declared(
        "month_frozen",
        {"closed_by": (month.closed_by,)},
        {"closed_at": month.closed_at},
        {"stocktake": (month.stocktake,)},
    )
    return [frozen, _signed("month_signed", month.given)]


# --- the handover


class HandoverFacts(msgspec.Struct, frozen=True):
    """What a handover shows: whether it was cancelled, who counted in each sealed count it rests on, what is open."""

    cancelled: bool
    outgoing: str
    incoming: str
    counted: Mapping[str, Collection[str]]
    open_items: bool
    given: Given


def declared_of_handover(handover: HandoverFacts) -> list[Declared]:
    """On which counts it rests and who made them, whether anything is left open, and who stands for it."""
    if handover.cancelled:
        return [Declared("handover_cancelled")]
    parties = (handover.outgoing, handover.incoming)
    counts = [frozenset(people) for people in handover.counted.values() if people]
    counters = frozenset[str]().union(*counts)
    together = bool(counts) and all(people.issuperset(parties) for people in counts)
    absent = tuple(each for each in parties if each not in counters) if counts else ()
    code, named = "handover_counted", {"counters": _sorted(counters), "absent": absent}
    if together:
        code, named = (
            "handover_counted_together",
            dict(zip(("outgoing", "incoming"), zip(parties), strict=True)),
        )
    counted = Declared(code, named, facts={"stocktakes": tuple(handover.counted)})
    left = Declared("handover_open_items" if handover.open_items else "handover_nothing_open")
    return [counted, left, _signed("handover_signed", handover.given)]


# --- who stands for it


def _signed(code: str, given: Given, absent: Sequence[str] = ()) -> Declared:
    """Who has signed, as `code` says it once everybody has; before that, for whom the paper waits."""
    missing = tuple(role for role, username in given.items() if username is None)
    if missing:
        signed = tuple(username for username in given.values() if username is not None)
        before = "signed_by_some" if signed else "signed_by_nobody"
        return Declared(before, {"signed": signed}, facts={"parties": missing})
    return Declared(code, {**_by_role(given), "absent": tuple(absent)})


def _by_role(given: Given) -> dict[str, tuple[str, ...]]:
    return {role: (username,) for role, username in given.items() if username is not None}


def _sorted(people: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(people))
