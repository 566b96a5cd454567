"""Where a browser's request comes from: what changes something comes from our own pages, shown to who is signed in."""

from __future__ import annotations

from urllib.parse import urlsplit

import falcon

from devices.people.roles import Person
from devices.problems import refuse
from devices.serials import shortened

SHOWN_TO = "X-Signed-In-As"
"""The header in which a page says to whom it was shown."""
PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]


def refuse_foreign_origin(req: falcon.Request, *, secure: bool) -> None:
    """Raise Refused (`foreign_origin`) when a browser names another origin than ours; programs name none.

    Ours is the host the browser asked, over HTTPS where cookies are `secure`, else as the request came.
    """
    told = req.get_header("Origin")
    scheme = "https" if secure else req.scheme
    if told is not None and origin_of(told) != origin_of(f"{scheme}://{req.netloc}"):
        raise refuse("foreign_origin")


def refuse_anothers_page(req: falcon.Request, person: Person | None) -> None:
    """Raise Refused (`signed_in_as_another`) when a page was shown to somebody else than who is signed in by now.

    See docs/decisions.md, "A page speaks for whoever it was shown to".
    """
    told = req.get_header(SHOWN_TO)
    if told is not None and person is not None and told != person.username:
        raise refuse("signed_in_as_another", username=person.username, page=shortened(told))


def origin_of(text: str) -> Origin | None:
    """Scheme, host and port of an origin; None for what is none, `null` too."""
    try:
        parts = urlsplit(text)
        port = parts.port or PORTS[parts.scheme]
    except (
        ValueError,
        KeyError,
    ):  # an unclosed bracket of an IPv6 address, a port that is none, another scheme
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None
