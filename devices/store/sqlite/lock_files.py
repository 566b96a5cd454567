"""The files beside a database that locks are taken on: no byte is ever written to them."""

import os
from pathlib import Path

_ROOT = 0


def open_lock_file(database: Path, suffix: str) -> int:
    """The descriptor of the file beside `database`, made where it is missing, for the database's owner alone.

    Root gives it away, as SQLite does with its own: else a command that root ran once would lock the server out.
    """
    file = os.open(f"{database}{suffix}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.geteuid() == _ROOT:
        owner = (database if database.exists() else database.absolute().parent).stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file
