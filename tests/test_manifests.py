"""Packing lists over HTTP: the same one is kept once for a delivery."""

from __future__ import annotations

import pytest

from devices.store.database import Store
from tests.door import Client, Door

LIST = "序列号\n661565714999\n".encode()
PATH = "/v1/manifests?site=BJ01&register=spare&supplier=x&delivery_note="


@pytest.fixture
def zhang(demo: Store) -> Client:
    """A storekeeper over demo books, on each engine."""
    return Door(demo).sign_in("zhang")


@pytest.mark.both_engines
def test_the_same_list_for_the_same_delivery_is_refused_naming_the_first(zhang: Client) -> None:
    first = zhang.post(f"{PATH}QM-1", LIST).json["number"]
    assert zhang.post(f"{PATH}QM-2", LIST).status_code == 201
    answer = zhang.post(f"{PATH}QM-1", LIST)
    assert (answer.status_code, answer.json["code"]) == (409, "manifest_exists")
    assert answer.json["errors"][0]["manifest"] == first
    assert first in answer.json["detail"]


def test_the_same_request_again_is_the_same_manifest(zhang: Client) -> None:
    first = zhang.post(f"{PATH}QM-1", LIST, key="once")
    again = zhang.post(f"{PATH}QM-1", LIST, key="once")
    assert (again.status_code, again.json) == (201, first.json)
