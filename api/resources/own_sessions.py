"""One's own sessions over HTTP: where one is signed in, and ending any of them."""

from __future__ import annotations

from api.calls import Call, Done, Shown
from api.wire.paging import page_sorted
from devices.people import credentials
from devices.people.signing_in import sessions
from devices.people.signing_in.sessions import OwnSession
from devices.problems import refuse


def list_own_sessions(call: Call, _: Done) -> Shown:
    """Where one is signed in, the latest last."""
    return page_sorted(call, own_sessions(call), lambda each: f"{each.begun_at_us:020}{each.id}")


def end_own_session(call: Call) -> Done:
    """End one of one's own sessions."""
    ended = sessions.end_named(call.services.session_store, call.who.username, {call.path["id"]})
    if not ended:
        raise refuse("not_found")
    return Done(204, "")


def end_other_sessions(call: Call) -> Done:
    """End every session of one's own but this one."""
    others = {each.id for each in own_sessions(call) if not each.is_this}
    sessions.end_named(call.services.session_store, call.who.username, others)
    return Done(204, "")


def show_nothing(_: Call, __: Done) -> Shown:
    """Nothing: it is done."""
    return Shown(None)


def own_sessions(call: Call) -> list[OwnSession]:
    """The running sessions of the person who asks, the latest begun first."""
    found = credentials.credential_of(call.store, call.who.username)
    generation = found.generation if found else 0
    return sessions.sessions_of(
        call.services.session_store, call.who.username, generation, call.session, call.at_us
    )
