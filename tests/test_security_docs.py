"""What docs/security.md promises is what the code declares: limits, lives, events, secrets; its places exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from api.callers.security_acts import ACTS, LOGGED
from devices.people.passwords import COST
from locks.bill import locked_in
from panku.settings import SECRET, SETTINGS

ROOT = Path(__file__).parents[1]
PAGES = ("docs/security.md", "docs/asvs.md", "SECURITY.md")
TEXT = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
SECURITY = TEXT["docs/security.md"]
LIMITS = re.findall(r"^\| (.+?) \| ([\d,]+) ?(\S*) \| `([\w.]+)` \|$", SECURITY, re.MULTILINE)
UNITS = {
    "MiB": 2**20, "KiB": 2**10, "bytes": 1, "characters": 1, "": 1, "seconds": 1, "minutes": 60, "hours": 3600,
    "days": 86400,
}  # fmt: skip
SETTING = {setting.variable: setting for setting in SETTINGS}


def declared(name: str) -> int:
    """The value of a setting that nobody changed, of a constant or a field; one in microseconds as seconds."""
    if name in SETTING:
        return int(SETTING[name].default)
    module, constant = re.split(r"\.(?=[A-Z]|limit_|timeout)", name, maxsplit=1)
    found: Any = importlib.import_module(module)
    for part in constant.split("."):
        found = getattr(found, part)
        found = found() if isinstance(found, type) else found
    return int(found) // (1_000_000 if constant.endswith("_US") else 1)


@pytest.mark.parametrize(("what", "number", "unit", "name"), LIMITS, ids=[f"{row[0]}" for row in LIMITS])
def test_a_limit_is_what_the_code_declares(what: str, number: str, unit: str, name: str) -> None:
    assert int(number.replace(",", "")) * UNITS[unit] == declared(name), what


def test_both_tables_of_limits_are_read_whole() -> None:
    section = SECURITY.partition("\n## Limits\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and "at most" not in line]
    assert len(rows) == len(LIMITS) > 20


def test_every_event_of_the_security_log_is_told_and_no_other() -> None:
    told = SECURITY.partition("The security log tells of")[2].partition("`who` is")[0]
    wanted = {act.event for act in ACTS} | LOGGED | {"reauthenticated", "foreign_read"}
    assert set(re.findall(r"`(\w+)`", told)) == wanted


def test_every_log_is_told() -> None:
    sources = [
        path for folder in ("devices", "api", "web", "panku") for path in (ROOT / folder).rglob("*.py")
    ]
    names = {
        name
        for path in sources
        for name in re.findall(r'getLogger\("([\w.]+)"\)', path.read_text(encoding="utf-8"))
    }
    assert {name for name in names if f"`{name}`" not in SECURITY} == set()


def test_every_secret_of_the_settings_has_its_life() -> None:
    secrets = SECURITY.partition("\n## Keys and secrets\n")[2].partition("\n## ")[0]
    assert [
        one.variable for one in SETTINGS if one.kind == SECRET and f"`{one.variable}`" not in secrets
    ] == []


def test_the_cost_of_a_password_is_the_one_told() -> None:
    assert f"m={COST.memory_kib}, t={COST.passes}, p={COST.lanes}" in SECURITY


def test_the_packages_that_serve_are_as_many_as_are_told() -> None:
    lock = (ROOT / "locks" / "serving.txt").read_text(encoding="utf-8")
    assert f"{len(list(locked_in(lock)))} packages that serve" in SECURITY


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_link_of_a_page_is_there(page: str) -> None:
    named = set(re.findall(r"`((?!application/)(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|toml))`", TEXT[page]))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    for target in re.findall(r"\]\(((?!https:)[^)]+)\)", TEXT[page]):
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        known = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in known, target
