"""The words of forms: every form of filled books speaks both languages, and no word of theirs is left over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import labels.forms
from api.form_routes import DOORS
from devices.audit import declarations
from devices.paperwork.complaints import COMPLAINTS
from devices.service.calls.by_month import CallFigures
from labels.words import LANGUAGE_TAGS, LOCALES, Locale, catalogue
from tests.conftest import Stores
from tests.custody import House
from tests.every_form import every_form, filled_house
from tests.printed import Printed

AN_ID = re.compile(
    r"(?:form|field|party|document|state|result|check|visit|handover|open_item|kind)\.[a-z_.]+"
)
SPEAKING = [*Path(labels.forms.__file__).parent.rglob("*.py"), Path(declarations.__file__)]
SOURCES = "\n".join(path.read_text() for path in SPEAKING)

BUILT = {
    "merchandise", "spare", "custody", "storekeeper", "auditor", "in_by", "out_by",
    "outcome_repair", "outcome_install", "outcome_return_visit", "visitor_name", "visitor_organisation",
    "visitor_contact", "confirmer_name", "confirmer_phone", "yes", "no",
    "spoken_name", "spoken_phone", "spoken_caller", "spoken_remarks", "complainant_name", "complainant_contact",
    *(f"calls_{name}" for name in CallFigures.__struct_fields__),
    *(f"complaints_{name}" for name in ("received", "valid", "invalid", "undecided", "closed", "not_content")),
    *COMPLAINTS.step, "receive",
}  # fmt: skip
"""The ends of ids that are put together, of a register, a role, a side, a field, a figure or a step."""


@pytest.fixture(scope="module")
def house(stores: Stores) -> Iterator[House]:
    """Books with every form in them."""
    house = filled_house(stores)
    yield house
    stores.drop(house.store)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_form_is_told_in_words(locale: Locale, house: House) -> None:
    for name, address in every_form(house).items():
        answer = house.of("zhang").get(address, **{"Accept-Language": LANGUAGE_TAGS[locale]})
        assert answer.status_code == 200, (name, answer.content[:300])
        texts = Printed(answer.content).texts
        assert [text for text in texts if AN_ID.fullmatch(text)] == [], name


def test_every_form_that_is_had_over_http_is_among_them(house: House) -> None:
    looked_at = {address.partition(".xlsx")[0] for address in every_form(house).values()}
    for door in DOORS:
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", door.path))
        assert any(pattern.fullmatch(path) for path in looked_at), (
            f"{door.path}: every_form in tests/every_form.py"
        )


def test_no_word_of_forms_is_left_over() -> None:
    codes = [code for code in catalogue("zh_CN") if code.startswith("form.")]
    used = {part for text in re.findall(r'"([^"]*)"', SOURCES) for part in re.findall(r"[a-z_]+", text)}
    unused = [code for code in codes if code.rpartition(".")[2] not in used | BUILT]
    terms = ("form.recount.", "form.terms.", "form.surrender.")  # values of the ledger, told by their group
    assert [code for code in unused if not code.startswith(terms)] == []
