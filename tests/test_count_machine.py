"""Counts with movements going on, on both engines: each close finds what a model without a database predicts."""

from __future__ import annotations

import pytest

from devices.audit.stocktake.counting import RESULT
from tests.conftest import ENGINES, Stores
from tests.count_acts import COURSE
from tests.count_walk import REACHED
from tests.deep import Seed
from tests.walks import lead_to_all, walk_all

pytestmark = pytest.mark.both_engines


@pytest.mark.deep
@pytest.mark.parametrize("engine", ENGINES)
def test_each_close_finds_what_was_there_whatever_moved_meanwhile(
    engine: str, seed: Seed, stores: Stores
) -> None:
    met = walk_all(COURSE, seed, engine, stores)
    assert met == {*RESULT, *REACHED}


@pytest.mark.deep
@pytest.mark.parametrize("engine", ENGINES)
def test_a_scene_leads_to_everything_that_a_count_can_come_to(
    engine: str, seed: Seed, stores: Stores
) -> None:
    met = lead_to_all(COURSE, seed, engine, stores)
    assert met == {*RESULT, *REACHED}
