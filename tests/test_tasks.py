"""The tasks of the scan page, against the documents they make."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import inspect

from devices.ledger.deciding.drafts import DRAFTS
from devices.lifecycle import DOCUMENT, POSTED, roles_of
from devices.problems import PROBLEMS
from labels.words import LOCALES, Locale, catalogue
from web.tasks import (
    CHOICES,
    TASKS,
    Task,
    bin_is_optional,
    bins_fitting,
    fields_of,
    line_fields_of,
    most_lines,
    parts_of,
)
from web.views.papers.attachments import NEEDING

POSTING = [task for task in TASKS if task.document is not None]
SET_BY_THE_PAGE = {"site", "business_date", "lines"}


def test_every_document_is_made_by_a_task_or_where_its_paper_or_its_original_is_shown() -> None:
    made = {task.document for task in POSTING} | {*NEEDING, "reversal"}
    assert made == {each.name for each in POSTED}, "GROUPS in web/tasks.py"
    assert len({task.document for task in POSTING}) == len(POSTING)


@pytest.mark.parametrize("task", POSTING, ids=lambda task: task.name)
def test_a_task_asks_for_all_that_its_document_requires(task: Task) -> None:
    assert task.document is not None
    shape: Any = inspect.type_info(DRAFTS[task.document])
    required = {field.name for field in shape.fields if field.required}
    asked = {ask.path.partition(".")[0] for ask in task.asks} | ({task.paper.field} if task.paper else set())
    assert required - SET_BY_THE_PAGE <= asked


@pytest.mark.parametrize("task", POSTING, ids=lambda task: task.name)
def test_a_field_is_what_the_document_declares(task: Task) -> None:
    for field in (*fields_of(task), *line_fields_of(task)):
        assert field.kind in ("choice", "tick") or not (field.values or field.source)
        assert field.longest or field.kind in ("choice", "tick", "yuan")
        assert field.when is None or (field.when in PROBLEMS and not field.required)
        assert field.of is None or field.of in {each.path for each in fields_of(task)}


@pytest.mark.parametrize("task", POSTING, ids=lambda task: task.name)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_task_and_field_has_its_words(task: Task, locale: Locale) -> None:
    have = catalogue(locale)
    wanted = {f"field.{field.label}" for field in (*fields_of(task), *line_fields_of(task))}
    wanted |= {f"page.scan.task.{task.name}"} | {f"page.scan.part.{role}" for role, _ in parts_of(task)}
    assert wanted - have.keys() == set(), f"labels/words/{locale}.po"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_choice_of_a_field_has_its_word(locale: Locale) -> None:
    wanted = {f"register.{code}" if field == "register" else f"page.said.{code}" for field, code in CHOICES}
    assert wanted - catalogue(locale).keys() == set(), f"labels/words/{locale}.po"


@pytest.mark.parametrize("task", POSTING, ids=lambda task: task.name)
def test_a_scan_plays_a_part_of_the_lifecycle(task: Task) -> None:
    assert task.document is not None
    assert task.document in DOCUMENT
    assert [role for role, _ in parts_of(task)] == list(roles_of(task.document))
    assert task.then is None or task.then in {field.path for field in fields_of(task)}


def test_bins_fit_as_the_lifecycle_says() -> None:
    assert bins_fitting("swap") == {("spare", "faulty")}
    assert bins_fitting("repair_intake") == {("custody", each) for each in ("good", "quarantine", "faulty")}
    assert bins_fitting("sale") == frozenset()
    assert bins_fitting("customer_return") == {("merchandise", "quarantine"), ("spare", "quarantine")}
    assert ("spare", "faulty") not in bins_fitting("receipt")


def test_a_device_may_be_left_without_a_bin_where_the_lifecycle_has_a_step_without_one() -> None:
    optional = {task.document for task in POSTING if bin_is_optional(task.document)}
    assert optional == {"recovery", "swap"}


def test_what_is_done_under_an_order_is_of_one_device_and_the_rest_of_many() -> None:
    alone = [task.document for task in POSTING if most_lines(task) == 1]
    assert alone == ["repair_intake", "repair_return", "swap", "carry_out"]
