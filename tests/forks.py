"""Processes of a test's own, from one that has loaded the libraries and the rules, which is most of what a start costs.

`serve` is the server that browsers visit; that `panku serve` starts from nothing, test_readme and test_metrics show.
"""

from __future__ import annotations

import os
import sys
from multiprocessing import get_context
from pathlib import Path

from panku.commands import main

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "falcon",
        "fpdf",
        "gunicorn.app.base",
        "holidays",
        "jinja2",
        "openpyxl",
        "panku.wiring",
        "pygal",
        "tests.templates",
        "zxcvbn",
    ]
)
"""Not prometheus_client: it looks at its environment as it is loaded. The pages' templates are compiled with these."""


def serve(folder: Path, environment: dict[str, str]) -> None:
    """`panku serve`, in the process that was begun for it."""
    run(folder, environment, ["serve"])


def run(folder: Path, environment: dict[str, str], words: list[str], log: str = "log") -> None:
    """A command of `panku`, in the process that was begun for it; what it says is added to a file of the folder."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    told = os.open(folder / log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(told, 1)
    os.dup2(told, 2)
    sys.exit(main(words))
