"""What a site tells the home of another site's customer: that it dealt with them, under what, and what it learned.

A notice is written with the document or order it is of, in that one's journal, and settled at home.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from devices import records
from devices.journal import Writer
from devices.ledger.deciding.case import Case, Move, party_key
from devices.ledger.deciding.drafts import Draft
from devices.ledger.posting.customers import learned, parties_of, write_customer
from devices.ledger.reading.customers import customer_data, proposed_by, with_proposed
from devices.listed import Only, listed
from devices.paperwork.customers import NOTICES, Customer, Notice, Proposed, notice_key
from devices.paperwork_kinds import CUSTOMER, NOTICE
from devices.problems import refuse
from devices.records import Written
from devices.store.database import Store
from devices.unit import Unit

TOLD = ("surrender", "loss_report", "recovery", "customer_return", "write_off")
"""The documents that are told to the home of a customer who is not named in them, but whose device they move."""


def tell(writer: Writer, unit: Unit, notice: Notice, proposed: Proposed | None = None) -> None:
    """Write a notice, with what it proposes."""
    personal = None
    if proposed is not None:
        personal = records.Personal(records.encode(proposed))
        notice = msgspec.structs.replace(notice, proposes=True)
    records.write(
        writer, NOTICE, notice, by=notice.by, personal=personal, secret=unit.secret, told_at=notice.at
    )


def tell_homes(
    writer: Writer, unit: Unit, case: Case[Draft], moves: Sequence[Move], number: str, *, by: str
) -> None:
    """Tell the homes of the customers that a document names, or whose devices it ends."""
    draft = case.draft
    serials, homes = defaultdict[str, list[str]](list), dict(case.homes)
    proposed: dict[str, Proposed] = {}
    for _, party in parties_of(draft):
        customer = case.customers[party_key(party)]
        homes[customer.number] = customer.home
        if new := learned(customer, party, draft.site):
            proposed[customer.number] = new
    named = {case.customers[party_key(party)].number for _, party in parties_of(draft)}
    if not named and case.document not in TOLD:
        return
    for move in moves:
        for owner in {move.before.customer, move.after.customer} - {None}:
            if owner in named or case.document in TOLD:
                serials[str(owner)].append(move.entry.serial)
    for owner, theirs in sorted(serials.items()):
        if homes.get(owner, draft.site) != draft.site or owner in proposed:
            day = unit.day_of(writer.now_us).isoformat()
            notice = Notice(homes[owner], owner, number, case.document, draft.site, by, day, tuple(theirs))
            tell(writer, unit, notice, proposed.get(owner))


def notice_of(store: Store, under: str, customer: str) -> tuple[Notice, int]:
    """A notice with its revision. Raises Refused (`not_found`)."""
    found = records.current(store, NOTICE, notice_key(under, customer))
    if found is None:
        raise refuse("not_found")
    return found


def settle(writer: Writer, unit: Unit, notice: Notice, revision: int, step: str, *, by: str) -> Written:
    """Take a step of a notice, whose site's journal is held, and the customer's home's; accepting writes down what it
    proposes.

    Raises Refused: `notice_settled`, `notice_proposes` where what it proposes must be decided on,
    `nothing_proposed`, `customer_erased`.
    """
    key = notice_key(notice.under, notice.customer)
    after = NOTICES.take(step, notice.state, notice=key).after
    if (step == "see") == notice.proposes:
        raise refuse("notice_proposes" if notice.proposes else "nothing_proposed", notice=key)
    if step == "accept":
        _take_over(writer, unit, notice, by=by)
    changed = msgspec.structs.replace(notice, state=after, settled_by=by)
    return records.write(writer, NOTICE, changed, by=by, expected=revision)[1]


def _take_over(writer: Writer, unit: Unit, notice: Notice, *, by: str) -> None:
    store = writer.store
    proposed = proposed_by(store, notice.under, notice.customer)
    customer = records.current(store, CUSTOMER, notice.customer)
    data = customer_data(store, notice.customer)
    if proposed is None or customer is None or data is None:
        raise refuse("customer_erased", customer=notice.customer, serial=None)
    write_customer(writer, unit, customer[0], with_proposed(data, proposed), by=by)


def notices_about(store: Store, customer: str) -> list[Notice]:
    """Every notice that concerns a customer."""
    return list(listed(store, NOTICE, only=Only(customers=[customer])))


def move_home(writer: Writer, customer: Customer, revision: int, site: str, *, by: str) -> Written:
    """Make another site a customer's home, with the journals of both held; what waits to be seen goes along."""
    for notice in notices_about(writer.store, customer.number):
        if notice.state == NOTICES.begins:
            records.write(writer, NOTICE, msgspec.structs.replace(notice, site=site), by=by)
    moved = msgspec.structs.replace(customer, site=site, moved_to=site)
    return records.write(writer, CUSTOMER, moved, by=by, expected=revision)[1]
