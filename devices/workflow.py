"""The states a record goes through, declared as a table of steps: what may be done in which, and what comes of it.

Orders, stocktakes, months, visits and handovers are each a Workflow beside their kind; pages ask it what comes next.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from devices.problems import PROBLEMS, Fact, refuse

SAME = ""
"""As the state after a step: the one before it."""


class Step(msgspec.Struct, frozen=True):
    """One step: the states `before` it, the one `after`, and the code it is refused with in any other.

    `refused_in` gives other codes for some states; `who` are the roles one of which takes it, none where the workflow
    does not say; `decides`: it is never taken by whoever asked for it.
    """

    name: str
    before: tuple[str, ...]
    after: str
    refused: str
    refused_in: Mapping[str, str] = {}
    who: tuple[str, ...] = ()
    decides: bool = False

    def leads_to(self, state: str) -> str:
        """The state after it was taken in one."""
        return self.after or state


class Workflow:
    """The declared steps of one kind of record; `begins` is the state of a new one."""

    def __init__(self, begins: str, *steps: Step) -> None:
        self.begins = begins
        self.steps = steps
        self.step = {step.name: step for step in steps}
        assert len(self.step) == len(steps), "two steps share a name"
        reached = {begins, *(step.after for step in steps)} - {SAME}
        assert {state for step in steps for state in step.before} <= reached, "a step from no state there is"

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order of the steps that lead there."""
        after = (step.after for step in self.steps if step.after != SAME)
        return tuple(dict.fromkeys((self.begins, *after)))

    def before(self, name: str) -> tuple[str, ...]:
        """The states in which a step may be taken."""
        return self.step[name].before

    def next_steps(self, state: str) -> tuple[Step, ...]:
        """The steps that may be taken in a state, in their declared order."""
        return tuple(step for step in self.steps if state in step.before)

    def take(self, name: str, state: str, **facts: Fact) -> Step:
        """The step, where it may be taken in this state; `facts` name the record in its refusal.

        Raises Refused with the code that the step declares.
        """
        step = self.step[name]
        if state in step.before:
            return step
        code = step.refused_in.get(state, step.refused)
        if "state" in PROBLEMS[code].facts:
            facts = {**facts, "state": state}
        raise refuse(code, "", **facts)
