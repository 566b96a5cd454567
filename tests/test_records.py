"""The kinds of records: each one that is declared is verified, and no two are taken for one another."""

from __future__ import annotations

import importlib
import pkgutil

import devices
from devices.records import RecordKind
from panku.wiring import RECORD_KINDS

MODULES = [
    importlib.import_module(found.name) for found in pkgutil.walk_packages(devices.__path__, "devices.")
]
DECLARED = [kind for module in MODULES for kind in vars(module).values() if isinstance(kind, RecordKind)]
"""Every kind that some module has, declared there or imported."""


def test_every_kind_of_record_is_verified() -> None:
    names = {kind.name for kind in DECLARED}
    assert names == {kind.name for kind in RECORD_KINDS}, "RECORD_KINDS in panku/wiring.py"


def test_no_two_kinds_of_records_share_a_name() -> None:
    known = {kind.name: kind for kind in RECORD_KINDS}
    assert len(known) == len(RECORD_KINDS)
    assert [kind for kind in DECLARED if known.get(kind.name, kind) is not kind] == []


def test_no_two_kinds_of_records_are_numbered_under_one_letter() -> None:
    letters = [kind.letter for kind in RECORD_KINDS if kind.letter is not None]
    assert sorted(letters) == sorted(set(letters))
    assert {"R", "D", "C", "M", "S", "I", "V", "H"} <= set(letters)
