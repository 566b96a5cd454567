"""What a list calls a model: its code, or what people call its kind, where that means one model only."""

from __future__ import annotations

from collections.abc import Mapping

from devices.problems import Problem
from devices.sheets.headings import Entry, header_key
from devices.sheets.sheet_cells import code_of
from devices.values import Kind

KIND_WORDS: Mapping[str, Kind] = {
    "税控盘": "tax_disk", "金税盘": "golden_disk", "税务ukey": "tax_ukey", "ukey": "tax_ukey", "报税盘": "report_disk",
}  # fmt: skip
"""Kinds of devices as people write them, without blanks, width and case."""


class ModelCells:
    """Reads the model cells of one list; `kinds` are the kinds of the models in use, by code."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._codes = kinds.keys()
        by_kind: dict[Kind, list[str]] = {}
        for code, kind in kinds.items():
            by_kind.setdefault(kind, []).append(code)
        self._only = {kind: codes[0] for kind, codes in by_kind.items() if len(codes) == 1}

    def read(self, entry: Entry) -> str | Problem | None:
        """The code of a row's model; None where its cell is blank, or what is wrong with its text.

        A kind of which there are several models, or none, stays as it was written: no model is called so.
        """
        code = code_of(entry, "model")
        if not isinstance(code, str) or code in self._codes:
            return code
        kind = KIND_WORDS.get(header_key(code))
        return code if kind is None else self._only.get(kind, code)
