"""Devices over HTTP: the passport with what may come next, history, lookup, the list, and changes since a cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from api.callers.access import visible_sites
from api.callers.blind import refuse_while_blind
from api.callers.masking import lines_masked_for, masked_for, orders_told
from api.calls import Call, Done, Shown
from api.wire.paging import PAGE, After, Limit, SiteQuery, after_cursor, cut, refuse_unknown, sites_asked
from devices import serials
from devices.journal import Head, heads
from devices.ledger.reading import changes, history, listing, passport
from devices.problems import Problem, refuse
from devices.records import site_codes
from devices.service.briefs import OrderBrief
from devices.store.database import Store
from devices.texts.lengths import Cursor, Scan, Word, one_of
from devices.values import STATE, Register

LOOKUP_LIMIT = 500
OneState = Annotated[str, one_of(STATE)]


class DeviceQuery(SiteQuery, frozen=True, kw_only=True):
    """Which devices: by site, register, state and model; a page at a time."""

    register: Register | None = None
    state: OneState | None = None
    model: Word | None = None


class HistoryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lines of a history: those after step `after`, oldest first."""

    after: After = 0
    limit: Limit = 50


class ChangesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cursor of the last answer; without one, from the beginning."""

    after: Cursor | None = None
    limit: Limit = PAGE


class LookupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 500 serials."""

    serials: Annotated[list[Scan], msgspec.Meta(min_length=1, max_length=LOOKUP_LIMIT)]


class DeviceAnswer(msgspec.Struct, frozen=True):
    """A device's passport, what may come next and why not, and the journal heads to hold as evidence.

    `orders` are those that are, or were, about the device, the newest first.
    """

    device: passport.Passport
    next: tuple[passport.Next, ...]
    journal: list[Head]
    orders: tuple[OrderBrief, ...] = ()


class LookupAnswer(msgspec.Struct, frozen=True):
    """One of the looked-up serials, as asked: its passport and its orders, or the code of why there is none."""

    asked: str
    device: passport.Passport | None = None
    code: str | None = None
    orders: tuple[OrderBrief, ...] = ()


class HistoryAnswer(msgspec.Struct, frozen=True):
    """A device's lines, oldest first; none where a blind count, `withheld` its number, keeps them from the caller.

    With the first of them come its `orders`, the newest first.
    """

    serial: str
    lines: list[history.Event]
    withheld: str | None = None
    orders: tuple[OrderBrief, ...] = ()


def show_device(call: Call, _: Done) -> Shown:
    """The passport of one serial."""
    serial = serials.recognised(call.path["serial"])
    found = passport.passports(call.store, [serial]).get(serial)
    if found is None:
        raise refuse("not_found")
    orders = orders_told(call, [serial]).get(serial, ())
    answer = DeviceAnswer(masked_for(call, [found])[0], passport.next_steps(found), heads(call.store), orders)
    return Shown(answer)


def show_history(call: Call, _: Done) -> Shown:
    """The lines of one serial, and with the first of them its orders."""
    serial = serials.recognised(call.path["serial"])
    after, limit = call.query.after, call.query.limit

    def past(store: Store) -> tuple[list[history.Event], Mapping[str, tuple[OrderBrief, ...]]]:
        orders = orders_told(call, [serial], store) if after == 0 else {}
        return history.history(store, serial, after, limit + 1), orders

    found, orders = call.read_past(past)
    if not found and after == 0:
        raise refuse("not_found")
    lines, more = cut(found, limit)
    following = {"after": lines[-1].step} if more else None
    answer = HistoryAnswer(serial, lines_masked_for(call, lines), orders=orders.get(serial, ()))
    return Shown(answer, next=following)


def lookup(call: Call, _: Done) -> Shown:
    """Many serials at once, an answer for each in the order asked."""
    asked = [(text, serials.recognise(text)) for text in call.body.serials]
    found = passport.passports(call.store, sorted({serial for _, serial in asked if isinstance(serial, str)}))
    shown = {each.serial: each for each in masked_for(call, list(found.values()))}
    orders = orders_told(call, shown)
    answers = []
    for text, serial in asked:
        if isinstance(serial, Problem):
            answers.append(LookupAnswer(text, code=serial.code))
        elif serial not in shown:
            answers.append(LookupAnswer(text, code="not_found"))
        else:
            answers.append(LookupAnswer(text, shown[serial], orders=orders.get(serial, ())))
    return Shown(answers)


def list_devices(call: Call, _: Done) -> Shown:
    """Devices of the caller's sites."""
    query = call.query
    sites = sites_asked(call)
    refuse_unknown(call, "model")
    refuse_while_blind(call, sites, query.register)
    found = listing.devices(
        call.store,
        sites=sites,
        register=query.register,
        state=query.state,
        model=query.model,
        cursor=query.cursor,
        limit=query.limit,
    )
    return Shown(found, next=after_cursor(found.cursor))


def _changes(store: Store, sites: Sequence[str], after: str | None, limit: int) -> changes.Changes:
    with store.reading():  # the parts of a feed are of one moment
        return changes.changes(store, sites, after, limit)


def list_changes(call: Call, _: Done) -> Shown:
    """Every line of the caller's sites since a cursor; not while a register of theirs is counted blind."""
    sites = visible_sites(call.who, None)
    refuse_while_blind(call, sites, None)
    if sites is None:
        sites = site_codes(call.store)
    after, limit = call.query.after, call.query.limit
    found = call.read_past(lambda store: _changes(store, sites, after, limit))
    return Shown(found, next={"after": found.cursor} if found.more else None)
