"""The tables of people: who they are, what they may, what they prove themselves by, and outlets' tokens."""

from __future__ import annotations

from peewee import Check, CompositeKey

from devices.store.tables.columns import BigInteger, Flag, Index, Integer, Table, Text


class Persons(Table):
    """The current revision of each person; their name is personal data."""

    username = Text(primary_key=True)
    commitment = Text()
    active = Flag("active")
    revision = Integer()

    class Meta:
        table_name = "person"


class RoleGrants(Table):
    """The current revision of each grant of a role at a site."""

    username = Text(references="person (username)")
    role = Text(check="role IN ('storekeeper', 'auditor', 'clerk', 'technician', 'supervisor', 'admin')")
    site = Text()
    active = Flag("active")
    revision = Integer()

    class Meta:
        table_name = "role_grant"
        primary_key = CompositeKey("username", "role", "site")
        constraints = (Check("(role IN ('supervisor', 'admin')) = (site = 'UNIT')"),)


class Credentials(Table):
    """What a person proves themself by. Outside the chain: it is secret, and it changes without a word.

    Each new password or reset raises the generation, which ends every session begun under an earlier one.
    `enrolment_by` is who issued the code: they could have used it themself.
    """

    username = Text(primary_key=True, references="person (username)")
    password_hash = Text(null=True)
    generation = Integer(check="generation >= 0")
    enrolment_digest = Text(null=True)
    enrolment_expires_at = BigInteger(null=True)
    enrolment_by = Text(null=True)

    class Meta:
        table_name = "credential"
        constraints = (
            Check("(enrolment_digest IS NULL) = (enrolment_expires_at IS NULL)"),
            Check("password_hash IS NULL OR enrolment_digest IS NULL"),
        )


class PublicKeys(Table):
    """The current revision of each public key; `seals` counts the passwords it has been sealed under.

    `let_in_by` is who issued the code its owner signed up with: they vouch for nothing.
    """

    fingerprint = Text(primary_key=True)
    username = Text(references="person (username)")
    public_hex = Text(alone=True)
    status = Text(check="status IN ('active', 'waiting', 'void')")
    confirmed_by = Text(null=True, references="person (username)")
    seals = Integer(check="seals > 0", since_default=1)
    let_in_by = Text(
        null=True, check="let_in_by IS NULL OR confirmed_by IS NULL OR confirmed_by <> let_in_by"
    )
    revision = Integer()

    class Meta:
        table_name = "public_key"
        constraints = (
            Check("confirmed_by IS NULL OR confirmed_by <> username"),
            Check("status <> 'waiting' OR confirmed_by IS NULL"),
        )


class SigningKeys(Table):
    """The private halves, sealed under their owners' passwords; binary values are hex."""

    username = Text(primary_key=True, references="person (username)")
    fingerprint = Text(alone=True, references="public_key (fingerprint)")
    memory_kib = Integer()
    passes = Integer()
    lanes = Integer()
    salt = Text()
    nonce = Text()
    sealed = Text()

    class Meta:
        table_name = "signing_key"


class Tokens(Table):
    """The current revision of each outlet's token; those from before `confirmed` nobody has confirmed."""

    id = Text(primary_key=True)
    digest = Text(alone=True)
    site = Text(references="site (code)")
    scopes = Text()
    username = Text(null=True, references="person (username)")
    expires_at = BigInteger()
    label = Text()
    active = Flag("active")
    confirmed = Flag("confirmed", since_default=0)
    revision = Integer()

    class Meta:
        table_name = "token"


PEOPLE_INDEXES = (
    Index("role_grant_one_per_site", RoleGrants, "username", "site", unique=True, where="active = 1"),
    Index("role_grant_role", RoleGrants, "role", "site", where="active = 1"),
    Index("public_key_one_per_person", PublicKeys, "username", unique=True, where="status <> 'void'"),
    Index("token_site", Tokens, "site"),
    Index("token_username", Tokens, "username", where="username IS NOT NULL"),
)
