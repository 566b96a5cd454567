"""Signing in and up, and one's own account."""

from __future__ import annotations

import re
from typing import Any

from api.resources.own_sessions import own_sessions
from devices.people.certificates import certificate_of
from devices.people.persons import names_of
from devices.people.signing_keys import keys_of
from devices.people.tokens import is_waiting, tokens_of
from web.pages import View

_PART = r"\w.~!$&'()*+,;=:@%?\-"
_HERE = re.compile(rf"/(?:[{_PART}][{_PART}/]*)?")
"""A path of this server with its query, in letters and the signs of RFC 3986 and no others: a browser takes tabs out
and a backslash for a slash, and then `//elsewhere` is another server."""


def sign_in_page(view: View) -> dict[str, Any]:
    """The form; afterwards its reader goes on to where they wanted, on this server only."""
    then = view.text("then", "/")
    return {"then": then if _HERE.fullmatch(then) else "/"}


def sign_up_page(view: View) -> dict[str, Any]:
    """The form that a code from the administrator opens."""
    return {}


def me_page(view: View) -> dict[str, Any]:
    """Who one is, one's key, what acts and where one is signed in in one's name, and how to change the password."""
    call, username = view.call, view.person.username
    keys = [key for key in keys_of(call.store, username) if key.status != "void"]
    return {
        "roles": sorted(view.person.roles),
        "keys": keys,
        "certificate": kept.certificate if (kept := certificate_of(call.store, username)) else None,
        "names": names_of(call.store, {key.confirmed_by for key in keys if key.confirmed_by}),
        "tokens": [(token, is_waiting(token)) for token in tokens_of(call.store, username, call.at_us)],
        "sessions": own_sessions(call),
    }
