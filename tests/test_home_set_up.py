"""The home page leads an administrator to what is still to be set up, step by step, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.journal import open_journals
from devices.people import enrolment
from devices.store.database import Store
from devices.unit import found
from devices.values import UNIT
from panku.demo import PASSWORDS
from tests.conftest import Stores
from tests.door import NOW, Door
from web.door import add_pages
from web.views.administration.registers import PAGE_OF_STEP, SET_UP_STEPS, set_up

SITE = {"code": "SH01", "name": "上海浦东库房"}
BIN = {"site": "SH01", "code": "M-01", "register": "merchandise", "condition": "good"}


def begun(store: Store) -> None:
    """A unit with its first administrator and nothing else."""
    with store.writing():
        unit = found(store, "北方税控服务中心", NOW - 1)
        writer = open_journals(store, [UNIT], NOW - 1)
        enrolment.begin_administrator(
            writer, unit, "王建国", enrolment.unjudged("admin", PASSWORDS["admin"][0])
        )


@pytest.fixture
def new(stores: Stores) -> Iterator[Door]:
    store = stores.fresh("sqlite")
    begun(store)
    door = Door(store)
    add_pages(door.app, door.services)
    yield door
    door.session_store.close()
    stores.drop(store)


@pytest.fixture
def filled(stores: Stores) -> Iterator[Door]:
    store = stores.demo("sqlite")
    door = Door(store)
    add_pages(door.app, door.services)
    yield door
    door.session_store.close()
    stores.drop(store)


def test_the_first_visit_is_told_how_the_unit_is_founded_and_when_its_books_begin(stores: Stores) -> None:
    store = stores.fresh("sqlite")
    door = Door(store)
    add_pages(door.app, door.services)
    told = door.nobody().get("/").text
    assert "<span>--books-from</span> <span>2025-11-01</span>" in told
    door.session_store.close()
    stores.drop(store)


def test_the_first_visit_is_led_through_every_step(new: Door) -> None:
    assert set_up(new.store) == [(step, False) for step in SET_UP_STEPS]
    home = new.sign_in("admin").get("/").text
    assert "还差 6 步" in home
    for href in PAGE_OF_STEP.values():
        assert f'href="{href}"' in home


def test_a_step_that_is_taken_is_asked_for_no_longer(new: Door) -> None:
    admin = new.sign_in("admin")
    assert admin.post("/v1/sites", SITE).status_code == 201
    home = admin.get("/").text
    assert "还差 5 步" in home
    assert "<li><a" in home
    assert admin.post("/v1/bins", BIN).status_code == 201
    assert "还差 4 步" in admin.get("/").text


def test_a_unit_that_is_set_up_is_not_nagged(filled: Door) -> None:
    assert "启用步骤" not in filled.sign_in("admin").get("/").text


def test_only_an_administrator_is_led_to_the_set_up(filled: Door) -> None:
    assert filled.sign_in("admin").post("/v1/sites", SITE).status_code == 201
    assert "启用步骤" in filled.sign_in("admin").get("/").text
    for who in ("zhang", "li"):
        assert "启用步骤" not in filled.sign_in(who).get("/").text
