"""The `panku` command: a declared table of commands, each in a module of its own.

A command's module has `declare(parser)`, which adds its arguments, and `run(settings, arguments)`, which does the work
and returns the exit status: 0, 1 (found a fault) or 2 (bad use). A refusal is raised; its sentence goes to standard
error. Only the module of the command that was named is imported, so that `panku --help` is quick.
"""

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import Protocol

import msgspec

from panku import settings
from panku.console.parsing import Parser
from panku.console.terminal import in_one_line, say

DONE, FAULT, BAD_USE = 0, 1, 2
OWNER_ALONE = 0o077
"""The umask: databases and exports hold customers' data."""


class Command(msgspec.Struct, frozen=True):
    """One command: its name, its meaning in a line, and the module that does it."""

    name: str
    meaning: str
    module: str


COMMANDS = (
    Command("serve", "answer requests over HTTP", "panku.commands.serve"),
    Command("migrate", "bring the database to this version's schema", "panku.commands.migrate"),
    Command("init", "found the unit and make its first administrator", "panku.commands.init"),
    Command("person", "people, their roles and enrolment", "panku.commands.person"),
    Command("token", "outlets' tokens", "panku.commands.token"),
    Command("import", "packing lists and opening stock from spreadsheets", "panku.commands.importing"),
    Command("verify", "recompute every link and every position", "panku.commands.verify"),
    Command("backup", "a copy of the books as they are at one moment", "panku.commands.backup"),
    Command("restore", "make a backup the books, and verify them", "panku.commands.restore"),
    Command("export", "evidence, heads, lines and jobs, to be kept outside", "panku.commands.export"),
    Command("erase-due", "the customers whose data may be erased by age", "panku.commands.erase_due"),
    Command(
        "verify-evidence", "check a file of evidence without any database", "panku.commands.verify_evidence"
    ),
    Command("label", "labels and command cards, for sheets and thermal printers", "panku.commands.label"),
    Command("demo", "serve a filled example", "panku.commands.demo"),
)
assert len({command.name for command in COMMANDS}) == len(COMMANDS), "two commands share a name"


class Work(Protocol):
    """What a command's module has."""

    def declare(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, settings: settings.Settings, arguments: argparse.Namespace) -> int: ...


class Refused(Exception):
    """A command cannot do what was asked: a sentence, perhaps `others`, a line each; `status` is the exit status."""

    def __init__(self, sentence: str, status: int = FAULT, others: Sequence[str] = ()) -> None:
        super().__init__("\n".join((sentence, *others)))
        self.lines = (sentence, *others)
        self.status = status


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that the words name (the process's own by default) and return its exit status."""
    given = sys.argv[1:] if words is None else words
    try:
        arguments = parser(next((word for word in given if not word.startswith("-")), None)).parse_args(given)
        os.umask(OWNER_ALONE)
        return _flushed(work_of(arguments.command).run(settings.of_this_process(), arguments))
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        _write_no_more()
        return DONE
    except KeyboardInterrupt:
        return 128 + 2  # as a shell reports SIGINT
    except Exception as error:
        refused = _refusal_of(error)
        if refused is None:
            raise
        if isinstance(error, OSError):  # standard output is full, most of all
            _write_no_more()
        return _told(refused)


def _refusal_of(error: Exception) -> Refused | None:
    """What a command that failed so says to whoever called it; None for a fault of ours, whose trace is wanted."""
    import peewee  # noqa: PLC0415  (the database's modules only once a command runs)

    from devices.store.schema import SchemaDiffers  # noqa: PLC0415
    from devices.store.unusable import OutcomeUnknown, StoreRefused, Unusable, cause_of  # noqa: PLC0415

    match error:
        case Refused():
            return error
        case SchemaDiffers():
            return Refused(str(error), FAULT)
        case settings.SettingsRefused() | StoreRefused():
            return Refused(str(error), BAD_USE)
        # Read-only, full, locked for too long, gone, or whatever else its server says of itself.
        case peewee.DatabaseError() | Unusable() if cause_of(error) or isinstance(
            error, peewee.OperationalError
        ):
            return Refused(f"The database cannot do this: {in_one_line(error)}")
        case OutcomeUnknown():
            return Refused("The connection was lost while this was committed: look whether it is there.")
        case RecursionError():
            return Refused("What was given is nested too deeply to be read.", BAD_USE)
        case UnicodeError():
            return Refused("What was given is not text in UTF-8.", BAD_USE)
        case OSError():
            return Refused(f"What was found cannot be written: {error.strerror or error}")
    return None


def parser(named: str | None) -> argparse.ArgumentParser:
    """The parser of every command, with the arguments of the one named; argparse itself exits with 2 on bad use."""
    whole = Parser(prog="panku", description="Panku (盘库): the books of a tax-device service unit.")
    several = whole.add_subparsers(dest="command", metavar="command", required=True)
    for command in COMMANDS:
        one = several.add_parser(command.name, help=command.meaning, description=capitalised(command.meaning))
        if command.name == named:
            work_of(command.name).declare(one)
    return whole


def capitalised(meaning: str) -> str:
    """A command's meaning as a sentence."""
    return f"{meaning[0].upper()}{meaning[1:]}."


@cache
def work_of(name: str) -> Work:
    """The module that does a command.

    What it imports stays until the process ends: a collector of garbage that goes through it meanwhile, and again at
    every full collection and at the end, takes a third of what a short command needs.
    """
    (module,) = (command.module for command in COMMANDS if command.name == name)
    gc.disable()
    try:
        work: Work = importlib.import_module(module)
    finally:
        gc.freeze()
        gc.enable()
    return work


def _told(refused: Refused) -> int:
    """Tell a refusal on standard error; returns its status."""
    first, *others = (settings.without_passwords(line, os.environ) for line in refused.lines)
    for line in (f"panku: {first}", *others):
        say(line, file=sys.stderr)
    return refused.status


def _flushed(status: int) -> int:
    """The status, once all was written: what could not be is told here, and not by the interpreter as it ends."""
    sys.stdout.flush()
    return status


def _write_no_more() -> None:
    """Let nothing that is still held back fail once more when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
