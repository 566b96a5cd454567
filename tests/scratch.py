"""Where tests write: in memory where there is room, since they would wait for the disk and prove nothing by it."""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY, DISK = Path("/dev/shm"), Path("/var/tmp")
ROOM_BYTES = 4 * 1024**3
"""A run leaves less than half of this behind; a container's share of memory is often 64 MiB."""


def write_in_memory() -> None:
    """Lead every temporary file of this process, and of those it starts, into memory."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # else what was asked before is answered again
