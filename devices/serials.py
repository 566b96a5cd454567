"""What a serial is: how scanned or typed text becomes one, which serials a model may have, and ranges of a carton."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from devices.problems import Fact, Problem, Refused
from devices.texts.characters import stripped

LONGEST = 32  # characters of a serial
LONGEST_TEXT_TOLD = 64  # characters of a refused text that a problem repeats
LONGEST_PATTERN = 64  # characters of a model's serial pattern
VARIABLE_PARTS = 2  # parts of a pattern that may vary in length: two cannot backtrack far
LONGEST_RANGE = 1_000  # serials one range may stand for: more than any carton holds
LONGEST_LIST = 10_000  # serials one list may stand for: as many as a document takes

COMMAND_PREFIX = "PANKU"  # of the barcodes that command a scanning page; no serial begins so
SCAN_COMMANDS = ("finish", "cancel", "undo")

SERIAL = re.compile(rf"[A-Z0-9-]{{1,{LONGEST}}}")

_UPPER = {ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}
_HALF_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")  # what Chinese input methods make of a hyphen
_AS_IT_LOOKS = _HALF_WIDTH | _DASHES


def half_width(text: str) -> str:
    """`text` as it looks: full-width letters and digits made ASCII, dashes made hyphens, the rest left alone."""
    return text.translate(_AS_IT_LOOKS)


def trimmed(text: str) -> str:
    """`text` without what scanners and spreadsheets add around it (spaces, control and invisible characters).

    Only ASCII letters are made upper case: `str.upper` would turn `ı` into `I` and so invent a serial.
    """
    return stripped(text).translate(_UPPER)


def command_barcode(command: str) -> str:
    """What the barcode of one of COMMANDS holds: capital letters only, which every scanner sends alike."""
    return COMMAND_PREFIX + command.upper()


def recognise(text: str, pointer: str = "") -> str | Problem:
    """The serial that `text` is, or why it is none: `full_width` with the serial it looks like, `malformed_serial`.

    A `command_barcode` is none either.

    A full-width form is told, never taken: an input method that widens a scan may have eaten a part of it too.
    """
    bare = trimmed(text)
    if bare.startswith(COMMAND_PREFIX):
        return Problem("command_barcode", pointer, {"text": shortened(text)})
    if SERIAL.fullmatch(bare):
        return bare
    told = shortened(text)
    looks_like = trimmed(half_width(bare))
    if SERIAL.fullmatch(looks_like):
        return Problem("full_width", pointer, {"text": told, "serial": looks_like})
    return Problem("malformed_serial", pointer, {"text": told})


def recognised(text: str, pointer: str = "") -> str:
    """The serial that `text` is. Raises Refused with why it is none (see `recognise`)."""
    found = recognise(text, pointer)
    if isinstance(found, Problem):
        raise Refused([found])
    return found


def shortened(text: str, most: int = LONGEST_TEXT_TOLD) -> str:
    """`text` without surrounding blanks, cut to what a sentence can repeat: `most` characters."""
    bare = stripped(text)
    return bare if len(bare) <= most else bare[: most - 1] + "…"


# --- a model's pattern: literals, character classes, \d, and {n} or {m,n} after each; nothing else

_PART = re.compile(r"(?:[A-Z0-9-]|\\d|\[(?:[A-Z0-9](?:-[A-Z0-9])?)+-?\])(?:\{(\d{1,2})(?:,(\d{1,2}))?\})?")
_PATTERN = re.compile(rf"(?:{_PART.pattern})+")


def pattern_fault(pattern: str, pointer: str = "") -> Problem | None:
    """Why `pattern` can not be a model's serial pattern (`pattern_refused`), or None where it can.

    It is matched against the whole serial, so it has no anchors. The subset has no groups,
    alternatives or unbounded repeats, and at most two parts of varying length, so that no pattern an administrator
    types can make a match slow.
    """
    if _is_pattern(pattern):
        return None
    return Problem("pattern_refused", pointer, {"pattern": shortened(pattern)})


def _is_pattern(pattern: str) -> bool:
    if len(pattern) > LONGEST_PATTERN or not pattern.isascii() or not _PATTERN.fullmatch(pattern):
        return False
    try:
        re.compile(pattern)  # refuses a class such as [9-0] and a repeat such as {3,2}
    except re.error:
        return False
    repeats = [(int(least or 1), int(most or least or 1)) for least, most in _PART.findall(pattern)]
    variable = sum(least != most for least, most in repeats)
    least_length, most_length = sum(least for least, _ in repeats), sum(most for _, most in repeats)
    return variable <= VARIABLE_PARTS and least_length <= LONGEST and most_length >= 1


def matches(pattern: str, serial: str) -> bool:
    """Whether the whole `serial` is one of the model whose accepted pattern this is."""
    return re.fullmatch(pattern, serial) is not None


def lost_zeros(pattern: str, serial: str) -> bool:
    """Whether `serial` would match `pattern` with zeros before it: a spreadsheet took the text for a number."""
    if not serial.isdigit() or matches(pattern, serial):
        return False
    return any(matches(pattern, serial.zfill(length)) for length in range(len(serial) + 1, LONGEST + 1))


# --- ranges: only where a person enters cartons, since a plain serial may hold a hyphen too


class Expansion(msgspec.Struct, frozen=True):
    """The serials a text stands for, in order, each once, and everything wrong with it."""

    serials: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


_RANGE = re.compile(r"(?P<head>[A-Z0-9-]*?)(?P<start>[0-9]+)(?P<sign>[-+])(?P<rest>[A-Z0-9]+)")
_SEPARATORS = re.compile(r"[\n\r\t,;，；、]+")


def expand(text: str, pointer: str = "") -> Expansion:
    """The serials of a carton written `661565714353-380` (to …380), `661565714353+27` (and 27 more) or plainly.

    After the hyphen stand the last digits of the last serial, or the whole of it. Problems: those of `recognise`,
    `malformed_range`, `range_backwards`, `range_too_long`.
    """
    bare = re.sub(r"[ \u3000]?([-+])[ \u3000]?", r"\1", trimmed(text))
    if len(bare) > 2 * LONGEST + 1:
        return _fault("malformed_serial", pointer, text=shortened(text))
    widened = trimmed(half_width(bare))
    if widened != bare and re.fullmatch(r"[A-Z0-9+-]+", widened):
        return _fault("full_width", pointer, text=shortened(text), serial=widened)
    found = _RANGE.fullmatch(bare)
    if found is None:
        serial = recognise(bare, pointer)
        return Expansion(problems=(serial,)) if isinstance(serial, Problem) else Expansion((serial,))
    return _expand_range(bare, found, pointer)


def _expand_range(bare: str, found: re.Match[str], pointer: str) -> Expansion:
    head, start, sign, rest = found.group("head", "start", "sign", "rest")
    if head.startswith(COMMAND_PREFIX):
        return _fault("command_barcode", pointer, text=shortened(bare))
    last = _last_number(head, start, sign, rest)
    if last is None or last >= 10 ** len(start) or len(head) + len(start) > LONGEST:
        return _fault("malformed_range", pointer, text=shortened(bare))
    count = last - int(start) + 1
    if count < 1:
        return _fault("range_backwards", pointer, text=shortened(bare))
    if count > LONGEST_RANGE:
        return _fault("range_too_long", pointer, text=shortened(bare), count=count, limit=LONGEST_RANGE)
    return Expansion(tuple(f"{head}{number:0{len(start)}}" for number in range(int(start), last + 1)))


def _last_number(head: str, start: str, sign: str, rest: str) -> int | None:
    digits = rest.removeprefix(head) if len(rest) == len(head) + len(start) else rest
    if not digits.isdigit() or len(digits) > len(start):
        return None
    return int(start) + int(digits) if sign == "+" else int(start[: len(start) - len(digits)] + digits)


def expand_all(text: str, most: int = LONGEST_LIST) -> Expansion:
    """Every serial and range of a batch box, one per line or comma; a serial named twice is told (`duplicate_serial`).

    The pointer of a problem is `/entries/N` and a duplicate's rows are entries, counted from 1 without the empty ones.
    A list of more than `most` serials and faults, repeated ones counted, is not expanded (`list_too_long`).
    """
    first_entry: dict[str, int] = {}
    problems: list[Problem] = []
    count = 0
    entries = [entry for entry in _SEPARATORS.split(text) if trimmed(entry)]
    for number, entry in enumerate(entries, start=1):
        expansion = expand(entry, f"/entries/{number}")
        problems += expansion.problems
        problems += _repeated(expansion.serials, first_entry, number)
        count += len(expansion.serials) or 1
        if count > most:
            return _fault("list_too_long", "/entries", limit=most)
    return Expansion(tuple(first_entry), tuple(problems))


def _repeated(serials: Iterable[str], first_entry: dict[str, int], number: int) -> list[Problem]:
    place = f"/entries/{number}"
    return [
        Problem("duplicate_serial", place, {"serial": serial, "row": number, "first_row": first})
        for serial in serials
        if (first := first_entry.setdefault(serial, number)) != number
    ]


def _fault(code: str, pointer: str, **facts: Fact) -> Expansion:
    return Expansion(problems=(Problem(code, pointer, facts),))
