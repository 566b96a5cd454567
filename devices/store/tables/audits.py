"""The tables of audits: what was scanned, the sheets that came of it, the months that are closed."""

from __future__ import annotations

from peewee import CompositeKey

from devices.store.tables.columns import BigInteger, Flag, Index, Integer, Table, Text, foreign, unique


class Scans(Table):
    """Every scan as it was sent. `claimed_at` is the phone's clock, `at` that clock corrected; microseconds, UTC.

    `after_seq` is the last link of the site's journal that it came after; none is known of those of an earlier version.
    """

    stocktake = Text()
    id = Text()
    n = Integer(check="n > 0")
    serial = Text(null=True)
    text = Text()
    bin = Text(null=True)
    part = Text(check="part IN ('single', 'storekeeper', 'auditor', 'recount')")
    outcome = Text()
    claimed_at = BigInteger()
    at = BigInteger()
    received_at = BigInteger()
    skewed = Flag("skewed")
    made_by = Text()
    after_seq = BigInteger(null=True)

    class Meta:
        table_name = "scan"
        primary_key = CompositeKey("stocktake", "id")
        constraints = (unique("stocktake", "n"),)


class ScanUndos(Table):
    """Which scans were taken back, by whom and when."""

    stocktake = Text()
    id = Text()
    made_by = Text()
    recorded_at = BigInteger()

    class Meta:
        table_name = "scan_undo"
        primary_key = CompositeKey("stocktake", "id")
        constraints = (foreign("stocktake", "id", references="scan (stocktake, id)"),)


class Disclosures(Table):
    """What a blind count's counters were told of single devices of its register: the first time each, person and how.

    `code` is that of the refusal that told, "" of what was read.
    """

    stocktake = Text()
    n = Integer(check="n > 0")
    serial = Text()
    username = Text()
    how = Text(check="how IN ('read', 'refused')")
    code = Text()
    at = BigInteger()

    class Meta:
        table_name = "disclosure"
        primary_key = CompositeKey("stocktake", "n")
        constraints = (unique("stocktake", "username", "serial", "how", "code"),)


class Sheets(Table):
    """What a close found: the header with the summary by model."""

    stocktake = Text()
    closing = Integer()
    content = Text()

    class Meta:
        table_name = "sheet"
        primary_key = CompositeKey("stocktake", "closing")


class SheetRows(Table):
    """A row of a sheet for every expected and every scanned serial."""

    stocktake = Text()
    closing = Integer()
    serial = Text()
    result = Text()
    content = Text()

    class Meta:
        table_name = "sheet_row"
        primary_key = CompositeKey("stocktake", "closing", "serial")
        constraints = (foreign("stocktake", "closing", references="sheet (stocktake, closing)"),)


class Months(Table):
    """The current state of each month that was closed; posting looks here."""

    site = Text(references="site (code)")
    register = Text(check="register IN ('merchandise', 'spare')")
    month = Text()
    state = Text(check="state IN ('closed', 'sealed', 'reopened')")
    stocktake = Text()
    digest = Text()
    payload = Text()
    closed_at = BigInteger()
    closed_by = Text()
    reason = Text(null=True)
    revision = Integer()

    class Meta:
        table_name = "month"
        primary_key = CompositeKey("site", "register", "month")


AUDIT_INDEXES = (
    Index("scan_serial", Scans, "stocktake", "serial", "n"),
    Index("sheet_row_result", SheetRows, "stocktake", "closing", "result", "serial"),
)
