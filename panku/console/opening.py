"""Opening the books for a command: reachable, and with the schema this version expects."""

from collections.abc import Iterator
from contextlib import contextmanager

import peewee

from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store import schema
from devices.store.database import Store
from devices.store.engines import sqlite_path
from devices.store.sqlite_presence import Presence
from panku.commands import FAULT, Refused
from panku.console.terminal import in_one_line
from panku.settings import Settings

NO_BOOKS = "There are no books {place}: run in the project's folder, or name them in PANKU_DATABASE_URL."
OUT_OF_REACH = "The database cannot be opened: {why}"


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
        session_store = Store(session_store_url(settings.database_url))
        migrate_session_store(session_store)
        session_store.close()
        yield store
