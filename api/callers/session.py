"""How a caller is known: a bearer token of a program, or the cookie of a person's session."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

import falcon

from api.calls import Services
from devices.people import tokens
from devices.people.roles import WATCHING, Person
from devices.people.signing_in import sign_in
from devices.problems import refuse

COOKIE = "panku_session"
LONG_PAST = datetime(1970, 1, 1, tzinfo=UTC)
SECURE_COOKIE = "__Host-panku_session"


def cookie_name(*, secure: bool) -> str:
    """The cookie's name: `__Host-` binds it to HTTPS, except on loopback."""
    return SECURE_COOKIE if secure else COOKIE


def principal_of(services: Services, req: falcon.Request, at_us: int) -> tuple[Person | None, str | None]:
    """Who asks, and their session's text when they came with one. Raises Refused for a wrong token or session."""
    header = req.get_header("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise refuse("token_refused")
        if is_metrics_token(services, token.strip()):
            return WATCHING, None
        return tokens.authenticate(services.store, token.strip(), at_us), None
    text = session_of(services, req)
    if text is None:
        return None, None
    return sign_in.person_of_session(services.store, services.session_store, text, at_us), text


def is_metrics_token(services: Services, token: str) -> bool:
    """Whether a token is the one of the settings; where they have none, no token is."""
    kept = services.metrics_token
    return bool(kept) and hmac.compare_digest(token.encode(), kept.encode())


def session_of(services: Services, req: falcon.Request) -> str | None:
    """The text of the session a browser came with, running or not; None without one."""
    return req.cookies.get(cookie_name(secure=services.secure_cookies)) or None


def set_cookie(resp: falcon.Response, session: str, *, secure: bool) -> None:
    """Hand a session to a browser; an empty one takes it away."""
    name = cookie_name(secure=secure)
    ends = None if session else LONG_PAST  # a `__Host-` cookie is taken away only as it was given
    resp.set_cookie(name, session, expires=ends, path="/", secure=secure, http_only=True, same_site="Lax")
