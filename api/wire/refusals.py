"""Refusals and faults as answers: problem documents in the caller's language (RFC 9457), whatever went wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import falcon
import msgspec

from api.callers import security_log
from api.wire.problems import MEDIA_TYPE, details_of
from devices.problems import Problem, Refused, refuse
from devices.store.unusable import CAUSE, OutcomeUnknown, cause_of
from labels.words import LANGUAGE_TAGS, negotiate

_log = logging.getLogger("panku.api")


def render_refusal(req: falcon.Request, resp: falcon.Response, refused: Refused, _: object) -> None:
    """Falcon's handler for every refusal; it stays in the response's context for whoever tells it otherwise."""
    resp.context.refused = refused
    security_log.note(req, refused)
    locale = negotiate(req.get_header("Accept-Language"))
    resp.status = falcon.code_to_http_status(refused.status)
    resp.data = msgspec.json.encode(details_of(refused, locale))
    resp.content_type = MEDIA_TYPE
    resp.set_header("Content-Language", LANGUAGE_TAGS[locale])
    if refused.status == 401:
        resp.set_header("WWW-Authenticate", 'Bearer realm="panku"')
    if refused.status == 413:
        resp.set_header("Connection", "close")  # what was not read of the body is not waited for
    if refused.status in TRIED_AGAIN:
        resp.set_header("Retry-After", str(TRIED_AGAIN[refused.status](refused.problems[0])))


def _when_usable(problem: Problem) -> int:
    """Seconds until it is worth trying again, by what stands in the way."""
    cause = CAUSE.get(str(problem.facts.get("cause")))
    return cause.again_seconds if cause else 1


TRIED_AGAIN: dict[int, Callable[[Problem], Any]] = {
    429: lambda problem: problem.facts.get("seconds", 1),
    503: _when_usable,
}
"""By status: what Retry-After says."""


FALCON_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "wrong_media_type"}


def render_http_error(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, _: object) -> None:
    """Falcon's own errors, in the one shape."""
    code = FALCON_CODES.get(error.status_code, "malformed_request")
    refused = refuse(code, reason=error.title or "") if code == "malformed_request" else refuse(code)
    render_refusal(req, resp, refused, None)
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)


def render_fault(req: falcon.Request, resp: falcon.Response, error: Exception, _: object) -> None:
    """A fault of ours, logged with its trace and told without it; or of the database, which is told as unavailable."""
    refused = refusal_of(error)
    if refused is None:
        _log.error("fault in %s %r", req.method, req.path, exc_info=error)
        refused = refuse("fault")
    else:
        told = (refused.problems[0].facts.get("cause", "-"), req.method, req.path, str(error).strip())
        _log.error("the database cannot be used (%s) in %s %r: %s", *told)
    render_refusal(req, resp, refused, None)


def refusal_of(error: Exception) -> Refused | None:
    """What is told of a database that cannot be used, or never answered a COMMIT; None for any other error."""
    if isinstance(error, OutcomeUnknown):
        return refuse("outcome_unknown")
    cause = cause_of(error)
    return refuse("unavailable", cause=cause.name) if cause else None
