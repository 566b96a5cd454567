"""Servers for the browser, from a process that has loaded the libraries, which is most of what a start costs.

Panku's own code each loads anew; that `panku serve` starts from nothing, test_readme and test_metrics show. A module of
its own, since each server imports it.
"""

from __future__ import annotations

import os
import sys
from multiprocessing import get_context
from pathlib import Path

from panku.commands import main

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(
    ["cryptography.hazmat.primitives.asymmetric.ed25519", "falcon", "fpdf", "gunicorn.app.base", "holidays", "jinja2",
     "openpyxl", "peewee", "psycopg", "pygal", "securesystemslib.signer", "zxcvbn"]
)  # fmt: skip


def serve(folder: Path, environment: dict[str, str]) -> None:
    """`panku serve`, in the process that was begun for it."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    log = os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.exit(main(["serve"]))
