"""Whether a text can be kept that comes in by another door than a body, whose shape says how long it may be."""

from __future__ import annotations

from typing import Any

from devices.problems import Problem, refuse
from devices.texts.characters import unkeepable
from devices.texts.lengths import longest


def fault_of_line(text: str, field: str, kind: Any, pointer: str = "") -> Problem | None:
    """Why a text of one line cannot be kept in a field of a kind of `devices/texts/lengths.py`; None where it can.

    `text_too_long`, or `control_character` with the first that it may not have.
    """
    if len(text) > longest(kind):
        return Problem("text_too_long", pointer, {"field": field, "limit": longest(kind)})
    if (code_point := unkeepable(text)) is not None:
        return Problem("control_character", pointer, {"field": field, "code_point": code_point})
    return None


def refuse_empty(text: str, field: str = "text") -> None:
    """Raises Refused (`empty_text`): blanks say nothing, and give no reason."""
    if not text.strip():
        raise refuse("empty_text", f"/{field}", field=field)
