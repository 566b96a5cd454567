"""Opening the books for a command: reachable, and with the schema this version expects."""

from collections.abc import Iterator
from contextlib import contextmanager

import peewee

from devices import schema
from devices.database import Store
from devices.people.doors import doors_url, migrate_doors
from panku.commands import FAULT, Refused
from panku.settings import Settings


@contextmanager
def reachable(settings: Settings) -> Iterator[Store]:
    """The database of the settings, whatever its schema; closed after the block. Raises Refused when out of reach."""
    try:
        store = Store(settings.database_url)
        store.row("SELECT 1")
    except (peewee.OperationalError, OSError) as error:
        raise Refused(f"The database cannot be opened: {str(error).strip()}", FAULT) from error
    try:
        yield store
    finally:
        store.close()


@contextmanager
def books(settings: Settings) -> Iterator[Store]:
    """The database with its schema checked; an empty one is migrated first. Raises SchemaDiffers."""
    with reachable(settings) as store:
        if schema.is_empty(store):
            schema.migrate(store)
        schema.check(store)
        doors = Store(doors_url(settings.database_url))
        migrate_doors(doors)
        doors.close()
        yield store
