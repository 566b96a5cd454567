"""One short round of every drill of `make torture`; the engines take turns, but where a drill is about one of them."""

from __future__ import annotations

import pytest

from tests.postgresql import Missing, find_binaries
from torture import failover
from torture.drills import DRILLS, Drill, Report, Shape, drilled

ONE = Shape(blows=1, hang_seconds=3.0, workers=1)
TURNS = [(drill, ("sqlite", "postgresql")[number % 2]) for number, drill in enumerate(DRILLS)]


def told(report: Report) -> None:
    """Skip what could not be run here; fail with what was found."""
    if report.skipped:
        pytest.skip(report.skipped)
    assert report.faults == []
    assert report.figures["acknowledged"] > 0


@pytest.fixture(autouse=True)
def _there(server: object) -> None:
    """`server` says by itself what is to happen where there is no PostgreSQL."""
    try:
        find_binaries()
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize(
    ("drill", "engine"), TURNS, ids=[f"{drill.name}-{engine}" for drill, engine in TURNS]
)
def test_nothing_acknowledged_is_lost(drill: Drill, engine: str) -> None:
    told(drilled(drill, engine, ONE))


def test_a_promoted_standby_has_everything_that_was_acknowledged() -> None:
    told(failover.drilled(1))
