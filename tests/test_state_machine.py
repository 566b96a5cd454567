"""Walks through the whole lifecycle, on both engines: whatever is done in whatever order, the books stay whole."""

from __future__ import annotations

import pytest

from tests.conftest import ENGINES, Stores
from tests.deep import Seed
from tests.lifecycle_walk import COURSE
from tests.shelf import POSTED
from tests.walks import lead_to_all, walk_all

pytestmark = pytest.mark.both_engines


@pytest.mark.deep
@pytest.mark.parametrize("engine", ENGINES)
def test_the_books_stay_consistent_whatever_is_done(engine: str, seed: Seed, stores: Stores) -> None:
    taken = walk_all(COURSE, seed, engine, stores)
    assert POSTED.keys() - taken == set()


@pytest.mark.deep
@pytest.mark.parametrize("engine", ENGINES)
def test_a_way_leads_to_every_document(engine: str, seed: Seed, stores: Stores) -> None:
    taken = lead_to_all(COURSE, seed, engine, stores)
    assert POSTED.keys() - taken == set()
