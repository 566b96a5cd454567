"""What one can do by scanning: each task, the document it makes, what it asks for first, and what one scan of it is.

What a field is (required, how long, which values) is read from the document's own declaration in
devices/ledger/deciding/drafts.py; where the choices come from, and what else only a page knows, is said here.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import inspect

from devices.ledger.deciding.drafts import DRAFTS, Party
from devices.lifecycle import STEPS, roles_of
from devices.texts.lengths import Moment
from devices.values import BIN_STATE, BOOKS, REGISTERS, STATE, Condition, Register

_Source = Literal["carriers", "sites", "models", "repairs", "orders", "visits"]
_Kind = Literal["text", "choice", "tick", "yuan", "taxpayer", "moment"]
Extra = Literal["told", "quarantined", "found"]
"""What becomes of a scan that is not on the task's paper: told only; taken into quarantine with a reason; posted as
it is, since the document makes a finding of it."""


class Ask(msgspec.Struct, frozen=True):
    """One thing asked for, by its path in the document, or in a line of it.

    `source` is where its choices come from; `fill` where a scanned device's passport has it; `of` names the choice
    whose device it is. `keep` says that it stays for the next document, `lasts` that it stays for the next line.
    `needed` asks for what the document itself does not require; `first` asks for it before the first scan; `chosen`
    is chosen until another is. What is typed into a `scanned` one may be of a barcode that looks like a serial. One
    with `when` is asked for only once a document was refused with that code, or a scanned device says it will be.
    """

    path: str
    source: _Source | None = None
    fill: str | None = None
    of: str | None = None
    keep: bool = False
    lasts: bool = False
    needed: bool = False
    first: bool = False
    chosen: str | None = None
    scanned: bool = False
    when: str | None = None


class Paper(msgspec.Struct, frozen=True):
    """What is chosen before the scanning begins: the document's `field` names it, and it says what is expected."""

    field: str
    kind: Literal["manifest", "dispatch", "factory_dispatch"]
    extra: Extra
    required: bool = True


class Task(msgspec.Struct, frozen=True):
    """One task: `asks` of the document, `each` of every line; one that is `alone` makes a document of a single line.

    `then` is the field that has the focus after a scan; no Enter in it finishes. `opens` names the order that is opened
    at the finish where none was chosen, from the first device, the fault, and whose the device is.
    """

    name: str
    document: str | None
    asks: tuple[Ask, ...] = ()
    each: tuple[Ask, ...] = ()
    paper: Paper | None = None
    then: str | None = None
    opens: Literal["repairs"] | None = None
    alone: bool = False


WAYBILL = Ask("consignment_number", scanned=True)
_SENT = (Ask("carrier", "carriers", keep=True), WAYBILL)

FAULT = Ask("fault")
_WHOSE = (
    Ask("customer.taxpayer_id", when="customer_required"),
    Ask("customer.name", when="customer_required"),
)
"""Whose a device of another site's customer is: the document's to say, or its order's."""
_RENAMED = Ask("customer.renamed", when="taxpayer_name_differs")
REASON = Ask("reason")
MAKERS = Paper("dispatch", "factory_dispatch", "found")

