"""What a bare machine sets the project up from."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def plain(requirement: str) -> str:
    """A requirement's name as an index spells it (PEP 503)."""
    name = re.split(r"[^A-Za-z0-9._-]", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def test_constraints_are_names_and_versions_and_no_addresses() -> None:
    assert [
        line for line in CONSTRAINTS if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)
    ] == []


def test_every_requirement_is_constrained() -> None:
    project = PROJECT["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["test"]
    assert {plain(requirement) for requirement in asked} <= {plain(line) for line in CONSTRAINTS}


def test_every_package_is_installed_and_checked() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    sources = re.search(r"^SOURCES := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert sources is not None
    assert set(sources.group(1).split()) == packages
    installed = {
        pattern.rstrip("*") for pattern in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    assert installed == packages - {"tests", "bench"}
