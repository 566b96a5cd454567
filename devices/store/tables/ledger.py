"""The tables of the ledger: the journal, records and their revisions, documents, lines, and what is derived of them."""

from __future__ import annotations

from peewee import Check, CompositeKey

from devices.store.tables.columns import BigInteger, Bytes, Flag, Index, Integer, Table, Text, foreign, unique

IN_JOURNAL = foreign("journal_site", "journal_seq", references="journal (site, seq)")


class Links(Table):
    """The links of every journal, each over what was written with it."""

    site = Text()
    seq = BigInteger(check="seq > 0")
    kind = Text()
    reference = Text()
    format = Integer()
    recorded_at = BigInteger()
    digest = Text()
    previous = Text()
    hash = Text()

    class Meta:
        table_name = "journal"
        primary_key = CompositeKey("site", "seq")


class Revisions(Table):
    """Every revision of every record."""

    kind = Text()
    key = Text()
    revision = Integer(check="revision > 0")
    journal_site = Text()
    journal_seq = BigInteger()
    made_by = Text()
    recorded_at = BigInteger()
    content = Text()

    class Meta:
        table_name = "revision"
        primary_key = CompositeKey("kind", "key", "revision")
        constraints = (
            unique("journal_site", "journal_seq"),
            IN_JOURNAL,
        )


class PersonalData(Table):
    """What can be erased, beside signed papers: who customers, visitors and people are."""

    kind = Text()
    key = Text()
    revision = Integer()
    latest = Flag("latest")
    salt = Text(null=True)
    content = Text(null=True)
    taxpayer_id = Text(null=True)

    class Meta:
        table_name = "personal"
        primary_key = CompositeKey("kind", "key", "revision")
        constraints = (
            foreign("kind", "key", "revision", references="revision (kind, key, revision)"),
            Check("(salt IS NULL) = (content IS NULL)"),
            Check("taxpayer_id IS NULL OR content IS NOT NULL"),
        )


class Records(Table):
    """The current revision of each record whose kind has no table of its own, and what it is found by.

    `state`, `customer`, `day` (an ISO date), `assignee` and `reference` are what the kind declares
    (devices.records.RecordKind).
    """

    kind = Text()
    key = Text()
    revision = Integer()
    site = Text()
    content = Text()
    state = Text(null=True)
    customer = Text(null=True)
    day = Text(null=True)
    assignee = Text(null=True)
    reference = Text(null=True)

    class Meta:
        table_name = "record"
        primary_key = CompositeKey("kind", "key")
        constraints = (foreign("kind", "key", "revision", references="revision (kind, key, revision)"),)


class RecordDevices(Table):
    """The devices that each current record is about, as its kind declares."""

    serial = Text()
    kind = Text()
    key = Text()

    class Meta:
        table_name = "record_device"
        primary_key = CompositeKey("serial", "kind", "key")
        constraints = (foreign("kind", "key", references="record (kind, key)"),)


class Blobs(Table):
    """The bytes of papers, under their SHA-256."""

    digest = Text(primary_key=True)
    bytes = Bytes()

    class Meta:
        table_name = "blob"


class PersonalBlobs(Table):
    """The bytes of papers that customers signed, under their SHA-256: unlike others', they can be erased."""

    digest = Text(primary_key=True)
    bytes = Bytes()

    class Meta:
        table_name = "personal_blob"


class Documents(Table):
    """Every document, in the order of its digest (devices/ledger/posting/rows.py)."""

    number = Text(primary_key=True)
    site = Text(references="site (code)")
    year = Integer()
    ordinal = Integer(check="ordinal > 0")
    type = Text()
    register = Text(null=True)
    business_date = Text()
    recorded_at = BigInteger()
    made_by = Text()
    token = Text(null=True)
    cites = Text(null=True, references="document (number)")
    answers = Text(null=True, references="document (number)")
    under = Text(null=True)
    content = Text()
    journal_seq = BigInteger()

    class Meta:
        table_name = "document"
        constraints = (
            unique("site", "year", "ordinal"),
            unique("site", "journal_seq"),
            foreign("site", "journal_seq", references="journal (site, seq)"),
        )


