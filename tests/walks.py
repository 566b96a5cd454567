"""Random walks: acts drawn from a declared table by a walk's own seed, and what must hold asked as it goes.

Nothing but its seed decides what a walk does: not what else was imported or run before it, nor any hash or clock. What
no walk has come to by chance, the last one is led to. One that fails tells what it did, and how to walk it again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Generic, NamedTuple, TypeVar

from devices.store.database import Store
from tests.conftest import Stores
from tests.deep import Seed

THOROUGHLY_EVERY = {"sqlite": 10, "postgresql": 30}
"""Steps between two looks at everything, besides the one at the end of each walk; both engines go the same way."""


class Walk(ABC):
    """What walks through one store; `trail` tells each act and what came of it, `met` all that it has come to."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.trail = ["the beginning"]
        self.met: set[str] = set()
        if store.engine == "sqlite":
            store.execute("PRAGMA synchronous = OFF")  # nothing here outlives a loss of power

    def act(self, name: str) -> None:
        """Say that an act begins."""
        self.trail.append(f"{len(self.trail)}. {name}")

    def tell(self, what: str) -> None:
        """Say what came of the act that is being done."""
        self.trail[-1] += f" | {what}"

    @abstractmethod
    def holds(self) -> None:
        """What is asked after each step, and is cheap to ask."""

    @abstractmethod
    def holds_thoroughly(self) -> None:
        """What is asked every so many steps, and at the end."""


Walker = TypeVar("Walker", bound=Walk)


class Act(NamedTuple, Generic[Walker]):
    """Something that a walk may do where it `can`, the likelier the heavier it weighs."""

    name: str
    weight: int
    do: Callable[[Walker, Random], None]
    can: Callable[[Walker], bool] = lambda _: True


class Course(NamedTuple, Generic[Walker]):
    """Walks of one kind: how each begins, what it may do, how many there are by engine, and how many steps each takes.

    `lead` brings a walk, from wherever it is, to each of some things that it has not met. The walks on one engine
    are the first of those on the other, where each takes longer.
    """

    begin: Callable[[Store], Walker]
    acts: Sequence[Act[Walker]]
    wanted: Sequence[str]
    lead: Callable[[Walker, Iterable[str], Random], None]
    walks: Mapping[str, int]
    steps: int


def go(walk: Walker, acts: Sequence[Act[Walker]], chance: Random, steps: int) -> None:
    """Do so many acts one after another."""
    for number in range(1, steps + 1):
        possible = [act for act in acts if act.can(walk)]
        act = chance.choices(possible, [act.weight for act in possible])[0]
        walk.act(act.name)
        act.do(walk, chance)
        walk.holds()
        if number % THOROUGHLY_EVERY[walk.store.engine] == 0:
            walk.holds_thoroughly()
    walk.holds_thoroughly()


def walk_all(course: Course[Walker], seed: Seed, engine: str, stores: Stores) -> set[str]:
    """Go every walk of a course, and lead the last to what is wanted and none has met; returns all that was met."""
    met: set[str] = set()
    for number in range(1, course.walks[engine] + 1):
        with under_way(course.begin(stores.fresh(engine)), seed, number, stores) as walk:
            chance = seed.chance(number)
            go(walk, course.acts, chance, course.steps * seed.length)
            met |= walk.met
            if number == course.walks[engine]:
                course.lead(walk, [name for name in course.wanted if name not in met], chance)
                met |= walk.met
    return met


def lead_to_all(course: Course[Walker], seed: Seed, engine: str, stores: Stores) -> set[str]:
    """Go some way by chance, and then to all that is wanted, as if nothing of it had been met; returns what was."""
    with under_way(course.begin(stores.fresh(engine)), seed, 0, stores) as walk:
        chance = seed.chance(0)
        go(walk, course.acts, chance, course.steps // 2)
        walk.met.clear()
        course.lead(walk, course.wanted, chance)
    return walk.met


@contextmanager
def under_way(walk: Walker, seed: Seed, number: int, stores: Stores) -> Iterator[Walker]:
    """Let whatever fails tell the walk, its step and the whole way to it; the books are put away at the end."""
    try:
        yield walk
    except BaseException as error:  # pytest's own failures are no Exceptions
        engine, step = walk.store.engine, len(walk.trail) - 1
        where = f"{engine}, seed {seed.number}, walk {number}, step {step}; again: {seed.again(engine)}"
        error.add_note("\n".join((where, *walk.trail)))
        raise
    finally:
        stores.drop(walk.store)
