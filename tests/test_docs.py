"""The docs against the tables they tell of: settings, commands, documents, steps and dependencies.

`python -m tests.test_docs` writes the generated pages, docs/lifecycle.md and docs/workflows.md, anew.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import msgspec

from api.form_routes import DOORS
from api.resources.customers import EraseBody
from api.resources.service.complaints import COMPLAINT_BODIES
from api.resources.service.dispatch_orders import STEP_BODIES, ServiceRecordBody
from api.resources.service.follow_ups import CALL_BODIES
from api.resources.service.installations import INSTALL_BODIES
from devices.lifecycle import DOCUMENTS, STEPS, Document
from devices.paperwork.complaints import COMPLAINTS
from devices.paperwork.dispatches import DISPATCHES
from devices.paperwork.follow_ups import FOLLOW_UPS, QUESTIONS
from devices.paperwork.installations import INSTALLATIONS
from devices.paperwork.papers import WhyLeftOut
from devices.workflow import Step
from labels.words import term
from panku.commands import COMMANDS
from panku.settings import SETTINGS
from tests.test_workflow import WORKFLOWS
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


WORKFLOWS_HEAD = """# The workflows

Generated from the tables beside each kind of record; `python -m tests.test_docs` writes it anew. In any other state a
step is refused with its code. The technician is the one to whom the order is assigned; where nobody is named, the
[API guide](api.md) says whose a step is. What it asks for are the fields of its body, `?` those that may be left out.
"""
BODIES_OF: dict[str, Mapping[str, type[msgspec.Struct] | None]] = {
    "dispatch_order": {**STEP_BODIES, "file": ServiceRecordBody},
    "installation": INSTALL_BODIES,
    "follow_up": CALL_BODIES,
    "complaint": {**COMPLAINT_BODIES, "erase": EraseBody},
}


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


def refused_with(step: Step) -> str:
    others = (f"{state}: `{code}`" for state, code in step.refused_in.items())
    return ", ".join((f"`{step.refused}`", *others))


def asked_for(body: type[msgspec.Struct] | None) -> str:
    fields = msgspec.structs.fields(body) if body else ()
    return ", ".join(
        f"`{field.encode_name}`" if field.required else f"`{field.encode_name}`?" for field in fields
    )


def workflows_page() -> str:
    """docs/workflows.md, from the declared workflows and the bodies of their steps."""
    parts = []
    for name, workflow in WORKFLOWS.items():
        bodies, whose = BODIES_OF.get(name), any(step.who for step in workflow.steps)
        head = (
            "step",
            "from",
            "to",
            *(["who"] if whose else []),
            *(["asks for"] if bodies else []),
            "refused with",
        )
        rows = [
            (
                f"`{step.name}`",
                ", ".join(step.before),
                " or ".join(way or "the same" for way in step.ways),
                *([", ".join(step.who) + (", not who asked" if step.decides else "")] if whose else []),
                *([asked_for(bodies[step.name])] if bodies else []),
                refused_with(step),
            )
            for step in workflow.steps
        ]
        title = f"## {name.replace('_', ' ').capitalize()} {term('record', name, 'zh_CN')}"
        parts.append(f"{title}\n\nBegins as {workflow.begins}.\n\n{table(head, *rows)}")
    return "\n".join((WORKFLOWS_HEAD, *parts))


def test_the_workflows_page_is_what_the_tables_say() -> None:
    assert (DOCS / "workflows.md").read_text(encoding="utf-8") == workflows_page()


TOLD_STEP_BY_STEP = {
    "Dispatch orders": DISPATCHES,
    "Installations": INSTALLATIONS,
    "Follow-up calls": FOLLOW_UPS,
    "Complaints": COMPLAINTS,
}
"""By the title of a part of the API guide: the workflow whose steps it tells."""


def test_every_step_of_a_job_is_in_the_api_guide_with_whose_it_is() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    said = {
        "technician": "the technician", "clerk": "a clerk", "storekeeper": "a storekeeper",
        "supervisor": "a supervisor", "auditor": "an auditor", "owner": "the owner",
    }  # fmt: skip
    for title, workflow in TOLD_STEP_BY_STEP.items():
        part = text.split(f"\n## {title}\n")[1].split("\n## ")[0]
        rows = re.findall(r"^\| `…/([\w-]+)` \| ([^|]*) \|", part, re.MULTILINE)
        declared = {
            "service-record" if step.name == "file" else step.name.replace("_", "-"): {
                said[role] for role in step.who
            }
            for step in workflow.steps
        }
        assert {name: set(who.split(", ")) for name, who in rows} == declared, f"docs/api.md, {title}"


def test_every_step_of_calls_and_complaints_is_in_the_guide_by_the_word_on_its_button() -> None:
    """But for those that a technician takes, or nobody by that word."""
    text = (DOCS / "guide-supervisor.md").read_text(encoding="utf-8")
    words = {
        term(group, step.name, "zh_CN")
        for group, table in (("follow_up_step", FOLLOW_UPS), ("complaint_step", COMPLAINTS))
        for step in table.steps
    }
    words -= {term("follow_up_step", name, "zh_CN") for name in ("attempt", "explain")}
    quoted = {word if "“" in word else f"“{word}”" for word in words}
    assert {each for each in quoted if each not in text} == set(), "docs/guide-supervisor.md"


def test_every_question_of_a_call_is_in_the_api_guide_with_its_answers() -> None:
    part = (DOCS / "api.md").read_text(encoding="utf-8").split("\n## Follow-up calls\n")[1].split("\n## ")[0]
    rows = {
        row[0]: row[1:]
        for row in re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|(.*?)\|(.*?)\|$", part, re.MULTILINE)
    }
    assert list(rows) == [question.name for question in QUESTIONS]
    for question in QUESTIONS:
        _, choices, bad, fact = rows[question.name]
        if question.kind == "choice":
            assert tuple(re.findall(r"`(\w+)`", choices)) == question.choices, question.name
            assert re.findall(r"`(\w+)`", bad)[:-1] == list(question.bad), question.name
        assert re.findall(r": `(\w+)`", bad) == [question.category] * (question.category is not None)
        assert bool(fact.strip()) == (question.fact is not None), question.name


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
    (DOCS / "workflows.md").write_text(workflows_page(), encoding="utf-8")
