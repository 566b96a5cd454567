"""The walks' own promises: the same way every time, and whatever fails tells how to get there again."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random

import pytest

from tests import count_acts, lifecycle_walk
from tests.conftest import ENGINES, Stores
from tests.deep import Seed, numbers
from tests.walks import Act, Course, Walk, Walker, go, under_way, walk_all

SEED, STEPS = Seed(7), 40
TRAILS = """
from pathlib import Path
from tests.test_walks import Stores, trails
print(trails("sqlite", Stores(Path({!r}), NotImplemented)), end="")
"""


class Counted(Walk):
    """A walk that only counts its steps, and may not come to five."""

    at = 0

    def step(self, chance: Random) -> None:
        """Go on."""
        self.at += 1

    def holds(self) -> None:
        """It has not gone too far."""
        assert self.at < 5

    def holds_thoroughly(self) -> None:
        """Nothing more is asked."""


STEP = Act("step", 1, Counted.step)
NEVER = Act("never", 1, Counted.step, lambda _: False)


def trails(engine: str, stores: Stores) -> str:
    """What the first walk of each course does, in one text."""
    return "\n".join(
        (*trail(lifecycle_walk.COURSE, engine, stores), *trail(count_acts.COURSE, engine, stores))
    )


def trail(course: Course[Walker], engine: str, stores: Stores) -> list[str]:
    """What the first walk of a course does."""
    with under_way(course.begin(stores.fresh(engine)), SEED, 1, stores) as walk:
        go(walk, course.acts, SEED.chance(1), STEPS)
    return walk.trail


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the same walks do in another process, where every text has another hash and no test was collected."""
    hashes = "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"
    done = subprocess.run(
        [sys.executable, "-c", TRAILS.format(str(tmp_path_factory.mktemp("elsewhere")))],
        env={**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("engine", ENGINES)
def test_a_seed_walks_one_way_on_either_engine_and_in_any_process(
    engine: str, stores: Stores, elsewhere: str
) -> None:
    assert trails(engine, stores) == elsewhere


def test_another_seed_walks_another_way() -> None:
    assert Seed(1).chance(1).random() != Seed(2).chance(1).random() != Seed(1).chance(2).random()


def test_a_walk_that_fails_tells_its_seed_its_step_and_all_that_it_did(stores: Stores) -> None:
    course = Course(Counted, (STEP, NEVER), (), lambda *_: None, walks={"sqlite": 3}, steps=9)
    seed = Seed(17, length=2, file="tests/test_x.py")
    with pytest.raises(AssertionError) as failed:
        walk_all(course, seed, "sqlite", stores)
    (note,) = failed.value.__notes__
    assert note.splitlines() == [
        "sqlite, seed 17, walk 1, step 5; again: pytest tests/test_x.py -k sqlite --walk-seed 17 --walk-length 2",
        "the beginning",
        *(f"{number}. step" for number in range(1, 6)),
    ]


def test_seeds_are_one_or_a_range() -> None:
    assert list(numbers("17")) == [17]
    assert list(numbers("1-3")) == [1, 2, 3]
