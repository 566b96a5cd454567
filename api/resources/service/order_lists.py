"""Lists of orders over HTTP: those of a kind by what they are found by, and every order for a customer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from heapq import merge
from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from api.callers.access import TECHNICIANS, reads_in_brief, visible_sites
from api.callers.blind import blind_of
from api.calls import Call, Done, Shown
from api.resources.customers import seen_customer
from api.wire import times
from api.wire.paging import SiteQuery, after_cursor, cut, page, sites_asked
from devices import serials
from devices.ledger.reading import cursors
from devices.ledger.reading.customers import sees_customer
from devices.listed import Only, listed
from devices.problems import Problem, refuse
from devices.records import RecordKind
from devices.service.briefs import LATER_THAN_ALL, orders_of_customer
from devices.texts.lengths import Day, Serial, Word

_PLACE: Any = tuple[
    Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)], Annotated[str, msgspec.Meta(pattern="^[A-Z0-9-]*$")]
]
"""Where a list of a customer's orders goes on: when an order was opened, and its number."""


class OrderQuery(SiteQuery, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """Orders of a site, a customer or a device, of a day or between two; a page at a time.

    The day of an order is that of its opening, and once its job is done that of the job.
    """

    customer: Word | None = None
    serial: Serial | None = None
    since: Day | None = None
    until: Day | None = None


def list_orders(call: Call, kind: RecordKind, state: str | None) -> Shown:
    """The orders of a kind that an OrderQuery asks for, by number, of the sites that the caller reads.

    Raises Refused: `role_missing`, `malformed_parameter` for a site or a day that there is not, or what is no serial.
    """
    sites, only = sites_asked(call), only_asked(call, state)
    return page(call, listed(call.store, kind, sites, call.query.place, only), kind.key)


def list_jobs(call: Call, kind: RecordKind, state: str | None, assignee: str | None) -> Shown:
    """The same of a kind whose orders are technicians' work; and of the sites at which the caller is a technician
    those that are theirs.
    """
    every, own = sites_of_orders(call)
    only = only_asked(call, state, assignee)
    found = [listed(call.store, kind, every, call.query.place, only)]
    if own and assignee in (None, call.who.username):
        mine = replace(only, assignee=call.who.username)
        found.append(listed(call.store, kind, own, call.query.place, mine))
    values: Iterator[Any] = merge(*found, key=kind.key)
    return page(call, values, kind.key)


def sites_of_orders(call: Call) -> tuple[list[str] | None, list[str]]:
    """The sites whose every order is asked for, None for all there are; and those where only the caller's own are.

    Raises Refused: `role_missing`, `malformed_parameter` for a site that there is not.
    """
    own = {site for site in call.who.sites_of(TECHNICIANS) if not call.who.reads(site)}
    if call.query.site in own:
        return [], [call.query.site]
    if call.query.site is not None:
        return sites_asked(call), []
    return visible_sites(call.who, None), sorted(own)


def only_asked(call: Call, state: str | None, assignee: str | None = None) -> Only:
    """What the records are to be found by; a filter tells nothing that the list does not.

    Raises Refused (`malformed_parameter`) for a day that there is not, or a text that is no serial.
    """
    query: OrderQuery = call.query
    serial = serials.recognise(query.serial) if query.serial is not None else None
    if isinstance(serial, Problem):
        raise refuse("malformed_parameter", name="serial", value=serials.shortened(query.serial or ""))
    nobodys = _is_kept_from(call, query.customer, serial)
    return Only(
        states=(state,) if state else None,
        customers=() if nobodys else (query.customer,) if query.customer else None,
        serial=serial,
        assignee=assignee,
        since=query.since and times.day(query.since, "from"),
        until=query.until and times.day(query.until, "to"),
    )


def _is_kept_from(call: Call, customer: str | None, serial: str | None) -> bool:
    """Whether the caller may not know what is asked of: a customer whom they do not see, a device they count blind."""
    if serial is not None and (counted := blind_of(call).of_device(serial)):
        blind_of(call).withhold(counted)
        return True
    return customer is not None and not sees_customer(call.store, customer, call.who.reads)


def list_customer_orders(call: Call, _: Done) -> Shown:
    """Every order for a customer whom the caller sees, the newest first; another site's in brief."""
    number, query = call.path["number"], call.query
    seen_customer(call, number)
    before = cursors.decoded(query.cursor, _PLACE) if query.cursor is not None else LATER_THAN_ALL
    reads = partial(reads_in_brief, call.who)
    orders = orders_of_customer(call.store, number, reads, before=before, limit=query.limit + 1)
    found, more = cut(orders, query.limit)
    cursor = cursors.encoded(found[-1][1]) if more else None
    return Shown([brief for brief, _ in found], next=after_cursor(cursor))