class Reviews(Table):
    """What was decided of a document, in the order of its digest."""

    document = Text(primary_key=True, references="document (number)")
    decision = Text(check="decision IN ('approve', 'reject', 'withdraw')")
    reason = Text(null=True)
    made_by = Text()
    recorded_at = BigInteger()
    document_hash = Text()
    journal_site = Text()
    journal_seq = BigInteger()

    class Meta:
        table_name = "review"
        constraints = (
            unique("journal_site", "journal_seq"),
            IN_JOURNAL,
        )


# Which columns each state must and must not have. A test reads devices.values.STATES against it.
# See docs/decisions.md, "What a position must have".
# `IS TRUE`: a CHECK that comes to NULL passes, and a missing register must not.
POSITION_CHECKS = (
    Check("""(CASE state
        WHEN 'in_stock' THEN condition = 'good' AND register IN ('merchandise', 'spare')
        WHEN 'quarantined' THEN condition = 'quarantine' AND register IN ('merchandise', 'spare')
        WHEN 'faulty' THEN condition = 'faulty' AND register = 'spare'
        WHEN 'in_repair' THEN condition IS NOT NULL AND register = 'custody'
        WHEN 'carried' THEN register = 'spare'
        WHEN 'in_transit' THEN register IS NOT NULL
        WHEN 'at_factory' THEN register IS NOT NULL
        WHEN 'missing' THEN register IS NOT NULL
        WHEN 'sold' THEN register IS NULL
        WHEN 'in_service' THEN register IS NULL
        WHEN 'lost' THEN register IS NULL
        WHEN 'surrendered' THEN register IS NULL
        WHEN 'returned' THEN register IS NULL
        WHEN 'exchanged' THEN register IS NULL
        WHEN 'written_off' THEN register IS NULL
        WHEN 'void' THEN register IS NULL
        ELSE 1 = 0 END) IS TRUE"""),
    Check("register IS NULL OR register IN ('merchandise', 'spare', 'custody')"),
    Check("(register IS NULL) = (site IS NULL)"),
    Check("(state IN ('in_stock', 'quarantined', 'faulty', 'in_repair')) = (bin IS NOT NULL)"),
    Check("(bin IS NULL) = (condition IS NULL)"),
    Check("(state IN ('carried', 'in_transit', 'at_factory')) = (party IS NOT NULL)"),
    Check("""(customer IS NOT NULL) = (state IN ('sold', 'in_service', 'lost') OR
                                     (register IS NOT NULL AND register = 'custody'))"""),
    Check("(state = 'carried') >= (meant_for IS NOT NULL)"),
    Check("left_book IS NULL OR left_book IN ('merchandise', 'spare')"),
)


def position_columns() -> dict[str, Text]:
    """The columns of a device's position, new ones for each table that has them; see devices.values.Position."""
    names = (
        "state", "register", "site", "bin", "condition", "party", "customer", "responsible_site", "model",
        "warranty_until", "left_state", "left_book", "replaces", "replaced_by", "paired_with", "order_number",
        "meant_for", "mark",
    )  # fmt: skip
    return {name: Text(null=name not in ("state", "responsible_site", "model")) for name in names}


class Lines(Table):
    """Every move of every device: where it was, and its position after it; in the order of a document's digest."""

    serial = Text()
    step = Integer(check="step > 0")
    document = Text(references="document (number)")
    n = Integer(check="n > 0")
    type = Text()
    reverses = Integer(null=True)
    recorded_at = BigInteger()
    business_date = Text()
    from_state = Text()
    from_register = Text(null=True)
    from_site = Text(null=True)
    from_bin = Text(null=True)
    vars().update(position_columns())
    facts = Text()
    journal_site = Text()
    journal_seq = BigInteger()

    class Meta:
        table_name = "line"
        primary_key = CompositeKey("serial", "step")
        constraints = (
            unique("document", "n"),
            IN_JOURNAL,
            *POSITION_CHECKS,
        )


