"""Records go through declared states: every step in every state, of every workflow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from devices.audit.custody.custody_kinds import HANDOVERS, VISITS
from devices.audit.kinds import LATE_SCANS, STOCKTAKES
from devices.ledger.posting.closed_months import MONTHS
from devices.paperwork.complaints import COMPLAINTS
from devices.paperwork.customers import NOTICES
from devices.paperwork.dispatches import DISPATCHES
from devices.paperwork.follow_ups import FOLLOW_UPS
from devices.paperwork.installations import INSTALLATIONS
from devices.paperwork.orders import ORDERS
from devices.problems import PROBLEMS, Refused
from devices.workflow import Step, Workflow

WORKFLOWS = {
    "repair": ORDERS,
    "dispatch_order": DISPATCHES,
    "installation": INSTALLATIONS,
    "follow_up": FOLLOW_UPS,
    "complaint": COMPLAINTS,
    "notice": NOTICES,
    "stocktake": STOCKTAKES,
    "late_scan": LATE_SCANS,
    "month": MONTHS,
    "visit": VISITS,
    "handover": HANDOVERS,
}
"""Every workflow there is, by the kind of record whose states they are."""
EVERY = [
    pytest.param(workflow, step, state, id=f"{name}-{step.name}-{state}")
    for name, workflow in WORKFLOWS.items()
    for step in workflow.steps
    for state in workflow.states
]


def test_every_workflow_there_is_is_among_them() -> None:
    code = [
        path.read_text(encoding="utf-8") for path in (Path(__file__).parents[1] / "devices").rglob("*.py")
    ]
    assert sum(len(re.findall(r"^\w+ = Workflow\(", text, re.MULTILINE)) for text in code) == len(WORKFLOWS)


@pytest.mark.parametrize(("workflow", "step", "state"), EVERY)
def test_a_step_is_taken_from_the_states_it_declares_and_refused_in_others(
    workflow: Workflow, step: Step, state: str
) -> None:
    facts: dict[str, Any] = {"order": "R-A1-000001"}
    if state in step.before:
        assert workflow.take(step.name, state, **facts) is step
        assert {step.leads_to(state, way) for way in step.ways} <= {*workflow.states}
        assert step in workflow.next_steps(state)
        return
    with pytest.raises(Refused) as refused:
        workflow.take(step.name, state, **facts)
    (problem,) = refused.value.problems
    assert problem.code == step.refused_in.get(state, step.refused)
    told_as = workflow.told_as
    assert (told_as in problem.facts) == (told_as in PROBLEMS[problem.code].facts)
    assert step not in workflow.next_steps(state)


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_every_state_is_reached_from_the_first(workflow: Workflow) -> None:
    reached = {workflow.begins}
    for _ in workflow.steps:
        taken = [(step, state) for step in workflow.steps for state in reached & set(step.before)]
        reached |= {step.leads_to(state, way) for step, state in taken for way in step.ways}
    assert reached == set(workflow.states)


def test_a_step_from_a_state_that_nothing_leads_to_is_noticed() -> None:
    with pytest.raises(AssertionError, match="no state there is"):
        Workflow("open", Step("close", ("opne",), "closed", "order_closed"))
