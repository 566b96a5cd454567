"""Outlets' tokens over HTTP: issued, told once, listed and revoked; confirmed and ended by whoever they act for."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from api.calls import Call, Done, Shown
from api.wire import times
from api.wire.paging import page_sorted
from api.writing import at_unit
from devices.people import tokens
from devices.problems import refuse
from devices.texts.lengths import Name, Username, Word
from devices.values import Instant

MOST_SCOPES = 10


class TokenBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An outlet's token: its site, scopes (`read`, `post`), the person it acts for, and when it ends (RFC 3339)."""

    label: Name
    site: Word
    scopes: Annotated[list[Word], msgspec.Meta(max_length=MOST_SCOPES)]
    expires_at: times.Told
    username: Username | None = None


class TokenAnswer(msgspec.Struct, frozen=True):
    """A token. `secret` is told once, when it is issued. One that posts does so once its person has `confirmed` it."""

    id: str
    label: str
    site: str
    scopes: list[str]
    username: str | None
    expires_at: Instant
    active: bool
    confirmed: bool
    secret: str | None = None


def issue_token(call: Call) -> Done:
    """Issue an outlet's token."""
    body = call.body
    issued = tokens.issue(
        at_unit(call),
        call.who,
        label=body.label,
        site=body.site,
        scopes=body.scopes,
        expires_at=times.moment(body.expires_at, "/expires_at"),
        username=body.username,
    )
    return Done(201, issued.token.id, issued.secret)


def revoke_token(call: Call) -> Done:
    """End a token."""
    tokens.revoke_token(at_unit(call), call.who, call.path["id"])
    return Done(200, call.path["id"])


def confirm_own_token(call: Call) -> Done:
    """Confirm a token that acts on one's own word, with the password again; from then on it posts."""
    return Done(200, tokens.confirm_token(at_unit(call), call.who, call.path["id"]).id)


def end_own_token(call: Call) -> Done:
    """End a token that acts on one's own word."""
    tokens.end_own_token(at_unit(call), call.who, call.path["id"])
    return Done(200, call.path["id"])


def show_token(call: Call, done: Done) -> Shown:
    """One token, with its secret where it was just issued."""
    token = tokens.token_of(call.store, done.key)
    if token is None:
        raise refuse("not_found")
    return Shown(_token(token, done.secret))


def list_tokens(call: Call, _: Done) -> Shown:
    """Every token, without secrets."""
    return page_sorted(call, tokens.every_token(call.store), lambda each: each.id, _token)


def list_own_tokens(call: Call, _: Done) -> Shown:
    """The tokens that act on one's own word and have not ended."""
    own = tokens.tokens_of(call.store, call.who.username, call.at_us)
    return page_sorted(call, own, lambda each: each.id, _token)


def _token(token: Any, secret: str | None = None) -> TokenAnswer:
    return TokenAnswer(
        token.id,
        token.label,
        token.site,
        token.scopes.split(),
        token.username,
        token.expires_at,
        token.active,
        token.confirmed,
        secret,
    )
