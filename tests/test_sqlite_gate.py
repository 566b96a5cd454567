"""The gate of writers where its files can not be opened."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest

from devices.store.sqlite.gate import Gate


@pytest.mark.parametrize("blocked", ["gate-porch", "gate"])
def test_a_gate_that_can_not_be_opened_is_told_once(
    tmp_path: Path, blocked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: unraisable.append(told.exc_value))
    (tmp_path / f"books.{blocked}").mkdir()
    gate = Gate(tmp_path / "books")
    with pytest.raises(IsADirectoryError), gate.passing():
        pass
    gc.collect()
    assert unraisable == []
