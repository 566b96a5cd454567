"""The house stays one to live in: small rooms, one word for one thing, and little SQL by hand."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("devices", "labels", "api", "web", "panku")
MODULES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
ROOMS = sorted({path.parent for path in MODULES} | {ROOT / "bench", ROOT / "torture"})
MOST_MODULES = 15
MOST_SERVED = 30
"""What is served has a module for each kind of thing."""
MOST_SHARED_NAMES = 100
MOST_STATEMENTS = 120
STATEMENT = re.compile(
    r"^\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE [A-Z]+ \w|ALTER TABLE|WITH|PRAGMA|COPY|FROM \w+)\b",
    re.DOTALL,
)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_no_room_is_crowded(room: Path) -> None:
    most = MOST_SERVED if room == ROOT / "api" / "resources" else MOST_MODULES
    assert len(list(room.glob("*.py"))) <= most


def names_defined(tree: ast.Module) -> Iterator[str]:
    """The public names that a module defines at its top."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def test_few_names_are_defined_in_two_modules() -> None:
    defined: dict[str, set[Path]] = defaultdict(set)
    for path in MODULES:
        for name in names_defined(ast.parse(path.read_text(encoding="utf-8"))):
            if not name.startswith("_"):
                defined[name].add(path)
    shared = sorted(name for name, paths in defined.items() if len(paths) > 1)
    assert len(shared) < MOST_SHARED_NAMES, shared


def statements_in(path: Path) -> Iterator[int]:
    """The lines on which a module has SQL by hand; parts of one literal, and docstrings, are none of their own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    parts |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr):
            continue
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            text = node.value
        if STATEMENT.match(text):
            yield node.lineno


def test_little_is_written_by_hand_and_nothing_above_devices() -> None:
    found = {path: len(list(statements_in(path))) for path in MODULES}
    by_hand = {str(path.relative_to(ROOT)): count for path, count in found.items() if count}
    assert sum(by_hand.values()) <= MOST_STATEMENTS
    assert [name for name in by_hand if not name.startswith("devices/")] == []


def test_sql_by_hand_says_why() -> None:
    untold = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if list(statements_in(path)) and not re.search(r"[Bb]y hand", path.read_text(encoding="utf-8"))
    ]
    assert untold == []
