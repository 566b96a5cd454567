"""Signing keys over HTTP: a person's public keys, confirmed by another, rotated by their owner."""

from __future__ import annotations

import msgspec

from api.calls import Call, Done, Shown
from api.resources.documents import confirm_password
from api.wire.paging import PageQuery, page_sorted, refuse_unknown
from api.wire.secret_fields import Password
from api.writing import at_unit
from devices.people import signing_keys
from devices.people.kinds import PublicKey
from devices.problems import refuse
from devices.texts.lengths import Username


class OwnPasswordBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One's own password, again."""

    password: Password


class KeyQuery(PageQuery, frozen=True, kw_only=True):
    """Whose keys; a page at a time."""

    username: Username


def list_keys(call: Call, _: Done) -> Shown:
    """A person's public keys, old ones too."""
    refuse_unknown(call, "username")
    return page_sorted(
        call, signing_keys.keys_of(call.store, call.query.username), lambda each: each.fingerprint
    )


def confirm_key(call: Call) -> Done:
    """Confirm another person's new key."""
    key = signing_keys.confirm(at_unit(call), call.who, call.path["fingerprint"])
    return Done(200, key.fingerprint)


def make_key(call: Call) -> None:
    """Make sure that it is still the person, then make the new key, before the transaction."""
    confirm_password(call)
    username, secret = call.who.username, call.body.password
    call.prepared = (
        signing_keys.opened(call.store, username, secret),
        signing_keys.new_key(username, secret),
    )


def rotate_key(call: Call) -> Done:
    """Replace one's own signing key; the new one waits for another person's confirmation, the old one is kept."""
    key = signing_keys.rotate(at_unit(call), call.who, *call.prepared)
    return Done(201, key.fingerprint)


def show_key(call: Call, done: Done) -> Shown:
    """One public key."""
    key: PublicKey | None = signing_keys.key_by_fingerprint(call.store, done.key)
    if key is None:
        raise refuse("not_found")
    return Shown(key)
