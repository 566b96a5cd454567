"""Imports point one way, and rules import neither storage, nor doors, nor words."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = (
    "devices.store",
    "devices",
    "devices.sheets|devices.people",
    "devices.ledger.deciding",
    "devices.ledger.reading",
    "devices.ledger.posting",
    "devices.ledger",
    "devices.spares|devices.audit",
    "devices.service",
    "labels",
    "api",
    "web",
    "panku",
)
"""From the ground up; rooms of one layer, parted by `|`, may import each other where APART does not part them."""
APART = (
    {"devices.spares", "devices.audit"},
    {"devices.sheets", "devices.people"},
)
PURE = (
    "devices.values", "devices.lifecycle", "devices.problems", "devices.chain", "devices.serials",
    "devices.taxpayers", "devices.texts", "devices.calendar", "devices.deadlines", "devices.paperwork",
    "devices.moments.spans",
    "devices.people.roles", "devices.people.certified",
    "devices.ledger.deciding", "devices.ledger.duties.attention", "devices.spares.rules",
    "devices.audit.stocktake.counting", "devices.audit.declarations",
    "devices.service.calls.comparing", "devices.service.complaints.deciders",
)  # fmt: skip
"""Modules, or rooms with every module in them, that decide on plain values."""
IMPURE = (
    "peewee",
    "playhouse",
    "falcon",
    "labels",
    "devices.store",
    "devices.journal",
    "devices.records",
    "devices.listed",
)
ABOVE_DEVICES = ("labels", "api", "web", "panku")
SENDS = {"row", "rows", "rows_in", "stream", "execute", "insert", "upsert", "hold_rows", "db"}
"""What of a store sends a statement; transactions, and the retrying of them, are for everybody."""
STORES = {"store", "session_store"}
BUILDS_QUERIES = ("playhouse", "devices.store.statements", "devices.store.tables")
MODULES = [
    path for folder in ("devices", "labels", "api", "web", "panku") for path in (ROOT / folder).rglob("*.py")
]


FILE = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES
}


def is_in(name: str, rooms: tuple[str, ...]) -> bool:
    """Whether a module, or what is imported from it, is one of these or in one of them."""
    return any(name == room or name.startswith(room + ".") for room in rooms)


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
        if is_in(module, (package,))
    ]
    return max(found)[1] if found else None


def test_a_module_imports_only_from_its_own_layer_and_below() -> None:
    for module in FILE:
        imports_downward(module)


def imports_downward(module: str) -> None:
    """Whether a module keeps to its layer, and its room apart from those it must not know."""
    own = layer_of(module)
    assert own is not None, module
    for name in imported(FILE[module]):
        layer = layer_of(name)
        assert layer is None or layer <= own, f"{module} imports {name}"
        for rooms in APART:
            others = {room for room in rooms if not is_in(module, (room,))}
            assert len(others) == len(rooms) or not is_in(name, tuple(others)), f"{module} imports {name}"


def modules_imported(module: str) -> set[str]:
    """The modules of ours, and the packages of others, that a module imports."""
    found = set()
    for name in imported(FILE[module]):
        parts = [name, name.rpartition(".")[0]]
        ours = next((each for each in parts if each in FILE), None)
        found.add(ours or name)
    return found


def reached_from(module: str) -> dict[str, list[str]]:
    """Everything a module imports, and what that imports in turn; each with the way there."""
    ways = {module: [module]}
    waiting = [module]
    while waiting:
        here = waiting.pop()
        for name in modules_imported(here) - ways.keys() if here in FILE else ():
            ways[name] = [*ways[here], name]
            waiting.append(name)
    return ways


@pytest.mark.parametrize("module", [each for each in FILE if is_in(each, PURE)])
def test_rules_reach_no_storage_door_or_word_through_any_import(module: str) -> None:
    for name, way in reached_from(module).items():
        assert not is_in(name, IMPURE), " imports ".join(way)


def test_every_pure_room_is_there() -> None:
    assert [name for name in PURE if not any(is_in(module, (name,)) for module in FILE)] == []


def test_pages_use_no_resource_of_the_api() -> None:
    for path in (ROOT / "web").rglob("*.py"):
        for module in imported(path):
            assert not module.startswith(("api.routes", "api.routing", "api.resources.documents")), (
                f"{path} imports {module}"
            )


def sent(tree: ast.AST) -> Iterator[str]:
    """Every use of what sends a statement, of a store by whatever name: `store.row`, `call.store.execute`."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name), attr=used):
                if name in STORES and used in SENDS:
                    yield f"{name}.{used} in line {node.lineno}"


def taken_of_peewee(tree: ast.AST) -> Iterator[str]:
    """Every name of peewee's that is used."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="peewee"), attr=name):
                yield name
            case ast.ImportFrom(module="peewee", names=names):
                yield from (alias.name for alias in names)


def test_nothing_above_devices_sends_sql() -> None:
    for module in (each for each in FILE if is_in(each, ABOVE_DEVICES)):
        tree = ast.parse(FILE[module].read_text())
        assert list(sent(tree)) == [], module
        assert [name for name in imported(FILE[module]) if is_in(name, BUILDS_QUERIES)] == [], module
        taken = [name for name in taken_of_peewee(tree) if not name.endswith("Error")]
        assert taken == [], f"{module}: its errors are told"


def test_what_sends_sql_is_known_by_its_name() -> None:
    text = (
        "call.store.row(a)\nstore.execute(b)\nself.session_store.db.x\nsheet.rows\nwith store.writing(): pass"
    )
    assert list(sent(ast.parse(text))) == [
        "store.row in line 1",
        "store.execute in line 2",
        "session_store.db in line 3",
    ]