GROUPS: dict[str, tuple[Task, ...]] = {
    "shelf": (
        Task("lookup", None),
        Task(
            "receive",
            "receipt",
            asks=(
                Ask("register", keep=True, first=True),
                Ask("supplier", keep=True),
                Ask("delivery_note", scanned=True),
                Ask("model", "models", keep=True, first=True),
            ),
            each=(Ask("reason", lasts=True),),
            paper=Paper("manifest", "manifest", "quarantined", required=False),
        ),
        Task("put_away", "move"),
        Task("hold", "hold", asks=(REASON,)),
        Task("release", "release", asks=(Ask("inspection"),), each=(Ask("reinitialised", lasts=True),)),
        Task("transfer_out", "dispatch", asks=(Ask("destination", "sites", keep=True), *_SENT)),
        Task("transfer_in", "arrival", each=(Ask("damaged"),), paper=Paper("dispatch", "dispatch", "found")),
    ),
    "customer": (
        Task(
            "sell",
            "sale",
            asks=(
                Ask("customer.taxpayer_id", needed=True),
                Ask("customer.name"),
                _RENAMED,
                Ask("application", scanned=True),
            ),
            then="customer.taxpayer_id",
        ),
        Task(
            "register",
            "registration",
            asks=(
                Ask("customer.taxpayer_id", fill="customer.taxpayer_id", needed=True),
                Ask("customer.name", fill="customer.name"),
                _RENAMED,
                Ask("customer.address", fill="customer.address"),
                Ask("customer.contact", fill="customer.contact"),
            ),
            each=(Ask("paired_with", scanned=True),),
            then="customer.taxpayer_id",
        ),
        Task("cancel_sale", "sale_cancellation", asks=(REASON,)),
        Task("take_back", "customer_return", asks=(REASON,)),
        Task("surrender", "surrender", asks=(Ask("tax_document", scanned=True), REASON, *_WHOSE)),
        Task("report_loss", "loss_report", asks=(Ask("report_number", scanned=True), *_WHOSE)),
    ),
    "repair": (
        Task(
            "repair_intake", "repair_intake", asks=(Ask("order", "repairs"), FAULT, *_WHOSE), opens="repairs"
        ),
        Task("repair_return", "repair_return", asks=(Ask("diagnosis"), Ask("work"), Ask("completed_at"))),
        Task(
            "swap",
            "swap",
            asks=(
                Ask("order", "orders", fill="order_number"),
                FAULT,
                Ask("terms", chosen="free"),
                Ask("charged_fen"),
                *_WHOSE,
            ),
            opens="repairs",
            alone=True,
        ),
        Task(
            "carry_out",
            "carry_out",
            asks=(Ask("order", "visits", first=True),),
            each=(Ask("faulty", of="order", lasts=True),),
            alone=True,
        ),
        Task("carry_back", "carry_back"),
    ),
    "maker": (
        Task("factory_out", "factory_dispatch", asks=(Ask("maker", keep=True), *_SENT)),
        Task(
            "factory_in",
            "factory_receipt",
            asks=(Ask("result"),),
            each=(Ask("model", "models"),),
            paper=MAKERS,
        ),
        Task("exchange", "factory_exchange", paper=Paper("dispatch", "factory_dispatch", "told")),
        Task("supplier_out", "supplier_return", asks=(REASON, *_SENT)),
    ),
    "gone": (
        Task("lost_on_the_way", "transit_loss", asks=(WAYBILL, Ask("claim"))),
        Task("found", "recovery", asks=(Ask("found"), Ask("order", "repairs"), *_WHOSE)),
        Task("write_off", "write_off", asks=(REASON, Ask("consent"))),
    ),
}
"""The tasks as the scan page groups them."""
TASKS = tuple(task for tasks in GROUPS.values() for task in tasks)
TASK = {task.name: task for task in TASKS}
assert len(TASK) == len(TASKS), "two tasks share a name"


class Field(msgspec.Struct, frozen=True):
    """One field of a task's form, as the document declares it. `values` are a fixed choice, `source` a found one."""

    path: str
    kind: _Kind
    required: bool
    longest: int | None
    values: tuple[str, ...] = ()
    source: _Source | None = None
    fill: str | None = None
    of: str | None = None
    keep: bool = False
    lasts: bool = False
    first: bool = False
    chosen: str | None = None
    scanned: bool = False
    when: str | None = None

    @property
    def label(self) -> str:
        """The term of the group `field` that names it."""
        return self.path.rpartition(".")[2]


@cache
def fields_of(task: Task) -> tuple[Field, ...]:
    """The fields of a task's document. An order that is opened at the finish need not be chosen."""
    if task.document is None:
        return ()
    shape = inspect.type_info(DRAFTS[task.document])
    return tuple(
        _field(ask, shape, opened=ask.path == "order" and task.opens is not None) for ask in task.asks
    )


@cache
def line_fields_of(task: Task) -> tuple[Field, ...]:
    """The fields that each scan of a task takes along."""
    if task.document is None:
        return ()
    return tuple(_field(ask, _lines(task.document).item_type) for ask in task.each)


