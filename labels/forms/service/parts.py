"""What the forms of service have in common: site, customer, device, copies, and what is filled in by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from devices.values import UNIT
from labels.forms.devices import customer_name
from labels.forms.form import Field, Word
from labels.forms.parts import NUMBER, column

COPIES = ("form.copy.stub", "form.copy.customer")
"""第一联 for the site, 第二联 for the customer."""
TO_SIGN_OR_STAMP = "form.to_sign_or_stamp"


class DeviceNamed(msgspec.Struct, frozen=True):
    """What is printed of a device beside its serial; `warranty_until` is an ISO date."""

    kind: str
    model: str
    warranty_until: str | None = None


def copies_named(printed: Any) -> Sequence[str]:
    """The names of as many copies as are asked for; one alone has none."""
    return COPIES[: printed.copies] if printed.copies > 1 else ()


def _customer(name: str) -> Callable[[Any], str | None]:
    return lambda printed: getattr(printed.customer, name, None)


CUSTOMER_FIELDS = (
    Field("form.field.customer", lambda p: customer_name(p.customer), wide=True),
    Field("form.field.taxpayer_id", _customer("taxpayer_id"), "serial"),
    Field("form.field.contact", _customer("contact")),
    Field("form.field.address", _customer("address"), wide=True),
)


def site_field(of: str) -> Field:
    """The site of what is printed, by its code and name."""
    return Field("form.field.service_site", lambda p: f"{getattr(p, of).site} {p.site_name}")


def place_on_paper(code: str, name: str) -> str | Word:
    """A site by its code and name, or the whole unit in words: its code is none that people know."""
    return Word("form.whole_unit") if code == UNIT else f"{code} {name}"


def code_on_paper(code: str) -> str:
    """How the number of a paper about some months begins: with its site, and of the whole unit with none."""
    return "" if code == UNIT else f"{code} "


def to_write(word: str, *, lines: int, wide: bool = True) -> Field:
    """A field that is empty, with room for so many lines of print."""
    return Field(word, lambda _: None, wide=wide, to_fill=lines)


def when_to_write(word: str) -> Field:
    """A field for a moment, to be filled in by hand."""
    return Field(word, lambda _: Word("form.fill.moment"), to_fill=2)


def to_tick(word: str, codes: Sequence[str], group: str, *, wide: bool = False) -> Field:
    """A field in which one of several words is ticked by hand."""
    return Field(word, lambda _: codes, "choice", words=group, wide=wide, to_fill=2)


# --- of an order, which every form of one calls `order`

FAULT = Field("form.field.fault", "order.fault", wide=True)
COMPLETED_TO_WRITE = when_to_write("form.field.completed_at")
CHARGED_TO_WRITE = to_write("form.field.charged", lines=2, wide=False)
DIAGNOSIS_TO_WRITE = to_write("form.field.diagnosis", lines=4)
COMPLETED = Field("form.field.completed_at", "order.record.completed_at", "moment")
DIAGNOSIS = Field("form.field.diagnosis", "order.record.diagnosis", wide=True)
AS_FILED = (
    Field("form.field.charged", "order.record.charged_fen", "money"),
    Field("form.field.filed_at", "order.record.filed_at", "moment"),
    Field("form.field.filed_by", "order.record.filed_by", "person"),
)
DEVICE_COLUMNS = (
    NUMBER,
    column("kind", "kind", 18, words="kind"),
    column("serial", "serial", 46, "barcode"),
    column("model", "model", 24),
)