class LinesElsewhere(Table):
    """Which lines another site's journal holds of a device that `site` answered for before or after; derived of them.

    A device is answered for by the site of its register, and outside of every register by the one that last acted.
    """

    site = Text()
    journal_site = Text()
    journal_seq = BigInteger()
    n = Integer()

    class Meta:
        table_name = "line_elsewhere"
        primary_key = CompositeKey("site", "journal_site", "journal_seq", "n")
        constraints = (IN_JOURNAL,)


class Positions(Table):
    """Where each device is: the position after its last line."""

    serial = Text(primary_key=True)
    step = Integer()
    document = Text(references="document (number)")
    recorded_at = BigInteger()
    business_date = Text()
    vars().update(position_columns())

    class Meta:
        table_name = "position"
        constraints = (
            foreign("serial", "step", references="line (serial, step)"),
            foreign("model", references="model (code)"),
            foreign(
                "site", "bin", "register", "condition", references="bin (site, code, register, condition)"
            ),
            *POSITION_CHECKS,
        )


class Standings(Table):
    """How each document stands: its review, and how many of its lines were reversed."""

    document = Text(primary_key=True, references="document (number)")
    site = Text()
    status = Text(check="status IN ('pending', 'posted', 'rejected', 'withdrawn', 'reversed')")
    review = Text(check="review IN ('none', 'waiting', 'approved', 'rejected', 'withdrawn')")
    lines = Integer()
    reversed = Integer()
    resolved = Flag("resolved")

    class Meta:
        table_name = "standing"
        constraints = (Check("reversed BETWEEN 0 AND lines"),)


class Reservations(Table):
    """Which proposal has reserved a device."""

    serial = Text(primary_key=True)
    document = Text(references="document (number)")

    class Meta:
        table_name = "reservation"


class Requests(Table):
    """What each Idempotency-Key of each caller was for, forever."""

    principal = Text()
    key = Text()
    fingerprint = Text()
    reference = Text()

    class Meta:
        table_name = "request"
        primary_key = CompositeKey("principal", "key")


LEDGER_INDEXES = (
    Index("personal_latest", PersonalData, "kind", "key", unique=True, where="latest = 1"),
    Index(
        "personal_taxpayer",
        PersonalData,
        "taxpayer_id",
        unique=True,
        where="latest = 1 AND taxpayer_id IS NOT NULL",
    ),
    Index("record_site", Records, "kind", "site", "key"),
    Index("record_state", Records, "kind", "state", "site", "key", where="state IS NOT NULL"),
    Index("record_customer", Records, "customer", "kind", "key", where="customer IS NOT NULL"),
    Index("record_day", Records, "kind", "day", "key", where="day IS NOT NULL"),
    Index("record_assignee", Records, "assignee", "kind", "key", where="assignee IS NOT NULL"),
    Index("record_work", Records, "assignee", "kind", "state", "key", where="assignee IS NOT NULL"),
    Index("record_reference", Records, "kind", "reference", unique=True, where="reference IS NOT NULL"),
    # With `reference`, though all of them have none: SQLite takes the index of which the most columns are given.
    Index(
        "record_unregistered",
        Records,
        "kind",
        "state",
        "site",
        "reference",
        where="kind = 'complaint' AND state = 'closed' AND reference IS NULL",
    ),
    Index("record_device_of", RecordDevices, "kind", "key"),
    Index("document_cites", Documents, "cites", where="cites IS NOT NULL"),
    Index("document_answers", Documents, "answers", where="answers IS NOT NULL"),
    Index("document_under", Documents, "under", where="under IS NOT NULL"),
    Index("line_journal", Lines, "journal_site", "journal_seq", "n"),
    Index("line_in", Lines, "site", "register", "business_date"),
    Index("line_out", Lines, "from_site", "from_register", "business_date"),
    Index("position_book", Positions, "site", "register", "model", "state"),
    Index("position_meant_for", Positions, "meant_for", unique=True, where="meant_for IS NOT NULL"),
    Index("position_customer", Positions, "customer", where="customer IS NOT NULL"),
    Index("position_state", Positions, "state", "responsible_site"),
    Index("standing_queue", Standings, "site", "document", where="review = 'waiting'"),
    Index("standing_unresolved", Standings, "site", "document", where="resolved = 0"),
)
