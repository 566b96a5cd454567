"""The words and values every layer shares: kinds, registers, places, states and the position of a device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

Kind = Literal["tax_disk", "report_disk", "golden_disk", "tax_ukey", "spare_part"]
Register = Literal["merchandise", "spare", "custody"]
Book = Literal["merchandise", "spare"]
Condition = Literal["good", "quarantine", "faulty"]

BOOKS: tuple[Book, ...] = ("merchandise", "spare")
REGISTERS: tuple[Register, ...] = (*BOOKS, "custody")
CONDITIONS: tuple[Condition, ...] = ("good", "quarantine", "faulty")


class KindOfDevice(msgspec.Struct, frozen=True):
    """One kind of device: the books it may be in, the kinds it is paired with, and whether one may lack a serial."""

    name: Kind
    books: tuple[Book, ...] = BOOKS
    paired_with: tuple[Kind, ...] = ()
    unserialised: bool = False


KINDS = (
    KindOfDevice("tax_disk"),
    KindOfDevice("golden_disk"),
    KindOfDevice("tax_ukey"),
    KindOfDevice("report_disk", paired_with=("tax_disk", "golden_disk")),
    KindOfDevice("spare_part", books=("spare",), unserialised=True),
)
DEVICE_KIND: dict[str, KindOfDevice] = {kind.name: kind for kind in KINDS}
"""The kinds of device by name. See docs/decisions.md, "A kind of device is a row"."""

Instant = Annotated[int, msgspec.Meta(extra={"unit": "microsecond"})]
"""A moment, in UTC microseconds; the doors tell it as RFC 3339 in the unit's time zone."""

UNIT = "UNIT"
"""The name of the unit's own journal; no site may be called so."""


class State(msgspec.Struct, frozen=True):
    """One state a device can be in, and what a position in it must have.

    See docs/decisions.md, "What a position must have".

    `place` says which of bin, party and customer the position has: `bin` (a bin), `party` (somebody who carries
    it), `nobody` (still on the book), `customer` (left every register, a customer has it) or `ended`.
    """

    name: str
    place: Literal["bin", "party", "nobody", "customer", "ended"]
    registers: tuple[Register, ...] = ()
    condition: Condition | None = None
    counted: bool = False


STATES = (
    State("in_stock", "bin", BOOKS, "good", counted=True),
    State("quarantined", "bin", BOOKS, "quarantine", counted=True),
    State("faulty", "bin", ("spare",), "faulty", counted=True),
    State("in_repair", "bin", ("custody",), None, counted=True),
    State("carried", "party", ("spare",)),
    State("in_transit", "party", REGISTERS),
    State("at_factory", "party", REGISTERS),
    State("missing", "nobody", REGISTERS),
    State("sold", "customer"),
    State("in_service", "customer"),
    State("lost", "customer"),
    State("surrendered", "ended"),
    State("returned", "ended"),
    State("exchanged", "ended"),
    State("written_off", "ended"),
    State("void", "ended"),
)
STATE = {state.name: state for state in STATES}
NEW = "new"
"""The state of a serial Panku has never held; `RECEIVABLE` serials start again like new ones."""
RECEIVABLE = (NEW, "void", "returned")
_ENDED = tuple(state.name for state in STATES if state.place == "ended")

BIN_STATE: dict[tuple[Register, Condition], str] = {
    ("merchandise", "good"): "in_stock",
    ("merchandise", "quarantine"): "quarantined",
    ("spare", "good"): "in_stock",
    ("spare", "quarantine"): "quarantined",
    ("spare", "faulty"): "faulty",
    ("custody", "good"): "in_repair",
    ("custody", "quarantine"): "in_repair",
    ("custody", "faulty"): "in_repair",
}
"""What a device in a bin is: the bin decides the state. A pair that is not here is no bin at all."""


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where one device is, in which register, and what travels with it.

    `party` is who carries it (a carrier's code, a technician, the maker); `customer` the customer's number;
    `responsible_site` the site that last acted, which a reversal puts back as the rest. `left_state` is the state
    before it went to its party, or missing; `left_book` the book it last left; `order_number` the repair or dispatch
    order it is out under; `warranty_until` an ISO date; `meant_for` the faulty serial a carried spare was taken out
    for. `replaces` is what the device was given for; `replaced_by` what its customer got for it, else what the maker
    sent for it.
    `mark` is a caution (see MARKS) that follows the device until a document clears it.
    """

    state: str
    register: Register | None = None
    site: str | None = None
    bin: str | None = None
    condition: Condition | None = None
    party: str | None = None
    customer: str | None = None
    responsible_site: str | None = None
    model: str | None = None
    warranty_until: str | None = None
    left_state: str | None = None
    left_book: Book | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    paired_with: str | None = None
    order_number: str | None = None
    meant_for: str | None = None
    mark: str | None = None

    @property
    def answering_site(self) -> str | None:
        """Whose the device is: the site of its register, and outside of every register the one that last acted."""
        return self.site or self.responsible_site


POSITION_FIELDS: tuple[str, ...] = Position.__struct_fields__
NOWHERE = Position(state=NEW)


def position_of(columns: Sequence[Any]) -> Position:
    """A position of its columns, in the order of POSITION_FIELDS."""
    return Position(**dict(zip(POSITION_FIELDS, columns, strict=True)))


MARKS = ("reinitialise", "never_releasable", "unexpected")
"""`reinitialise`: came back from a customer, its release needs a re-initialisation result; `never_releasable`:
was written off and found again, and keeps this whatever becomes of it; `unexpected`: the maker sent a serial that
nobody had sent."""


class Bin(msgspec.Struct, frozen=True):
    """A shelf place: one site, one register, one condition, none of which ever change."""

    site: str
    code: str
    register: Register
    condition: Condition
    name: str = ""
    active: bool = True


class Model(msgspec.Struct, frozen=True):
    """A maker's model: `price_fen` with tax; models of one `family` may replace each other in a swap."""

    code: str
    kind: Kind
    name: str
    serial_pattern: str
    price_fen: int
    warranty_months: int
    family: str
    active: bool = True


class Site(msgspec.Struct, frozen=True):
    """A site of the unit: how many days a device may be on its way, and lie between an auditor's inspections.

    `installation_days` are the working days in which an installation that was asked for is done, `filing_days` those in
    which a complaint that was made good is registered with the call centre. `complaints_warned` valid ones in twelve
    months are as many as the tax office orders a correction for.
    """

    code: str
    name: str
    in_transit_days: int = 10
    carried_days: int = 3
    at_factory_days: int = 60
    active: bool = True
    inspection_days: int = 90
    installation_days: int = 3
    filing_days: int = 3
    complaints_warned: int = 2


class Carrier(msgspec.Struct, frozen=True):
    """A carrier on the approved list."""

    code: str
    name: str
    active: bool = True
