"""Opening the books for a command: reachable, and with the schema this version expects."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import peewee

from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store import schema
from devices.store.database import Store
from devices.store.engines import OF_COMMANDS, sqlite_path
from devices.store.sqlite.as_it_is import address_to_read, is_wal, may_be_written
from devices.store.sqlite.presence import Presence
from devices.store.unusable import CAUSE, Unusable, cause_of
from panku.commands import FAULT, Refused
from panku.console.terminal import in_one_line
from panku.settings import Settings

NO_BOOKS = "There are no books {place}: run in the project's folder, or name them in PANKU_DATABASE_URL."
OUT_OF_REACH = "The database cannot be opened: {why}"


@contextmanager
def reachable(settings: Settings, *, only_read: bool = False) -> Iterator[Store]:
    """The database of the settings, whatever its schema; closed after the block. Raises Refused when out of reach.

    No restore takes its place meanwhile. One that is `only_read` is left as it is: a file that cannot be written is
    read all the same, and one that is no database of Panku's is not made one.
    """
    url = settings.database_url
    with _present(url, only_read=only_read), _address(url, only_read=only_read) as address:
        store = opened_books(url, address)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _present(url: str, *, only_read: bool) -> Iterator[None]:
    """Be present at a file; beside one that cannot be written nobody can be, nor can it be replaced."""
    if not url.startswith("sqlite:") or (only_read and not may_be_written(sqlite_path(url))):
        yield
        return
    try:
        presence = Presence(sqlite_path(url))
    except OSError as error:
        raise Refused(OUT_OF_REACH.format(why=error), FAULT) from error
    try:
        presence.share()
        yield
    finally:
        presence.leave()


@contextmanager
def _address(url: str, *, only_read: bool) -> Iterator[str | None]:
    """By what a file is read as it is; None where the server's own way is right, and leaves nothing behind."""
    if not only_read or not url.startswith("sqlite:"):
        yield None
        return
    path = sqlite_path(url)
    with ExitStack() as stack:
        try:
            usual = is_wal(path) and may_be_written(path)
            address = None if usual else stack.enter_context(address_to_read(path))
        except OSError as error:
            raise Refused(OUT_OF_REACH.format(why=error), FAULT) from error
        yield address


def opened_books(url: str, address: str | None = None) -> Store:
    """The database at a URL. Raises Refused when it is out of reach, or no database."""
    try:
        store = Store(url, OF_COMMANDS, address=address)
        with store.reading():  # so it is connected, and it answers
            schema.is_empty(store)
    except (peewee.DatabaseError, Unusable, OSError) as error:
        raise Refused(OUT_OF_REACH.format(why=in_one_line(error)), FAULT) from error
    return store


def session_store_of(settings: Settings) -> Store:
    """The session store of the settings' books, which a command opens after them."""
    return Store(session_store_url(settings.database_url), OF_COMMANDS)


@contextmanager
def existing(settings: Settings, *, only_read: bool = False) -> Iterator[Store]:
    """The database of the settings where it holds books; nothing is made. Raises Refused where it holds none.

    `only_read` is for commands that write nothing.
    """
    if settings.database_url.startswith("sqlite:"):
        path = sqlite_path(settings.database_url)
        if not path.exists():
            raise Refused(NO_BOOKS.format(place=f"at {path}"), FAULT)
    with reachable(settings, only_read=only_read) as store:
        if schema.is_empty(store):
            raise Refused(NO_BOOKS.format(place="in the database"), FAULT)
        schema.refuse_strangers(store)
        yield store


@contextmanager
def books(settings: Settings, *, may_begin: bool = False) -> Iterator[Store]:
    """The database with its schema checked; an empty one is migrated first where the command may begin the books.

    Raises SchemaDiffers, and Refused where there are no books.
    """
    reached = reachable if may_begin else existing
    with reached(settings) as store:
        if schema.is_empty(store):
            schema.migrate(store)
        schema.check_schema(store)
        with closing(session_store_of(settings)) as session_store:
            migrate_session_store(session_store)
        yield store


def may_pass(error: BaseException) -> bool:
    """Whether what keeps the books from being opened may end without anybody's doing at this machine.

    Whatever a server that is asked for a connection says may: it is not up yet, full, or being set up. A file or folder
    that this user may not write, a schema that is not this version's and a library that corrupts files do not.
    """
    of_files = any(isinstance(each, OSError) for each in _within(error))
    return not of_files and CAUSE[why_not_open(error)].passes


def why_not_open(error: BaseException) -> str:
    """The cause for which the books cannot be opened, by its name; the log has the sentence, which may name places."""
    within = list(_within(error))
    for each in within:
        if cause := cause_of(each):
            return cause.name
    return "not_founded" if isinstance(within[-1], Refused) else "fault"


def _within(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it was made of: a command's refusal has peewee's error within it, and that the driver's."""
    while error is not None:
        yield error
        inner = getattr(error, "orig", None) or error.__cause__
        error = inner if isinstance(inner, BaseException) else None
