"""`make torture`: kill, cut, fill, hang, clock, upgrade, backup and failover, with figures. Loopback only; bounded."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

from tests.postgresql import Missing, find_binaries
from torture import failover
from torture.drills import DRILLS, Report, Shape, drilled

FAILOVER = "failover"
ENGINES = ("sqlite", "postgresql")
MOST_TOLD = 20
"""How many faults of a drill are printed."""


def main() -> int:
    """Run the drills that were asked for; 1 where one of them found a fault."""
    names = [*(drill.name for drill in DRILLS), FAILOVER]
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--kills", type=int, default=20, help="blows of each drill; 1000 fill a night")
    parser.add_argument("--hang-seconds", type=float, default=25.0, help="how long a database is silent")
    parser.add_argument("--seed", type=int, default=1, help="decides when the blows fall")
    parser.add_argument("--drill", choices=names, action="append", help="only this, or these; else every one")
    asked = parser.parse_args()
    shape = Shape(asked.kills, asked.hang_seconds, asked.seed)
    engines = [engine for engine in ENGINES if asked.engine in (engine, "both") and is_there(engine)]
    wanted = asked.drill or names
    faults = 0
    for drill in DRILLS:
        for engine in engines if drill.name in wanted else ():
            faults += told(partial(drilled, drill, engine, shape))
    if FAILOVER in wanted and "postgresql" in engines:
        faults += told(partial(failover.drilled, max(1, asked.kills // 10)))
    print(f"{faults} faults" if faults else "No fault, and nothing acknowledged was lost.")
    return 1 if faults else 0


def is_there(engine: str) -> bool:
    """Whether the machine has the engine; that it has not is printed."""
    if engine == "postgresql":
        try:
            find_binaries()
        except Missing as missing:
            print(f"{engine}: skipped, {missing}")
            return False
    return True


def told(run: Callable[[], Report]) -> int:
    """Run a drill, print what it came to, and return how many faults it found."""
    began = time.monotonic()
    report = run()
    name = f"{report.drill} on {report.engine}"
    if report.skipped:
        print(f"{name}: skipped, {report.skipped}", flush=True)
        return 0
    figures = "; ".join(f"{label} {value}" for label, value in report.figures.items())
    print(f"{name}, {time.monotonic() - began:.0f} s: {figures}", flush=True)
    for fault in report.faults[:MOST_TOLD]:
        print(f"  FAULT {fault}", flush=True)
    if more := report.faults[MOST_TOLD:]:
        print(f"  and {len(more)} more")
    return len(report.faults)


if __name__ == "__main__":
    raise SystemExit(main())
