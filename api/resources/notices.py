"""Notices over HTTP: what other sites did with a site's customers, seen and decided on at home."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from api.calls import Call, Done, Shown
from api.wire.paging import SiteQuery, page, sites_asked
from devices.journal import open_journals
from devices.ledger.duties.told_at_home import Flag, flag_of
from devices.ledger.posting import notices
from devices.ledger.reading.customers import homes_of, proposed_by
from devices.lifecycle import DESK
from devices.listed import Only, listed
from devices.paperwork.customers import Notice, Proposed, notice_key
from devices.paperwork_kinds import NOTICE
from devices.problems import refuse, refuse_foreign

NoticeState = Literal["told", "seen", "accepted", "declined"]


class NoticeQuery(SiteQuery, frozen=True, kw_only=True):
    """Which notices: by site and state."""

    state: NoticeState | None = None


class NoticeAnswer(msgspec.Struct, frozen=True):
    """A notice; `flag` says that its order or document came to nothing, `proposed` what is proposed of the customer."""

    notice: Notice
    flag: Flag | None
    proposed: Proposed | None


def list_notices(call: Call, _: Done) -> Shown:
    """What the caller's sites were told of their customers."""
    states = None if call.query.state is None else (call.query.state,)
    found = listed(call.store, NOTICE, sites_asked(call), call.query.place, only=Only(states=states))
    shown = page(call, found, NOTICE.key)
    return msgspec.structs.replace(shown, body=[answer_of(call, each) for each in shown.body])


def show_notice(call: Call, done: Done) -> Shown:
    """One notice."""
    value, revision = _notice(call)
    return Shown(answer_of(call, value), revision)


def settling(step: str) -> Callable[[Call], Done]:
    """A function that takes one step of a notice, at its home."""

    def write(call: Call) -> Done:
        value, _ = _notice(call)
        if not call.who.may(DESK, value.site):
            raise refuse("role_missing", roles=list(DESK), site=value.site)
        homes = homes_of(call.store, [value.customer])
        writer = open_journals(call.store, {value.site, *homes.values()}, call.at_us)
        value, revision = _notice(call)
        notices.settle(writer, call.unit, value, revision, step, by=call.who.username)
        return Done(200, notice_key(value.under, value.customer))

    return write


def answer_of(call: Call, value: Notice) -> NoticeAnswer:
    """A notice as it is told."""
    proposed = proposed_by(call.store, value.under, value.customer)
    return NoticeAnswer(value, flag_of(call.store, value), proposed)


def _notice(call: Call) -> tuple[Notice, int]:
    found = notices.notice_of(call.store, call.path["under"], call.path["customer"])
    if not call.who.reads(found[0].site):
        raise refuse_foreign()
    return found
