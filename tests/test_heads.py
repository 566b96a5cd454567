"""Heads held outside: read as they are exported, answered, told by commands, shown on pages and printed on sheets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devices.chain import Held
from labels.forms.form import Proof
from labels.forms.paper import proof_texts
from labels.words import LOCALES
from panku.commands import BAD_USE, Refused
from panku.console.heads import older, read_heads, told_heads, write_heads

HASH, OTHER = "0a" * 32, "1b" * 32
HEADS = {"BJ01": {"seq": 812, "hash": HASH}, "UNIT": {"seq": 7, "hash": OTHER}}
BOTH: set[Held] = {("BJ01", 812, HASH), ("UNIT", 7, OTHER)}
ONE: set[Held] = {("BJ01", 812, HASH)}
RECORDED = "2026-11-24T10:00:03+08:00"

WRITTEN: dict[str, tuple[str, set[Held]]] = {
    "exported": (json.dumps(HEADS, indent=2), BOTH),
    "one head answered": (
        json.dumps({"site": "BJ01", "seq": 812, "hash": HASH, "recorded_at": RECORDED}),
        ONE,
    ),
    "a device answered": (
        json.dumps(
            {
                "device": {"site": "BJ01", "seq": 1, "hash": OTHER},
                "next": [],
                "journal": [{"site": "BJ01", "seq": 812, "hash": HASH, "recorded_at": RECORDED}],
            }
        ),
        ONE,
    ),
    "told by a command": ("\n".join([*told_heads(HEADS), "copy: 812 bytes, of 2 journals."]), BOTH),
    "shown on a page": (f"账链 BJ01/812 {HASH}", ONE),
    **{
        f"printed in {locale}": ("\n".join(proof_texts(Proof(OTHER, "BJ01", 812, HASH), locale)), ONE)
        for locale in LOCALES
    },
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_heads_are_read_as_they_are_had(tmp_path: Path, kind: str) -> None:
    text, expected = WRITTEN[kind]
    (tmp_path / "heads").write_text(text)
    assert read_heads([tmp_path / "heads"]) == expected


def test_several_files_are_read_together(tmp_path: Path) -> None:
    write_heads(tmp_path / "first", HEADS)
    (tmp_path / "second").write_text(f"BJ01 700 {OTHER}")
    assert read_heads([tmp_path / "first", tmp_path / "second"]) == {*BOTH, ("BJ01", 700, OTHER)}
    assert read_heads([]) == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "no heads",
        "",
        *(
            json.dumps({"BJ01": head})
            for head in (
                {},
                {"seq": 0, "hash": HASH},
                {"seq": 1, "hash": HASH[1:]},
                {"seq": "1", "hash": HASH},
                {"seq": 10**30, "hash": HASH},
            )
        ),
        json.dumps({"format": 3, "links": [{"site": "BJ01", "seq": 812, "hash": HASH}]}),
        f"BJ01 812 {HASH}0",
        f"BJ01 {'9' * 30} {HASH}",
        "{" * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_a_file_without_heads_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "heads").write_text(text)
    with pytest.raises(Refused, match="holds no heads of journals") as refused:
        read_heads([tmp_path / "heads"])
    assert refused.value.status == BAD_USE


def test_books_that_end_before_a_head_are_told() -> None:
    wanted = {("BJ01", 900, HASH), ("BJ01", 812, HASH), ("UNIT", 7, OTHER), ("TJ01", 3, HASH)}
    assert older(HEADS, wanted) == [
        "BJ01 ends at 812, the head held is 900",
        "TJ01 ends at 0, the head held is 3",
    ]
