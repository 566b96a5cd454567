"""How far the random walks and the generated cases go: one seed in the ordinary run, many in `make test-deep`."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import pytest
from hypothesis import settings

settings.register_profile("deep", max_examples=2000, deadline=None)


class Seed(NamedTuple):
    """Where the walks of one test begin, and how many times as far as ordinarily each of them goes."""

    number: int
    length: int = 1
    file: str = ""

    def chance(self, walk: int) -> Random:
        """The choices of one of its walks, drawn from a text, and so the same everywhere."""
        return Random(f"{self.number}/{walk}")

    def again(self, engine: str) -> str:
        """How to walk its walks again."""
        return f"pytest {self.file} -k {engine} --walk-seed {self.number} --walk-length {self.length}"


def add_walks(parser: pytest.Parser) -> None:
    """The options of the walks."""
    group = parser.getgroup("walks")
    group.addoption(
        "--walk-seed", default="1", help="the seed of the random walks, or a range of seeds: 1-200"
    )
    group.addoption("--walk-length", default=1, type=int, help="how many times as far each walk goes")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a `seed` with each that is asked for."""
    if "seed" in metafunc.fixturenames:
        option, file = metafunc.config.getoption, metafunc.definition.nodeid.partition("::")[0]
        found = [Seed(number, option("--walk-length"), file) for number in numbers(option("--walk-seed"))]
        metafunc.parametrize("seed", found, ids=[f"seed{seed.number}" for seed in found])


def numbers(text: str) -> range:
    """What `17` or `1-200` names."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)
