"""The lifecycle, declared once: every document, who may post it, its review, and the steps it moves devices by.

The posting code, the API's schema, the docs and the tests all read these tables.
See docs/decisions.md, "The lifecycle is one table".
"""

from __future__ import annotations

from typing import Literal

import msgspec

from devices.values import BOOKS, NEW, RECEIVABLE, REGISTERS, Register

Review = Literal["none", "after", "before", "signatures"]
Becomes = Literal["same", "given", "left", "spare", "merchandise", "custody", "partner"] | None
_Source = Literal["half", "before"] | None

STOREKEEPER = ("storekeeper",)
DESK = ("storekeeper", "clerk")


class Document(msgspec.Struct, frozen=True):
    """One document type: `review` tells when an auditor sees it, `posters` which roles at its site may post it.

    A `signatures` document is on the two signatures of a sealed sheet; nobody posts it. `halves` are the documents
    that gave or took the same devices before: one person in both is worth an auditor's look. `source` says what the
    slip of one that cites nothing names as where its devices came from: the last document of the first `half`,
    whatever moved them `before`, since that is what it ends, or (None) nothing.
    """

    name: str
    review: Review
    posters: tuple[str, ...]
    source: _Source
    halves: tuple[str, ...]


DOCUMENTS = (
    #        document            review        posted by    source    other halves
    Document("opening",           "before",     STOREKEEPER, None,     ()),
    Document("receipt",           "after",      STOREKEEPER, None,     ()),
    Document("adoption",          "after",      STOREKEEPER, None,     ()),
    Document("move",              "none",       STOREKEEPER, None,     ()),
    Document("hold",              "after",      STOREKEEPER, None,     ()),
    Document("release",           "before",     STOREKEEPER, None,     ("hold",)),
    Document("dispatch",          "after",      STOREKEEPER, None,     ()),
    Document("arrival",           "after",      STOREKEEPER, None,     ("dispatch",)),
    Document("transit_loss",      "before",     STOREKEEPER, "half",   ("dispatch",)),
    Document("sale",              "after",      STOREKEEPER, None,     ()),
    Document("sale_cancellation", "after",      STOREKEEPER, "before", ("sale",)),
    Document("registration",      "none",       DESK,        None,     ()),
    Document("repair_intake",     "none",       DESK,        None,     ()),
    Document("repair_return",     "none",       DESK,        "before", ()),
    Document("carry_out",         "after",      STOREKEEPER, None,     ()),
    Document("carry_back",        "after",      STOREKEEPER, "before", ("carry_out",)),
    Document("swap",              "after",      STOREKEEPER, None,     ()),
    Document("customer_return",   "after",      STOREKEEPER, "before", ("sale", "swap")),
    Document("factory_dispatch",  "after",      STOREKEEPER, None,     ()),
    Document("factory_receipt",   "after",      STOREKEEPER, None,     ("factory_dispatch",)),
    Document("factory_exchange",  "after",      STOREKEEPER, None,     ("factory_dispatch",)),
    Document("supplier_return",   "before",     STOREKEEPER, "half",   ("receipt",)),
    Document("surrender",         "after",      DESK,        None,     ()),
    Document("loss_report",       "after",      DESK,        None,     ()),
    Document("recovery",          "before",     STOREKEEPER, None,     ("loss_report", "transit_loss")),
    Document("shortage",          "signatures", (),          None,     ()),
    Document("write_off",         "before",     STOREKEEPER, None,     ("receipt", "hold", "shortage", "transit_loss")),
    Document("reversal",          "before",     STOREKEEPER, None,     ()),
)  # fmt: skip
DOCUMENT = {document.name: document for document in DOCUMENTS}
POSTED = tuple(document for document in DOCUMENTS if document.posters)
"""The documents that people post."""

UNREVIEWED: dict[str, str] = {"none": "none", "signatures": "approved"}
"""How a document's review stands before anybody reviews it, where that is not `waiting`, by its policy."""


