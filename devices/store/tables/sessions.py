"""The tables of the second store: sessions and the throttling of sign-in. Losing them costs nobody more than that."""

from __future__ import annotations

from peewee import Check

from devices.store.tables.columns import BigInteger, Flag, Index, Integer, Table, Text


class Sessions(Table):
    """Who is signed in, by the digest of their cookie, and from which address they began."""

    digest = Text(primary_key=True)
    username = Text()
    generation = Integer()
    made_at = BigInteger()
    seen_at = BigInteger()
    address = Text(null=True)

    class Meta:
        table_name = "session"
        constraints = (Check("seen_at >= made_at"),)


class Attempts(Table):
    """Attempts with a password: those that were wrong, and those whose password is being looked at.

    By digests: `account` of who and from where, `address` of from where, empty where that is not counted for it.
    """

    id = Text(primary_key=True)
    account = Text()
    address = Text()
    wrong = Flag("wrong")
    begun_at = BigInteger()

    class Meta:
        table_name = "attempt"


class KnownNetworks(Table):
    """From where somebody has signed in, by the digest of both."""

    digest = Text(primary_key=True)
    seen_at = BigInteger()

    class Meta:
        table_name = "known_network"


SESSION_INDEXES = (
    Index("session_username", Sessions, "username"),
    Index("session_seen", Sessions, "seen_at"),
    Index("attempt_account", Attempts, "account"),
    Index("attempt_address", Attempts, "address"),
    Index("attempt_begun", Attempts, "begun_at"),
    Index("known_network_seen", KnownNetworks, "seen_at"),
)
