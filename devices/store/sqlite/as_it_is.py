"""Reading a file as it is: nothing in it is changed, and nothing is left beside it that would be in a server's way.

A log beside it that holds what was committed is read too: a file alone is not all of the books then.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import peewee

from devices.store.unusable import StoreRefused

_LOGS = ("-wal", "-journal")
_SHARED = "-shm"


def is_wal(path: Path) -> bool:
    """Whether the file is a database in WAL mode (https://sqlite.org/fileformat.html: header bytes 18, 19)."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return file.read(20)[18:] == b"\2\2"


def may_be_written(path: Path) -> bool:
    """Whether this user can write the file, and what SQLite puts beside it."""
    return os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)


def address_of_existing(path: Path) -> str:
    """An SQLite address by which a file is read and written where it is there; none is made."""
    return f"{path.absolute().as_uri()}?mode=rw"


@contextmanager
def address_to_read(path: Path) -> Iterator[str]:
    """An SQLite address by which a file and its log are read (https://sqlite.org/uri.html).

    Of what can be written, SQLite undoes what was cut off. Of what can not, a log with something in it is read through
    the memory that its writers share; where there is none, from a copy of both.
    Raises StoreRefused where they change while they are copied, OSError.
    """
    address = path.absolute().as_uri()
    if may_be_written(path):
        yield address_of_existing(path)
    elif not any(_size(path, log) for log in _LOGS) and not Path(f"{path}{_SHARED}").exists():
        yield f"{address}?immutable=1"
    elif _is_readable(shared := f"{address}?mode=ro&readonly_shm=1"):
        yield shared
    else:
        with tempfile.TemporaryDirectory(prefix="panku-") as folder:
            yield address_of_existing(_copied(path, Path(folder)))


def _is_readable(address: str) -> bool:
    try:
        with closing(peewee.sqlite3.connect(address, uri=True)) as alone:
            alone.execute("PRAGMA schema_version")  # by hand: a setting of SQLite's own
    except peewee.sqlite3.OperationalError:
        return False
    return True


def _copied(path: Path, folder: Path) -> Path:
    """A copy of a file and its log; neither may change meanwhile."""
    before = _state(path)
    copy = folder / "books"
    for suffix in ("", *_LOGS):
        if Path(f"{path}{suffix}").exists():
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
    if _state(path) != before:
        raise StoreRefused(f"{path} is in use: read it as the user who owns it.")
    return copy


def _state(path: Path) -> list[tuple[int, int]]:
    """What tells that a file or its log was written: sizes and times of the last change, in nanoseconds."""
    files = [Path(f"{path}{suffix}") for suffix in ("", *_LOGS)]
    return [(file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.exists()]


def _size(path: Path, suffix: str) -> int:
    beside = Path(f"{path}{suffix}")
    return beside.stat().st_size if beside.exists() else 0
