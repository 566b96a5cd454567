"""Opening the books for a command: reachable, and with the schema this version expects."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import peewee

from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store import schema
from devices.store.database import Store, StoreRefused
from devices.store.engines import is_unusable, sqlite_path
from devices.store.sqlite_presence import Presence
from panku.commands import FAULT, Refused
from panku.console.terminal import in_one_line
from panku.settings import Settings

NO_BOOKS = "There are no books {place}: run in the project's folder, or name them in PANKU_DATABASE_URL."
OUT_OF_REACH = "The database cannot be opened: {why}"
WHY_NOT: tuple[tuple[type[BaseException], str], ...] = (
    (schema.SchemaDiffers, "schema"),
    (StoreRefused, "refused"),
    (peewee.DatabaseError, "unreadable"),
    (OSError, "out_of_reach"),
    (Refused, "no_books"),
)
"""Why books cannot be opened, in a word for programs; the first that fits."""


@contextmanager
def reachable(settings: Settings) -> Iterator[Store]:
    """The database of the settings, whatever its schema; closed after the block. Raises Refused when out of reach.

    No restore takes its place meanwhile.
    """
    with _present(settings.database_url):
        store = opened_books(settings.database_url)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _present(url: str) -> Iterator[None]:
    if not url.startswith("sqlite:"):
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


def opened_books(url: str) -> Store:
    """The database at a URL. Raises Refused when it is out of reach, or no database."""
    try:
        store = Store(url)
        with store.reading():  # so it is connected, and it answers
            pass
    except (peewee.DatabaseError, OSError) as error:
        raise Refused(OUT_OF_REACH.format(why=in_one_line(error)), FAULT) from error
    return store


@contextmanager
def existing(settings: Settings) -> Iterator[Store]:
    """The database of the settings where it holds books; nothing is made. Raises Refused where it holds none."""
    if settings.database_url.startswith("sqlite:"):
        path = sqlite_path(settings.database_url)
        if not path.exists():
            raise Refused(NO_BOOKS.format(place=f"at {path}"), FAULT)
    with reachable(settings) as store:
        if schema.is_empty(store):
            raise Refused(NO_BOOKS.format(place="in the database"), FAULT)
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
        with closing(Store(session_store_url(settings.database_url))) as session_store:
            migrate_session_store(session_store)
        yield store


def may_pass(error: BaseException) -> bool:
    """Whether what keeps the books from being opened may end without anybody's doing at this machine.

    Whatever a server that is asked for a connection says may: it is not up yet, full, or being set up. A file or folder
    that this user may not write, a schema that is not this version's and a library that corrupts files do not.
    """
    return any(is_unusable(each) and not isinstance(each, (StoreRefused, OSError)) for each in _within(error))


def why_not_open(error: BaseException) -> str:
    """One word for programs of why the books cannot be opened; the log has the sentence, which may name places."""
    if may_pass(error):
        return "out_of_reach"
    for each in reversed(list(_within(error))):
        for kind, word in WHY_NOT:
            if isinstance(each, kind):
                return word
    return "fault"


def _within(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it was made of: a command's refusal has peewee's error within it, and that the driver's."""
    while error is not None:
        yield error
        inner = getattr(error, "orig", None) or error.__cause__
        error = inner if isinstance(inner, BaseException) else None
