"""HEAD: the status and headers of GET, and no body."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from api.routes import ROUTES
from api.routing import Route
from tests.conftest import Stores
from tests.door import Client, Door
from tests.hostile import sound
from web.door import add_pages


@pytest.fixture(scope="module")
def zhang(stores: Stores) -> Client:
    """A storekeeper over demo books, with the pages."""
    door = Door(stores.demo("sqlite"))
    add_pages(door.app, door.services)
    return door.sign_in("zhang")


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, of a workbook without its length: it is drawn anew each time, and bears the moment."""
    drawn = "spreadsheetml" in headers.get("content-type", "")
    return {
        name.lower(): value
        for name, value in headers.items()
        if not (drawn and name.lower() == "content-length")
    }


def assert_the_same_without_a_body(client: Client, path: str, query: dict[str, str] | None = None) -> None:
    get = client.client.simulate_get(path, params=query, headers=client.headers)
    head = client.client.simulate_head(path, params=query, headers=client.headers)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert kept(head.headers) == kept(get.headers)


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "GET"], ids=lambda route: route.name)
def test_head_answers_as_get_without_a_body(route: Route, zhang: Client) -> None:
    asked = sound(route)
    assert_the_same_without_a_body(zhang, asked.path, dict(asked.query))


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/static/panku.css", "/nothing-here"])
def test_head_of_a_page_a_file_and_nothing_is_as_get_says(path: str, zhang: Client) -> None:
    assert_the_same_without_a_body(zhang, path)


def test_head_changes_nothing_where_there_is_no_get(zhang: Client) -> None:
    answer = zhang.client.simulate_head("/v1/manifests", headers=zhang.headers)
    assert answer.status_code == 405
