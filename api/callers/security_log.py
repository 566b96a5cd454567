"""The security log: who was kept out, from where and why. No password, secret or typed text is ever in it.

A line for each refusal of the kinds below goes to the logger `panku.security`, which writes to standard error.
"""

from __future__ import annotations

import logging

import falcon

from devices.problems import Refused

_log = logging.getLogger("panku.security")

LOGGED = frozenset((
    "wrong_credentials", "wrong_password", "throttled", "enrolment_refused", "token_refused", "role_missing",
    "scope_missing", "token_not_confirmed", "person_required", "foreign_origin",
))  # fmt: skip
"""The codes that are logged: failed sign-ins and re-authentications, throttling, and what somebody may not do."""
NOBODY = "-"


def watched(req: falcon.Request, address: str) -> None:
    """Keep for the log where a request comes from."""
    req.context.address = address


def known_as(req: falcon.Request, principal: str) -> None:
    """Keep for the log who asks: a username, or `token:` and a token's id; nothing is kept of nobody."""
    if principal:
        req.context.principal = principal


def note(req: falcon.Request, refused: Refused) -> None:
    """Write a refusal down, if it is one of those that are.

    Of the address asked for only the route is kept: a path may hold what somebody typed.
    """
    for code in dict.fromkeys(problem.code for problem in refused.problems):
        if code in LOGGED:
            who = getattr(req.context, "principal", NOBODY)
            address = getattr(req.context, "address", NOBODY)
            _log.warning("%s who=%r from=%r at=%r", code, who, address, f"{req.method} {req.uri_template}")
