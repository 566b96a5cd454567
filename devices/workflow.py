"""The states a record goes through, declared as a table of steps: what may be done in which, and what comes of it.

Orders, stocktakes, months, visits and handovers are each a Workflow beside their kind; pages ask it what comes next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, cast

import msgspec

from devices.problems import PROBLEMS, Fact, refuse

_Value = TypeVar("_Value", bound=msgspec.Struct)


class _Act(Protocol):
    @property
    def step(self) -> str: ...


SAME = ""
"""As the state after a step: the one before it."""


class Step(msgspec.Struct, frozen=True):
    """One step: the states `before` it, the one `after`, and the code it is refused with in any other.

    `or_else` are other states that it may lead to by what it says, SAME the one it was taken in. `refused_in` gives
    other codes for some states; `who` are the roles one of which takes it, none where the workflow does not say;
    `decides`: it is never taken by whoever asked for it.
    """

    name: str
    before: tuple[str, ...]
    after: str
    refused: str
    refused_in: Mapping[str, str] = {}
    who: tuple[str, ...] = ()
    decides: bool = False
    or_else: tuple[str, ...] = ()

    @property
    def ways(self) -> tuple[str, ...]:
        """The states that it may lead to."""
        return (self.after, *self.or_else)

    def leads_to(self, state: str, way: str | None = None) -> str:
        """The state after it was taken in one; `way` says to which of several it leads, `after` where it is None."""
        assert way is None or way in self.ways, "a step leads where its table says"
        return (self.after if way is None else way) or state


class Workflow:
    """The declared steps of one kind of record; `begins` is the state of a new one.

    `told_as` is the fact by which a refusal names the state, so that it is put into the words of this kind.
    """

    def __init__(self, begins: str, *steps: Step, told_as: str = "state") -> None:
        self.begins = begins
        self.told_as = told_as
        self.steps = steps
        self.step = {step.name: step for step in steps}
        assert len(self.step) == len(steps), "two steps share a name"
        reached = {begins, *(way for step in steps for way in step.ways)} - {SAME}
        assert {state for step in steps for state in step.before} <= reached, "a step from no state there is"

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order of the steps that lead there."""
        after = (way for step in self.steps for way in step.ways if way != SAME)
        return tuple(dict.fromkeys((self.begins, *after)))

    def before(self, name: str) -> tuple[str, ...]:
        """The states in which a step may be taken."""
        return self.step[name].before

    def next_steps(self, state: str) -> tuple[Step, ...]:
        """The steps that may be taken in a state, in their declared order."""
        return tuple(step for step in self.steps if state in step.before)

    def taken(self, value: _Value, act: _Act, way: str | None = None) -> _Value:
        """A record after one act on it: in the state that its step leads to, with the act at the end of its course."""
        step, told = self.step[act.step], cast("Any", value)
        state = step.leads_to(told.state, way)
        return msgspec.structs.replace(value, state=state, course=(*told.course, act))

    def take(self, name: str, state: str, **facts: Fact) -> Step:
        """The step, where it may be taken in this state; `facts` name the record in its refusal.

        Raises Refused with the code that the step declares.
        """
        step = self.step[name]
        if state in step.before:
            return step
        code = step.refused_in.get(state, step.refused)
        if self.told_as in PROBLEMS[code].facts:
            facts = {**facts, self.told_as: state}
        raise refuse(code, "", **facts)
