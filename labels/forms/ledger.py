"""The forms of a book: a model's card (备件台账, 商品台账) and the monthly statement (进销存月报)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from devices.audit.declarations import Declared, MonthFacts, declared_of_month
from devices.audit.month.month_statement import Header
from devices.audit.stocktake.stocktakes import SIGNING_ROLES
from devices.audit.vouching import Vouched
from devices.ledger.books.books import ModelMonth, Statement
from devices.ledger.books.cards import CardHead, CardLine
from labels.forms.form import Box, Column, Field, Form, Proof, Table, Word
from labels.forms.parts import given_by, poster_of, remarks, signature_boxes


class CardPrinted(msgspec.Struct, frozen=True):
    """A card as it is printed; `lines` can be read once."""

    unit: str
    site_name: str
    head: CardHead
    model_name: str
    kind: str | None
    on: str
    lines: Iterable[CardLine]


SENT_AWAY = Word("form.type.sent_away")
"""What an arrival at another site is to the book that it leaves: its own devices sent there."""


def _type(line: CardLine) -> str | Word:
    event = line.event
    leaves = bool(line.came) == (event.reverses is not None)
    return SENT_AWAY if event.type == "arrival" and leaves else event.type


def _state(line: CardLine) -> str | None:
    """The state after it, but of what went to another site, whose own affair that is."""
    event = line.event
    elsewhere = line.went and event.position.site not in (None, event.from_site)
    return None if elsewhere else event.position.state


CARD = Form(
    name="card",
    title=lambda printed: (f"form.title.card.{printed.head.register}", {}),
    number=lambda p: f"{p.head.site}-{p.head.register}-{p.head.model}",
    unit="unit",
    fields=(
        Field("form.field.site", lambda p: f"{p.head.site} {p.site_name}"),
        Field("form.field.register", "head.register", words="register"),
        Field("form.field.model", lambda p: f"{p.head.model} {p.model_name}"),
        Field("form.field.kind", "kind", words="kind"),
        Field("form.field.from", "head.from_date", "date"),
        Field("form.field.to", "head.to_date", "date"),
        Field("form.field.opening", "head.opening", "number"),
        Field("form.field.closing", "head.closing", "number"),
        Field("form.field.on", "on", "date"),
    ),
    tables=(
        Table(
            "form.table.lines",
            lambda printed: printed.lines,
            (
                Column("form.column.n", "n", 12, "ordinal"),
                Column("form.column.business_date", "event.business_date", 24, "date"),
                Column("form.column.document", "event.document", 37),
                Column("form.column.type", _type, 24, words="document"),
                Column("form.column.red", lambda e: _red(e.event.reverses), 12, words="form.red"),
                Column("form.column.serial", "event.serial", 30, "serial"),
                Column("form.column.in", lambda e: e.came or None, 14, "number", summed=True),
                Column("form.column.out", lambda e: e.went or None, 14, "number", summed=True),
                Column("form.column.balance", "balance", 16, "number"),
                Column("form.column.state", _state, 24, words="state"),
                Column("form.column.made_by", lambda e: poster_of(e.event), 24, "person"),
                Column("form.column.reviewed_by", "event.reviewed_by", 24, "person"),
            ),
        ),
    ),
    boxes=lambda printed: [Box("form.box.storekeeper"), Box("form.box.auditor")],
    landscape=True,
)


def _red(reverses: int | None) -> str | None:
    return None if reverses is None else "yes"


class StatementPrinted(msgspec.Struct, frozen=True):
    """A statement as it is printed; of a closed month with its header, digest and signatures.

    Of an open one, `as_of_us` is the moment it was drawn up at. One that was closed and `reopened` is still as it was.
    """

    unit: str
    site_name: str
    statement: Statement
    header: Header | None = None
    digest: str | None = None
    signatures: Sequence[Vouched] = ()
    as_of_us: int | None = None
    reopened: bool = False


def _statement_columns(printed: StatementPrinted) -> tuple[Column, ...]:
    stated = printed.statement
    return (
        Column("form.column.model", "model", 26),
        Column("form.column.opening", "opening", 18, "number", summed=True),
        *(_side("in", kind) for kind in stated.in_types),
        Column("form.column.in_total", lambda month: sum(month.in_.values()), 18, "number", summed=True),
        *(_side("out", kind) for kind in stated.out_types),
        Column("form.column.out_total", lambda month: sum(month.out.values()), 18, "number", summed=True),
        Column("form.column.closing", "closing", 18, "number", summed=True),
    )


def _side(side: str, kind: str) -> Column:
    def read(month: ModelMonth) -> int:
        return (month.in_ if side == "in" else month.out).get(kind, 0)

    sent_away = (side, kind) == ("out", "arrival")
    word = "out_sent_away" if sent_away else f"{side}_by"
    return Column(f"form.column.{word}", read, 26, "number", summed=True, facts={"document": kind})


def _declared(printed: StatementPrinted) -> list[Declared]:
    """What stands above the signatures of a closed month: what was frozen when and by whom, and who has signed."""
    header, given = printed.header, given_by(SIGNING_ROLES, printed.signatures)
    if header is None:
        return []
    return declared_of_month(
        MonthFacts(printed.reopened, header.closed_by, header.closed_at, header.stocktake, given)
    )


STATEMENT = Form(
    name="statement",
    title=lambda printed: ("form.title.statement", {}),
    number=lambda p: f"{p.statement.site}-{p.statement.register}-{p.statement.month}",
    unit="unit",
    fields=(
        Field("form.field.site", lambda p: f"{p.statement.site} {p.site_name}"),
        Field("form.field.register", "statement.register", words="register"),
        Field("form.field.month", "statement.month"),
        Field("form.field.month_closed_at", lambda p: p.header and p.header.closed_at, "moment"),
        Field("form.field.month_closed_by", lambda p: p.header and p.header.closed_by, "person"),
        Field("form.field.stocktake", lambda p: p.header and p.header.stocktake),
        Field("form.field.as_of", "as_of_us", "moment"),
        Field("form.field.standing", lambda p: "closed" if p.header else "open", words="form.month"),
        Field("form.field.remarks", lambda p: remarks(p.signatures), words="remark", wide=True),
    ),
    tables=(Table("form.table.statement", lambda printed: printed.statement.models, _statement_columns),),
    boxes=lambda printed: signature_boxes(printed.signatures) if printed.header else (),
    declared=_declared,
    proof=lambda p: p.header and Proof(p.digest, p.header.journal, p.header.seq, p.header.hash),
    landscape=True,
)
