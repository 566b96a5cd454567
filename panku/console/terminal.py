"""What a command prints: a line is a line of ours, whatever a file or a row says in it.

A name that a file brings may hold a line break, a sequence that moves the cursor, or a character that turns the text's
direction. Printed as it is, it would say on the terminal what the command did not.
"""

import sys
from typing import TextIO

IDEOGRAPHIC_SPACE = "\u3000"
"""The blank of Chinese text, harmless as the common one."""


def visible(text: object) -> str:
    """A text with everything that does not print (control, direction, zero-width, line breaks) shown as its code."""
    return "".join(
        each if each.isprintable() or each == IDEOGRAPHIC_SPACE else _code(each) for each in str(text)
    )


def _code(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def say(*texts: object, between: str = " ", file: TextIO | None = None) -> None:
    """Print texts in one line, to standard output by default, each with what does not print shown as its code."""
    print(between.join(map(visible, texts)), file=file or sys.stdout)


def in_one_line(error: object) -> str:
    """What an engine or a program says of its failure, in several lines perhaps, in one."""
    return " ".join(str(error).split())
