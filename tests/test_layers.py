"""Imports point one way, and rules import neither storage, nor doors, nor words."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = (
    "devices",
    "devices.people",
    "devices.ledger",
    "devices.spares|devices.audit",
    "labels",
    "api",
    "web",
    "panku",
)
PURE = (
    "devices/values.py", "devices/lifecycle.py", "devices/problems.py", "devices/chain.py", "devices/serials.py",
    "devices/taxpayers.py", "devices/deadlines.py", "devices/people/roles.py", "devices/ledger/case.py",
    "devices/ledger/plan.py", "devices/ledger/after.py", "devices/ledger/rules.py", "devices/ledger/reversal.py",
    "devices/ledger/rules_of_all.py", "devices/ledger/sending_rules.py",
    "devices/ledger/findings.py", "devices/ledger/entries.py", "devices/ledger/drafts.py", "devices/spares/rules.py",
    "devices/ledger/attention.py",
)  # fmt: skip
MODULES = [
    path for folder in ("devices", "labels", "api", "web", "panku") for path in (ROOT / folder).rglob("*.py")
]


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(module: str) -> int | None:
    """The number of the layer a module is in, the deepest package first; None for other people's."""
    found = [
        (len(package), number)
        for number, layer in enumerate(LAYERS)
        for package in layer.split("|")
        if module == package or module.startswith(package + ".")
    ]
    return max(found)[1] if found else None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_from_its_own_layer_and_below(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    own = layer_of(module)
    assert own is not None
    for name in imported(path):
        layer = layer_of(name)
        assert layer is None or layer <= own, f"{module} imports {name}"
        if module.startswith("devices.spares"):
            assert not name.startswith("devices.audit")
        if module.startswith("devices.audit"):
            assert not name.startswith("devices.spares")


@pytest.mark.parametrize("name", PURE)
def test_rules_are_pure(name: str) -> None:
    for module in imported(ROOT / name):
        assert module.split(".")[0] not in ("peewee", "falcon", "labels", "playhouse"), (
            f"{name} imports {module}"
        )
        assert not module.startswith(("devices.database", "devices.journal"))


def test_pages_use_no_resource_of_the_api() -> None:
    for path in (ROOT / "web").rglob("*.py"):
        for module in imported(path):
            assert not module.startswith(("api.routes", "api.routing", "api.documents")), (
                f"{path} imports {module}"
            )
