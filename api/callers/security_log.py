"""The security log: who came in and went, who may do what from now on, and who was kept out, from where and when.

No password, secret or free text is ever in it. Each line goes to the logger `panku.security`; what it is told of is
declared in `security_acts.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import falcon

from api.callers.security_acts import LOGGED, told_of
from api.wire.times import shown
from devices.problems import ForeignRead, Refused

_log = logging.getLogger("panku.security")

FOREIGN_READ = "foreign_read"
"""Answered as what is not there, and logged as what it is."""
REAUTHENTICATED = "reauthenticated"
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
    """Write down what was so, whatever became of the request."""
    for event in events:
        _write(logging.INFO, req, event)


def did(req: falcon.Request, route: str, key: str, body: Any) -> None:
    """Write down an operation that was done now, if it is one of those that are; `key` is of what it was done to."""
    if (told := told_of(route, key, body)) is not None:
        event, facts = told
        _write(logging.INFO, req, event, **facts)


def _write(level: int, req: falcon.Request, event: str, **facts: object) -> None:
    """One line; of the address asked for only the route is kept, since a path may hold what somebody typed.

    What asked for no route of ours has no line.
    """
    if "at_us" not in req.context:
        return
    said = {
        "who": getattr(req.context, "principal", NOBODY),
        "from": req.context.address,
        "at": f"{req.method} {req.uri_template}",
        **facts,
    }
    told = " ".join(f"{name}={value!r}" for name, value in said.items())
    _log.log(level, "%s %s %s", shown(req.context.at_us), event, told)
