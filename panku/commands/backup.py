"""`panku backup`: a copy of the books as they are at one moment, while they are served."""

import argparse
from contextlib import closing
from pathlib import Path

import msgspec
import peewee

from devices.ledger.proving.verify import export_heads
from devices.people.signing_in.session_store import TABLES, session_store_url
from devices.store import schema
from devices.store.database import Store
from devices.store.engines import sqlite_path
from devices.store.placing import beside, put_in_place
from devices.store.postgresql_archive import ProgramFailed, check_archive, dump
from devices.store.sqlite.copy import copy_books, fold
from panku.commands import BAD_USE, DONE, FAULT, Refused
from panku.console.heads import Exported, told_heads, write_heads
from panku.console.opening import existing, opened_books
from panku.console.terminal import in_one_line, say
from panku.console.words import bar, told_on
from panku.settings import Settings

HEADS_BESIDE = ".heads.json"
NOT_IN_IT = "Sessions are not in it: whoever uses a restored copy signs in again."


class Copied(msgspec.Struct, frozen=True):
    """What is in a copy: its journals' heads, and how its schema differs from what Panku left there."""

    heads: Exported
    differing: list[str]


def declare(parser: argparse.ArgumentParser) -> None:
    """Where to, and whether an older file may be replaced."""
    parser.add_argument("file", type=Path, help="the file to be made; its heads are written beside it")
    parser.add_argument("--overwrite", action="store_true", help="replace a file of this name")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Exit status 1 where the copy's schema is not as Panku left it; the copy is kept, for whoever looks into that."""
    file: Path = arguments.file
    _refuse_place(settings, file, overwrite=arguments.overwrite)
    with existing(settings, only_read=True) as store:
        try:
            with beside(file) as folder:
                copied = _made(store, folder / "books", quiet=arguments.quiet)
                write_heads(folder / "heads", copied.heads)
                put_in_place(folder / "heads", Path(f"{file}{HEADS_BESIDE}"))
                put_in_place(folder / "books", file)
        except OSError as error:
            raise Refused(f"{file} cannot be written: {error.strerror}", BAD_USE) from error
        except (ProgramFailed, peewee.DatabaseError) as failed:
            raise Refused(f"No copy was made: {in_one_line(failed)}") from failed
    for text in copied.differing:
        say("WRONG", f"schema: {text}")
    for line in told_heads(copied.heads):
        say(line)
    say(f"{file}: {file.stat().st_size} bytes, of {len(copied.heads)} journals. {NOT_IN_IT}")
    return FAULT if copied.differing else DONE


def _refuse_place(settings: Settings, file: Path, *, overwrite: bool) -> None:
    if settings.database_url.startswith("sqlite:"):
        own = {
            sqlite_path(url).resolve()
            for url in (settings.database_url, session_store_url(settings.database_url))
        }
        if file.resolve() in own:
            raise Refused(f"{file} is in use itself: name another file.", BAD_USE)
    if file.is_dir():
        raise Refused(f"{file} is a folder: name a file.", BAD_USE)
    if file.exists() and not overwrite:
        raise Refused(f"{file} is there already: name another file, or give --overwrite.")


def _made(store: Store, made: Path, *, quiet: bool) -> Copied:
    return (_copy_of_sqlite if store.engine == "sqlite" else _archive_of_postgresql)(store, made, quiet=quiet)


def _copy_of_sqlite(store: Store, made: Path, *, quiet: bool) -> Copied:
    """Copy, open the copy as books, and compare it with the moment it is of."""
    with bar(" pages", quiet=quiet) as shown, store.reading():
        copy_books(store, made, told_on(shown))
        heads = export_heads(store)
    with closing(opened_books(f"sqlite:///{made.absolute()}")) as copy, copy.reading():
        found = Copied(export_heads(copy), schema.differences(copy))
    fold(made)
    if found.heads != heads:
        raise Refused("The copy's journals do not end as the books' do: nothing was kept. Is the disk sound?")
    return found


def _archive_of_postgresql(store: Store, made: Path, *, quiet: bool) -> Copied:
    """Dump the very moment whose heads and schema are read, and read the archive's table of contents."""
    with bar("B", quiet=quiet) as shown, store.reading():
        dump(store, made, TABLES, lambda size: told_on(shown)(size, 0))
        found = Copied(export_heads(store), schema.differences(store))
    check_archive(made)
    return found
