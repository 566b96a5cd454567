"""How a text breaks into lines that fit a width: after spaces and hyphens, beside Chinese characters, else anywhere.

Both writers break alike, so that a row is as high as its text needs in either.
"""

from __future__ import annotations

from collections.abc import Callable

FIRST_WIDE = 0x2E80
"""From here on a character is as wide as two letters, and a line may end on either side of it."""
_ENDS = frozenset(" -")


def is_wide(letter: str) -> bool:
    """Whether a character is a Chinese one, or as wide as one."""
    return ord(letter) >= FIRST_WIDE


def broken(text: str, room: float, measure: Callable[[str], float]) -> list[str]:
    """A text without line breaks in lines at most `room` wide; joined, they are the text again.

    `measure` tells how wide a letter is. A word longer than a line begins on one of its own and is broken anywhere,
    as spreadsheets do; spaces at the end of a line take no room.
    """
    found, start, cut, wide = [], 0, 0, 0.0
    for n, letter in enumerate(text):
        if n > start and _may_part(text[n - 1], letter):
            cut = n
        wide += measure(letter)
        if wide > room and n > start and letter != " ":
            end = cut if cut > start else n
            found.append(text[start:end])
            start = end
            wide = sum(map(measure, text[start : n + 1]))
    return [*found, text[start:]]


def _may_part(before: str, letter: str) -> bool:
    return letter != " " and (before in _ENDS or is_wide(before) or is_wide(letter))
