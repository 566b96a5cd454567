"""Who may name which customer, and how: one of the site's own by number, another site's by taxpayer id and name. Pure.

See docs/decisions.md, "To name a customer".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from devices.ledger.deciding.case import Case, Known, Move
from devices.ledger.deciding.drafts import (
    Adoption,
    Draft,
    LossReport,
    Opening,
    Party,
    Recovery,
    Registration,
    Sale,
    Surrender,
)
from devices.problems import Problem
from devices.taxpayers import same_name

_Problems = Iterator[Problem]
_Moves = Sequence[Move]
MAKING = (Opening, Sale, Adoption, Registration)
"""The documents that make an unknown taxpayer a customer."""


def makes_customers(draft: Draft) -> bool:
    """Whether a document may name a customer whom nobody knows yet."""
    return isinstance(draft, MAKING)


def is_named(known: Known, party: Party, site: str) -> bool:
    """Whether a party names a customer as a site must: its own as it likes, another's by the name, too.

    A customer who has no name yet has none to be told wrong.
    """
    if party.number is not None:
        return True
    if party.name is None or not party.name.strip():
        return known.home == site or known.fresh
    return known.name is None or same_name(known.name, party.name)


def names_are_right(case: Case[Draft], party: Party | None, pointer: str, serial: str | None) -> _Problems:
    """A known taxpayer keeps the name they have, unless it is told that it is a new one (`renamed`)."""
    known = case.customer(party)
    if party is None or known is None or is_named(known, party, case.draft.site):
        return
    if not (party.renamed and party.name):
        yield Problem("taxpayer_name_differs", f"{pointer}/name", {"serial": serial})


def customer_is_known_by_name(case: Case[Sale | Registration | Adoption], moves: _Moves) -> _Problems:
    """A registered customer has a name, and a known taxpayer keeps the one they have."""
    party = case.draft.customer
    known = case.customer(party)
    if known and not known.name and not party.name and case.document != "sale":
        yield Problem("customer_name_required", "/customer/name")
        return
    yield from names_are_right(case, party, "/customer", case.entries[0].serial if case.entries else None)


def opening_customers_are_known_by_name(case: Case[Opening], moves: _Moves) -> _Problems:
    """Each line's customer, as one document's."""
    for index, item in enumerate(case.draft.lines):
        yield from names_are_right(case, item.customer, f"/lines/{index}/customer", item.serial)


def foreign_customer_is_named(case: Case[Surrender | LossReport | Recovery], moves: _Moves) -> _Problems:
    """What ends, or stays, with another site's customer is told by who knows whose it is, or has it in hand.

    One answer for whatever is wrong of what is told: it says neither who is a customer nor whose a device is.
    """
    party, site = case.draft.customer, case.draft.site
    known = case.customer(party)
    for move in moves:
        owner = move.before.customer
        if owner is None:
            continue
        facts = {"serial": move.entry.serial}
        if party is not None:
            if known is None or known.number != owner:
                yield Problem("customer_not_matched", "/customer", facts)
        elif case.homes.get(owner, site) != site and site not in (move.before.site, move.after.site):
            yield Problem("customer_required", "/customer", facts)
