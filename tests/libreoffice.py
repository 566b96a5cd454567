"""LibreOffice, where it is installed: opens spreadsheets as a second reader, and prints them."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
"""Commas, double quotes, UTF-8, cells as they are shown, every sheet to a file of its own."""
SECONDS = 120


def required() -> str:
    """The program; skips the test where there is none, or fails it where one is required."""
    program = shutil.which("soffice")
    if program is None:
        if os.environ.get("PANKU_REQUIRE_LIBREOFFICE") == "1":
            pytest.fail("LibreOffice is required here")
        pytest.skip("LibreOffice is not installed (Debian: libreoffice-calc-nogui)")
    return program


@cache
def profile() -> TemporaryDirectory[str]:
    """Where it keeps its settings, once for each process: to make them takes longer than most that it is asked."""
    return TemporaryDirectory()


def converted(files: Sequence[Path], kind: str, folder: Path) -> list[Path]:
    """What LibreOffice makes of these files, in `folder`."""
    command = [
        required(),
        "--headless",
        f"-env:UserInstallation={Path(profile().name).as_uri()}",
        "--convert-to",
        kind,
        "--outdir",
        str(folder / "made"),
        *map(str, files),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return sorted((folder / "made").iterdir())


def sheets(files: Sequence[Path], folder: Path) -> dict[str, list[list[str]]]:
    """Every sheet of these spreadsheets as LibreOffice shows it, by `file-sheet`."""
    found = {}
    for made in converted(files, CSV, folder):
        with made.open(encoding="utf-8", newline="") as text:
            found[made.stem] = list(csv.reader(text))
    return found