def most_lines(task: Task) -> int | None:
    """How many lines the document of a task takes; None where there is none."""
    if task.alone:
        return 1
    return int(_lines(task.document).max_length) if task.document else None


def _lines(document: str) -> Any:
    members = _members(inspect.type_info(DRAFTS[document]))
    return next(each.type for each in members if each.name == "lines")


def _members(shape: Any) -> tuple[inspect.Field, ...]:
    members: tuple[inspect.Field, ...] = shape.fields
    return members


def _field(ask: Ask, shape: Any, *, opened: bool = False) -> Field:
    required, names = True, ask.path.split(".")
    if names[0] == "customer" and not any(each.name == "customer" for each in _members(shape)):
        required, names, shape = False, names[1:], inspect.type_info(Party)  # the order's to say
    for name in names:
        member = next(each for each in _members(shape) if each.name == name)
        required, shape = required and member.required, _bare(member.type)
    kind, values = _kind(ask, shape)
    return Field(
        path=ask.path,
        kind=kind,
        required=(required or ask.needed) and not opened,
        longest=getattr(shape, "max_length", None),
        values=values,
        source=ask.source,
        fill=ask.fill,
        of=ask.of,
        keep=ask.keep,
        lasts=ask.lasts,
        first=ask.first,
        chosen=ask.chosen,
        scanned=ask.scanned,
        when=ask.when,
    )


def _bare(shape: Any) -> Any:
    """A declared type without the None that stands for its absence."""
    if not isinstance(shape, inspect.UnionType):
        return shape
    return next(each for each in shape.types if not isinstance(each, inspect.NoneType))


def _kind(ask: Ask, shape: Any) -> tuple[_Kind, tuple[str, ...]]:
    if isinstance(shape, inspect.LiteralType):
        return "choice", tuple(str(value) for value in shape.values)
    if isinstance(shape, inspect.BoolType):
        return "tick", (ask.path.rpartition(".")[2],)
    if ask.source is not None:
        return "choice", ()
    if isinstance(shape, inspect.IntType):
        return "yuan", ()
    if shape == MOMENT:
        return "moment", ()
    return ("taxpayer" if ask.path.endswith("taxpayer_id") else "text"), ()


MOMENT = inspect.type_info(Moment)
DECLARED = [
    (member.name, _bare(member.type))
    for draft in DRAFTS.values()
    for member in _members(inspect.type_info(draft))
]
"""(name, declared type) of every field of every document."""
MOMENTS = frozenset(name for name, shape in DECLARED if shape == MOMENT)
"""The fields that say a moment, in RFC 3339."""
CHOICES = frozenset(
    (name, str(value))
    for name, shape in DECLARED
    if isinstance(shape, inspect.LiteralType)
    for value in shape.values
)
"""(field, code) of whatever is said by a code of the field's own."""

REACHED: dict[str | None, tuple[Register, ...]] = {
    "given": BOOKS,
    "left": BOOKS,
    "partner": REGISTERS,
    "spare": ("spare",),
    "custody": ("custody",),
}
"""The registers a step may lead to, by what the lifecycle says it becomes; `same` leads where it comes from."""


def bins_fitting(document: str | None) -> frozenset[tuple[Register, Condition]]:
    """What a bin must be for `document` to put a device into it; empty where it puts none into a bin."""
    wanted = {
        (register, step.after)
        for step in STEPS
        if step.document == document and STATE[step.after].place == "bin"
        for register in (step.registers if step.becomes == "same" else REACHED[step.becomes])
    }
    return frozenset(place for place, state in BIN_STATE.items() if (place[0], state) in wanted)


def bin_is_optional(document: str | None) -> bool:
    """Whether `document` may also leave a device without a bin that another step of it would put into one."""
    roles = {step.role for step in STEPS if step.document == document and STATE[step.after].place == "bin"}
    return any(
        step.document == document and step.role in roles and STATE[step.after].place != "bin"
        for step in STEPS
    )


def parts_of(task: Task) -> tuple[tuple[str, str], ...]:
    """(role, name in the line) of each device that makes one line, in the order they are scanned."""
    if task.document is None:
        return (("device", "serial"),)
    return tuple((role, "serial" if role == "device" else role) for role in roles_of(task.document))
