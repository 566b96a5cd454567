"""On whose word somebody signs: who let each signer in, who confirmed their key, and whether one person may be all.

These are facts about the keys as the books have them now. They are shown beside a signature and are no part of what
was signed: a key may be confirmed long after it signed.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from devices.audit import signing
from devices.audit.kinds import Signature
from devices.people.signing_keys import keys_by_fingerprint
from devices.store.database import Store

LET_IN_BY_ONE = "let_in_by_one"
"""The remark on what one person may have signed as all of its signers."""


class Vouched(msgspec.Struct, frozen=True):
    """A standing signature, with whose word its key is: who let its owner in, None where that was never recorded, and
    who else confirmed the key, None where nobody has.
    """

    role: str
    username: str
    fingerprint: str
    signed_at: int
    let_in_by: str | None = None
    confirmed_by: str | None = None


def standing_vouched(store: Store, subject: str, digest: str) -> list[Vouched]:
    """The signatures that stand over exactly this digest, by role, each with whose word it is given on."""
    return vouched(store, signing.standing(store, subject, digest))


def vouched(store: Store, signatures: Sequence[Signature]) -> list[Vouched]:
    """Signatures with whose word each is given on."""
    keys = keys_by_fingerprint(store, [each.fingerprint for each in signatures])
    return [
        Vouched(
            each.role,
            each.username,
            each.fingerprint,
            each.signed_at,
            keys[each.fingerprint].let_in_by if each.fingerprint in keys else None,
            keys[each.fingerprint].confirmed_by if each.fingerprint in keys else None,
        )
        for each in signatures
    ]


def let_in_by_one(signatures: Sequence[Vouched]) -> bool:
    """Whether one person may have given all of these signatures, two at least: nobody's word says otherwise.

    See docs/decisions.md, "On whose word somebody signs".
    """
    hands = [_hands(each) for each in signatures]
    return len(hands) > 1 and bool(frozenset.intersection(*hands))


def people_of(signatures: Sequence[Vouched]) -> set[str]:
    """Everybody these signatures name."""
    named = ((each.username, each.let_in_by, each.confirmed_by) for each in signatures)
    return {username for some in named for username in some if username is not None}


def _hands(given: Vouched) -> frozenset[str]:
    """Who may have signed: the owner of the key, and whoever let them in until somebody else has confirmed it."""
    if given.let_in_by is None or given.confirmed_by is not None:
        return frozenset({given.username})
    return frozenset({given.username, given.let_in_by})