class Step(msgspec.Struct, frozen=True):
    """One declared move of one device by one document.

    `role` tells the two devices of a swap or an exchange apart; `registers` are those the device may be in before
    (None: it is in no register); `becomes` is the register after: the `same` one, the one `given` by the document,
    the book it `left` last, its `partner`'s, a fixed one, or None when it leaves every register.
    """

    document: str
    before: str
    after: str
    registers: tuple[Register | None, ...]
    becomes: Becomes
    role: str = "device"


OUTSIDE: tuple[Register | None, ...] = (None,)
MERCHANDISE: tuple[Register | None, ...] = ("merchandise",)
_SPARE: tuple[Register | None, ...] = ("spare",)
CUSTODY: tuple[Register | None, ...] = ("custody",)

OPENING_STATES = (
    "in_stock", "quarantined", "faulty", "in_repair", "carried", "in_transit", "at_factory", "missing",
    "sold", "in_service", "lost",
)  # fmt: skip

STEPS = (
    *(Step("opening", before, after, OUTSIDE, "given") for before in RECEIVABLE for after in OPENING_STATES),
    *(Step("receipt", before, "in_stock", OUTSIDE, "given") for before in RECEIVABLE),
    *(Step("receipt", before, "quarantined", OUTSIDE, "given") for before in RECEIVABLE),
    *(Step("adoption", before, "in_service", OUTSIDE, None) for before in RECEIVABLE),
    #    document             before         after          registers    becomes
    Step("move",              "in_stock",    "in_stock",    BOOKS,       "same"),
    Step("move",              "quarantined", "quarantined", BOOKS,       "same"),
    Step("move",              "faulty",      "faulty",      _SPARE,       "same"),
    Step("move",              "in_repair",   "in_repair",   CUSTODY,     "same"),
    Step("hold",              "in_stock",    "quarantined", BOOKS,       "same"),
    Step("release",           "quarantined", "in_stock",    BOOKS,       "same"),
    Step("release",           "quarantined", "faulty",      _SPARE,       "same"),
    Step("dispatch",          "in_stock",    "in_transit",  BOOKS,       "same"),
    Step("dispatch",          "quarantined", "in_transit",  BOOKS,       "same"),
    Step("dispatch",          "faulty",      "in_transit",  _SPARE,       "same"),
    Step("dispatch",          "in_repair",   "in_transit",  CUSTODY,     "same"),
    Step("arrival",           "in_transit",  "in_stock",    BOOKS,       "same"),
    Step("arrival",           "in_transit",  "quarantined", BOOKS,       "same"),
    Step("arrival",           "in_transit",  "faulty",      _SPARE,       "same"),
    Step("arrival",           "in_transit",  "in_repair",   CUSTODY,     "same"),
    Step("transit_loss",      "in_transit",  "missing",     REGISTERS,   "same"),
    Step("sale",              "in_stock",    "sold",        MERCHANDISE, None),
    Step("sale_cancellation", "sold",        "in_stock",    OUTSIDE,     "left"),
    Step("sale_cancellation", "sold",        "quarantined", OUTSIDE,     "left"),
    Step("registration",      "sold",        "in_service",  OUTSIDE,     None),
    Step("repair_intake",     "in_service",  "in_repair",   OUTSIDE,     "custody"),
    Step("repair_return",     "in_repair",   "in_service",  CUSTODY,     None),
    Step("carry_out",         "in_stock",    "carried",     _SPARE,       "same"),
    Step("carry_back",        "carried",     "in_stock",    _SPARE,       "same"),
    Step("carry_back",        "carried",     "quarantined", _SPARE,       "same"),
    Step("swap",              "in_stock",    "in_service",  _SPARE,       None,    "spare"),
    Step("swap",              "carried",     "in_service",  _SPARE,       None,    "spare"),
    Step("swap",              "in_service",  "faulty",      OUTSIDE,     "spare", "faulty"),
    Step("swap",              "in_repair",   "faulty",      CUSTODY,     "spare", "faulty"),
    Step("swap",              "at_factory",  "at_factory",  CUSTODY,     "spare", "faulty"),
    Step("customer_return",   "in_service",  "quarantined", OUTSIDE,     "left"),
    Step("customer_return",   "sold",        "quarantined", OUTSIDE,     "left"),
    Step("factory_dispatch",  "faulty",      "at_factory",  _SPARE,       "same"),
    Step("factory_dispatch",  "quarantined", "at_factory",  BOOKS,       "same"),
    Step("factory_dispatch",  "in_repair",   "at_factory",  CUSTODY,     "same"),
    Step("factory_receipt",   "at_factory",  "in_stock",    _SPARE,       "same"),
    Step("factory_receipt",   "at_factory",  "faulty",      _SPARE,       "same"),
    Step("factory_receipt",   "at_factory",  "quarantined", MERCHANDISE, "same"),
    Step("factory_receipt",   "at_factory",  "in_repair",   CUSTODY,     "same"),
    *(Step("factory_receipt", before, "quarantined", OUTSIDE, "spare") for before in RECEIVABLE),
    Step("factory_exchange",  "at_factory",  "exchanged",   REGISTERS,   None,    "old"),
    *(
        Step("factory_exchange", before, after, OUTSIDE, "partner", "new")
        for before in RECEIVABLE
        for after in ("in_stock", "quarantined", "in_repair")
    ),
    Step("supplier_return",   "quarantined", "returned",    BOOKS,       None),
    Step("surrender",         "in_service",  "surrendered", OUTSIDE,     None),
    Step("surrender",         "in_repair",   "surrendered", CUSTODY,     None),
    Step("loss_report",       "in_service",  "lost",        OUTSIDE,     None),
    Step("recovery",          "lost",        "in_service",  OUTSIDE,     None),
    Step("recovery",          "lost",        "in_repair",   OUTSIDE,     "custody"),
    Step("recovery",          "missing",     "quarantined", BOOKS,       "same"),
    Step("recovery",          "missing",     "in_repair",   CUSTODY,     "same"),
    Step("recovery",          "written_off", "quarantined", OUTSIDE,     "left"),
    Step("shortage",          "in_stock",    "missing",     BOOKS,       "same"),
    Step("shortage",          "quarantined", "missing",     BOOKS,       "same"),
    Step("shortage",          "faulty",      "missing",     _SPARE,       "same"),
    Step("shortage",          "in_repair",   "missing",     CUSTODY,     "same"),
    Step("write_off",         "faulty",      "written_off", _SPARE,       None),
    Step("write_off",         "quarantined", "written_off", BOOKS,       None),
    Step("write_off",         "missing",     "written_off", REGISTERS,   None),
    Step("write_off",         "at_factory",  "written_off", REGISTERS,   None),
)  # fmt: skip

