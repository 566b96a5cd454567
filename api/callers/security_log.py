"""The security log: who came in and went, proved to be themself again, or was kept out, from where, when and why.

No password, secret or typed text is ever in it. Each line goes to the logger `panku.security`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import falcon

from api.wire.times import shown
from devices.problems import ForeignRead, Refused

_log = logging.getLogger("panku.security")

LOGGED = frozenset((
    "wrong_credentials", "wrong_password", "throttled", "enrolment_refused", "token_refused", "role_missing",
    "scope_missing", "token_not_confirmed", "person_required", "foreign_origin", "taxpayer_name_differs",
    "customer_not_matched",
))  # fmt: skip
"""The codes that are logged: failed sign-ins and re-authentications, throttling, and what somebody may not do."""
FOREIGN_READ = "foreign_read"
"""Answered as what is not there, and logged as what it is."""
SIGNED_IN, SIGNED_OUT, REAUTHENTICATED = "signed_in", "signed_out", "reauthenticated"
NOBODY = "-"


def to_standard_error() -> None:
    """Write every line to standard error, those of what went well too."""
    if not _log.handlers:
        _log.addHandler(logging.StreamHandler())
        _log.setLevel(logging.INFO)


def watched(req: falcon.Request, address: str, at_us: int) -> None:
    """Keep for the log where a request comes from, and when it came."""
    req.context.address = address
    req.context.at_us = at_us


def known_as(req: falcon.Request, principal: str) -> None:
    """Keep for the log who asks: a username, or `token:` and a token's id; nothing is kept of nobody."""
    if principal:
        req.context.principal = principal


def note(req: falcon.Request, refused: Refused) -> None:
    """Write a refusal down, if it is one of those that are."""
    if isinstance(refused, ForeignRead):
        _write(logging.WARNING, req, FOREIGN_READ)
    for code in dict.fromkeys(problem.code for problem in refused.problems):
        if code in LOGGED:
            _write(logging.WARNING, req, code)


def tell(req: falcon.Request, events: Iterable[str]) -> None:
    """Write down what went well."""
    for event in events:
        _write(logging.INFO, req, event)


def _write(level: int, req: falcon.Request, what: str) -> None:
    """One line; of the address asked for only the route is kept, since a path may hold what somebody typed."""
    who = getattr(req.context, "principal", NOBODY)
    route = f"{req.method} {req.uri_template}"
    at, address = shown(req.context.at_us), req.context.address
    _log.log(level, "%s %s who=%r from=%r at=%r", at, what, who, address, route)
