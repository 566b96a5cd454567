"""Which characters a text that comes in may have, and what is taken off its ends.

What no engine, spreadsheet or eye can keep is refused at the door, in a field of a body, a query, a sheet and a command
alike. PostgreSQL refuses U+0000, XML (so xlsx) most control characters, UTF-8 unpaired surrogates. Direction and
zero-width characters are not seen: with them two names look alike and are not, or one reads as another. Line breaks
belong in sentences only: in a code they would hide behind a pattern's `$`.
"""

from __future__ import annotations

import re
import unicodedata

_BLANKS = "".join(letter for letter in map(chr, range(0x3001)) if letter.isspace())
_APPENDED = "".join(map(chr, range(0x20))) + "\x7f\u200b\u2060\ufeff"  # EOT, GS, CR; invisible marks
OFF_THE_ENDS = _BLANKS + _APPENDED
"""What scanners, spreadsheets and the clipboard add around a text."""

_NEVER = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
_BREAKS = "\t\n\r\u2028\u2029"
_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""The rest of Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), and interlinear annotation."""
_VARIATIONS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
"""Of them, what chooses the form of the character before it: Chinese names are written with it, and telephone signs.
One that has no character before it chooses nothing, and a row of them can hide a text."""

NOT_SEEN = re.compile(f"[{_DIRECTION}{_UNSEEN}{_VARIATIONS}]")
UNKEEPABLE = re.compile(f"[{_NEVER}{_DIRECTION}{_UNSEEN}]|(?<![^\\s{_VARIATIONS}])[{_VARIATIONS}]")
BREAKS = re.compile(f"[{_BREAKS}]+")
UNKEEPABLE_IN_LINE = re.compile(f"[{_BREAKS}]|{UNKEEPABLE.pattern}")


def tidied(text: str) -> str:
    """`text` as a name is kept: composed (NFC), with one blank between its words and none around it."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def stripped(text: str) -> str:
    """`text` without what is added around it: blanks, control characters and invisible marks, in any order."""
    return text.strip(OFF_THE_ENDS)


def seen(text: str) -> str:
    """What a reader sees of `text`, the forms of its characters aside."""
    return NOT_SEEN.sub("", text)


def unkeepable(text: str, *, sentence: bool = False) -> str | None:
    """The first character that a text may not have, as `U+202E`; None where it may have all that it has.

    A `sentence` may have line breaks and tabs.
    """
    found = (UNKEEPABLE if sentence else UNKEEPABLE_IN_LINE).search(text)
    return None if found is None else f"U+{ord(found[0]):04X}"
