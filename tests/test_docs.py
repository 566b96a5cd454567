"""The docs against the tables they tell of: settings, commands, documents, steps and dependencies.

`python -m tests.test_docs` writes the generated page, docs/lifecycle.md, anew.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

from api.form_routes import DOORS
from devices.lifecycle import DOCUMENTS, STEPS, Document
from devices.paperwork.papers import WhyLeftOut
from labels.words import term
from panku.commands import COMMANDS
from panku.settings import SETTINGS
from web.table import PAGES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

LIFECYCLE_HEAD = """# The lifecycle

Generated from `devices/lifecycle.py`; `python -m tests.test_docs` writes it anew. Review *after*: in effect at once,
then an auditor looks. Review *before*: a proposal until an auditor approves. `new` is a serial never held before.
A `reversal` has no steps of its own: it undoes those of the document it names.

What is received anew: a `returned` serial comes back into the book it left, so that no spare becomes merchandise, nor
the reverse. A `void` one, whose receipt was reversed, is free for either book, as it may have been received into the
wrong one; unless it had been returned before. What was written off once is received into quarantine only, and is never
stock again.
"""


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its heading."""
    ruled = (rows[0], ("---",) * len(rows[0]), *rows[1:])
    return "".join(f"| {' | '.join(row)} |\n" for row in ruled).replace("|  |", "| |")


def moves_of(document: Document) -> list[tuple[str, ...]]:
    """The document's steps, those that differ only in where they start in one row."""
    starts: dict[tuple[str, ...], list[str]] = {}
    for step in STEPS:
        if step.document == document.name:
            registers = ", ".join(register or "none" for register in step.registers)
            starts.setdefault((step.role, step.after, registers, step.becomes or "none"), []).append(
                step.before
            )
    return [
        (document.name, role, ", ".join(befores), after, registers, becomes)
        for (role, after, registers, becomes), befores in starts.items()
    ]


def lifecycle_page() -> str:
    """docs/lifecycle.md, from the declared tables."""
    documents = [
        (f"`{one.name}`", term("document", one.name, "zh_CN"), one.review, ", ".join(one.posters))
        for one in DOCUMENTS
    ]
    steps = [row for document in DOCUMENTS for row in moves_of(document)]
    listed = table(("document", "单据", "review", "posted by"), *documents)
    moved = table(("document", "device", "from", "to", "register before", "register after"), *steps)
    return f"{LIFECYCLE_HEAD}\n## Documents\n\n{listed}\n## Steps\n\n{moved}"


def test_the_lifecycle_page_is_what_the_tables_say() -> None:
    assert (DOCS / "lifecycle.md").read_text(encoding="utf-8") == lifecycle_page()


def test_the_settings_page_tells_every_setting_its_default_and_meaning_and_no_other() -> None:
    rows = re.findall(
        r"^\| (`PANKU_.*) \|$", (DOCS / "settings.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    told = [tuple(row.split(" | ")) for row in rows]
    assert told == [
        (f"`{s.variable}`", f"`{s.default}`" if s.default else "none", s.meaning) for s in SETTINGS
    ]


def test_every_command_is_in_the_operating_guide() -> None:
    text = (DOCS / "operating.md").read_text(encoding="utf-8")
    assert [one.name for one in COMMANDS if f"`panku {one.name}`" not in text] == []


def test_every_document_is_in_the_storekeepers_guide() -> None:
    text = (DOCS / "guide-storekeeper.md").read_text(encoding="utf-8")
    assert [one.name for one in DOCUMENTS if f"`{one.name}`" not in text] == [], "docs/guide-storekeeper.md"


def test_every_form_is_in_the_api_guide() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    assert [door.path for door in DOORS if f"`{door.path}" not in text] == [], "docs/api.md"


def test_every_reason_to_leave_a_part_of_a_list_out_is_in_the_api_guide() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    assert [why for why in get_args(WhyLeftOut) if f"`{why}`" not in text] == [], "docs/api.md"


def test_every_page_has_its_pictures_and_no_other() -> None:
    kept = {path.stem for path in (DOCS / "pages").glob("*.png")}
    assert kept == {f"{page.name}-{width}" for page in PAGES for width in ("phone", "desktop")}, (
        "docs/pages, drawn by tests/browser/test_screens.py"
    )


def test_every_dependency_has_its_reason_and_no_other() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, groups = declared["project"], declared["dependency-groups"]
    asked = [project["dependencies"], *project["optional-dependencies"].values(), *groups.values()]
    names = {re.split(r"[;\[ <>=]", one)[0] for part in asked for one in part}
    told = re.findall(
        r"^\| `([^`]+)` \|", (DOCS / "dependencies.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(told) == sorted(names)


if __name__ == "__main__":
    (DOCS / "lifecycle.md").write_text(lifecycle_page(), encoding="utf-8")
