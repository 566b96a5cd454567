"""`make bench`: ratios of one run, with the dataset's size, on both engines. Loopback only; stops by itself."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path

from bench import bulk, counting, forms, jobs, labels, posting, reading, scanning
from bench.datasets import filled, place
from tests.postgresql import Missing

PARTS = (
    "posting",
    "receipt",
    "lookup",
    "history",
    "verify",
    "labels",
    "forms",
    "scanning",
    "counting",
    "jobs",
)
EACH = 50
"""Lines of every device, at every size."""


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--lines", type=int, help="lines of the large books (1,000,000; --quick: 100,000)")
    parser.add_argument("--quick", action="store_true", help="small sizes, for trying")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this, or these; else everything")
    asked = parser.parse_args()
    lines = asked.lines or (100_000 if asked.quick else 1_000_000)
    print(
        f"{os.cpu_count()} cores, shared by Panku, the database and the load generator; {'quick' * asked.quick}"
    )
    parts = set(asked.part or PARTS)
    if "labels" in parts:
        labels.measure(1000)  # of no engine
    if "forms" in parts:
        forms.measure(10_000 if asked.quick else 100_000)
    if parts <= {"labels", "forms"}:
        return
    for engine in ("sqlite", "postgresql") if asked.engine == "both" else (asked.engine,):
        try:
            measure(engine, lines, parts, quick=asked.quick)
        except Missing as missing:
            print(f"{engine}: skipped, {missing}")


def measure(engine: str, lines: int, parts: Collection[str], *, quick: bool) -> None:
    """These parts on one engine."""
    with tempfile.TemporaryDirectory(prefix="panku-bench-") as folder, place(engine, Path(folder)) as where:
        if "jobs" in parts:
            jobs.measure(where, 1_000, 20_000 if quick else 100_000, 20 if quick else 100)
        if parts == {"jobs"}:  # it makes its own books
            return
        began = time.perf_counter()
        wide = filled(where.fresh(), 8_000 if quick else 80_000, 1)
        small = filled(where.fresh(), 10_000, EACH)
        medium = filled(where.fresh(), 40_000, EACH)
        large = filled(where.fresh(), lines, EACH)
        print(f"{engine} books made in {time.perf_counter() - began:.0f} s", flush=True)
        measures: dict[str, Callable[[], None]] = {
            "posting": lambda: posting.measure(where, wide, 200 if quick else 1200),
            "receipt": lambda: bulk.receive(where, wide, 2000 if quick else 10_000),
            "lookup": lambda: reading.lookup(engine, large, 300 if quick else 3000),
            "history": lambda: reading.histories(engine, small, large, 300 if quick else 3000),
            "verify": lambda: bulk.verification(engine, (small, medium, large)),
            "counting": lambda: counting.measure(where, 5_000 if quick else 100_000),
            "scanning": lambda: scanning.measure(
                where, filled(where.fresh(), 8_000 if quick else 100_000, 1), 30 if quick else 300
            ),
        }
        for part in PARTS:
            if part in parts and part in measures:
                measures[part]()


if __name__ == "__main__":
    main()
