"""What a row of a list says of itself that no device would: a sum of others, a note, a signature."""

from __future__ import annotations

import re
import unicodedata

from devices.paperwork.papers import WhyLeftOut

_COUNT = r"\d{1,5}[台只个件套张块盘箱支]?"  # a list has five digits of rows at most
_ENDS = r"(?=$|[:(\d])"
_ROW_WORDS: tuple[tuple[WhyLeftOut, re.Pattern[str]], ...] = (
    (
        "sum",
        re.compile(
            "(?:[本每此全][箱页批单部]?|GRAND|SUB)?(?:合计|小计|总计|共计|总数|TOTAL)(?:数量|台数|件数|金额)?"
            rf"{_ENDS}|共{_COUNT}"
        ),
    ),
    (
        "note",
        re.compile(
            "(?:制表|制单|审核|复核|经办|签收|收货|发货|送货|日期|打印|备注|说明|注|以下空白|以下无正文)"
            rf"[人员者方单位日期时间签字名盖章处]{{0,4}}{_ENDS}"
        ),
    ),
)
"""The whole phrase that such a row begins with: a customer or product may well begin with the word alone (合计量具)."""
READ = 200
"""Characters: a phrase is in fewer, and marks that combine cost by the square to put in order."""
_LIKE_A_SERIAL = re.compile(r"[A-Z0-9-]{6}")  # more than a count


def says_no_device(first: str, serial: str) -> WhyLeftOut | None:
    """Whether a row is a `sum` or a `note`, by what it begins with; None where something stands where serials are.

    That may be the phrase itself, and of a sum its count.
    """
    begins, said = _plain(first), _plain(serial)
    for why, phrase in _ROW_WORDS:
        if (found := phrase.match(begins)) is None:
            continue
        counted = why == "sum" and re.fullmatch(_COUNT, said)
        itself = said == begins and len(serial) <= READ and not _LIKE_A_SERIAL.search(begins, found.end())
        if not said or counted or itself:
            return why
    return None


def _plain(text: str) -> str:
    """What a text begins with, without its blanks, of half-width characters, upper case."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text[:READ])).upper()
