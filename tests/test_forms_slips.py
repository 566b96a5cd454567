"""How each document is laid out on paper: declared for every one of them, with whatever its poster says of it."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest

from devices.ledger.deciding.drafts import DRAFTS, Draft, Fen
from devices.ledger.papers.slips import Slip
from devices.ledger.reading.listing import DocumentRow, DocumentView
from devices.lifecycle import DOCUMENT
from devices.texts.lengths import Moment, Sentence
from labels.forms.paper import paper_of
from labels.forms.slips import FACTS, MANNERS, REMARK, SLIP, SlipPrinted

SAMPLES: tuple[tuple[Any, Any], ...] = (
    (Sentence, "words"), (Moment, "2026-11-24T10:00:00+08:00"), (Fen, 100),
)  # fmt: skip
TOLD_APART = {*Draft.__struct_fields__, "register", "supplier", "maker"}
"""What is printed of every document, or as the name of the other party."""


def sample(declared: Any) -> Any:
    """What a field declared so may say by itself; None where it names what is kept elsewhere."""
    for one in (declared, *get_args(declared)):  # one that may be left out is a union with None
        if get_origin(one) is Literal:
            return get_args(one)[0]
        if found := [said for known, said in SAMPLES if one == known]:
            return found[0]
    return None


def words_of(item: Any) -> set[str]:
    """The fields of a line in which something is said in words."""
    return {each.name for each in msgspec.structs.fields(item) if sample(each.type) == "words"}


SAID = {
    name: {
        each.name: said
        for each in msgspec.structs.fields(draft)
        if each.name not in TOLD_APART and (said := sample(each.type)) is not None
    }
    for name, draft in DRAFTS.items()
}
"""By document: what its poster says in words, by a choice, as an amount or a moment."""
FIELDS = [(name, field) for name, said in SAID.items() for field in said]


def fields_of(document: str, content: dict[str, Any]) -> list[tuple[str, Any]]:
    """What the head of a slip says where its poster said this."""
    row = DocumentRow("A1-2026-000001", "A1", document, None, "2026-11-24", 0, "zhang", None, None, None, None,
                      "posted", "none", 0, 0, resolved=True)  # fmt: skip
    slip = Slip(
        unit="unit", view=DocumentView(row, content, None, 1, "0" * 64, []), site_name="A", party=None, technician=None,
        far_site=None, far_site_name=None, carrier_name=None, waybill=None, consignment=None, order=None, cited=None,
        sources=(), effective=True, attachments=(), expected=None, received=0, short=[], over=[], damaged=[],
        customer_number=None,
    )  # fmt: skip
    return [(each.title, each.value) for each in paper_of(SLIP, SlipPrinted(slip, ()), "en").fields]


def test_the_slip_of_every_document_has_its_manner() -> None:
    assert MANNERS.keys() == DOCUMENT.keys(), "MANNERS in labels/forms/slips.py"


@pytest.mark.parametrize(("document", "field"), FIELDS)
def test_what_a_poster_says_is_on_the_slip(document: str, field: str) -> None:
    said = SAID[document]
    without = {name: value for name, value in said.items() if name != field}
    printed = fields_of(document, said) != fields_of(document, without)
    assert printed, f"{field}: FIELDS in labels/forms/slips.py"


ITEMS = {
    name: get_args(get_args(each.type)[0])[0]
    for name, draft in DRAFTS.items()
    for each in msgspec.structs.fields(draft)
    if each.name == "lines"
}
"""The declared line of each document that has some."""


@pytest.mark.parametrize("document", [name for name, item in ITEMS.items() if words_of(item)])
def test_what_a_line_says_in_words_is_in_its_remark(document: str) -> None:
    assert words_of(ITEMS[document]) - set(FACTS) == set(), "FACTS in labels/forms/slips.py"
    assert REMARK in MANNERS[document].columns, "MANNERS in labels/forms/slips.py"
