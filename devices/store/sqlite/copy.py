"""Copies of SQLite books: one moment of a file that is in use, and the file's way back into its place."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import peewee

from devices.store.database import Store, peewee_errors

PAGES_AT_ONCE = 2000
"""Pages copied between two words on the progress: 8 MB."""

BUSY, LOCKED = 5, 6
SIDE_FILES = ("-wal", "-shm", "-journal")
_MAGIC = b"SQLite format 3\0"

_Progress = Callable[[int, int], None]


def copy_books(store: Store, target: Path, progress: _Progress) -> None:
    """Copy the books into `target` as the transaction sees them that the caller has opened with `store.reading()`.

    Writers go on meanwhile. `progress` is told pages: done, of how many.
    """
    # By hand, here and below: SQLite's own catalogue and settings. From here on the transaction sees one moment.
    store.row("SELECT 1 FROM sqlite_schema LIMIT 1")
    with closing(peewee.sqlite3.connect(str(target))) as copy:
        _copy_pages(store.db.connection(), copy, progress)


def copy_file(source: Path, target: Path, progress: _Progress) -> None:
    """Copy a backup, which is only read, into `target`. Raises peewee.DatabaseError for what is none."""
    address = f"{source.absolute().as_uri()}?mode=ro"
    with (
        peewee_errors,
        closing(peewee.sqlite3.connect(address, uri=True)) as backup,
        closing(peewee.sqlite3.connect(str(target))) as copy,
    ):
        _copy_pages(backup, copy, progress)


def _copy_pages(source: Any, copy: Any, progress: _Progress) -> None:
    def told(_status: int, left: int, whole: int) -> None:
        progress(whole - left, whole)

    with peewee_errors:
        source.backup(copy, pages=PAGES_AT_ONCE, progress=told)


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as an SQLite database does (https://sqlite.org/fileformat.html)."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def fold(path: Path) -> bool:
    """Fold a database's log into its file, so that it is one file; False where another program has it open.

    A damaged file stays as it is.
    """
    with closing(peewee.sqlite3.connect(str(path), timeout=0)) as alone:
        try:
            alone.execute("PRAGMA journal_mode = DELETE")  # needs the file for itself
        except peewee.sqlite3.DatabaseError as error:
            return getattr(error, "sqlite_errorcode", 0) & 0xFF not in (BUSY, LOCKED)
    return True


def set_aside(path: Path, aside: Path) -> None:
    """Give a database a second name, and take what lies beside it away from the first: its place can be taken."""
    for suffix in SIDE_FILES:
        if (side := Path(f"{path}{suffix}")).exists():
            side.rename(f"{aside}{suffix}")
    try:
        aside.hardlink_to(path)  # so that there is a file in its place at every moment
    except OSError:
        path.rename(aside)


def remove(path: Path) -> None:
    """Remove a database and what lies beside it."""
    for suffix in ("", *SIDE_FILES):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