EXCHANGE_STATE: dict[Register | None, str] = {
    "spare": "in_stock",
    "merchandise": "quarantined",
    "custody": "in_repair",
}
"""Where the maker's replacement goes, by the register of the serial it replaces."""

RANK = {"in_stock": 2, "quarantined": 1, "faulty": 0}
"""How good a state is: an arrival is never better than what was dispatched."""

FROM: dict[tuple[str, str, str], tuple[Step, ...]] = {}
for _step in STEPS:
    _key = (_step.document, _step.role, _step.before)
    FROM[_key] = (*FROM.get(_key, ()), _step)

assert len({(s.document, s.role, s.before, s.after, s.registers) for s in STEPS}) == len(STEPS), (
    "a step is twice"
)
assert {step.document for step in STEPS} | {"reversal"} == DOCUMENT.keys(), "a document without steps"

ROLES: dict[str, tuple[str, ...]] = {
    "swap": ("faulty", "spare"),
    "factory_exchange": ("old", "new"),
}
"""Documents whose every line moves two devices together, in this order."""


def roles_of(document: str) -> tuple[str, ...]:
    """The parts devices play in a line of `document`."""
    return ROLES.get(document, ("device",))


def starts_of(document: str, role: str = "device") -> tuple[str, ...]:
    """The states from which `document` can move a device, in the table's order."""
    return tuple(dict.fromkeys(s.before for s in STEPS if (s.document, s.role) == (document, role)))


__all__ = ["DOCUMENT", "DOCUMENTS", "FROM", "NEW", "STEPS", "Document", "Step", "roles_of", "starts_of"]
