"""Packing lists over HTTP: the same one is kept once for a delivery."""

from __future__ import annotations

import msgspec
import pytest

from devices.paperwork.papers import Manifest
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


WITH_MORE = "启明,装箱单\n品名,序列号\n合计量税控盘,661565714999\n小计,1\n备注：易碎,\n".encode()
LEFT_OUT = [(1, "启明 装箱单", "title"), (4, "小计 1", "sum"), (5, "备注：易碎", "note")]


def test_what_of_a_list_is_no_device_is_told_and_kept_with_it(zhang: Client) -> None:
    added = zhang.post(f"{PATH}QM-3", WITH_MORE)
    assert added.status_code == 201, added.json
    assert [row["serial"] for row in added.json["rows"]] == ["661565714999"]
    for answer in (added, zhang.get(f"/v1/manifests/{added.json['number']}")):
        assert [tuple(part.values()) for part in answer.json["left_out"]] == LEFT_OUT


def test_a_quote_that_swallows_rows_keeps_nothing(zhang: Client) -> None:
    before = zhang.get("/v1/journal/BJ01/head").json
    answer = zhang.post(f"{PATH}QM-4", '品名,序列号\n"3.5寸盘,661565714999\n盘,661565714998\n'.encode())
    assert (answer.status_code, answer.json["code"]) == (422, "unclosed_quote")
    assert answer.json["errors"][0]["row"] == 2
    assert zhang.get("/v1/journal/BJ01/head").json == before


def test_a_manifest_that_was_kept_before_this_was_told_left_nothing_out() -> None:
    kept = b'{"number":"M-1","site":"A","register":"spare","supplier":"x","delivery_note":"1","rows":[]}'
    assert msgspec.json.decode(kept, type=Manifest).left_out == ()
