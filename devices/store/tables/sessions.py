"""The tables of the second store: sessions and the throttling of sign-in. Losing them costs nobody more than that."""

from __future__ import annotations

from peewee import Check

from devices.store.tables.columns import BigInteger, Index, Integer, Table, Text


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


class Throttles(Table):
    """How often somebody failed, by the digest of who and from where."""

    digest = Text(primary_key=True)
    failures = Integer(check="failures >= 0")
    last_at = BigInteger()

    class Meta:
        table_name = "throttle"


SESSION_INDEXES = (
    Index("session_username", Sessions, "username"),
    Index("session_seen", Sessions, "seen_at"),
    Index("throttle_last", Throttles, "last_at"),
)
