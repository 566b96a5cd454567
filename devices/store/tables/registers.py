"""The tables of what a unit registers: itself, its sites and bins, the models and carriers it knows."""

from __future__ import annotations

from peewee import Check, CompositeKey

from devices.store.tables.columns import BigInteger, Flag, Integer, Table, Text, unique


class Units(Table):
    """The unit whose books these are, one row."""

    id = Integer(primary_key=True, check="id = 1")
    name = Text()
    time_zone = Text()
    secret = Text()
    made_at = BigInteger()
    books_from = Text(since_default="1971-01-01")

    class Meta:
        table_name = "unit"


class Sites(Table):
    """The current revision of each site."""

    code = Text(primary_key=True, check="code <> 'UNIT'")
    name = Text()
    in_transit_days = Integer(check="in_transit_days > 0")
    carried_days = Integer(check="carried_days > 0")
    at_factory_days = Integer(check="at_factory_days > 0")
    active = Flag("active")
    inspection_days = Integer(check="inspection_days > 0", since_default=90)
    installation_days = Integer(check="installation_days > 0", since_default=3)
    filing_days = Integer(check="filing_days > 0", since_default=3)
    complaints_warned = Integer(check="complaints_warned > 0", since_default=2)
    revision = Integer()

    class Meta:
        table_name = "site"


class Bins(Table):
    """The current revision of each bin."""

    site = Text(references="site (code)")
    code = Text()
    register = Text()
    condition = Text()
    name = Text()
    active = Flag("active")
    revision = Integer()

    class Meta:
        table_name = "bin"
        primary_key = CompositeKey("site", "code")
        constraints = (
            unique("site", "code", "register", "condition"),
            Check("register IN ('merchandise', 'spare', 'custody')"),
            Check("condition IN ('good', 'quarantine', 'faulty')"),
            Check("NOT (register = 'merchandise' AND condition = 'faulty')"),
        )


class Models(Table):
    """The current revision of each model."""

    code = Text(primary_key=True)
    kind = Text(check="kind IN ('tax_disk', 'golden_disk', 'tax_ukey', 'report_disk', 'spare_part')")
    name = Text()
    serial_pattern = Text()
    price_fen = BigInteger(check="price_fen >= 0")
    warranty_months = Integer(check="warranty_months >= 0")
    family = Text()
    active = Flag("active")
    revision = Integer()

    class Meta:
        table_name = "model"


class Carriers(Table):
    """The current revision of each carrier."""

    code = Text(primary_key=True)
    name = Text()
    active = Flag("active")
    revision = Integer()

    class Meta:
        table_name = "carrier"
