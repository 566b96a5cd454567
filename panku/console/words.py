"""What several commands say and ask: passwords, refusals in words, progress, and who acts."""

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tqdm import tqdm

from api.wire.secret_fields import Password
from devices.calendar import read_day
from devices.people.persons import person_of
from devices.people.roles import Person
from devices.people.signing_in.sign_in import reauthenticate
from devices.problems import Refused as RuleRefused
from devices.sheets.sheet_cells import row_of
from devices.store.database import Store
from devices.texts.characters import unkeepable
from devices.texts.lengths import longest
from devices.unit import Unit, unit_of
from labels.words import sentence
from panku.commands import FAULT, Refused
from panku.console.terminal import visible

_MOST_SAID = 50


def one_line(kind: Any) -> Callable[[str], str]:
    """A reader of one line of text as the API takes it: not empty, not too long, of characters that can be kept.

    `kind` is of `devices/texts/lengths.py`.
    """

    def read(text: str) -> str:
        if (code_point := unkeepable(text)) is not None:
            raise argparse.ArgumentTypeError(f"without {code_point}, which cannot be kept or seen")
        if not text.strip() or len(text) > longest(kind):
            raise argparse.ArgumentTypeError(f"a line of 1 to {longest(kind)} characters")
        return text

    return read


def iso_day(text: str) -> str:
    """An argument that is a day, YYYY-MM-DD, as it is."""
    if read_day(text) is None:
        raise argparse.ArgumentTypeError("a date such as 2026-11-24")
    return text


def password(question: str) -> str:
    """A password, typed unseen, or one line of standard input when that is no terminal."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{visible(question)}: ")
    return sys.stdin.readline().rstrip("\n")


def new_password(question: str) -> str:
    """A password that is being chosen: typed twice at a terminal, since nobody can read what was typed.

    Raises Refused when the two differ, and for one that is too long to sign in with.
    """
    chosen = password(question)
    if len(chosen) > longest(Password):
        raise Refused(f"A password has at most {longest(Password)} characters; nothing was written.")
    if sys.stdin.isatty() and password("The same again") != chosen:
        raise Refused("The two passwords differ and nothing was written; try again.")
    return chosen


def refusal(refused: RuleRefused) -> Refused:
    """A refusal as a command tells it: a sentence for each problem, once, after the rows of a sheet it is about."""
    rows: dict[str, list[int]] = {}
    for problem in refused.problems:
        row = row_of(problem)
        facts = {"row": row, **problem.facts} if row is not None else problem.facts
        about = rows.setdefault(sentence(f"problem.{problem.code}", facts, "en"), [])
        if row is not None:
            about.append(row)
    said = [f"{_rows(about)}: {text}" if about else text for text, about in rows.items()]
    more = len(said) - _MOST_SAID
    first, *others = [*said[:_MOST_SAID], f"… and {more} more"] if more > 0 else said
    return Refused(first, FAULT, others)


def _rows(rows: Sequence[int]) -> str:
    """Row numbers as a person says them: `row 4`, `rows 2-40, 43`."""
    ranges: list[list[int]] = []
    for row in sorted(set(rows)):
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    told = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
    return f"row{'s' if len(set(rows)) > 1 else ''} {told}"


def bar(unit: str, *, quiet: bool) -> "tqdm[Any]":
    """A progress bar on standard error, where that is a terminal and nobody asked for quiet."""
    return tqdm(unit=unit, unit_scale=True, disable=quiet or not sys.stderr.isatty(), leave=False)


def told_on(shown: "tqdm[Any]") -> Callable[[int, int], None]:
    """What is told `(done, whole)` and shows it on a bar; nobody knows a whole of 0."""

    def progress(done: int, whole: int) -> None:
        shown.total = whole or None
        shown.update(done - shown.n)

    return progress


def founded_unit(store: Store) -> Unit:
    """The unit. Raises Refused before `panku init`."""
    unit = unit_of(store)
    if unit is None:
        raise Refused("No unit has been founded yet: run panku init first.")
    return unit


def acting(store: Store, session_store: Store, username: str, at_us: int) -> Person:
    """The person on whose word a command acts, proved by their password."""
    person = person_of(store, username)
    secret = password(f"Password for {username}")
    if person is None:
        raise Refused(f"There is nobody with the username {username}.")
    try:
        reauthenticate(store, session_store, person, secret, "command line", at_us)
    except RuleRefused as refused:
        raise refusal(refused) from refused
    return person
