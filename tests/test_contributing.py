"""The pages for who inherits Panku: every place, test, command and heading that they or the code name is there."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ("CONTRIBUTING.md", "docs/decisions.md")
TEXT = {page: re.sub(r"\s+", " ", (ROOT / page).read_text(encoding="utf-8")) for page in PAGES}
EVERYTHING = " ".join(TEXT.values())
MODULES = [
    path
    for folder in ("devices", "labels", "api", "web", "panku", "tests", "bench")
    for path in (ROOT / folder).rglob("*.py")
]
TOLD_BY_TESTS = {
    (name, path)
    for module in (ROOT / "tests").glob("*.py")
    for name, path in re.findall(r"\b([A-Za-z_]+) in ([a-z_/]+\.py)\b", module.read_text(encoding="utf-8"))
}
"""(table, file) of the places that a failing test names."""
CITED = {
    (re.sub(r"\s+", " ", heading), page, module.relative_to(ROOT).as_posix())
    for module in MODULES
    for page, heading in re.findall(r'(docs/\w+\.md), "([^"]+)"', module.read_text(encoding="utf-8"))
}
"""(heading, page, file that cites it)."""


def places(text: str) -> set[tuple[str, str]]:
    """(table, file) of everything that a page names as `TABLE in file`, or several of them."""
    found = set()
    for names, path in re.findall(r"((?:`\w+`(?:, | and )?)+) in `([\w/]+\.py)`", text):
        found |= {(name, path) for name in re.findall(r"\w+", names.replace(" and ", " "))}
    return found


@cache
def functions_of(path: str) -> set[str]:
    """The names of the functions of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = set(re.findall(r"`((?:[\w-]+/)+(?:[\w.-]+)?|[\w-]+\.md)`", TEXT[page]))
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_to_a_heading_that_is_there(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT[page]):
        path, _, anchor = target.partition("#")
        text = ((ROOT / page).parent / path).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, target


@pytest.mark.parametrize(("name", "path"), sorted(places(EVERYTHING)))
def test_every_table_that_a_page_names_is_in_its_file(name: str, path: str) -> None:
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    assert hasattr(module, name)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"(tests/[\w/]+\.py::\w+)", EVERYTHING))))
def test_every_test_that_a_page_names_is_in_its_file(path: str) -> None:
    file, _, name = path.partition("::")
    assert name in functions_of(file)


def test_every_target_of_make_that_a_page_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"`make ([\w-]+)`", EVERYTHING)) - targets == set()


def test_every_place_that_a_test_names_is_on_the_page() -> None:
    assert places(TEXT["CONTRIBUTING.md"]) >= TOLD_BY_TESTS


@pytest.mark.parametrize(("heading", "page", "module"), sorted(CITED))
def test_every_heading_that_the_code_cites_is_there(heading: str, page: str, module: str) -> None:
    assert f"\n## {heading}\n" in (ROOT / page).read_text(encoding="utf-8"), module


def test_every_decision_is_a_paragraph() -> None:
    _, *parts = re.split(
        r"^## .+$", (ROOT / "docs/decisions.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert [part for part in parts if part.strip().count("\n\n")] == []
