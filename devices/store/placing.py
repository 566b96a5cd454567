"""Files that are there whole or not at all: made beside their place, on disk, and only then given their name."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_UNFINISHED = ".part"
"""How the name of a folder ends in which something was being made; one that stays was cut off and can be deleted."""


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A folder beside `target`, its owner's alone, to make it in; gone after the block with all that is left in it.

    Raises OSError where the folder of `target` is missing or cannot be written.
    """
    folder = Path(
        tempfile.mkdtemp(prefix=f".{target.name}.", suffix=_UNFINISHED, dir=target.absolute().parent)
    )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(made: Path, target: Path) -> None:
    """Give a finished file its final name, for its owner alone, and wait until the disk has both."""
    made.chmod(0o600)
    _wait_for_disk(made)
    made.replace(target)
    _wait_for_disk(target.absolute().parent)


def _wait_for_disk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
