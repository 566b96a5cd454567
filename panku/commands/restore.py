"""`panku restore`: a backup becomes the books, whose schema and every link are then checked."""

import argparse
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import peewee

from devices.chain import Held
from devices.ledger.proving.verify import export_heads
from devices.people.signing_in.session_store import session_store_url
from devices.store import schema
from devices.store.database import Store
from devices.store.engines import sqlite_path
from devices.store.placing import beside, put_in_place
from devices.store.postgresql_archive import ProgramFailed, is_archive
from devices.store.postgresql_archive import restore as restore_archive
from devices.store.sqlite.copy import copy_file, fold, is_sqlite, remove, set_aside
from devices.store.sqlite.presence import InUse, being_alone
from panku.commands import BAD_USE, FAULT, Refused
from panku.commands.verify import verified
from panku.console.heads import older, read_heads, take_heads, told_heads
from panku.console.opening import opened_books, reachable
from panku.console.terminal import in_one_line, say
from panku.console.words import bar, told_on
from panku.settings import Settings
from panku.wiring import clock

_SERVED = "{place} is in use: stop the server and every other program that works with it."
NOT_EMPTY = "{place} holds books already: give --replace, and they are kept beside it under another name."
ONLY_EMPTY = "The PostgreSQL database is not empty: make an empty one, and name it in PANKU_DATABASE_URL."
PENDING = "The books are older than this version, so they are not verified yet: run panku migrate, then panku verify."


def declare(parser: argparse.ArgumentParser) -> None:
    """Which backup, whether books may be replaced, and what the backup should reach."""
    parser.add_argument("file", type=Path, help="the file that `panku backup` made")
    parser.add_argument(
        "--replace", action="store_true", help="SQLite: keep the books that are there under another name"
    )
    take_heads(parser, "heads held outside: tell what the backup does not reach")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Exit status 1 where the restored books are wrong, or cannot be verified yet. A refusal changes nothing."""
    file: Path = arguments.file
    wanted = read_heads(arguments.against)
    on_sqlite = settings.database_url.startswith("sqlite:")
    _refuse_kind(file, on_sqlite=on_sqlite)
    if on_sqlite:
        _replace_sqlite(settings, file, arguments)
    else:
        _fill_postgresql(settings, file, arguments)
    with closing(opened_books(settings.database_url)) as store:
        return _told(store, wanted, quiet=arguments.quiet)


def _refuse_kind(file: Path, *, on_sqlite: bool) -> None:
    """Raise Refused unless the file is a backup of the engine that the settings name."""
    try:
        is_right = is_sqlite(file) if on_sqlite else is_archive(file)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}", BAD_USE) from error
    if not is_right:
        kind = "an SQLite file" if on_sqlite else "an archive of pg_dump"
        raise Refused(f"{file} is not {kind}, which PANKU_DATABASE_URL asks for.", BAD_USE)


def _told(store: Store, wanted: Collection[Held], *, quiet: bool) -> int:
    """Verify what was restored against the heads it reaches, and warn of those it does not."""
    heads = export_heads(store)
    for line in told_heads(heads):
        say(line)
    for text in older(heads, wanted):
        say("OLDER", f"{text}: what was written since is not in these books")
    if schema.pending(store):
        say(PENDING)
        return FAULT
    reached = [held for held in wanted if held[0] in heads and held[1] <= heads[held[0]]["seq"]]
    return verified(store, reached, quiet=quiet)


# SQLite


def _replace_sqlite(settings: Settings, file: Path, arguments: argparse.Namespace) -> None:
    """Copy the backup beside the books, look at the copy, and only then put it in their place."""
    books = sqlite_path(settings.database_url)
    with _alone_with(books):
        if file.resolve() == books.resolve():
            raise Refused(f"{file} is the books themselves.", BAD_USE)
        held = _holds_books(books)
        if held and not arguments.replace:
            raise Refused(NOT_EMPTY.format(place=books))
        if books.exists() and not fold(books):
            raise Refused(_SERVED.format(place=books))
        with beside(books) as folder:
            _copy_checked(file, folder / "books", quiet=arguments.quiet)
            aside = Path(f"{books}.replaced-{datetime.fromtimestamp(clock() / 1e6, UTC):%Y%m%dT%H%M%S.%fZ}")
            if held:
                set_aside(books, aside)
            else:
                remove(books)
            put_in_place(folder / "books", books)
        remove(sqlite_path(session_store_url(settings.database_url)))
    if held:
        say(f"The books that were there are in {aside}.")


@contextmanager
def _alone_with(books: Path) -> Iterator[None]:
    try:
        with being_alone(books):
            yield
    except InUse as in_use:
        raise Refused(_SERVED.format(place=books)) from in_use
    except OSError as error:
        raise Refused(f"{books} cannot be written: {error.strerror}", BAD_USE) from error


def _holds_books(books: Path) -> bool:
    """Whether something would be lost: tables, or a file that cannot be read."""
    if not books.exists():
        return False
    try:
        with closing(opened_books(f"sqlite:///{books.absolute()}")) as store:
            return not schema.is_empty(store)
    except Refused:
        return books.stat().st_size > 0


def _copy_checked(file: Path, copy: Path, *, quiet: bool) -> None:
    """Copy a backup. Raises Refused for a damaged one, devices.schema.SchemaDiffers for one Panku did not leave so."""
    try:
        with bar(" pages", quiet=quiet) as shown:
            copy_file(file, copy, told_on(shown))
        with closing(opened_books(f"sqlite:///{copy.absolute()}")) as store:
            _check_schema(store)
    except peewee.DatabaseError as error:
        raise Refused(f"{file} cannot be restored: {in_one_line(error)}") from error
    fold(copy)


# PostgreSQL


def _fill_postgresql(settings: Settings, file: Path, arguments: argparse.Namespace) -> None:
    """Read the archive into an empty database, all of it or nothing, while no server begins to fill it."""
    if arguments.replace:
        raise Refused(ONLY_EMPTY, BAD_USE)
    with reachable(settings) as store, store.alone():
        if not schema.is_empty(store):
            raise Refused(ONLY_EMPTY)
        try:
            with bar("", quiet=arguments.quiet) as shown:
                restore_archive(settings.database_url, file, shown.refresh)
        except ProgramFailed as failed:
            raise Refused(f"{file} cannot be restored: {in_one_line(failed)}") from failed
        _check_schema(store)


def _check_schema(store: Store) -> None:
    """Raise devices.schema.SchemaDiffers unless the schema is one that Panku left, this version or an older one."""
    if not schema.pending(store) or schema.is_empty(store):
        schema.check_schema(store)
        return
    if differing := schema.differences(store):
        raise schema.SchemaDiffers(f"The backup's schema is not as Panku left it: {'; '.join(differing)}.")
